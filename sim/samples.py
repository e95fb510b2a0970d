"""Metrics as a monitoring system keeps them: named series, and a row of values for each scrape.

Rows are plain lists with a column per series, because a scrape has to cost microseconds; which column is
which is known here only. An absent value is NaN.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass

from sim.clock import MINUTE
from sim.errors import BadInput

Row = list[float]

ABSENT = float("nan")
STALE_AFTER_US = 5 * MINUTE
"""A query does not answer with a scrape older than this."""


@dataclass(frozen=True, slots=True)
class Series:
    """One time series: its metric's name, its labels, and whether it only ever counts up."""

    name: str
    labels: tuple[tuple[str, str], ...] = ()
    counts: bool = False

    @property
    def key(self) -> str:
        """As queries write it: `name`, or `name{label="value"}`."""
        if not self.labels:
            return self.name
        labels = ",".join(f'{label}="{value}"' for label, value in self.labels)
        return f"{self.name}{{{labels}}}"


class Samples:
    """The rows of past scrapes, and the queries that they answer."""

    def __init__(self, keep: int) -> None:
        """Keep at least the last `keep` rows."""
        self.series: list[Series] = []
        self._column: dict[str, int] = {}
        self._keep = max(2, keep)
        self._times: list[int] = []
        self._rows: list[Row] = []

    def define(self, series: list[Series]) -> None:
        """Fix which series has which column."""
        self.series = series
        self._column = {each.key: column for column, each in enumerate(series)}
        if len(self._column) < len(series):
            keys = [each.key for each in series]
            twice = next(key for key in keys if keys.count(key) > 1)
            raise BadInput("metric is registered twice", mend="give it another name or label", value=twice)

    def append(self, t_us: int, row: Row) -> None:
        """Keep the row of a scrape."""
        self._times.append(t_us)
        self._rows.append(row)
        if len(self._rows) > 2 * self._keep:
            del self._times[: self._keep], self._rows[: self._keep]

    @property
    def newest_us(self) -> int | None:
        """When the last row was scraped."""
        return self._times[-1] if self._times else None

    def column(self, metric: str) -> int:
        """The column of a series, or of a metric that has only one."""
        column = self._column.get(metric)
        if column is not None:
            return column
        columns = self.columns(metric)
        if len(columns) > 1:
            keys = ", ".join(self.series[each].key for each in columns)
            raise BadInput("metric has several series", mend=f"use one of {keys}", value=metric)
        return columns[0]

    def columns(self, metric: str) -> list[int]:
        """The columns of one series, or of every series of a metric."""
        columns = [i for i, series in enumerate(self.series) if metric in (series.name, series.key)]
        if not columns:
            names = ", ".join(dict.fromkeys(series.name for series in self.series))
            raise BadInput("unknown metric", mend=f"use one of {names}", value=metric)
        return columns

    def at(self, column: int, t_us: int, stale_after_us: int | None = None) -> float:
        """The value of the last row at or before `t_us`; absent when that is older than `stale_after_us`."""
        index = bisect_right(self._times, t_us) - 1
        if index < 0 or (stale_after_us is not None and t_us - self._times[index] >= stale_after_us):
            return ABSENT
        return float(self._rows[index][column])

    def between(self, column: int, start_us: int, end_us: int) -> tuple[list[int], list[float]]:
        """Times and values from `start_us` to `end_us`, both included, without the absent ones."""
        first, last = bisect_left(self._times, start_us), bisect_right(self._times, end_us)
        pairs = [(self._times[i], float(self._rows[i][column])) for i in range(first, last)]
        present = [(t_us, value) for t_us, value in pairs if value == value]
        return [t_us for t_us, _ in present], [value for _, value in present]
