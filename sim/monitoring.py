"""The monitoring system: scrapes metrics at an interval, keeps their history, evaluates the alert rules.

A metric is a callable that is read only at a scrape, and belongs to a job; when the job is down its metrics
are absent and `up{job="..."}` is 0. Monitoring has faults of its own, because an on-call can be blinded by
them: dead, late, lying, flapping. Each leaves events that prove it and returns the callable that heals it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from sim.alerting import RuleBook
from sim.alerts import Alert, AlertRule
from sim.clock import DAY, SECOND, VirtualTime
from sim.errors import BadInput
from sim.healing import Heal, once
from sim.history import History
from sim.samples import ABSENT, STALE_AFTER_US, Row, Samples, Series

Read = Callable[[], float]


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
        self._samples = Samples(retention_us // interval_us)
        self._up: dict[str, Callable[[], bool]] = {}
        self._metrics: dict[str, list[tuple[Series, Read]]] = {}
        self.rules: list[AlertRule] = []
        self.rules_without_series: list[str] = []
        """Rules that can never fire, since nobody exports their metric."""
        self._exporters: list[tuple[str, list[Series], Callable[[], Row], Callable[[], bool]]] = []
        self._jobs: list[tuple[Callable[[], bool], Callable[[], Row], Row]] = []
        self._book = RuleBook(env, self._publish)
        self._lies: list[Callable[[Row], None]] = []
        self._deaths = 0
        self._delays_us: list[int] = []
        self._backlog: list[Alert] = []
        self._told_firing: dict[tuple[str, str], Alert] = {}
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

    def exporter(
        self, job: str, series: list[Series], read: Callable[[], Row], up: Callable[[], bool] = lambda: True
    ) -> None:
        """Declare a target whose metrics one callable reads together, in the order of `series`."""
        assert not self.series, "register before start"
        self._exporters.append((job, series, read, up))

    def add_rules(self, rules: Iterable[AlertRule]) -> None:
        """Evaluate these at each scrape."""
        assert not self.series, "register before start"
        self.rules.extend(rules)

    def adopt_rules(self, rules: Iterable[AlertRule]) -> list[str]:
        """Evaluate further rules from the next scrape on; the names of those that no series matches."""
        added = list(rules)
        self.rules.extend(added)
        unmatched = self._book.extend(added, [(each.name, each.key) for each in self.series])
        self.rules_without_series += unmatched
        for rule in added:
            self._history.emit("monitoring.rule_added", rule.name, metric=rule.metric, bound=rule.name not in unmatched)
        return unmatched

    def on_scrape(self, callback: Callable[[], object]) -> None:
        """Call after each scrape: the heartbeat that an external watchdog waits for."""
        self._on_scrape.append(callback)

    def on_alert(self, callback: Callable[[Alert], object]) -> None:
        """Call when an alert fires or resolves."""
        self._on_alert.append(callback)

    def start(self) -> None:
        """Fix the columns, bind the rules and begin to scrape, one interval from now."""
        series: list[Series] = []
        for job, metrics in self._metrics.items():
            reads = [read for _, read in metrics]
            self.exporter(job, [each for each, _ in metrics], _together(reads), self._up.get(job, lambda: True))
        for job, exported, read, up in self._exporters:
            series += [*exported, Series("up", (("job", job),))]
            self._jobs.append((up, read, [ABSENT] * len(exported)))
        self._samples.define(series)
        keys = [(each.name, each.key) for each in series]
        self.rules_without_series = self._book.compile(self.rules, keys)
        self._env.call_later(self.interval_us, self._beat)

    # Scraping

    def scrape(self) -> None:
        """Read every metric, remember the row, evaluate the rules, beat the heart."""
        row: Row = []
        for up, read, absent in self._jobs:
            if up():
                row += read()
                row.append(1.0)
            else:
                row += absent
                row.append(0.0)
        for lie in self._lies:
            lie(row)
        self._samples.append(self._env.now, row)
        self._book.evaluate(row)
        for beat in self._on_scrape:
            beat()

    # Queries

    @property
    def series(self) -> list[Series]:
        """Every series that is scraped."""
        return self._samples.series

    def last(self, metric: str) -> float:
        """The value that the newest visible scrape has, however old; NaN when absent."""
        return self._samples.at(self._samples.column(metric), self._visible_us())

    def query(self, metric: str, t_us: int | None = None) -> float:
        """The value as it was at `t_us` (default now); NaN when absent or more than five minutes older."""
        visible_us = self._visible_us()
        seen_us = visible_us if t_us is None else min(t_us, visible_us)
        return self._samples.at(self._samples.column(metric), seen_us, STALE_AFTER_US)

    def query_range(self, metric: str, start_us: int, end_us: int) -> tuple[list[int], list[float]]:
        """Times and values of the scrapes from `start_us` to `end_us`, both included; absent ones left out."""
        return self._samples.between(self._samples.column(metric), start_us, min(end_us, self._visible_us()))

    def firing(self) -> list[Alert]:
        """The alerts that fire now as far as anybody was told, oldest first."""
        return list(self._told_firing.values())

    def active(self) -> list[tuple[AlertRule, str, int, bool]]:
        """Rule, series, since when, and whether it fires, of every alert that is pending or firing."""
        return [
            (each.rule, each.series, each.since_us, each.firing)
            for each in self._book.evaluations
            if each.since_us is not None
        ]

    @property
    def alive(self) -> bool:
        """Whether it scrapes."""
        return self._deaths == 0

    @property
    def last_scrape_us(self) -> int | None:
        """When it scraped last."""
        return self._samples.newest_us

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
        """Show and publish everything this much later; healing drops the backlog and shows the present."""
        self._delays_us.append(delay_us)
        self._history.emit("monitoring.late", delay_us=delay_us)

        def heal() -> None:
            self._delays_us.remove(delay_us)
            self._history.emit("monitoring.late_healed", delay_us=delay_us)
            if not self._delays_us:
                self._catch_up()

        return once(heal)

    def freeze(self, metric: str) -> Heal:
        """Let a metric show its last value for ever, even when its source is down."""
        now, samples = self._env.now, self._samples
        shown = {column: samples.at(column, now) for column in samples.columns(metric)}
        return self._lie(metric, "frozen", lambda column, _: shown[column])

    def overwrite(self, metric: str, value: float) -> Heal:
        """Let a metric show `value`; NaN makes it absent."""
        return self._lie(metric, "overwritten", lambda _, __: value)

    def flap(self, metric: str, value: float) -> Heal:
        """Let a metric show `value` at every second scrape and the truth between."""
        since_us = self._env.now

        def alternate(_: int, truth: float) -> float:
            return truth if (self._env.now - since_us) // self.interval_us % 2 else value

        return self._lie(metric, "flapping", alternate)

    # Inside

    def _register(self, series: Series, read: Read, job: str) -> None:
        assert not self.series, "register before start"
        self._metrics.setdefault(job, []).append((series, read))

    def _beat(self) -> None:
        if self._deaths == 0:
            self.scrape()
        self._env.call_later(self.interval_us, self._beat)

    def _visible_us(self) -> int:
        """Up to when anybody sees what was scraped."""
        return self._env.now - max(self._delays_us, default=0)

    def _lie(self, metric: str, mode: str, shown: Callable[[int, float], float]) -> Heal:
        landed = [False]

        def lie(row: Row) -> None:
            for column in columns:
                truth, value = row[column], shown(column, row[column])
                row[column] = value
                if not landed[0] and value != truth and (value == value or truth == truth):
                    landed[0] = True
                    series = self.series[column].key
                    self._history.emit("monitoring.lied", series, shown=_plain(value), truth=_plain(truth))

        columns = self._samples.columns(metric)
        self._lies.append(lie)
        self._history.emit("monitoring.lying", metric, mode=mode)

        def heal() -> None:
            self._lies.remove(lie)
            self._history.emit("monitoring.lying_healed", metric, mode=mode)

        return once(heal)

    def _publish(self, alert: Alert) -> None:
        if not self._delays_us:
            self._tell(alert)
            return
        self._backlog.append(alert)
        delay_us = max(self._delays_us)
        self._env.call_later(delay_us, self._publish_from_backlog, alert)

    def _publish_from_backlog(self, alert: Alert) -> None:
        # With all that were found before it: when a delay shrinks, none may overtake another.
        while alert in self._backlog:
            self._tell(self._backlog.pop(0))

    def _catch_up(self) -> None:
        """Of each alert, publish the newest state in the backlog, if it is another than was told."""
        newest = {(alert.name, alert.series): alert for alert in self._backlog}
        self._backlog.clear()
        for key, alert in newest.items():
            fires = alert.state == "firing"
            if fires != (key in self._told_firing) and alert.state in ("firing", "resolved"):
                self._tell(alert)

    def _tell(self, alert: Alert) -> None:
        self._history.emit(f"alert.{alert.state}", alert.name, **alert.data())
        if alert.state == "firing":
            self._told_firing[alert.name, alert.series] = alert
        elif alert.state == "resolved":
            self._told_firing.pop((alert.name, alert.series), None)
        if alert.state in ("firing", "resolved"):
            for told in self._on_alert:
                told(alert)


def _together(reads: list[Read]) -> Callable[[], Row]:
    return lambda: [read() for read in reads]


def _plain(value: float) -> float | None:
    return None if value != value else float(value)
