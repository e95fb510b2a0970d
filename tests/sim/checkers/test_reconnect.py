"""Reconnecting is never given up."""

from __future__ import annotations

from tests.sim.checkers.kit import check, failures
from tests.sim.chronicle import Chronicle, us

NAME = "reconnects"


def outage() -> Chronicle:
    """The broker refuses from 650 s to 1250 s."""
    return Chronicle(SPY=100).at(650).fault("broker_refused", blocks=True).lost()


def test_ten_attempts_and_then_silence() -> None:
    story = outage().at(700).note("link.connect_failed", error="refused", status=0).at(1250).healed("broker_refused")
    assert failures(NAME, story) == ["gave up reconnecting"]
    assert "last attempt 58 min before that" in check(NAME, story).evidence[0].detail


def test_back_half_a_minute_after_the_broker() -> None:
    assert failures(NAME, outage().at(1250).healed("broker_refused").at(1280).restored()) == []


def test_as_long_as_the_broker_is_away_nobody_is_to_blame() -> None:
    assert failures(NAME, outage()) == []


def test_a_process_that_is_down_cannot_reconnect_and_a_closed_market_waits() -> None:
    down = Chronicle(SPY=100).at(700).stopped().at(2000).started()
    assert failures(NAME, down) == []
    night = outage().at(1250).healed("broker_refused").at(3900).restored()
    assert failures(NAME, night, sessions=((0, us(1300)), (us(3800), us(9000)))) == []
