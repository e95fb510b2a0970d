"""The monitoring system: scrapes metrics at an interval, keeps their history, evaluates the alert rules.

A metric is a callable that is read only at a scrape, and belongs to a job; when the job is down its metrics
are absent and `up{job="..."}` is 0. Monitoring has faults of its own, because an on-call can be blinded by
them: dead, late, lying, flapping. Each leaves events that prove it and returns the callable that heals it.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass

import simpy

from sim.alerting import ABSENT, Row, RuleBook
from sim.alerts import Alert, AlertRule
from sim.clock import DAY, MINUTE, SECOND, VirtualTime
from sim.errors import BadInput
from sim.healing import Heal, once
from sim.history import History

Read = Callable[[], float]

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


class Monitoring:
    """Scrapes, remembers, alerts."""

    def __init__(
        self,
        env: VirtualTime,
        history: History,
        interval_us: int = 15 * SECOND,
        retention_us: int = 1 * DAY,
    ) -> None:
        """A monitoring system without targets; `start` sets it going."""
        if interval_us <= 0:
            raise BadInput("scrape interval must be above 0", mend="use 15s", value=interval_us)
        self._env, self._history, self.interval_us = env, history, interval_us
        self._keep = max(2, retention_us // interval_us)
        self._up: dict[str, Callable[[], bool]] = {}
        self._metrics: dict[str, list[tuple[Series, Read]]] = {}
        self.rules: list[AlertRule] = []
        self.rules_without_series: list[str] = []
        """Rules that can never fire, since nobody exports their metric."""
        self.series: list[Series] = []
        self._column: dict[str, int] = {}
        self._jobs: list[tuple[Callable[[], bool], list[Read], Row]] = []
        self._book = RuleBook(env, self._publish)
        self._times: list[int] = []
        self._rows: list[Row] = []
        self._lies: list[tuple[int, Callable[[float], float]]] = []
        self._deaths = 0
        self._delays_us: list[int] = []
        self._published_until_us = 0
        self._on_scrape: list[Callable[[], object]] = []
        self._on_alert: list[Callable[[Alert], object]] = []

    # Setting up

    def job(self, name: str, up: Callable[[], bool] = lambda: True) -> None:
        """Declare a target: its metrics are absent whenever `up()` is false."""
        self._up[name] = up
        self._metrics.setdefault(name, [])

    def gauge(self, name: str, read: Read, job: str = "infrastructure", **labels: str) -> None:
        """Register a metric; `read` returns plain numbers, NaN when it has nothing to report."""
        self._register(Series(name, tuple(sorted(labels.items()))), read, job)

    def counter(self, name: str, read: Read, job: str = "infrastructure", **labels: str) -> None:
        """Register a metric that only counts up, and from 0 again after a restart of its source."""
        self._register(Series(name, tuple(sorted(labels.items())), counts=True), read, job)

    def add_rules(self, rules: Iterable[AlertRule]) -> None:
        """Evaluate these at each scrape."""
        assert not self.series, "register before start"
        self.rules.extend(rules)

    def on_scrape(self, callback: Callable[[], object]) -> None:
        """Call after each scrape: the heartbeat that an external watchdog waits for."""
        self._on_scrape.append(callback)

    def on_alert(self, callback: Callable[[Alert], object]) -> None:
        """Call when an alert fires or resolves."""
        self._on_alert.append(callback)

    def start(self) -> None:
        """Fix the columns, bind the rules and begin to scrape, one interval from now."""
        for job, metrics in self._metrics.items():
            reads = [read for _, read in metrics]
            self.series += [series for series, _ in metrics]
            self.series.append(Series("up", (("job", job),)))
            self._jobs.append((self._up.get(job, lambda: True), reads, [ABSENT] * len(reads)))
        self._column = {series.key: column for column, series in enumerate(self.series)}
        keys = [(series.name, series.key) for series in self.series]
        self.rules_without_series = self._book.compile(self.rules, keys)
        self._env.process(self._run())

    # Scraping

    def scrape(self) -> None:
        """Read every metric, remember the row, evaluate the rules, beat the heart."""
        row: Row = []
        for up, reads, absent in self._jobs:
            if up():
                row += [read() for read in reads]
                row.append(1.0)
            else:
                row += absent
                row.append(0.0)
        for column, lie in self._lies:
            row[column] = lie(row[column])
        self._times.append(self._env.now)
        self._rows.append(row)
        if len(self._rows) > 2 * self._keep:
            del self._times[: self._keep], self._rows[: self._keep]
        self._book.evaluate(row)
        for beat in self._on_scrape:
            beat()

    # Queries

    def last(self, metric: str) -> float:
        """The value of the last scrape, however old; NaN when absent."""
        column = self._resolve(metric)
        return float(self._rows[-1][column]) if self._rows else ABSENT

    def query(self, metric: str, t_us: int | None = None) -> float:
        """The value as it was known at `t_us` (default now); NaN when absent or older than five minutes."""
        column, at_us = self._resolve(metric), self._env.now if t_us is None else t_us
        index = bisect_right(self._times, at_us) - 1
        if index < 0 or at_us - self._times[index] >= STALE_AFTER_US:
            return ABSENT
        return float(self._rows[index][column])

    def query_range(self, metric: str, start_us: int, end_us: int) -> tuple[list[int], list[float]]:
        """Times and values of the scrapes from `start_us` to `end_us`, both included; absent ones left out."""
        column = self._resolve(metric)
        first, last = bisect_left(self._times, start_us), bisect_right(self._times, end_us)
        pairs = [(self._times[i], float(self._rows[i][column])) for i in range(first, last)]
        present = [(t_us, value) for t_us, value in pairs if value == value]
        return [t_us for t_us, _ in present], [value for _, value in present]

    def firing(self) -> list[tuple[str, str]]:
        """Rule and series of every alert that fires now, in the order of the rules."""
        return [(each.rule.name, each.series) for each in self._book.evaluations if each.firing]

    @property
    def alive(self) -> bool:
        """Whether it scrapes."""
        return self._deaths == 0

    @property
    def last_scrape_us(self) -> int | None:
        """When it scraped last."""
        return self._times[-1] if self._times else None

    # Faults

    def die(self) -> Heal:
        """Stop: no scrape, no alert, no heartbeat."""
        self._deaths += 1
        self._history.emit("monitoring.dead")

        def heal() -> None:
            self._deaths -= 1
            self._history.emit("monitoring.dead_healed", scraping=self._deaths == 0)
            if self._deaths == 0:
                self._book.forget_pending()

        return once(heal)

    def delay(self, delay_us: int) -> Heal:
        """Publish every alert this much later than its rule found it."""
        self._delays_us.append(delay_us)
        self._history.emit("monitoring.late", delay_us=delay_us)

        def heal() -> None:
            self._delays_us.remove(delay_us)
            self._history.emit("monitoring.late_healed", delay_us=delay_us)

        return once(heal)

    def freeze(self, metric: str) -> Heal:
        """Let a metric show its last value for ever, even when its source is down."""
        shown = self.last(metric)
        return self._lie(metric, "frozen", lambda _: shown)

    def overwrite(self, metric: str, value: float) -> Heal:
        """Let a metric show `value`; NaN makes it absent."""
        return self._lie(metric, "overwritten", lambda _: value)

    def flap(self, metric: str, value: float) -> Heal:
        """Let a metric show `value` at every second scrape and the truth between."""
        odd = [False]

        def alternate(truth: float) -> float:
            odd[0] = not odd[0]
            return value if odd[0] else truth

        return self._lie(metric, "flapping", alternate)

    # Inside

    def _register(self, series: Series, read: Read, job: str) -> None:
        assert not self._column, "register before start"
        self._metrics.setdefault(job, []).append((series, read))

    def _run(self) -> Generator[simpy.Event, None, None]:
        while True:
            yield self._env.timeout(self.interval_us)
            if self._deaths == 0:
                self.scrape()

    def _resolve(self, metric: str) -> int:
        column = self._column.get(metric)
        if column is not None:
            return column
        keys = [series.key for series in self.series if series.name == metric]
        if len(keys) == 1:
            return self._column[keys[0]]
        known = ", ".join(keys) or ", ".join(dict.fromkeys(series.name for series in self.series))
        raise BadInput("metric is unknown or has several series", mend=f"use one of {known}", value=metric)

    def _lie(self, metric: str, mode: str, shown: Callable[[float], float]) -> Heal:
        column = self._resolve(metric)
        landed = [False]

        def lie(truth: float) -> float:
            value = shown(truth)
            if not landed[0] and value != truth and (value == value or truth == truth):
                landed[0] = True
                self._history.emit("monitoring.lied", metric, shown=_plain(value), truth=_plain(truth))
            return value

        entry = (column, lie)
        self._lies.append(entry)
        self._history.emit("monitoring.lying", metric, mode=mode)

        def heal() -> None:
            self._lies.remove(entry)
            self._history.emit("monitoring.lying_healed", metric, mode=mode)

        return once(heal)

    def _publish(self, alert: Alert) -> None:
        # Alerts stay in order when a delay ends: none overtakes one that is still held up.
        due_us = max(self._env.now + sum(self._delays_us), self._published_until_us)
        if due_us <= self._env.now:
            self._tell(alert)
            return
        self._published_until_us = due_us
        self._env.timeout(due_us - self._env.now).callbacks.append(lambda _: self._tell(alert))

    def _tell(self, alert: Alert) -> None:
        self._history.emit(f"alert.{alert.state}", alert.name, **alert.data())
        if alert.state in ("firing", "resolved"):
            for told in self._on_alert:
                told(alert)


def _plain(value: float) -> float | None:
    return None if value != value else float(value)
