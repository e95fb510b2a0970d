"""Faults of the market itself and of the data that shows it."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from sim.clock import MINUTE
from tests.scenarios.incidents import STILL, Incident


def equity_loss_pct(incident: Incident, since: float) -> float:
    """Loss of true equity in percent of what it was `since`."""
    return 100 * (1 - incident.world.broker.equity() / since)


class TestAdverseMove:
    """Prices move against the book, by as much as makes the loss."""

    @pytest.mark.parametrize("loss_pct", [0.5, 3.0, 10.0])
    def test_the_loss_is_reached_and_hardly_passed(self, loss_pct: float) -> None:
        move = {"kind": "adverse_move", "at": "1m", "loss_pct": loss_pct, "ramp": "2m"}
        incident = Incident(move, world=STILL, code=None)
        day_start = incident.world.trading.day_start_equity
        incident.run_to(3.1)
        assert loss_pct < equity_loss_pct(incident, day_start) < loss_pct * 1.06 + 0.3

    def test_a_drawdown_counts_from_the_peak(self) -> None:
        incident = Incident(
            {"kind": "adverse_move", "at": "1m", "drawdown_pct": 15.0, "ramp": "1m"}, code=None,
            world={**STILL, "start_drawdown_pct": 5.0},
        ).run_to(2.5)  # fmt: skip
        peak = 1_000_000 / 0.95
        assert 15 < equity_loss_pct(incident, peak) < 16.5

    def test_it_moves_longs_down_and_shorts_up(self) -> None:
        incident = Incident({"kind": "adverse_move", "at": "1m", "loss_pct": 5.0, "ramp": "0s"}, world=STILL, code=None)
        incident.run_to(0.99)
        before = {symbol: incident.world.market.price(symbol) for symbol in incident.world.market.symbols}
        incident.run_to(1.1)
        for symbol, qty in incident.world.ledger.positions().items():
            assert (incident.world.market.price(symbol) - before[symbol]) * qty < 0

    def test_a_loss_that_is_there_already_needs_no_move(self) -> None:
        incident = Incident(
            {"kind": "adverse_move", "at": "1m", "drawdown_pct": 2.0, "ramp": "1m"}, code=None,
            world={**STILL, "start_drawdown_pct": 5.0},
        ).run_to(3)  # fmt: skip
        assert incident.proof() is None
        assert incident.events("market.shock") == []

    def test_a_flat_firm_cannot_lose(self) -> None:
        incident = Incident({"kind": "adverse_move", "at": "5m", "loss_pct": 3.0}, world=STILL)
        incident.run_to(1)
        incident.soon(lambda: incident.world.request_endpoint("flatten", lambda ok, text: None))
        incident.run_to(6)
        assert incident.world.ledger.positions() == {}
        assert incident.proof() is None


class TestVolatility:
    """A wilder market for a while."""

    def moves_bps(self, incident: Incident, first: float, last: float) -> float:
        market, points = incident.world.market, 60
        times = [incident.zero_us + round((first + (last - first) * i / points) * MINUTE) for i in range(points + 1)]
        prices = [market.price_at("SPY", t_us) for t_us in times]
        return sum(abs(b / a - 1) for a, b in pairwise(prices)) / points * 1e4

    def test_prices_move_more_while_it_lasts(self) -> None:
        wilder = {"kind": "volatility", "at": "30m", "multiplier": 8.0, "for": "30m"}
        incident = Incident(wilder, world=STILL, code=None)
        incident.run_to(95)
        calm, wild, after = (self.moves_bps(incident, *span) for span in ((0, 30), (30, 60), (65, 95)))
        assert wild > 3 * calm
        assert after < wild / 3

    def test_healed_before_its_time_it_is_over(self) -> None:
        wilder = {"kind": "volatility", "at": "0s", "multiplier": 8.0}
        incident = Incident(wilder, world=STILL, code=None, heal_all="30m").run_to(65)
        wild, after = self.moves_bps(incident, 0, 30), self.moves_bps(incident, 31, 61)
        assert after < wild / 3


class TestFeed:
    """What the desk receives goes wrong; the market does not."""

    @pytest.mark.parametrize(
        ("kind", "rest"),
        [
            ("bad_bars", {"fault": "nan"}),
            ("bad_bars", {"fault": "zero"}),
            ("bad_bars", {"fault": "negative"}),
            ("bad_bars", {"fault": "spike", "factor": 7.0}),
            ("bad_bars", {"fault": "decimal_shift"}),
            ("bad_bars", {"fault": "high_below_low"}),
            ("bad_bars", {"fault": "zero_volume"}),
            ("feed_frozen", {"for": "5m"}),
            ("feed_stale", {"for": "5m", "lag": "3m"}),
            ("feed_gap", {"for": "5m"}),
            ("feed_duplicate_timestamp", {"for": "5m"}),
            ("feed_out_of_order", {"for": "5m"}),
        ],
    )
    def test_one_symbol_is_struck_and_the_others_are_not_and_it_ends(self, kind: str, rest: dict[str, Any]) -> None:
        incident = Incident({"kind": kind, "at": "1m", "symbols": ["QQQ"], **rest}, world=STILL, code=None).run_to(20)
        (bad,) = incident.events("feed.bad")
        (good,) = incident.events("feed.good")
        assert (bad.subject, good.subject) == ("QQQ", "QQQ")
        assert incident.zero_us + MINUTE <= bad.t_us < good.t_us < incident.zero_us + 10 * MINUTE
        assert incident.proof() == "bad data was delivered for QQQ"
        clean = Incident(world=STILL, code=None).run_to(20)
        assert incident.world.market.prices() == clean.world.market.prices()

    def test_all_symbols_when_none_is_named(self) -> None:
        incident = Incident({"kind": "feed_gap", "at": "1m", "for": "2m"}, world=STILL, code=None).run_to(5)
        assert {e.subject for e in incident.events("feed.bad")} == set(incident.world.market.symbols)

    def test_struck_at_night_it_lands_at_the_open(self) -> None:
        incident = Incident(
            {"kind": "feed_gap", "at": "1m", "for": "3h"}, code=None, world={**STILL, "epoch": "2026-03-10 08:00"}
        ).run_to(60)
        assert incident.proof() is None
        assert incident.run_to(90).proof() == "bad data was delivered for SPY"
