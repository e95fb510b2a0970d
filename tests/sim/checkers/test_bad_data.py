"""Bad data never trades, once it could be known to be bad."""

from __future__ import annotations

import pytest

from tests.sim.checkers.kit import failures
from tests.sim.chronicle import Chronicle, us

NAME = "bad-data-never-trades"


@pytest.mark.parametrize(
    ("fault", "fine_s", "late_s"),
    [
        ("nan", 1, 3),
        ("spike", 2, 10),
        ("high_below_low", 2, 30),
        ("gap", 70, 80),
        ("stale", 70, 80),
        ("frozen", 185, 200),
        ("out_of_order", 119, 130),
    ],
)
def test_each_defect_has_its_time_to_be_noticed(fault: str, fine_s: float, late_s: float) -> None:
    early = Chronicle(SPY=100).at(700).bad_data("SPY", fault).at(700 + fine_s).order("o1", 1, 10)
    assert failures(NAME, early) == []
    late = Chronicle(SPY=100).at(700).bad_data("SPY", fault).at(700 + late_s).order("o1", 1, 10)
    assert failures(NAME, late) == ["traded on bad data: SPY"]


def test_other_symbols_and_small_exits_may_trade_and_so_may_all_when_it_is_over() -> None:
    story = Chronicle(SPY=100, QQQ=50).at(700).bad_data("SPY", "spike").at(720).order("q", 1, 10, "QQQ")
    story.order("x", -1, 10, reducing=True).at(800).good_data("SPY").at(801).order("o1", 1, 10)
    assert failures(NAME, story) == []


def test_dumping_the_position_on_an_absurd_price_is_a_trade_on_bad_data() -> None:
    story = Chronicle(SPY=100).at(700).bad_data("SPY", "decimal_shift").at(720).order("x", -1, 90, reducing=True)
    assert failures(NAME, story) == ["traded on bad data: SPY"]


def test_the_mitigation_may_close_what_it_wants() -> None:
    story = Chronicle(SPY=100).at(700).bad_data("SPY", "spike").at(720)
    assert failures(NAME, story.order("x", -1, 100, source="mitigation", reducing=True)) == []


def test_after_the_fault_is_healed_only_the_longest_bar_is_still_wrong() -> None:
    story = Chronicle(SPY=100).at(699).fault("feed_gap", "feed").at(700).bad_data("SPY", "gap")
    story.at(1300).healed("feed_gap").at(1400).order("o1", 1, 10).at(1500).good_data("SPY")
    assert failures(NAME, story) == []


def test_where_the_price_of_an_order_is_recorded_the_order_itself_is_judged() -> None:
    story = Chronicle(SPY=100).at(700).bad_data("SPY", "spike").at(900)
    sent = {"symbol": "SPY", "side": 1, "qty": 5, "source": "strategy", "reducing": False}
    assert failures(NAME, story.note("order.sent", "o1", **sent, price=101.0)) == []
    assert failures(NAME, story.note("order.sent", "o2", **sent, price=1000.0)) == ["traded on bad data: SPY"]
    assert len(failures(NAME, story.note("order.sent", "o3", **sent, price=float("nan")))) == 2


def test_how_soon_shuffled_bars_must_be_noticed_is_the_scenarios_say() -> None:
    story = Chronicle(SPY=100).at(700).bad_data("SPY", "out_of_order").at(860).order("o1", 1, 10)
    assert failures(NAME, story, detect_us=us(240)) == []
