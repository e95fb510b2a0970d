"""A World's monitoring as PromQL sees it: every scraped series, under its own name and under those a team uses."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from fakes.prometheus.promql.values import NAME, Labels
from sim.clock import SECOND
from sim.monitoring import Monitoring
from sim.samples import Series

_NO_LABEL = ("job", "instance")
"""What Prometheus adds to every series of a target."""


class MonitoredSeries:
    """The `Source` of a World's monitoring."""

    def __init__(self, monitoring: Monitoring, aliases: Mapping[str, str] | None = None) -> None:
        """`aliases` are further names of metrics: the name used -> the metric here."""
        self._monitoring = monitoring
        self._series: list[Labels] = []
        self._keys: list[str] = []
        names: dict[str, list[str]] = {}
        for alias, metric in (aliases or {}).items():
            names.setdefault(metric, []).append(alias)
        for series in monitoring.series:
            for name in (series.name, *names.get(series.name, ())):
                self._series.append(_labels(series, name))
                self._keys.append(series.key)

    def series(self) -> Sequence[Labels]:
        """Every series and every alias of one."""
        return self._series

    def at(self, place: int, t_us: int, lookback_us: int) -> float:
        """As monitoring shows it: late when it is late, absent after its own look-back."""
        return self._monitoring.query(self._keys[place], t_us)

    def between(self, place: int, start_us: int, end_us: int) -> tuple[Sequence[int], Sequence[float]]:
        """The scrapes in a window."""
        return self._monitoring.query_range(self._keys[place], start_us, end_us)


def _labels(series: Series, name: str) -> Labels:
    return {NAME: name, **dict(series.labels)}


def unix_text(unix_us: int) -> float | int:
    """A Unix time in seconds with milliseconds, as the API writes it."""
    seconds = round(unix_us / SECOND, 3)
    return int(seconds) if math.floor(seconds) == seconds else seconds
