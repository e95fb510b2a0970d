"""Who is woken, when, and what happens when nobody answers."""

from __future__ import annotations

import pytest

from sim.alerts import Alert, AlertState, Severity
from sim.clock import MINUTE, SECOND, VirtualTime
from sim.errors import BadInput
from sim.history import History
from sim.monitoring import Monitoring
from sim.pager import DeadMansSwitch, Page, Pager
from sim.rng import Streams


class OnCall:
    """A pager and what it delivered."""

    def __init__(self, seed: int = 7, **options: object) -> None:
        self.env = VirtualTime()
        self.history = History(self.env)
        self.pager = Pager(self.env, self.history, Streams(seed), **options)  # type: ignore[arg-type]
        self.delivered: list[tuple[str, str]] = []
        self.pager.on_page(lambda page, role: self.delivered.append((page.alert.name, role)))

    def tell(self, name: str, state: AlertState = "firing", severity: Severity = "critical") -> None:
        now = self.env.now
        self.pager.handle(Alert(name, state, severity, "", "series", 1.0, 0.0, now, now))

    def run_to(self, t_us: int) -> None:
        self.env.run(until=t_us)

    def times(self, kind: str) -> list[int]:
        return [event.t_us // SECOND for event in self.history.of(kind)]


def test_a_page_is_delivered_some_seconds_after_it_is_sent() -> None:
    on_call = OnCall()
    on_call.run_to(MINUTE)
    on_call.tell("BrokerDisconnected")
    on_call.run_to(2 * MINUTE)
    sent, delivered = on_call.history.of("page.sent")[0], on_call.history.of("page.delivered")[0]
    assert sent.data == {
        "alert": "BrokerDisconnected", "to": "primary", "severity": "critical", "off_hours": False,
    }  # fmt: skip
    assert SECOND < delivered.t_us - sent.t_us < 20 * SECOND
    assert on_call.delivered == [("BrokerDisconnected", "primary")]


def test_a_page_nobody_acknowledges_climbs_the_rota_every_five_minutes() -> None:
    on_call = OnCall()
    on_call.run_to(MINUTE)
    on_call.tell("TradingHalted")
    on_call.run_to(60 * MINUTE)
    assert [role for _, role in on_call.delivered] == ["primary", "secondary", "lead", "manager"]
    assert on_call.times("page.escalated") == [360, 660, 960]
    assert on_call.times("page.unanswered") == [1260]


def test_an_acknowledgement_stops_the_escalation() -> None:
    on_call = OnCall()
    on_call.tell("TradingHalted")
    on_call.run_to(299 * SECOND)
    page = on_call.pager.open_pages()[0]
    assert on_call.pager.acknowledge(page.id, "primary")
    assert not on_call.pager.acknowledge(page.id, "secondary")
    on_call.run_to(60 * MINUTE)
    assert on_call.times("page.escalated") == []
    assert page.acknowledged_us == 299 * SECOND
    assert [event.data["by"] for event in on_call.history.of("page.acknowledged")] == ["primary"]
    with pytest.raises(BadInput, match="unknown page"):
        on_call.pager.acknowledge("page-999999", "primary")


def test_severity_decides_who_hears_of_it() -> None:
    on_call = OnCall(escalate_after_us=MINUTE)
    on_call.tell("Low", severity="info")
    on_call.tell("Middle", severity="warning")
    on_call.run_to(60 * MINUTE)
    assert on_call.delivered == [("Middle", "primary")]


def test_alerts_of_one_rule_share_a_page_until_all_have_resolved() -> None:
    on_call = OnCall()
    for state in ("firing", "firing", "resolved"):
        on_call.tell("WorkloadNotReady", state)
    assert len(on_call.history.of("page.sent")) == 1
    assert on_call.pager.open_pages()
    on_call.tell("WorkloadNotReady", "resolved")
    assert not on_call.pager.open_pages()
    on_call.run_to(60 * MINUTE)
    assert on_call.times("page.escalated") == []
    on_call.tell("WorkloadNotReady", "firing")
    assert len(on_call.history.of("page.sent")) == 2


def test_a_lost_page_is_found_out_by_the_escalation() -> None:
    on_call = OnCall()
    heal = on_call.pager.lose()
    on_call.tell("BrokerDisconnected")
    on_call.run_to(4 * MINUTE)
    heal()
    heal()
    on_call.run_to(6 * MINUTE)
    assert on_call.times("page.lost") == [0]
    assert on_call.delivered == [("BrokerDisconnected", "secondary")]


def test_losses_do_not_shift_the_delivery_of_other_pages() -> None:
    def second_delivery(lose_first: bool) -> int:
        on_call = OnCall()
        heal = on_call.pager.lose() if lose_first else (lambda: None)
        on_call.tell("A")
        heal()
        on_call.run_to(MINUTE)
        on_call.tell("B")
        on_call.run_to(2 * MINUTE)
        return on_call.history.of("page.delivered")[-1].t_us

    assert second_delivery(lose_first=True) == second_delivery(lose_first=False)


def test_a_page_at_night_says_so() -> None:
    pages: list[Page] = []
    on_call = OnCall(off_hours=lambda: True)
    on_call.pager.on_page(lambda page, _: pages.append(page))
    on_call.tell("BrokerDisconnected")
    on_call.run_to(MINUTE)
    assert pages[0].off_hours


def test_every_severity_needs_a_route() -> None:
    with pytest.raises(BadInput, match="no route for severity emergency"):
        OnCall(routes={"info": (), "warning": ("primary",), "critical": ("primary",)})


def blind(dies_at_us: int, heals_at_us: int) -> OnCall:
    """Monitoring that dies and comes back, watched from outside."""
    on_call = OnCall()
    monitoring = Monitoring(on_call.env, on_call.history)
    switch = DeadMansSwitch(on_call.env, on_call.history, on_call.pager)
    monitoring.on_scrape(switch.heartbeat)
    monitoring.start()
    on_call.run_to(dies_at_us)
    heal = monitoring.die()
    on_call.run_to(heals_at_us)
    heal()
    on_call.run_to(heals_at_us + 60 * MINUTE)
    return on_call


def test_blind_monitoring_is_found_out_five_minutes_after_its_last_scrape() -> None:
    on_call = blind(100 * SECOND, 20 * MINUTE)
    # The last scrape was at 90 s.
    assert on_call.times("alert.firing") == [90 + 300]
    assert on_call.delivered[0] == ("MonitoringSilent", "primary")
    # Healed at 1200 s, an instant before the scrape of 1200 s.
    assert on_call.times("alert.resolved") == [1200]
    assert on_call.times("page.closed") == [1200]


def test_a_short_silence_is_no_alarm() -> None:
    on_call = blind(100 * SECOND, 370 * SECOND)
    assert on_call.times("alert.firing") == []


def test_a_second_silence_is_found_out_as_well() -> None:
    on_call = OnCall()
    switch = DeadMansSwitch(on_call.env, on_call.history, on_call.pager)
    on_call.run_to(10 * MINUTE)
    switch.heartbeat()
    on_call.run_to(30 * MINUTE)
    assert on_call.times("alert.firing") == [300, 900]
    assert on_call.times("alert.resolved") == [600]


def test_equal_seeds_deliver_alike_and_other_seeds_do_not() -> None:
    def digest(seed: int) -> str:
        on_call = OnCall(seed)
        on_call.pager.lose(0.5)
        for name in ("A", "B", "C"):
            on_call.tell(name)
            on_call.run_to(on_call.env.now + 20 * MINUTE)
        return on_call.history.digest()

    assert digest(7) == digest(7) != digest(8)
