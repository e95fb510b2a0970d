"""What an incident cost in orders, fills and positions, told line by line."""

from __future__ import annotations

from drills.rpo import measure_rpo
from results.evidence import Rpo
from tests.sim.chronicle import Chronicle, us


def lost(story: Chronicle, from_s: float = 600, until_s: float = 4200, bars: int = 0) -> Rpo:
    return measure_rpo(story.history, us(from_s), us(until_s), bars)


def test_an_ordinary_hour_loses_nothing() -> None:
    story = Chronicle(SPY=100).at(700).order("o1", 1, 10).filled("o1")
    assert lost(story) == Rpo()


def test_a_fill_that_the_system_never_heard_of_is_unaccounted_for() -> None:
    story = Chronicle(SPY=100).at(700).order("o1", 1, 10).filled("o1", booked=False)
    assert lost(story) == Rpo(fills_unaccounted=1, positions_unaccounted=1, notional=1000.0)


def test_a_fill_that_was_heard_of_later_is_accounted_for() -> None:
    story = Chronicle().at(700).order("o1", 1, 10).filled("o1", booked=False).at(900).booked("o1")
    assert lost(story).fills_unaccounted == 0


def test_so_is_one_whose_position_was_taken_over_afterwards_and_not_before() -> None:
    taken_over = Chronicle().at(700).order("o1", 1, 10).filled("o1", booked=False).at(900).adopted("SPY", 10)
    too_early = Chronicle().at(650).adopted("SPY", 0).at(700).order("o1", 1, 10).filled("o1", booked=False)
    another = Chronicle().at(700).order("o1", 1, 10).filled("o1", booked=False).at(900).adopted("QQQ", 10)
    assert [lost(story).fills_unaccounted for story in (taken_over, too_early, another)] == [0, 1, 1]


def test_what_was_traded_by_hand_is_a_loss_until_it_is_found() -> None:
    story = Chronicle(SPY=100).at(700).by_hand("SPY", 50)
    assert lost(story).notional == 5000.0
    assert lost(story.at(900).adopted("SPY", 150)).fills_unaccounted == 0


def test_positions_that_the_firm_opens_with_are_no_loss() -> None:
    assert lost(Chronicle(SPY=100), from_s=0) == Rpo()


def test_only_what_happens_between_impact_and_restoration_counts() -> None:
    story = Chronicle().at(500).order("o1", 1, 10).filled("o1", booked=False)
    story.at(3000).order("o2", 1, 10).filled("o2", booked=False)
    assert lost(story).fills_unaccounted == 1
    assert lost(story, until_s=2000).fills_unaccounted == 0
    assert lost(story, from_s=0).fills_unaccounted == 2


class TestOrders:
    def waited_for(self) -> Chronicle:
        """An order whose acknowledgement did not come."""
        return Chronicle().at(700).sent("o1", 1, 10)

    def test_one_that_lives_at_the_broker_unknown_to_us_is_lost(self) -> None:
        assert lost(self.waited_for().taken("o1").at(710).note("order.unacked", "o1")).orders_lost == 1

    def test_and_one_that_never_arrived_and_is_still_waited_for(self) -> None:
        assert lost(self.waited_for().at(710).note("order.unacked", "o1")).orders_lost == 1

    def test_not_when_somebody_asked_what_became_of_it(self) -> None:
        for found_out in ("order.acked", "order.settled", "order.closed", "order.rejected", "order.filled"):
            story = self.waited_for().taken("o1").at(710).note("order.unacked", "o1").at(800)
            if found_out == "order.filled":
                story.filled("o1")
            else:
                story.note(found_out, "o1")
            assert lost(story).orders_lost == 0, found_out

    def test_not_when_the_code_cancelled_it_blindly(self) -> None:
        story = self.waited_for().taken("o1").at(710).note("order.unacked", "o1")
        assert lost(story.note("code.cancelled", "trading-system", order="o1")).orders_lost == 0

    def test_not_when_it_is_dead_at_the_broker(self) -> None:
        assert lost(self.waited_for().taken("o1").at(710).note("order.unacked", "o1").canceled("o1")).orders_lost == 0

    def test_one_executed_twice_is_duplicated_and_one_refused_is_not(self) -> None:
        story = Chronicle().at(700).note("ledger.duplicate_executed", "o1").note("ledger.duplicate_refused", "o2")
        assert lost(story).orders_duplicated == 1


def test_bars_are_counted_by_the_feed() -> None:
    assert lost(Chronicle(), bars=7) == Rpo(bars_lost=7)
