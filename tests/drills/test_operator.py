"""What the on-call does in the firm really happens, through the code where it offers a way, and failures say why."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from drills.actions import ACTIONS, Effect
from drills.operator import Outcome
from sim.config import TRADING_SYSTEM
from sim.desk import Desk
from sim.network import BrokerUnreachable, Verdict
from sim.orders import Status
from tests.drills.hands import Hands

REFUSED = Verdict(error=BrokerUnreachable("connection refused"))
HANGS = Verdict(hang=True)


def stopped() -> Hands:
    """A firm whose trading system is down."""
    hands = Hands()
    assert hands.do("stop_system") == Outcome(True, "done")
    assert not hands.world.trading.up
    return hands


def cut_off() -> tuple[Hands, Callable[[], None]]:
    """A firm whose broker refuses connections, and the end of that."""
    hands = Hands()
    heal = hands.firm.rule(REFUSED)
    hands.firm.soon(hands.world.connection.path_changed)
    hands.firm.run(1)
    return hands, heal


class TestHalting:
    def test_the_systems_own_control_halts(self) -> None:
        hands = Hands()
        assert hands.do("verify_halted") == Outcome(False, "orders still leave")
        assert hands.do("halt") == Outcome(True, "halted")
        assert hands.world.trading.halted == "stopped by the on-call"
        assert hands.do("verify_halted") == Outcome(True, "stopped by the on-call")

    def test_the_codes_endpoint_is_asked_where_there_is_one(self) -> None:
        def build(desk: Desk) -> Any:
            return {"endpoints": {"halt": lambda: desk.halt("pressed") or "halted by the code"}}

        hands = Hands(build)
        assert hands.do("halt") == Outcome(True, "halted by the code")
        assert hands.world.trading.halted == "pressed"

    def test_a_command_comes_before_an_endpoint(self) -> None:
        hands = Hands(
            lambda desk: {"commands": {"reset": lambda: "typed"}, "endpoints": {"reset": lambda: "asked"}},
        )
        hands.do("halt")
        assert hands.do("reset_halt") == Outcome(True, "typed")
        assert hands.world.trading.halted is not None, "the command said so, and did nothing"

    def test_halting_twice_does_no_harm(self) -> None:
        hands = Hands()
        hands.do("halt")
        assert hands.do("halt") == Outcome(True, "already halted: stopped by the on-call")

    def test_an_endpoint_that_fails_says_why(self) -> None:
        hands = Hands(lambda desk: {"endpoints": {"halt": lambda: 1 // 0}})
        assert hands.do("halt") == Outcome(False, "halt: HTTP 500")
        assert hands.world.trading.halted is None

    def test_what_is_down_sends_nothing(self) -> None:
        hands = stopped()
        assert hands.do("halt") == Outcome(True, "the system is down, nothing can be sent")
        assert hands.do("verify_halted") == Outcome(True, "blocked")

    def test_safe_mode_blocks_new_risk_and_quarantine_is_the_same_block(self) -> None:
        for action in ("safe_mode", "quarantine_data"):
            hands = Hands()
            assert hands.do(action) == Outcome(True, "done")
            assert hands.world.trading.safe_mode
            assert hands.do("verify_halted") == Outcome(True, "blocked")

    def test_sizes_are_halved(self) -> None:
        hands = Hands()
        hands.do("reduce_size")
        assert hands.world.strategies.size_factor == 0.5


class TestReleasing:
    def test_the_halt_is_released_by_the_systems_own_control(self) -> None:
        hands = Hands()
        hands.do("halt")
        assert hands.do("verify_trading") == Outcome(False, "not trading: stopped by the on-call")
        assert hands.do("reset_halt") == Outcome(True, "released")
        assert hands.world.trading.halted is None
        assert hands.do("verify_trading") == Outcome(True, "orders are accepted")

    def test_resuming_ends_safe_mode_too(self) -> None:
        hands = Hands()
        hands.do("safe_mode")
        hands.do("halt")
        assert hands.do("resume") == Outcome(True, "released")
        assert not hands.world.trading.safe_mode
        assert hands.do("verify_trading") == Outcome(True, "orders are accepted")

    def test_nothing_to_release(self) -> None:
        assert Hands().do("reset_halt") == Outcome(True, "nothing to release")

    def test_a_system_that_is_down_cannot_be_released(self) -> None:
        assert stopped().do("reset_halt") == Outcome(False, "the system is down")

    def test_trading_wants_a_system_a_session_and_no_block(self) -> None:
        hands = stopped()
        assert hands.do("verify_trading") == Outcome(False, "not trading: the system is down")
        hands, _ = cut_off()
        assert hands.do("verify_trading") == Outcome(False, "not trading: no broker session")
        hands = Hands()
        hands.do("safe_mode")
        assert hands.do("verify_trading") == Outcome(False, "not trading: safe mode")


class TestOrdersAndPositions:
    def test_every_order_is_cancelled_and_exits_are_left_to_work(self) -> None:
        hands = Hands()
        order = hands.rest()
        long = next(symbol for symbol, qty in hands.world.ledger.positions().items() if qty > 0)
        price = hands.world.market.price(long)
        hands.firm.soon(
            lambda: hands.world.orders.create(
                long, -1, 5, kind="limit", limit_price=round(price * 1.2, 2), price_hint=price
            )
        )
        hands.firm.run(2)
        assert hands.do("verify_orders") == Outcome(False, "1 orders still live")
        assert hands.do("cancel_orders") is not None
        assert order.status is Status.CANCELED
        assert [order.reducing for order in hands.world.broker.working()] == [True]
        assert hands.do("verify_orders") == Outcome(True, "no live order")

    def test_an_order_that_was_never_acknowledged_is_cancelled_at_the_broker(self) -> None:
        hands = Hands()
        heal = hands.firm.rule(Verdict(lose_reply=True), "submit")
        order = hands.rest()
        heal()
        assert order.status is not Status.ACCEPTED
        assert hands.do("verify_orders") == Outcome(False, "1 orders still live")
        hands.do("cancel_orders")
        assert hands.do("verify_orders") == Outcome(True, "no live order")

    def test_a_broker_that_is_gone_cancels_nothing(self) -> None:
        hands = Hands()
        hands.rest()
        hands.firm.rule(REFUSED)
        outcome = hands.do("cancel_orders")
        assert outcome is not None
        assert (outcome.ok, outcome.text) == (False, "cancel failed: connection refused")
        assert hands.do("verify_orders") == Outcome(False, "1 orders still live")

    def test_all_positions_are_closed(self) -> None:
        hands = Hands()
        held = hands.world.ledger.positions()
        assert hands.do("verify_flat") == Outcome(False, f"open at the broker: {held}")
        assert hands.do("flatten", 120) == Outcome(True, "closing orders sent")
        assert hands.do("verify_flat") == Outcome(True, "flat at the broker")
        assert hands.do("flatten") == Outcome(True, "already flat")

    def test_the_codes_flatten_is_what_the_runbook_would_have_a_person_type(self) -> None:
        hands = Hands(lambda desk: {"commands": {"flatten": lambda: "all flat"}})
        assert hands.do("flatten") == Outcome(True, "all flat")
        assert not (hands.do("verify_flat") or Outcome(True, "")).ok, "what it said is not what it did"

    def test_a_system_that_is_down_closes_nothing(self) -> None:
        hands = stopped()
        assert hands.do("flatten") == Outcome(False, "the system is down")

    def test_the_book_is_brought_into_line_with_the_broker(self) -> None:
        for action in ("reconcile", "restore_state"):
            hands = Hands()
            hands.firm.soon(lambda hands=hands: hands.world.broker.trade_by_hand("SPY", 1, 77, 590.0))
            hands.firm.run(1)
            outcome = hands.do("verify_reconciled")
            assert outcome is not None
            assert not outcome.ok
            assert outcome.text.startswith("book {")
            assert hands.do(action) == Outcome(True, "the broker's book was taken")
            assert hands.do("verify_reconciled") == Outcome(True, "books agree")

    def test_a_broker_that_does_not_answer_reconciles_nothing(self) -> None:
        hands = Hands()
        hands.firm.rule(HANGS, "positions")
        assert hands.do("reconcile", 5) is None
        outcome = hands.do("reconcile", 30)
        assert outcome is not None
        assert not outcome.ok


class TestConnection:
    def test_reconnecting_while_the_broker_is_down_fails_and_afterwards_works(self) -> None:
        hands, heal = cut_off()
        assert hands.do("verify_connected") == Outcome(False, "session is down")
        outcome = hands.do("reconnect")
        assert outcome is not None
        assert not outcome.ok
        assert "refused" in outcome.text
        heal()
        assert (hands.do("reconnect") or Outcome(False, "")).ok
        assert hands.do("verify_connected") == Outcome(True, "session is up")
        assert hands.do("reconnect") == Outcome(True, "the session is up")

    def test_a_session_without_an_answering_broker_is_no_connection(self) -> None:
        hands = Hands()
        hands.firm.rule(HANGS, "positions")
        assert hands.do("verify_connected") == Outcome(False, "session is down")

    def test_credentials_are_renewed_and_the_session_comes_back(self) -> None:
        hands = Hands(None, {"kind": "broker_auth_expired", "at": "0s", "for": "1h", "needs_renewal": True})
        assert hands.do("verify_connected") == Outcome(False, "session is down")
        assert not (hands.do("reconnect") or Outcome(True, "")).ok
        assert (hands.do("renew_credentials") or Outcome(False, "")).ok
        assert hands.do("verify_connected") == Outcome(True, "session is up")

    def test_a_system_that_is_down_has_no_session(self) -> None:
        assert stopped().do("reconnect") == Outcome(False, "the system is down")


class TestServices:
    def test_what_was_stopped_is_started(self) -> None:
        hands = stopped()
        assert hands.do("verify_health") == Outcome(False, f"not ready: {TRADING_SYSTEM}")
        assert hands.do("start_system", 60) == Outcome(True, "done")
        assert hands.do("verify_health") == Outcome(True, "all services are ready")

    @pytest.mark.parametrize("down", [False, True])
    def test_a_restart_starts_it_in_any_case(self, down: bool) -> None:
        hands = stopped() if down else Hands()
        before = len(hands.firm.events("system.started"))
        hands.do("restart", 60)
        assert len(hands.firm.events("system.started")) == before + 1
        assert hands.world.trading.up

    def test_the_memory_limit_is_doubled(self) -> None:
        hands = Hands()
        before = hands.world.cluster[TRADING_SYSTEM].revision.limit_mib
        hands.do("raise_limits", 60)
        assert hands.world.cluster[TRADING_SYSTEM].revision.limit_mib == 2 * before

    def test_a_bad_version_is_rolled_back(self) -> None:
        hands = Hands(
            None, {"kind": "bad_deploy", "at": "0s", "for": "1h", "workload": TRADING_SYSTEM, "symptom": "crash"}
        )
        hands.firm.run(60)
        bad = hands.world.cluster[TRADING_SYSTEM].revision.version
        hands.do("rollback", 120)
        assert hands.world.cluster[TRADING_SYSTEM].revision.version != bad
        assert hands.world.trading.up

    def test_without_a_deployment_there_is_nothing_to_roll_back(self) -> None:
        hands = Hands()
        before = len(hands.firm.events("system.started"))
        assert hands.do("rollback", 60) == Outcome(True, "done")
        assert len(hands.firm.events("system.started")) == before

    @pytest.mark.parametrize(
        ("action", "fault"),
        [
            ("kill_query", {"kind": "database_slow", "latency_ms": 5000}),
            ("restart_service", {"kind": "pool_exhausted"}),
            ("restart_service", {"kind": "cache_full"}),
            ("scale_up", {"kind": "node_pressure", "slowdown": 3}),
            ("restore_monitoring", {"kind": "monitoring_dead"}),
            ("restore_monitoring", {"kind": "pages_lost", "share": 0.5}),
        ],
    )
    def test_what_a_person_can_mend_ends_the_fault(self, action: str, fault: dict[str, Any]) -> None:
        hands = Hands(None, {"at": "0s", "for": "1h", **fault})
        assert not hands.firm.events("fault.healed")
        outcome = hands.do(action)
        assert outcome is not None
        assert outcome.text.startswith("mended: ")
        assert [event.subject for event in hands.firm.events("fault.healed")] == [f"1-{fault['kind']}"]
        assert hands.do(action) == Outcome(True, "done, nothing changed")

    def test_a_memory_leak_is_ended_by_rolling_back(self) -> None:
        hands = Hands(
            None, {"kind": "memory_leak", "at": "0s", "for": "2h", "mib_per_min": 5, "workload": TRADING_SYSTEM}
        )
        hands.do("rollback", 60)
        assert hands.firm.told("fault.healed") == ["fault.healed 1-memory_leak"]
        assert hands.world.trading.up


class TestData:
    def test_bad_data_is_seen(self) -> None:
        hands = Hands(None, {"kind": "feed_stale", "at": "0s", "for": "10m", "lag": "5m", "symbols": ["SPY"]})
        hands.firm.run(120)
        assert hands.do("verify_data") == Outcome(False, "bad data: SPY")
        hands.firm.run(960)  # the last late bar arrives five minutes after the feed is well again
        assert hands.do("verify_data") == Outcome(True, "data is fresh and valid")

    def test_missing_bars_are_fetched(self) -> None:
        hands = Hands(None, {"kind": "feed_gap", "at": "0s", "for": "5m", "symbols": ["SPY"]})
        hands.firm.run(600)
        lost = hands.world.feed.bars_lost()
        assert lost > 0
        assert hands.do("refetch_data") == Outcome(True, "done")
        assert hands.world.feed.bars_lost() == 0


class TestLooking:
    def test_a_system_that_is_down_shows_nothing(self) -> None:
        hands = stopped()
        for action in ("look_status", "look_logs", "look_account"):
            assert hands.do(action) == Outcome(True, "the trading system is down")

    def test_dead_monitoring_shows_nothing(self) -> None:
        hands = Hands(None, {"kind": "monitoring_dead", "at": "0s", "for": "1h"})
        assert hands.do("look_metrics") == Outcome(True, "the dashboards are empty")

    def test_both_books_are_shown(self) -> None:
        hands = Hands()
        held = hands.world.ledger.positions()
        assert hands.do("look_positions") == Outcome(True, f"book {held}, broker {held}")

    @pytest.mark.parametrize("action", [name for name, action in ACTIONS.items() if action.effect is not Effect.MUTATE])
    def test_looking_and_talking_change_nothing(self, action: str) -> None:
        hands = Hands()
        rows = len(hands.firm.history)
        assert hands.do(action, 1) is not None
        kinds = {event.kind for event in list(hands.firm.history)[rows:]}
        assert not kinds & {"system.halted", "ledger.order", "system.stopped", "order.sent"}


@pytest.mark.parametrize("action", [name for name, action in ACTIONS.items() if action.effect is Effect.MUTATE])
def test_every_mutation_has_a_way_of_its_own(action: str) -> None:
    assert action in Hands(monitored=False).operator._mutations


@pytest.mark.parametrize("action", [name for name in ACTIONS if name.startswith("verify_")])
def test_every_verification_looks_at_the_world(action: str) -> None:
    assert action in Hands(monitored=False).operator._checks


def test_a_command_that_hangs_never_answers() -> None:
    def build(desk: Desk) -> Any:
        return {"commands": {"reset": lambda: desk.broker.positions(timeout=None)}}

    hands = Hands(build)
    hands.do("halt")
    hands.firm.rule(HANGS)
    assert hands.do("reset_halt", 300) is None
    hands.world.finish()
