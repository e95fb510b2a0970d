"""Sessions against dates known from the exchanges' own published hours, and against a slow count."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.calendar import TradingCalendar
from sim.clock import DAY, HOUR, MINUTE, SECOND, Clock, VirtualTime
from sim.errors import BadInput
from tests.sim.market_kit import ny


def calendar(start: datetime, exchange: str = "XNYS", span_us: int = 10 * DAY) -> TradingCalendar:
    return TradingCalendar(Clock(VirtualTime(), start), exchange, span_us)


def hours(of: TradingCalendar, day: date) -> list[tuple[str, str]]:
    """The sessions of a date on the clock of New York."""
    local = of.clock.local
    return [
        (f"{local(s.open_us):%H:%M}", f"{local(s.close_us):%H:%M}")
        for s in of.sessions
        if local(s.open_us).date() == day
    ]


def test_thanksgiving_week_2026() -> None:
    week = calendar(ny(2026, 11, 23))
    assert hours(week, date(2026, 11, 25)) == [("09:30", "16:00")]
    assert hours(week, date(2026, 11, 26)) == []
    assert hours(week, date(2026, 11, 27)) == [("09:30", "13:00")]
    assert hours(week, date(2026, 11, 28)) == []
    half = week.session_at(week.clock.us_at(ny(2026, 11, 27, 12, 59)))
    assert half is not None
    assert half.half_day
    assert half.date == date(2026, 11, 27)
    full = week.session_at(week.clock.us_at(ny(2026, 11, 25, 12)))
    assert full is not None
    assert not full.half_day


@pytest.mark.parametrize(
    ("friday", "monday", "utc_open_friday", "utc_open_monday"),
    [(date(2026, 10, 30), date(2026, 11, 2), 13, 14), (date(2026, 3, 6), date(2026, 3, 9), 14, 13)],
)
def test_clock_changes_move_the_open_in_utc_and_not_in_new_york(
    friday: date, monday: date, utc_open_friday: int, utc_open_monday: int
) -> None:
    around = calendar(ny(friday.year, friday.month, friday.day))
    for day, utc_hour in ((friday, utc_open_friday), (monday, utc_open_monday)):
        assert hours(around, day) == [("09:30", "16:00")]
        session = next(s for s in around.sessions if s.date == day)
        assert around.clock.utc(session.open_us).hour == utc_hour
    opens = [s.open_us for s in around.sessions if s.date in (friday, monday)]
    an_hour_off = HOUR if friday.month == 10 else -HOUR
    assert opens[1] - opens[0] == 3 * DAY + an_hour_off


def test_the_open_is_in_the_session_and_the_close_is_not() -> None:
    day = calendar(ny(2026, 3, 10))
    opens, closes = day.clock.us_at(ny(2026, 3, 10, 9, 30)), day.clock.us_at(ny(2026, 3, 10, 16))
    assert [day.is_open(t) for t in (opens - 1, opens, closes - 1, closes)] == [False, True, True, False]


def test_weekend_next_open_and_last_close() -> None:
    days = calendar(ny(2026, 3, 13, 9))
    at = days.clock.us_at
    saturday = at(ny(2026, 3, 14, 12))
    assert days.session_at(saturday) is None
    assert days.next_open_us(saturday) == at(ny(2026, 3, 16, 9, 30))
    assert days.last_close_us(saturday) == at(ny(2026, 3, 13, 16))
    assert days.next_open_us(at(ny(2026, 3, 13, 9, 30))) == at(ny(2026, 3, 16, 9, 30))
    assert days.last_close_us(at(ny(2026, 3, 13, 16))) == at(ny(2026, 3, 13, 16))
    assert days.last_close_us(0) == at(ny(2026, 3, 12, 16))


def test_trading_time_skips_night_and_weekend() -> None:
    days = calendar(ny(2026, 3, 13))
    at = days.clock.us_at
    assert days.open_us_between(at(ny(2026, 3, 13, 15)), at(ny(2026, 3, 16, 10))) == HOUR + 30 * MINUTE
    assert days.open_us_between(at(ny(2026, 3, 14)), at(ny(2026, 3, 15))) == 0
    assert days.open_us_between(at(ny(2026, 3, 16)), at(ny(2026, 3, 13))) == 0
    assert days.open_us_between(at(ny(2026, 3, 13, 10)), at(ny(2026, 3, 13, 11))) == HOUR


def test_the_firms_date_is_local() -> None:
    night = calendar(ny(2026, 3, 10, 20))
    assert night.local_date(3 * HOUR) == date(2026, 3, 10)
    assert night.local_date(4 * HOUR) == date(2026, 3, 11)
    assert night.clock.utc(3 * HOUR).date() == date(2026, 3, 11)


def test_a_lunch_break_makes_two_sessions() -> None:
    tokyo = TradingCalendar(
        Clock(VirtualTime(), datetime(2026, 3, 10, tzinfo=ZoneInfo("Asia/Tokyo")), "Asia/Tokyo"), "XTKS"
    )
    first, second = [s for s in tokyo.sessions if s.date == date(2026, 3, 10)]
    local = tokyo.clock.local
    assert [f"{local(t):%H:%M}" for t in (first.open_us, first.close_us, second.open_us, second.close_us)] == [
        "09:00", "11:30", "12:30", "15:30",
    ]  # fmt: skip
    assert (first.part, second.part) == (0, 1)
    assert not first.half_day
    assert tokyo.trading_us_per_year == 252 * (5 * HOUR + 30 * MINUTE)


def test_round_the_clock_needs_no_library_and_never_closes() -> None:
    always = calendar(datetime(2026, 12, 24, 13, 7, tzinfo=ZoneInfo("UTC")), "24/7", span_us=3 * DAY)
    assert all(always.is_open(t) for t in range(-DAY, 5 * DAY, 17 * MINUTE + SECOND))
    assert always.open_us_between(0, 3 * DAY) == 3 * DAY
    assert always.trading_us_per_year == 365 * DAY


@pytest.mark.parametrize("name", ["XNYC", "nyse ", "", "the moon"])
def test_an_unknown_exchange_is_told_with_known_ones(name: str) -> None:
    with pytest.raises(BadInput) as bad:
        calendar(ny(2026, 3, 10), name)
    assert bad.value.field == "exchange"
    assert "XNYS" in bad.value.mend


def test_an_epoch_before_the_exchange_is_told() -> None:
    with pytest.raises(BadInput, match="does not reach"):
        calendar(datetime(1815, 6, 18, tzinfo=ZoneInfo("UTC")), "XKRX")


@settings(deadline=None)
@given(st.integers(-3 * DAY, 12 * DAY), st.integers(-3 * DAY, 12 * DAY))
def test_every_question_agrees_with_a_walk_through_the_sessions(a_us: int, b_us: int) -> None:
    days = calendar(ny(2026, 11, 20, 12))
    assert days.is_open(a_us) == any(s.open_us <= a_us < s.close_us for s in days.sessions)
    assert days.next_open_us(a_us) == min(s.open_us for s in days.sessions if s.open_us > a_us)
    assert days.last_close_us(a_us) == max(s.close_us for s in days.sessions if s.close_us <= a_us)
    overlap = sum(max(0, min(b_us, s.close_us) - max(a_us, s.open_us)) for s in days.sessions)
    assert days.open_us_between(a_us, b_us) == (overlap if a_us <= b_us else 0)


@settings(deadline=None, max_examples=15)
@given(st.dates(date(2019, 1, 1), date(2029, 12, 1)))
def test_new_york_hours_on_any_date(day: date) -> None:
    """Every session of a decade opens at 9:30 and closes at 16:00 or, on half days, at 13:00; none on a weekend."""
    around = calendar(ny(day.year, day.month, day.day), span_us=DAY)
    for session in around.sessions:
        opens, closes = around.clock.local(session.open_us), around.clock.local(session.close_us)
        assert opens.weekday() < 5
        assert opens.date() == closes.date() == session.date
        assert (opens.hour, opens.minute) == (9, 30)
        assert (closes.hour, closes.minute) == ((13, 0) if session.half_day else (16, 0))


def test_two_runs_on_one_week_share_the_loaded_sessions() -> None:
    first, second = calendar(ny(2026, 3, 10)), calendar(ny(2026, 3, 10) + timedelta(hours=3))
    assert [s.date for s in first.sessions] == [s.date for s in second.sessions]
    assert second.sessions[0].open_us == first.sessions[0].open_us - 3 * HOUR
