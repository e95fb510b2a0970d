"""What hands can do about slow answers, dear fills and positions that nobody owns."""

from __future__ import annotations

from typing import Any

import pytest

from drills.operator import Operator, Outcome
from tests.scenarios.incidents import STILL, Incident


def ask(incident: Incident, action: str, minutes: float = 0.5) -> Outcome:
    """What the action came to."""
    answers: list[Outcome] = []
    operator = Operator(incident.world, incident.nemesis)
    incident.soon(lambda: operator.perform(action, answers.append))
    incident.run_to((incident.world.env.now - incident.zero_us) / 60e6 + minutes)
    return answers[0]


@pytest.mark.parametrize(
    ("fault", "cure", "useless"),
    [
        ({"kind": "database_slow", "latency_ms": 3_000.0}, "kill_query", "restart_service"),
        ({"kind": "pool_exhausted"}, "restart_service", "kill_query"),
        ({"kind": "node_pressure", "slowdown": 50.0}, "scale_up", "kill_query"),
    ],
)
def test_each_cause_of_slow_answers_has_its_own_cure(fault: dict[str, Any], cure: str, useless: str) -> None:
    incident = Incident({"at": "1m", **fault}, world=STILL, code=None).run_to(4)
    assert [e.kind for e in incident.events("api.slow", "api.fast")] == ["api.slow"]
    ask(incident, useless)
    assert not ask(incident, "verify_latency").ok
    ask(incident, cure, 2)
    assert ask(incident, "verify_latency").ok
    assert [e.kind for e in incident.events("api.slow", "api.fast")] == ["api.slow", "api.fast"]


def test_limit_orders_pay_no_slippage() -> None:
    incident = Incident({"kind": "slippage", "at": "1m", "for": "2h", "mean_bps": 12.0}).run_to(12)
    assert not ask(incident, "verify_fills").ok
    ask(incident, "limit_orders")
    incident.run_to(20)
    assert ask(incident, "verify_fills").ok
    sent = [event for event in incident.lately("order.sent") if event.data["source"] == "strategy"]
    assert sent
    assert {event.data["order_kind"] for event in sent} == {"limit"}


def test_the_unexpected_position_is_closed_and_no_other() -> None:
    fault = {"kind": "unexpected_position", "at": "1m", "symbol": "QQQ", "qty": -70}
    incident = Incident(fault, world=STILL, code=None)
    before = incident.run_to(0.5).world.ledger.positions()
    assert incident.run_to(2).world.ledger.positions() == {**before, "QQQ": before["QQQ"] - 70}
    assert ask(incident, "close_orphans").text == "closed 70 QQQ"
    assert incident.world.ledger.positions() == before
    assert ask(incident, "close_orphans").text == "there is no such position any more"


def test_what_the_firm_has_traded_away_since_is_not_closed_twice() -> None:
    fault = {"kind": "unexpected_position", "at": "1m", "symbol": "QQQ", "qty": -70}
    incident = Incident(fault, world=STILL, code=None).run_to(2)
    incident.soon(lambda: incident.world.orders.create("QQQ", 1, 50))
    incident.run_to(3)
    assert ask(incident, "close_orphans").text == "closed 20 QQQ"
