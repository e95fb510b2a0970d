"""The published form of a run record: its JSON Schema, made from the models so that the two cannot part.

`firedrill run --json FILE` writes a list of these records. The schema lies in the package as
`schema/run-record.schema.json`; a test keeps it equal to what `run_record_schema` returns, and
`python -m results.schema` writes it anew after a change of the models.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from results.record import SCHEMA_VERSION, RunRecord

PUBLISHED = Path(__file__).parent / "schema" / "run-record.schema.json"


def run_record_schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of one run record as it is written: every field is present."""
    schema = RunRecord.model_json_schema(mode="serialization")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"Firedrill run record, version {SCHEMA_VERSION}",
    } | {key: value for key, value in schema.items() if key != "title"}


def schema_text() -> str:
    """The published file's content."""
    return json.dumps(run_record_schema(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    PUBLISHED.write_text(schema_text(), encoding="utf-8")
