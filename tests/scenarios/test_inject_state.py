"""Faults of what the firm knows of itself: files, order ids, positions."""

from __future__ import annotations

import json

import pytest

from sim.clock import MINUTE
from sim.trading_system import AUDIT_FILE, ORDERS_FILE, POSITIONS_FILE
from tests.scenarios.incidents import STILL, Incident, Struck


class TestTruncated:
    """A write that was cut off."""

    @pytest.mark.parametrize(("file", "path"), [("positions", POSITIONS_FILE), ("orders", ORDERS_FILE)])
    def test_the_file_no_longer_parses_and_shows_at_the_next_start(self, file: str, path: str) -> None:
        incident = Incident(
            {"kind": "state_file_truncated", "at": "1m", "file": file, "keep_share": 0.4},
            {"kind": "process_crash", "at": "2m"}, world=STILL, code=None,
        ).run_to(1.5)  # fmt: skip
        assert incident.proof() == f"{path} was cut"
        with pytest.raises(ValueError, match=r"Expecting|Unterminated"):
            json.loads(incident.world.disk.read(path))
        incident.run_to(4)
        assert (incident.world.book.held() == {}) is (file == "positions")
        assert json.loads(incident.world.disk.read(path)) is not None, "written afresh since the start"

    def test_nothing_is_left_of_it(self) -> None:
        incident = Incident({"kind": "state_file_truncated", "file": "positions", "keep_share": 0.0}, world=STILL)
        incident.run_to(1)
        assert incident.world.disk.read(POSITIONS_FILE) == ""

    def test_a_halt_file_is_found_under_the_name_that_the_code_gave_it(self) -> None:
        incident = Incident(
            {"kind": "manual_kill", "at": "1m"}, {"kind": "state_file_truncated", "at": "2m", "file": "halt"},
            {"kind": "process_crash", "at": "3m"},
        ).run_to(5)  # fmt: skip
        assert incident.proof(2) == "state/halt.json was cut"
        assert incident.world.trading.halted is not None, "a halt file that cannot be read counts as a halt"

    @pytest.mark.parametrize("file", ["halt", "audit"])
    def test_a_file_that_is_not_there_cannot_be_cut(self, file: str) -> None:
        incident = Incident({"kind": "state_file_truncated", "at": "1m", "file": file}, world=STILL, code=None)
        assert incident.run_to(2).proof() is None


class TestStale:
    """A file that parses well and is out of date."""

    def test_positions_without_the_latest_fills(self) -> None:
        struck = Struck("state_file_stale", at="5m", file="positions", age="2m").run_to(2)
        struck.order(qty=10)
        then = struck.world.book.held()
        struck.run_to(4)
        struck.order(qty=7)
        now = struck.world.book.held()
        assert now != then
        struck.run_to(6)
        assert json.loads(struck.world.disk.read(POSITIONS_FILE))["positions"] == then
        assert struck.world.book.held() == now, "it shows at the next start only"

    def test_orders_that_were_live_then_and_none_sent_since(self) -> None:
        struck = Struck("state_file_stale", at="5m", file="orders", age="2m").run_to(2)
        old = struck.order(kind="limit", limit_price=1.0)
        struck.run_to(4)
        struck.order(kind="limit", limit_price=1.1)
        struck.ask(lambda desk: desk.broker.cancel(old.id))
        struck.run_to(6)
        rows = json.loads(struck.world.disk.read(ORDERS_FILE))
        assert [row[0] for row in rows] == [old.id]
        assert struck.proof() == f"{ORDERS_FILE} went back in time"

    def test_an_audit_log_without_its_latest_lines(self) -> None:
        struck = Struck("state_file_stale", at="5m", file="audit", age="2m").run_to(2)
        struck.ask(lambda desk: desk.halt("early"))
        struck.run_to(4)
        struck.ask(lambda desk: desk.resume())
        struck.ask(lambda desk: desk.files.append(AUDIT_FILE, "a line of the code's own"))
        struck.run_to(6)
        text = struck.world.disk.read(AUDIT_FILE)
        assert ",halt,early," in text
        assert ",resume," not in text
        assert "a line of the code's own" in text

    @pytest.mark.parametrize(("pressed", "left"), [("1m", True), ("4m", False)])
    def test_a_halt_file_is_gone_when_it_was_not_there_then(self, pressed: str, left: bool) -> None:
        incident = Incident(
            {"kind": "state_file_stale", "at": "5m", "file": "halt", "age": "2m"},
            {"kind": "manual_kill", "at": pressed},
        ).run_to(6)  # fmt: skip
        assert incident.world.disk.exists("state/halt.json") is left

    def test_a_damaged_file_has_no_past(self) -> None:
        incident = Incident(
            {"kind": "state_file_stale", "at": "5m", "file": "positions"},
            {"kind": "state_file_truncated", "at": "4m", "file": "positions"}, code=None,
        ).run_to(6)  # fmt: skip
        assert incident.proof() is None

    @pytest.mark.parametrize("file", ["orders", "audit"])
    def test_what_looks_now_as_it_looked_then_is_not_stale(self, file: str) -> None:
        incident = Incident(
            {"kind": "state_file_stale", "at": "5m", "file": file},
            {"kind": "process_crash", "at": "4m", "stays_down": True}, world=STILL, code=None,
        ).run_to(6)  # fmt: skip
        assert incident.proof() is None


