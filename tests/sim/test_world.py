"""A whole firm in one object: the life of the code under test, and the ways into it from outside."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from sim.clock import MINUTE, SECOND
from sim.config import TRADING_SYSTEM, WorldConfig
from sim.desk import Desk
from sim.errors import BadInput
from sim.network import BrokerTimeout, BrokerUnreachable, EndpointFailed, Verdict
from sim.orders import Order
from sim.venue import BrokerConfig
from sim.world import Mitigation, World
from tests.sim.worlds import BUSY, Firm


class TestStarting:
    """The code is built when its process starts, and again each time it starts."""

    def test_the_process_starts_when_its_workload_is_ready_and_the_code_takes_part(self) -> None:
        ticks: list[Any] = []
        firm = Firm(lambda desk: {"on_tick": ticks.append}, monitored=True)
        (started,) = firm.events("code.started")
        assert started.t_us == 10 * SECOND
        assert started.data["first"] is True
        assert len(ticks) == 5 * 5, "five symbols each second, from the start on"

    def test_code_that_cannot_be_built_on_a_healthy_firm_is_told_to_its_author_in_one_line(self) -> None:
        def build(desk: Desk) -> Any:
            raise KeyError("BROKER_URL")

        world = World(WorldConfig(monitored=False), 7, mitigation=Mitigation(build, "bot.py:build"))
        with pytest.raises(BadInput) as refused:
            world.run(SECOND)
        assert str(refused.value).startswith("bot.py:build: build(desk) failed: KeyError: 'BROKER_URL'")

    def test_code_that_fails_to_build_after_a_restart_is_a_finding_and_trading_stays_down(self) -> None:
        built: list[int] = []

        def hooks(desk: Desk) -> Any:
            built.append(1)
            if len(built) > 1:
                raise RuntimeError("state file damaged")
            return {"on_tick": lambda tick: None}

        firm = Firm(hooks, monitored=True, strategies=BUSY)
        firm.after(60, lambda: firm.world.cluster.kill(TRADING_SYSTEM))
        firm.run(300)
        assert "RuntimeError: state file damaged" in [e.data["error"] for e in firm.events("code.error")]
        restarted_us = firm.events("system.started")[-1].t_us
        assert [e for e in firm.events("order.sent") if e.t_us > restarted_us] == []

    def test_what_is_no_hook_at_all_is_told_too(self) -> None:
        world = World(WorldConfig(monitored=False), 7, mitigation=Mitigation(lambda desk: 5, "bot.py:build"))
        with pytest.raises(BadInput, match="returned no hook"):
            world.run(SECOND)

    def test_a_restart_is_a_fresh_process_and_the_old_one_is_heard_no_more(self) -> None:
        lives: list[str] = []

        def hooks(desk: Desk) -> Any:
            number = len(lives)
            lives.append("")

            def every_second() -> None:
                lives[number] += "."

            return {"every": {1: every_second}}

        firm = Firm(hooks, monitored=True)
        firm.after(0, lambda: firm.world.cluster.kill(TRADING_SYSTEM))
        firm.run(60)
        assert lives[0] == "....."
        assert len(lives[1]) > 20
        assert len(lives) == 2

    def test_a_build_that_waits_for_the_broker_holds_strategies_back_until_it_is_done(self) -> None:
        def hooks(desk: Desk) -> Any:
            desk.broker.positions()
            desk.sleep(30)
            return {"on_tick": lambda tick: None}

        firm = Firm(hooks, monitored=True, strategies=BUSY)
        firm.run(120)
        (started,) = firm.events("code.started")
        assert started.t_us > 40 * SECOND
        assert all(e.t_us > started.t_us for e in firm.events("order.sent"))
        assert len(firm.events("order.sent")) > 0

    def test_a_firm_without_mitigation_code_trades_on(self) -> None:
        world = World(WorldConfig(strategies=BUSY), 7)
        world.run(10 * MINUTE)
        assert len(world.history.of("order.filled")) > 10
        assert world.commands() == world.endpoints() == ()


class TestHooks:
    """Each hook is called for what its name says."""

    def test_bars_fills_orders_alerts_and_timers(self) -> None:
        seen: dict[str, list[Any]] = {name: [] for name in ("on_bar", "on_fill", "on_order", "on_tick")}
        firm = Firm(lambda desk: {name: calls.append for name, calls in seen.items()}, monitored=True, strategies=BUSY)
        firm.run(301)
        assert {bar.minutes for bar in seen["on_bar"]} == {1, 5}
        assert len(seen["on_bar"]) == 5 * (5 + 1)
        fills = firm.events("order.filled")
        assert [(f.order.id, f.qty, f.price) for f in seen["on_fill"]] == [
            (e.subject, e.data["qty"], e.data["price"]) for e in fills
        ]
        asked = len(firm.events("order.sent", "order.denied"))
        assert len(seen["on_order"]) == asked > 10

    def test_an_alert_reaches_the_code_while_it_fires(self) -> None:
        alerts: list[Any] = []
        firm = Firm(lambda desk: {"on_alert": alerts.append}, monitored=True)
        firm.after(60, lambda: firm.world.broker.trade_by_hand("SPY", 1, 50, 590.0))
        firm.run(600)
        assert {alert.state for alert in alerts} == {"firing"}
        assert any("mismatch" in alert.series for alert in alerts)

    def test_ticks_pass_a_hook_by_that_waits(self) -> None:
        seen: list[float] = []

        def hooks(desk: Desk) -> Any:
            def on_tick(tick: Any) -> None:
                if tick.symbol == "SPY":
                    seen.append(desk.now)
                    if desk.now == 3:
                        desk.broker.positions(timeout=10)

            return {"on_tick": on_tick}

        firm = Firm(hooks)
        firm.run(1)
        firm.rule(Verdict(hang=True))
        firm.run(20)
        assert seen[:4] == [1, 2, 3, 13]
        (error,) = firm.events("code.error")
        assert error.data["error"] == "BrokerTimeout: positions: no answer within 10 s"

    @pytest.mark.parametrize(
        ("answer", "reason"),
        [
            (True, None),
            (None, None),
            (False, "denied by on_order"),
            ("", "denied by on_order"),
            ("too large", "too large"),
            (ZeroDivisionError("x"), "on_order failed"),
        ],
    )
    def test_the_gate_allows_or_says_why_not_and_a_gate_that_fails_has_allowed_nothing(
        self, answer: object, reason: str | None
    ) -> None:
        def on_order(order: Order) -> object:
            if isinstance(answer, Exception):
                raise answer
            return answer

        firm = Firm(lambda desk: {"on_order": on_order})
        firm.soon(lambda: firm.world.orders.create("SPY", 1, 1))
        firm.run(5)
        assert [e.data["reason"] for e in firm.events("order.denied")] == ([] if reason is None else [reason])


class TestEndpoints:
    """Control endpoints of the running system, called from other processes."""

    def firm(self, **hooks: Any) -> Firm:
        def build(desk: Desk) -> Any:
            endpoints = {
                "ping": lambda: "pong",
                "echo": lambda *args: args,
                "slow": lambda: desk.sleep(3),
                "bad": lambda: 1 // 0,
                "refuse": lambda: False,
            }
            return {"endpoints": endpoints, "commands": {"call": lambda: desk.call(*self.words)}} | hooks

        self.words: tuple[Any, ...] = ("ping",)
        return Firm(build, monitored=True)

    def call(self, firm: Firm, *words: Any, seconds: float = 30) -> tuple[bool, str] | None:
        """The answer to a command that calls an endpoint."""
        self.words, outcome = words, []
        firm.soon(lambda: firm.world.run_command("call", lambda ok, text: outcome.append((ok, text))))
        firm.run(seconds)
        return outcome[0] if outcome else None

    def test_an_answer(self) -> None:
        firm = self.firm()
        assert self.call(firm, "ping") == (True, "pong")
        assert self.call(firm, "echo", 1, "b") == (True, "(1, 'b')")
        assert self.call(firm, "refuse") == (False, "False")
        assert firm.world.endpoints() == ("ping", "echo", "slow", "bad", "refuse")
        assert [e.subject for e in firm.events("code.endpoint")] == ["ping", "echo", "refuse"]

    def test_no_such_endpoint(self) -> None:
        assert self.call(self.firm(), "nope") == (False, "LookupError: no such endpoint: nope")

    def test_an_endpoint_that_raises_is_a_500_and_no_answer(self) -> None:
        firm = self.firm()
        assert self.call(firm, "bad") == (False, "EndpointFailed: bad: HTTP 500")
        assert "ZeroDivisionError: integer division or modulo by zero" in [
            e.data["error"] for e in firm.events("code.error")
        ]

    def test_a_system_that_is_down_refuses_the_connection(self) -> None:
        firm = self.firm()
        firm.soon(lambda: firm.world.cluster.stop(TRADING_SYSTEM))
        firm.run(1)
        ok, text = self.call(firm, "ping") or (True, "")
        assert (ok, text) == (False, "BrokerUnreachable: connection refused: the trading system is down")

    def test_a_thread_that_is_busy_for_a_moment_answers_after_it(self) -> None:
        firm = self.firm()
        firm.soon(lambda: firm.world.request_endpoint("slow", lambda ok, text: None))
        assert self.call(firm, "ping") == (True, "pong")
        assert firm.events("code.endpoint")[-1].t_us - 15 * SECOND >= 3 * SECOND

    def test_a_thread_that_is_stuck_in_a_black_hole_cannot_be_reached_until_its_call_has_timed_out(self) -> None:
        firm = self.firm(on_alert=lambda alert: alert == "look" and firm.desk.broker.positions(timeout=100))
        firm.rule(Verdict(hang=True))
        firm.soon(lambda: firm.bot.deliver("on_alert", "look"))
        firm.run(1)
        assert self.call(firm, "ping") == (False, "BrokerTimeout: no answer: the trading system's thread is stuck")
        firm.run(100)
        assert self.call(firm, "ping") == (True, "pong")

    def test_a_system_that_dies_while_it_answers_resets_the_connection(self) -> None:
        firm = self.firm()
        firm.after(1, lambda: firm.world.cluster.kill(TRADING_SYSTEM))
        ok, text = self.call(firm, "slow") or (True, "")
        assert (ok, text) == (False, "BrokerUnreachable: connection reset: the trading system went down")

    @pytest.mark.parametrize(("endpoint", "expected"), [("ping", (True, "pong")), ("bad", (False, "bad: HTTP 500"))])
    def test_a_person_with_curl_is_told_how_it_went(self, endpoint: str, expected: tuple[bool, str]) -> None:
        firm = self.firm()
        told: list[tuple[bool, str]] = []
        firm.soon(lambda: firm.world.request_endpoint(endpoint, lambda ok, text: told.append((ok, text))))
        firm.run(5)
        assert told == [expected]

    def test_the_errors_can_be_caught_by_pythons_own_names(self) -> None:
        assert issubclass(BrokerUnreachable, ConnectionError)
        assert issubclass(BrokerTimeout, TimeoutError)
        assert issubclass(EndpointFailed, RuntimeError)


class TestCommands:
    """What an operator types runs in a process of its own: fresh memory, same files, same broker."""

    def firm(self, command: Any, **rest: Any) -> Firm:
        def build(desk: Desk) -> Any:
            return {"commands": {"do": lambda: command(desk)}} | rest

        return Firm(build, monitored=True, broker=BrokerConfig(partial_share=0.0))

    def run(self, firm: Firm, seconds: float = 30) -> tuple[bool, str] | None:
        outcome: list[tuple[bool, str]] = []
        firm.soon(lambda: firm.world.run_command("do", lambda ok, text: outcome.append((ok, text))))
        firm.run(seconds)
        return outcome[0] if outcome else None

    def test_its_memory_is_its_own(self) -> None:
        def command(desk: Desk) -> str:
            desk.halt("from outside")
            desk.set_safe_mode(True)
            desk.adopt_positions({"SPY": 1})
            desk.settle("ord-000001", None)
            return f"halted: {desk.halted}, in system: {desk.in_system}"

        firm = self.firm(command)
        book = firm.world.book.held()
        assert self.run(firm) == (True, "halted: from outside, in system: False")
        assert (firm.world.trading.halted, firm.world.trading.safe_mode) == (None, False)
        assert firm.world.book.held() == book
        assert firm.told("system.halted") == []

    def test_its_release_of_a_halt_releases_nobody(self) -> None:
        firm = self.firm(lambda desk: desk.resume())
        firm.soon(lambda: firm.world.trading.halt("loss", by="test"))
        assert self.run(firm) == (True, "")
        assert firm.world.trading.halted == "loss"

    def test_the_files_are_shared(self) -> None:
        firm = self.firm(lambda desk: desk.files.write("state/halt.json", "{}"))
        self.run(firm)
        assert firm.world.disk.read("state/halt.json") == "{}"

    def test_its_orders_reach_the_broker_although_the_system_is_down(self) -> None:
        def flatten(desk: Desk) -> str:
            for symbol, qty in desk.broker.positions().items():
                desk.broker.submit(symbol, -1 if qty > 0 else 1, abs(qty))
            return "closing"

        firm = self.firm(flatten)
        firm.soon(lambda: firm.world.cluster.stop(TRADING_SYSTEM))
        firm.run(1)
        assert self.run(firm) == (True, "closing")
        assert firm.world.ledger.positions() == {}

    def test_its_orders_pass_no_gate_of_the_running_system_and_their_fills_are_heard_there(self) -> None:
        firm = self.firm(lambda desk: desk.broker.submit("SPY", "buy", 5).id, on_order=lambda order: "never")
        ok, order_id = self.run(firm) or (False, "")
        assert ok
        assert firm.told("order.denied") == []
        (fill,) = firm.events("order.filled")
        assert (fill.subject, fill.data["known"]) == (order_id, False)
        assert firm.books_agree()

    def test_its_login_is_not_the_systems_session(self) -> None:
        firm = self.firm(lambda desk: desk.broker.connect(), on_disconnect=lambda reason: None)
        firm.soon(lambda: firm.world.broker.expire_auth(needs_renewal=False))
        firm.soon(firm.world.connection.path_changed)
        firm.run(1)
        assert self.run(firm) == (True, "")
        assert not firm.world.connection.connected

    @pytest.mark.parametrize(
        ("what", "expected"),
        [
            (lambda desk: None, (True, "")),
            (lambda desk: False, (False, "False")),
            (lambda desk: "done", (True, "done")),
            (lambda desk: sys.exit(0), (True, "exit 0")),
            (lambda desk: sys.exit(), (True, "exit None")),
            (lambda desk: sys.exit(2), (False, "exit 2")),
            (lambda desk: 1 // 0, (False, "ZeroDivisionError: integer division or modulo by zero")),
            (lambda desk: desk.files.read("nowhere"), (False, "FileNotFoundError: no such file: nowhere")),
        ],
    )
    def test_how_it_ended(self, what: Any, expected: tuple[bool, str]) -> None:
        firm = self.firm(what)
        assert self.run(firm) == expected
        (event,) = firm.events("code.command")
        assert (event.subject, event.data["ok"], event.data["answer"]) == ("do", *expected)

    def test_a_command_that_hangs_never_tells_and_is_gone_at_the_end_of_the_run(self) -> None:
        unwound: list[str] = []

        def command(desk: Desk) -> None:
            try:
                desk.broker.positions(timeout=None)
            finally:
                unwound.append("unwound")

        firm = self.firm(command)
        firm.rule(Verdict(hang=True))
        assert self.run(firm, 400) is None
        assert [e.subject.partition(":")[0] for e in firm.events("code.hang")] == ["do"]
        firm.world.finish()
        assert unwound == ["unwound"]
        rows = len(firm.history)
        del firm.world
        assert len(firm.history) == rows

    def test_commands_are_numbered(self) -> None:
        firm = self.firm(lambda desk: desk.log("here"))
        self.run(firm)
        self.run(firm)
        assert [e.subject for e in firm.events("code.log")] == ["do:cli-000001", "do:cli-000002"]


class TestSaying:
    """What the code claims is held against what is."""

    def test_a_claim_is_recorded_with_what_the_ledger_showed_at_that_instant(self) -> None:
        firm = Firm()
        firm.ask(lambda desk: desk.log("all positions flattened"), 1)
        (claim,) = firm.events("code.claim")
        assert claim.subject == "flat"
        assert claim.data["ledger"] == firm.world.ledger.positions() != {}
        assert claim.data["at"].startswith("test_world.py:")

    def test_an_answer_of_a_command_is_a_claim_too(self) -> None:
        firm = Firm(lambda desk: {"commands": {"reset": lambda: "halt reset, trading is resumed"}})
        firm.soon(lambda: firm.world.run_command("reset", lambda ok, text: None))
        firm.run(1)
        assert [e.subject for e in firm.events("code.claim")] == ["resumed"]

    def test_a_page_of_the_code_reaches_the_on_call(self) -> None:
        firm = Firm(monitored=True)
        heard: list[tuple[str, str, str]] = []
        firm.world.pages.append(lambda message, severity, by: heard.append((message, severity, by)))
        firm.ask(lambda desk: desk.page("kill switch fired", severity="odd"), 60)
        assert heard == [("kill switch fired", "odd", TRADING_SYSTEM)]
        assert any(e.kind.startswith("page.") for e in firm.events("page."))


def test_the_firm_opens_with_the_exposure_it_was_configured_for_and_balanced_books() -> None:
    world = World(WorldConfig(), 7)
    prices = dict(zip(world.market.symbols, world.market.prices(), strict=True))
    gross = sum(abs(qty) * prices[symbol] for symbol, qty in world.ledger.positions().items())
    assert gross == pytest.approx(1_200_000, rel=0.001)
    assert world.ledger.balanced()
    assert world.book.held() == world.ledger.positions()
    assert world.broker.equity() == pytest.approx(1_000_000)
