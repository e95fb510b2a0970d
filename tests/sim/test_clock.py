"""Virtual time: whole microseconds, and the wall clock that they stand for."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.clock import (
    DAY,
    HOUR,
    MINUTE,
    MS,
    SECOND,
    Clock,
    VirtualTime,
    format_us,
    parse_duration_us,
    wall_now,
    wall_seconds,
)

TUESDAY = datetime(2026, 3, 10, 14, 0, tzinfo=UTC)


class TestVirtualTime:
    """The event queue, and the plain loop beside it."""

    def test_starts_at_zero_and_counts_integers(self) -> None:
        env = VirtualTime()
        env.timeout(3 * SECOND)
        env.run()
        assert env.now == 3_000_000
        assert isinstance(env.now, int)

    def test_a_loop_may_move_the_clock_up_to_the_next_event(self) -> None:
        env = VirtualTime()
        env.timeout(5)
        env.set_now(5)
        assert env.now == 5

    def test_a_loop_may_not_jump_over_an_event(self) -> None:
        env = VirtualTime()
        env.timeout(5)
        with pytest.raises(AssertionError):
            env.set_now(6)

    def test_time_never_goes_back(self) -> None:
        env = VirtualTime()
        env.set_now(5)
        with pytest.raises(AssertionError):
            env.set_now(4)

    def test_an_instant_in_the_past_is_now(self) -> None:
        env = VirtualTime()
        env.set_now(10)
        seen = []
        env.at(3).callbacks.append(lambda _: seen.append(env.now))
        env.at(12).callbacks.append(lambda _: seen.append(env.now))
        env.run()
        assert seen == [10, 12]

    def test_events_of_one_instant_keep_their_order(self) -> None:
        env = VirtualTime()
        seen: list[int] = []
        for number in range(20):
            env.at(7).callbacks.append(lambda _, number=number: seen.append(number))  # type: ignore[misc]
        env.run()
        assert seen == list(range(20))

    def test_the_head_of_the_queue_tells_that_something_was_scheduled(self) -> None:
        env = VirtualTime()
        env.timeout(9)
        head = env.queue[0]
        env.timeout(11)
        assert env.queue[0] is head
        env.timeout(4)
        assert env.queue[0] is not head


class TestClock:
    """What a wall clock shows."""

    def test_virtual_zero_is_the_epoch(self) -> None:
        clock = Clock(VirtualTime(), TUESDAY)
        assert clock.utc() == TUESDAY
        assert clock.local().isoformat() == "2026-03-10T10:00:00-04:00"
        assert (clock.now_us, clock.now_s) == (0, 0.0)

    def test_an_epoch_in_another_zone_is_the_same_instant(self) -> None:
        env = VirtualTime()
        here = Clock(env, TUESDAY).local()
        assert Clock(env, here).epoch == TUESDAY

    def test_a_naive_epoch_is_refused(self) -> None:
        with pytest.raises(ValueError, match="time zone"):
            Clock(VirtualTime(), datetime(2026, 3, 10, 14, 0))  # noqa: DTZ001  the point of the test

    def test_the_firms_day_rolls_over_at_local_midnight_not_utc(self) -> None:
        clock = Clock(VirtualTime(), TUESDAY)
        assert clock.local_date(14 * HOUR - 1) == date(2026, 3, 10)
        assert clock.local_date(14 * HOUR) == date(2026, 3, 11)
        assert clock.utc(11 * HOUR).date() == date(2026, 3, 11)

    def test_the_spring_night_is_an_hour_shorter(self) -> None:
        saturday_noon = datetime(2026, 3, 7, 17, 0, tzinfo=UTC)
        clock = Clock(VirtualTime(), saturday_noon)
        assert clock.local(0).hour == 12
        assert clock.local(DAY).hour == 13

    def test_instants_and_microseconds_convert_both_ways(self) -> None:
        env = VirtualTime()
        clock = Clock(env, TUESDAY)
        env.set_now(90 * SECOND)
        assert clock.us_at(TUESDAY + timedelta(hours=2)) == 2 * HOUR
        assert clock.us_at(clock.utc()) == clock.now_us == 90 * SECOND
        assert clock.now_s == 90.0

    @given(st.integers(-(10**15), 10**15))
    def test_no_microsecond_is_lost_over_thirty_years(self, t_us: int) -> None:
        clock = Clock(VirtualTime(), TUESDAY)
        assert clock.us_at(clock.utc(t_us)) == t_us


class TestDurations:
    """As users write them, and as people read them."""

    @pytest.mark.parametrize(
        ("text", "expected_us"),
        [
            ("90s", 90 * SECOND),
            ("1h30m", 90 * MINUTE),
            ("250ms", 250 * MS),
            ("5min", 5 * MINUTE),
            ("7 us", 7),
            ("1.5 h", 90 * MINUTE),
            (" 2D ", 2 * DAY),
            ("0s", 0),
            (90, 90 * SECOND),
            (0.25, 250 * MS),
            (0, 0),
        ],
    )
    def test_what_is_understood(self, text: object, expected_us: int) -> None:
        assert parse_duration_us(text) == expected_us

    @pytest.mark.parametrize(
        "value", ["", "soon", "5", "s5", "-5s", "5s later", "1h-30m", -1, 1e11, float("nan"), True, None, "5 pc"]
    )
    def test_what_is_refused(self, value: object) -> None:
        with pytest.raises(ValueError, match="duration"):
            parse_duration_us(value)

    @pytest.mark.parametrize(
        ("t_us", "expected"),
        [
            (None, "never"),
            (float("inf"), "never"),
            (0, "0 ms"),
            (250 * MS, "250 ms"),
            (999_600, "1.0 s"),
            (4_200_000, "4.2 s"),
            (59_960_000, "1 min 00 s"),
            (185 * SECOND, "3 min 05 s"),
            (59 * MINUTE + 59_700_000, "1 h 00 min"),
            (62 * MINUTE, "1 h 02 min"),
            (47 * HOUR, "47 h 00 min"),
            (50 * HOUR, "2 d 02 h"),
            (-185 * SECOND, "-3 min 05 s"),
        ],
    )
    def test_what_people_read(self, t_us: float | None, expected: str) -> None:
        assert format_us(t_us) == expected

    @given(st.integers(0, 10**6))
    def test_a_number_of_seconds_and_its_text_agree(self, seconds: int) -> None:
        assert parse_duration_us(seconds) == parse_duration_us(f"{seconds}s") == seconds * SECOND


def test_the_real_clock_is_there_for_progress_bars_and_file_names() -> None:
    before = wall_seconds()
    assert wall_seconds() >= before
    assert wall_now().tzinfo is UTC


def test_calls_take_their_turn_among_the_events_of_one_instant() -> None:
    env = VirtualTime()
    seen: list[str] = []
    env.call_later(7, seen.append, "first")
    env.at(7).callbacks.append(lambda _: seen.append("second"))
    env.call_at(7, seen.append, "third")
    env.call_at(7, env.call_at, 3, seen.append, "asked for the past")
    env.run(until=8)
    assert seen == ["first", "second", "third", "asked for the past"]
    assert env.now == 8


def test_a_call_that_fails_fails_the_run() -> None:
    env = VirtualTime()
    env.call_later(1, int, "no number")
    with pytest.raises(ValueError, match="no number"):
        env.step()


def test_the_local_date_is_right_on_both_sides_of_every_midnight_and_in_any_order() -> None:
    clock = Clock(VirtualTime(), datetime(2026, 3, 6, 12, tzinfo=UTC), "America/New_York")
    hours = [*range(24 * 8), *range(24 * 8, 0, -5)]  # the clocks change on 8 March
    for hour in hours:
        for t_us in (hour * HOUR - 1, hour * HOUR):
            assert clock.local_date(t_us) == clock.local(t_us).date(), t_us
