"""The History: what happened in a run, in order, and nothing that was judged.

Rows are plain tuples `(t_us, kind, subject, data)`: appending one costs about a quarter of a microsecond,
which is what lets a full day of orders be recorded. Beside the events it keeps numeric series (equity,
exposure) as arrays. Checkers and scores read only this.

Kinds are dotted words, the lane first: `fault.*`, `market.*`, `feed.*`, `order.*`, `ledger.*`, `book.*`,
`system.*`, `link.*`, `workload.*`, `alert.*`, `page.*`, `responder.*`, `code.*`, `run.*`.
`drills.scoring` and `sim.checkers` say which fields they need of which kind.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from itertools import chain
from typing import Any, NamedTuple

import numpy as np

from sim.clock import VirtualTime

Row = tuple[int, str, str, dict[str, Any]]


class Event(NamedTuple):
    """One thing that happened."""

    seq: int
    """Position in the History: the order of events at one instant."""
    t_us: int
    kind: str
    subject: str
    """What it happened to: an order id, a symbol, a workload, an alert, a step id."""
    data: dict[str, Any]

    def get(self, field: str, default: Any = None) -> Any:
        """A field of `data`, or `default`."""
        return self.data.get(field, default)


class History:
    """Append-only, ordered record of one run."""

    def __init__(self, env: VirtualTime) -> None:
        """Stamp events with the time of `env`."""
        self._env = env
        self.rows: list[Row] = []
        self._places: dict[str, list[int]] = {}
        """Where the rows of each kind are, as far as they have been looked through."""
        self._looked = 0
        self._first: Row | None = None
        self.series: dict[str, tuple[np.ndarray, np.ndarray]] = {}

    def emit(self, kind: str, subject: str = "", /, **data: Any) -> None:
        """Append an event now. `data` holds plain Python values only (no numpy scalars)."""
        self.rows.append((self._env.now, kind, subject, data))

    def __len__(self) -> int:
        """Number of events."""
        return len(self.rows)

    def __iter__(self) -> Iterator[Event]:
        """All events, oldest first."""
        return (Event(seq, *row) for seq, row in enumerate(self.rows))

    def of(self, *kinds: str) -> list[Event]:
        """Events of these kinds, oldest first; a kind that ends in a dot selects its whole lane."""
        lanes = tuple(k for k in kinds if k.endswith("."))
        exact = frozenset(kinds)
        places = self._by_kind()
        wanted = [seqs for kind, seqs in places.items() if kind in exact or (lanes and kind.startswith(lanes))]
        rows = self.rows
        return [Event(seq, *rows[seq]) for seq in (wanted[0] if len(wanted) == 1 else sorted(chain(*wanted)))]

    def _by_kind(self) -> dict[str, list[int]]:
        """Where the rows of each kind are: judging asks for some twenty kinds, again and again."""
        rows, places = self.rows, self._places
        if self._looked and (len(rows) < self._looked or rows[0] is not self._first):  # others are in their place
            places.clear()
            self._looked = 0
        for seq in range(self._looked, len(rows)):
            kind = rows[seq][1]
            if kind in places:
                places[kind].append(seq)
            else:
                places[kind] = [seq]
        self._looked = len(rows)
        self._first = rows[0] if rows else None
        return places

    def first(self, kind: str, subject: str | None = None, since_us: int = 0) -> Event | None:
        """The first event of `kind` (about `subject`) at or after `since_us`, or None."""
        for seq in self._by_kind().get(kind, ()):
            row = self.rows[seq]
            if row[0] >= since_us and (subject is None or row[2] == subject):
                return Event(seq, *row)
        return None

    def record_series(self, name: str, t_us: np.ndarray, values: np.ndarray) -> None:
        """Keep a numeric series: `t_us` int64 of shape (n,), `values` float64 of shape (n,)."""
        assert t_us.shape == values.shape, (name, t_us.shape, values.shape)
        self.series[name] = (t_us.astype(np.int64), values.astype(np.float64))

    def digest(self) -> str:
        """SHA-256 over every event and series: equal for equal seed, version and configuration."""
        sha = hashlib.sha256()
        for row in self.rows:
            sha.update(repr(row).encode())
        for name in sorted(self.series):
            t_us, values = self.series[name]
            sha.update(name.encode() + t_us.astype("<i8").tobytes() + values.astype("<f8").tobytes())
        return sha.hexdigest()
