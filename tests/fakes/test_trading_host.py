"""The trading system's control API: what it says is the system's state, what it does is done to the system."""

from __future__ import annotations

import json
from typing import Any

from fakes import trading_host
from fakes.trading_host import TradingHost
from sim.actors.hosts import hosts_of
from sim.actors.http import Request
from sim.clock import MINUTE
from sim.network import BrokerUnreachable
from sim.world import World
from tests.sim.worlds import BUSY, Firm


def ask(world: World, method: str, path: str, body: str = "") -> tuple[int, Any]:
    answer = TradingHost(world).handle(Request(method, path, {}, body.encode()))
    return answer.status, json.loads(answer.body)


def busy_firm() -> Firm:
    firm = Firm(strategies=BUSY)
    firm.world.run(20 * MINUTE)
    return firm


def test_status_is_the_systems_own() -> None:
    world = busy_firm().world
    assert ask(world, "GET", "/health")[1]["checks"]["broker"] == "ok"
    status = ask(world, "GET", "/api/status")[1]
    assert status["halted"] is False
    assert status["broker_connected"] is True
    assert status["positions"] == world.book.held()
    assert status["open_orders"] == len(world.orders.live())
    shown = ask(world, "GET", "/api/positions")[1]
    assert {row["symbol"]: row["qty"] for row in shown} == world.book.held()


def test_a_halt_blocks_the_strategies_and_a_resume_releases_them() -> None:
    world = busy_firm().world
    assert ask(world, "POST", "/api/halt", '{"reason": "by script"}') [1]["detail"] == "halted"
    assert world.trading.halted == "by script"
    since = world.env.now
    world.run(since + 5 * MINUTE)
    sent = [e for e in world.history.of("order.sent") if e.t_us > since and e.get("source") == "strategy"]
    assert not [e for e in sent if not e.get("reducing")]
    assert ask(world, "POST", "/api/resume")[1]["status"] == "ok"
    assert world.trading.halted is None


def test_a_halt_without_words_has_a_reason_all_the_same() -> None:
    world = busy_firm().world
    ask(world, "POST", "/api/kill-switch")
    assert world.trading.halted == "halted by the control API"


def test_safe_mode_is_set_and_taken_back() -> None:
    world = busy_firm().world
    assert ask(world, "POST", "/api/safe-mode", '{"enabled": true}')[0] == 200
    assert world.trading.safe_mode
    assert ask(world, "POST", "/api/safe-mode", '{"enabled": false}')[0] == 200
    assert not world.trading.safe_mode


def test_closing_all_positions_sends_orders_of_the_firms_own() -> None:
    world = busy_firm().world
    ask(world, "POST", "/api/halt")
    held = world.book.held()
    assert held
    assert ask(world, "POST", "/api/cancel-all")[0] == 200
    assert ask(world, "POST", "/api/close-all-positions") [1]["detail"] == f"{len(held)} closing orders sent"
    world.run(world.env.now + 5 * MINUTE)
    assert world.ledger.positions() == {}


def test_what_is_asked_wrongly_is_told_so() -> None:
    world = busy_firm().world
    assert ask(world, "GET", "/api/nothing")[0] == 404
    assert ask(world, "POST", "/api/halt", "{broken")[0] == 400
    assert ask(world, "POST", "/api/reconnect")[0] == 404
    assert "max_size" in ask(world, "POST", "/api/config", '{"max_size": 3}')[1]["detail"]


def test_a_system_that_is_down_refuses_the_connection() -> None:
    world = busy_firm().world
    trading_host.register(world)
    host = hosts_of(world).find("trading-system")
    assert host is not None
    assert host.verdict("connect").error is None
    world.trading.stop("crash")
    assert isinstance(host.verdict("connect").error, BrokerUnreachable)
