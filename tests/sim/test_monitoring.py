"""Monitoring as an on-call depends on it: when it speaks, when it stays silent, and when it misleads."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.alerts import Alert, AlertRule, trading_rules
from sim.clock import MINUTE, SECOND, VirtualTime
from sim.errors import BadInput
from sim.history import History
from sim.monitoring import Monitoring
from sim.samples import Series


class Watched:
    """Monitoring of a few values that a test sets."""

    def __init__(self, *rules: AlertRule, interval_us: int = 15 * SECOND, **metrics: float) -> None:
        self.env = VirtualTime()
        self.history = History(self.env)
        self.monitoring = Monitoring(self.env, self.history, interval_us)
        self.values = dict(metrics)
        self.up = True
        self.told: list[Alert] = []
        self.monitoring.job("app", lambda: self.up)
        for name in metrics:
            self.monitoring.gauge(name, lambda name=name: self.values[name], "app")
        self.monitoring.add_rules(rules)
        self.monitoring.on_alert(self.told.append)
        self.monitoring.start()

    def run_to(self, t_s: float) -> None:
        self.env.run(until=round(t_s * SECOND) + 1)

    def set_at(self, t_s: float, **values: float) -> None:
        self.run_to(t_s)
        self.values.update(values)

    def alerts(self) -> list[tuple[float, str]]:
        return [(event.t_us / SECOND, event.kind.removeprefix("alert.")) for event in self.history.of("alert.")]


def high(for_s: int = 30, **more: object) -> AlertRule:
    return AlertRule("High", "load", ">", 10.0, for_s * SECOND, **more)  # type: ignore[arg-type]


def test_an_alert_fires_once_its_breach_has_lasted() -> None:
    watched = Watched(high(30), load=1.0)
    watched.set_at(61, load=11.0)  # seen at 75, held since then at 105
    watched.set_at(200, load=3.0)  # seen at 210
    watched.run_to(300)
    assert watched.alerts() == [(75, "pending"), (105, "firing"), (210, "resolved")]
    assert [alert.state for alert in watched.told] == ["firing", "resolved"]
    assert watched.told[0].value == 11.0
    assert watched.told[0].since_us == 75 * SECOND


def test_without_for_it_fires_at_the_first_scrape_that_sees_it() -> None:
    watched = Watched(high(0), load=1.0)
    watched.set_at(61, load=11.0)
    watched.run_to(300)
    assert watched.alerts() == [(75, "firing")]


def test_a_for_between_two_scrapes_waits_for_the_next() -> None:
    watched = Watched(high(20), load=11.0)
    watched.run_to(100)
    assert watched.alerts() == [(15, "pending"), (45, "firing")]


def test_a_breach_that_flaps_never_fires() -> None:
    watched = Watched(high(30), load=1.0)
    for step in range(20):
        watched.set_at(7 + 15 * step, load=11.0 if step % 3 else 1.0)  # at most two scrapes in a row
    assert "firing" not in [state for _, state in watched.alerts()]
    assert "cleared" in [state for _, state in watched.alerts()]


def test_an_absent_metric_is_silent_unless_the_rule_is_about_absence() -> None:
    quiet = AlertRule("Quiet", "load", "<", 5.0, severity="critical")
    loud = AlertRule("Loud", "load", "<", 5.0, 15 * SECOND, severity="critical", when_absent=True)
    down = AlertRule("JobDown", "up", "<", 1.0, 15 * SECOND)
    watched = Watched(quiet, loud, down, load=9.0)
    watched.run_to(61)
    watched.up = False
    watched.run_to(200)
    assert [
        (event.subject, event.t_us // SECOND, event.data["value"]) for event in watched.history.of("alert.firing")
    ] == [
        ("Loud", 90, None),
        ("JobDown", 90, 0.0),
    ]
    assert math.isnan(watched.monitoring.last("load"))
    assert watched.monitoring.last('up{job="app"}') == 0.0


def test_a_firing_alert_resolves_when_its_metric_vanishes() -> None:
    """As in Prometheus: blindness looks like recovery."""
    watched = Watched(high(0), load=11.0)
    watched.run_to(61)
    watched.up = False
    watched.run_to(100)
    assert watched.alerts() == [(15, "firing"), (75, "resolved")]


def test_not_equal_does_not_hold_for_an_absent_value() -> None:
    watched = Watched(AlertRule("Changed", "load", "!=", 1.0), load=1.0)
    watched.up = False
    watched.run_to(60)
    assert watched.alerts() == []


def test_a_rule_watches_each_series_of_its_metric() -> None:
    env = VirtualTime()
    history = History(env)
    monitoring = Monitoring(env, history)
    for workload, ready in (("api", 1.0), ("database", 0.0)):
        monitoring.gauge("workload_ready", lambda ready=ready: ready, workload=workload)
    monitoring.add_rules(
        [AlertRule("NotReady", "workload_ready", "<", 1.0), AlertRule("Typo", "workload_redy", "<", 1)]
    )
    monitoring.start()
    env.run(until=16 * SECOND)
    assert [(alert.name, alert.series) for alert in monitoring.firing()] == [
        ("NotReady", 'workload_ready{workload="database"}')
    ]
    assert monitoring.rules_without_series == ["Typo"]
    assert monitoring.query('workload_ready{workload="api"}') == 1.0
    with pytest.raises(BadInput, match="several series"):
        monitoring.last("workload_ready")


def test_an_increase_over_a_window_counts_restarts_and_forgets_them() -> None:
    rule = AlertRule("Restarting", "restarts", ">=", 3, change="increase", window_us=10 * MINUTE)
    watched = Watched(rule, restarts=7.0)
    for minute, count in ((1, 8), (2, 9), (3, 10)):
        watched.set_at(60 * minute + 1, restarts=count)
    watched.run_to(3000)
    # Seen rising at 75, 135 and 195 s; the first rise leaves the window 10 min after it was seen.
    assert watched.alerts() == [(195, "firing"), (675, "resolved")]


def test_a_counter_that_was_reset_goes_on_counting() -> None:
    rule = AlertRule("Errors", "errors", ">", 12, change="increase", window_us=10 * MINUTE)
    watched = Watched(rule, errors=100.0)
    watched.set_at(61, errors=108.0)
    watched.set_at(121, errors=5.0)  # restarted, then 5 more: 13 in all
    watched.run_to(200)
    assert watched.alerts() == [(135, "firing")]
    assert watched.told[0].value == 13.0


def test_a_rate_is_per_second_and_a_delta_may_fall() -> None:
    rate = AlertRule("Rate", "count", ">=", 0.5, change="rate", window_us=MINUTE)
    delta = AlertRule("Falling", "count", "<", -10, change="delta", window_us=MINUTE)
    watched = Watched(rate, delta, count=0.0)
    watched.set_at(61, count=30.0)
    watched.set_at(200, count=10.0)
    watched.run_to(400)
    fired = [(event.subject, event.t_us // SECOND) for event in watched.history.of("alert.firing")]
    assert fired == [("Rate", 75), ("Falling", 210)]


def test_dead_monitoring_says_nothing_and_notices_late() -> None:
    beats: list[int] = []
    watched = Watched(high(30), load=1.0)
    watched.monitoring.on_scrape(lambda: beats.append(watched.env.now // SECOND))
    watched.run_to(61)
    heal = watched.monitoring.die()
    watched.set_at(70, load=11.0)
    watched.run_to(600)
    assert watched.alerts() == []
    assert beats[-1] == 60
    heal()
    heal()
    watched.run_to(700)
    assert watched.alerts() == [(615, "pending"), (645, "firing")]
    assert math.isnan(watched.monitoring.query("load", 500 * SECOND))
    assert [event.kind for event in watched.history.of("monitoring.")] == ["monitoring.dead", "monitoring.dead_healed"]


def test_a_pending_rule_starts_anew_after_monitoring_was_dead() -> None:
    watched = Watched(high(60), load=11.0)
    watched.run_to(31)
    heal = watched.monitoring.die()
    watched.run_to(300)
    heal()
    watched.run_to(500)
    assert watched.alerts() == [(15, "pending"), (315, "pending"), (375, "firing")]


def test_late_monitoring_tells_and_shows_everything_late() -> None:
    watched = Watched(high(0), load=1.0)
    watched.run_to(31)
    watched.monitoring.delay(120 * SECOND)
    watched.set_at(61, load=11.0)  # seen at 75
    watched.set_at(130, load=1.0)  # seen at 135
    watched.run_to(190)
    assert watched.monitoring.last("load") == 1.0  # the scrape of 60 s
    assert watched.monitoring.firing() == []
    watched.run_to(200)
    assert watched.monitoring.last("load") == watched.monitoring.query("load") == 11.0
    assert [alert.name for alert in watched.monitoring.firing()] == ["High"]
    watched.run_to(400)
    assert watched.alerts() == [(195, "firing"), (255, "resolved")]
    assert watched.told[0].evaluated_us == 75 * SECOND


def test_when_monitoring_catches_up_it_tells_the_present_and_drops_what_has_passed() -> None:
    watched = Watched(high(0), AlertRule("Low", "fuel", "<", 10.0), load=1.0, fuel=50.0)
    heal = watched.monitoring.delay(10 * MINUTE)
    watched.set_at(61, load=11.0)
    watched.set_at(100, load=1.0, fuel=5.0)  # High came and went unseen, Low is still true
    watched.run_to(200)
    heal()
    watched.run_to(2000)
    assert [(event.subject, event.t_us // SECOND) for event in watched.history.of("alert.")] == [("Low", 200)]


def test_a_frozen_metric_hides_the_trouble_and_its_landing_is_proved() -> None:
    watched = Watched(high(0), load=1.0)
    watched.run_to(31)
    heal = watched.monitoring.freeze("load")
    watched.run_to(61)
    assert watched.history.of("monitoring.lied") == []  # nothing to hide yet
    watched.set_at(62, load=50.0)
    watched.run_to(121)
    assert watched.alerts() == []
    lied = watched.history.of("monitoring.lied")
    assert [(event.t_us // SECOND, event.data) for event in lied] == [(75, {"shown": 1.0, "truth": 50.0})]
    heal()
    watched.run_to(200)
    assert watched.alerts() == [(135, "firing")]


def test_a_frozen_metric_outlives_its_source() -> None:
    watched = Watched(AlertRule("Gone", "load", "<", 1, when_absent=True), load=5.0)
    watched.run_to(31)
    watched.monitoring.freeze("load")
    watched.up = False
    watched.run_to(100)
    assert watched.alerts() == []
    assert watched.monitoring.last("load") == 5.0


def test_an_overwritten_metric_raises_a_false_alarm() -> None:
    watched = Watched(high(0), load=1.0)
    watched.run_to(31)
    heal = watched.monitoring.overwrite("load", 99.0)
    watched.run_to(100)
    heal()
    watched.run_to(200)
    assert watched.alerts() == [(45, "firing"), (105, "resolved")]


def test_an_exporter_reads_its_metrics_together_and_they_vanish_together() -> None:
    env = VirtualTime()
    monitoring = Monitoring(env, History(env))
    up = [True]
    monitoring.exporter("node", [Series("cpu"), Series("memory")], lambda: [1.0, 2.0], lambda: up[0])
    monitoring.gauge("load", lambda: 3.0)
    monitoring.start()
    env.run(until=16 * SECOND)
    assert [monitoring.last(name) for name in ("cpu", "memory", "load")] == [1.0, 2.0, 3.0]
    up[0] = False
    env.run(until=31 * SECOND)
    assert math.isnan(monitoring.last("memory"))
    assert monitoring.last('up{job="node"}') == 0.0
    assert monitoring.last("load") == 3.0


def test_a_lie_about_a_metric_covers_all_its_series() -> None:
    env = VirtualTime()
    monitoring = Monitoring(env, History(env))
    for workload in ("api", "database"):
        monitoring.gauge("workload_ready", lambda: 0.0, workload=workload)
    monitoring.start()
    heal = monitoring.overwrite("workload_ready", 1.0)
    env.run(until=16 * SECOND)
    keys = [series.key for series in monitoring.series[:2]]
    assert [monitoring.last(key) for key in keys] == [1.0, 1.0]
    heal()
    env.run(until=31 * SECOND)
    assert [monitoring.last(key) for key in keys] == [0.0, 0.0]


def test_a_flapping_metric_pages_again_and_again() -> None:
    watched = Watched(high(0), load=1.0)
    watched.run_to(31)
    watched.monitoring.flap("load", 99.0)
    watched.run_to(106)
    assert watched.alerts() == [(45, "firing"), (60, "resolved"), (75, "firing"), (90, "resolved"), (105, "firing")]


def test_range_queries_return_the_scrapes_that_had_a_value() -> None:
    watched = Watched(load=1.0)
    watched.set_at(31, load=2.0)
    watched.run_to(50)
    watched.up = False
    watched.run_to(70)
    watched.up = True
    watched.run_to(100)
    assert watched.monitoring.query_range("load", 30 * SECOND, 90 * SECOND) == (
        [30 * SECOND, 45 * SECOND, 75 * SECOND, 90 * SECOND],
        [1.0, 2.0, 2.0, 2.0],
    )
    assert watched.monitoring.query("load", 44 * SECOND) == 1.0
    assert math.isnan(watched.monitoring.query("load", 14 * SECOND))


def test_old_scrapes_are_dropped() -> None:
    env = VirtualTime()
    monitoring = Monitoring(env, History(env), retention_us=10 * MINUTE)
    monitoring.gauge("load", lambda: 1.0)
    monitoring.start()
    env.run(until=6 * 60 * MINUTE)
    times, _ = monitoring.query_range("load", 0, env.now)
    assert 40 <= len(times) <= 80
    assert times[-1] == env.now - 15 * SECOND


def test_the_default_rules_are_quiet_on_a_healthy_firm_and_each_fires_on_its_trouble() -> None:
    healthy = {
        "trading_up": 1.0, "broker_connected": 1.0, "workload_ready": 1.0, "trading_slippage_bps": 5.0,
        "trading_mode_released": 1.0, "calibration_ok": 1.0,
    }  # fmt: skip
    rules = trading_rules()
    metrics = {rule.metric: healthy.get(rule.metric, 0.0) for rule in rules if rule.metric != "up"}
    calm = Watched(*rules, **metrics)
    calm.run_to(3600)
    assert calm.alerts() == []
    for rule in rules:
        if rule.metric == "up":
            continue
        watched = Watched(rule, **{rule.metric: metrics[rule.metric]})
        beyond = 1.0 if rule.op == "==" else rule.threshold + (-1 if rule.op == "<" else 1)
        watched.set_at(61, **{rule.metric: beyond})
        watched.run_to(61 + 300)
        fired = watched.history.of("alert.firing")
        assert [event.subject for event in fired] == [rule.name]
        # Seen at 75 s, then as long as `for` says, at the next scrape.
        assert fired[0].t_us == 75 * SECOND + -(-rule.for_us // (15 * SECOND)) * 15 * SECOND


def test_a_rule_that_makes_no_sense_is_refused() -> None:
    with pytest.raises(BadInput, match="cannot have this op"):
        AlertRule("X", "load", "=>", 1.0)  # type: ignore[arg-type]
    with pytest.raises(BadInput, match="no finite threshold"):
        AlertRule("X", "load", ">", math.inf)
    with pytest.raises(BadInput, match="bad for_us or window_us"):
        AlertRule("X", "load", ">", 1.0, change="increase")


@given(
    levels=st.lists(st.sampled_from((0.0, 20.0, math.nan)), min_size=1, max_size=40),
    for_scrapes=st.integers(0, 4),
    when_absent=st.booleans(),
)
@settings(max_examples=80, deadline=None)
def test_an_alert_fires_exactly_when_enough_scrapes_in_a_row_are_in_breach(
    levels: list[float], for_scrapes: int, when_absent: bool
) -> None:
    watched = Watched(high(15 * for_scrapes, when_absent=when_absent), load=0.0)
    row, expected, firing = 0, [], False
    for scrape, level in enumerate(levels, start=1):
        watched.set_at(15 * scrape - 5, load=level)
        row = row + 1 if level > 10 or (when_absent and level != level) else 0
        if (row > for_scrapes) != firing:
            firing = not firing
            expected.append((15.0 * scrape, "firing" if firing else "resolved"))
    watched.run_to(15 * len(levels))
    assert [each for each in watched.alerts() if each[1] in ("firing", "resolved")] == expected
