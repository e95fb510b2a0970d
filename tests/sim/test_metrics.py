"""What the firm exports: true while all is well, wrong or absent in the ways that incidents make it so."""

from __future__ import annotations

import math
from typing import Any

import pytest

from sim.config import TRADING_SYSTEM
from sim.network import BrokerUnreachable, Verdict
from tests.sim.market_kit import ny
from tests.sim.worlds import BUSY, Firm


class Watched(Firm):
    """A firm with monitoring."""

    def __init__(self, hooks: Any = None, **config: Any) -> None:
        super().__init__(hooks, monitored=True, **config)
        self.run(60)

    def value(self, metric: str) -> float:
        return self.world.monitoring.last(metric)

    def alerts(self) -> list[str]:
        return [e.subject for e in self.events("alert.firing")]

    def pages(self) -> list[str]:
        return [e.kind for e in self.events("page.")]


def test_a_healthy_firm_shows_healthy_figures_and_alarms_nobody() -> None:
    firm = Watched(strategies=BUSY)
    firm.run(1800)
    assert firm.value("trading_up") == 1.0
    assert firm.value("trading_equity") == pytest.approx(firm.world.trading.equity(), rel=0.01)
    assert firm.value("broker_connected") == 1.0
    assert firm.value("broker_heartbeat_age_s") < 10
    assert firm.value("feed_age_s") <= 1
    for metric in ("trading_halted", "trading_safe_mode", "feed_bad_symbols", "db_pool_waiting"):
        assert firm.value(metric) == 0.0
    assert firm.value("position_mismatch_count") <= 1, "at most a fill on its way"
    assert 0 <= firm.value("trading_drawdown_pct") < 3
    assert firm.alerts() == []


def test_figures_of_a_dead_system_vanish() -> None:
    firm = Watched()
    firm.soon(lambda: firm.world.cluster.stop(TRADING_SYSTEM))
    firm.run(30)
    assert math.isnan(firm.value("trading_equity"))
    assert math.isnan(firm.value("broker_connected"))
    assert not math.isnan(firm.value("db_query_p99_s"))


def test_a_halt_and_safe_mode_show() -> None:
    firm = Watched()
    firm.soon(lambda: firm.world.trading.halt("loss", by="test"))
    firm.soon(lambda: firm.world.trading.set_safe_mode(True, by="test"))
    firm.run(30)
    assert (firm.value("trading_halted"), firm.value("trading_safe_mode")) == (1.0, 1.0)


def test_a_lost_session_shows_and_the_mismatch_cannot_be_known_meanwhile() -> None:
    firm = Watched(lambda desk: {"on_disconnect": lambda reason: None})
    firm.rule(Verdict(BrokerUnreachable("refused")))
    firm.run(45)
    assert firm.value("broker_connected") == 0.0
    assert firm.value("broker_heartbeat_age_s") > 25
    assert math.isnan(firm.value("position_mismatch_count"))


def test_a_trade_that_the_system_was_not_told_of_is_a_mismatch() -> None:
    firm = Watched()
    firm.soon(lambda: firm.broker.trade_by_hand("SPY", 1, 50, 590.0))
    firm.run(30)
    assert firm.value("position_mismatch_count") == 1.0


def test_an_order_without_acknowledgement_grows_old() -> None:
    firm = Watched()
    firm.rule(Verdict(lose_reply=True), "submit")
    firm.soon(lambda: firm.world.orders.create("SPY", 1, 5, kind="limit", limit_price=1.0))
    firm.run(120)
    assert 90 <= firm.value("unacked_orders_age_s") <= 120


def test_rejected_orders_show_in_the_error_rate() -> None:
    firm = Watched()
    firm.soon(lambda: firm.world.orders.create("SPY", 1, 1_000_000))
    firm.soon(lambda: firm.world.orders.create("SPY", 1, 1))
    firm.run(16)
    assert firm.value("trading_order_error_rate") == 0.5


def test_a_spike_makes_the_systems_own_figures_wrong() -> None:
    firm = Watched()
    firm.soon(lambda: firm.world.feed.corrupt("spike", None, factor=10.0))
    firm.run(30)
    assert firm.value("feed_bad_symbols") == 5.0
    assert abs(firm.value("trading_equity") / 1_000_000 - 1) > 1
    assert firm.broker.equity() == pytest.approx(1_000_000, rel=0.02)


def test_data_grows_old_in_session_and_not_at_night() -> None:
    firm = Watched(start=ny(2026, 3, 10, 15, 50))
    firm.soon(lambda: firm.world.feed.corrupt("gap", None))
    firm.run(120)
    assert firm.value("feed_age_s") >= 100
    firm.run_to((2026, 3, 10, 20, 0))
    assert firm.value("feed_age_s") == 0.0


def test_what_the_code_pages_itself_reaches_the_pager_with_a_severity_that_it_knows() -> None:
    firm = Watched()
    firm.ask(lambda desk: desk.page("positions differ", severity="warning"), 30)
    firm.ask(lambda desk: desk.page("odd", severity="catastrophic"), 30)
    paged = [e for e in firm.events("page.") if "Paged by trading-system" in f"{e.subject} {e.data}"]
    assert len(paged) >= 2


def test_a_dead_monitoring_is_noticed_by_its_dead_mans_switch() -> None:
    firm = Watched()
    firm.soon(firm.world.monitoring.die)
    before = len(firm.pages())
    firm.run(1200)
    assert len(firm.pages()) > before