class TestDuplicateKey:
    """The same client order id once more."""

    def test_the_broker_refuses_it_each_time_and_nothing_is_bought_twice(self) -> None:
        struck = Struck("duplicate_idempotency_key", at="2m", times=3).run_to(1)
        order = struck.order()
        struck.run_to(3)
        assert struck.proof() == "the broker answered client_order_id must be unique"
        assert len(struck.events("ledger.duplicate_refused")) == 3
        assert len(struck.filled_us(order.id)) <= 2
        assert struck.world.book.held() == struck.world.ledger.positions()

    def test_without_an_order_there_is_no_key_to_repeat(self) -> None:
        assert Struck("duplicate_idempotency_key").run_to(3).proof() is None

    def test_an_unreachable_broker_proves_nothing(self) -> None:
        incident = Incident(
            {"kind": "duplicate_idempotency_key", "at": "3m"}, {"kind": "broker_refused", "at": "2m", "for": "5m"}
        ).run_to(5)
        assert incident.proof() is None


class TestPositions:
    """The broker holds what the firm does not know of."""

    def test_a_mismatch_strikes_where_most_is_held_unless_a_symbol_is_given(self) -> None:
        for symbol in (None, "IWM"):
            struck = Struck("position_mismatch", qty=-30, **({} if symbol is None else {"symbol": symbol}))
            value = {s: abs(q) * struck.world.market.price(s) for s, q in struck.world.ledger.positions().items()}
            largest = max(value, key=lambda symbol: value[symbol])
            struck.run_to(2)
            book, ledger = struck.world.book.held(), struck.world.ledger.positions()
            assert {s: ledger[s] - book[s] for s in ledger if ledger[s] != book.get(s)} == {symbol or largest: -30}

    def test_a_flat_firm_has_nothing_to_mismatch(self) -> None:
        struck = Struck("position_mismatch", at="2m", qty=30).run_to(0)
        struck.ask(lambda desk: desk.flatten())
        assert struck.run_to(3).proof() is None

    def test_an_unexpected_position_appears_where_nothing_was_held(self) -> None:
        struck = Struck("unexpected_position", at="2m", qty=25).run_to(0)
        struck.ask(lambda desk: desk.flatten("QQQ"))
        struck.run_to(3)
        assert struck.world.ledger.position("QQQ") == 25
        assert struck.world.book.held().get("QQQ", 0) == 0

    def test_a_whole_drill_of_it_is_reconciled_within_minutes(self) -> None:
        incident = Incident({"kind": "position_mismatch", "at": "1m", "qty": 40}).run_to(5)
        assert incident.quiet().world.book.held() == incident.world.ledger.positions()
        (first, *_) = incident.events("book.position")
        assert first.t_us - incident.zero_us < 3 * MINUTE
