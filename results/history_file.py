"""A History on disk: one Parquet file per case, with the columns seq, t_us, kind, subject and data (JSON).

Parquet, so that a risk team can read a drill's events with the tools it has.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

from sim.errors import BadInput
from sim.history import Event, Row

_REPEAT = "repeat the run to write it anew"


def parquet_of(rows: Sequence[Row]) -> bytes:
    """The events of one History as a Parquet file."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.table(
        {
            "seq": pa.array(range(len(rows)), pa.int64()),
            "t_us": pa.array([row[0] for row in rows], pa.int64()),
            "kind": pa.array([row[1] for row in rows], pa.string()),
            "subject": pa.array([row[2] for row in rows], pa.string()),
            "data": pa.array([json.dumps(row[3], default=str) for row in rows], pa.string()),
        }
    )
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd")
    content: bytes = sink.getvalue().to_pybytes()
    return content


def read_history(file: Path) -> list[Event]:
    """The events of one case from disk, oldest first."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        columns = pq.read_table(file).to_pydict()
        rows = zip(*(columns[name] for name in ("seq", "t_us", "kind", "subject", "data")), strict=True)
        return [Event(seq, t_us, kind, subject, json.loads(data)) for seq, t_us, kind, subject, data in rows]
    except FileNotFoundError:
        raise BadInput("no events are stored for that case", mend=_REPEAT, file=file) from None
    except (OSError, pa.ArrowException, KeyError, ValueError, TypeError) as error:
        raise BadInput("the stored events cannot be read", mend=_REPEAT, file=file) from error


def history_file(case: str) -> str:
    """File name of a case's events, whatever the case is called."""
    return f"history-{quote(case, safe='')}.parquet"
