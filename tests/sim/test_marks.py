"""Regular marks between the events: who is called when, and that nothing is skipped or called twice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from sim.actors.process import Process
from sim.clock import VirtualTime
from sim.history import History
from sim.marks import Marks


class Bench:
    """Marks, a process, and a log."""

    def __init__(self) -> None:
        self.env = VirtualTime()
        self.history = History(self.env)
        self.marks = Marks(self.env)
        self.process = Process(self.env, self.marks.hub, self.history, "bot")
        self.log: list[tuple[int, Any]] = []

    def say(self, what: Any) -> Callable[[], None]:
        return lambda: self.log.append((self.env.now, what))

    def every(self, period_us: int, what: Any, **rest: Any) -> None:
        self.marks.every(self.process, str(what), period_us, self.say(what), **rest)


def test_marks_fall_on_whole_multiples_of_their_period() -> None:
    bench = Bench()
    bench.marks.run(7)
    bench.every(5, "tick")
    bench.marks.run(21)
    assert bench.log == [(10, "tick"), (15, "tick"), (20, "tick")]


def test_the_first_mark_may_be_given() -> None:
    bench = Bench()
    bench.every(5, "tick", first_us=3)
    bench.marks.run(14)
    assert [t for t, _ in bench.log] == [3, 8, 13]


def test_a_run_goes_up_to_and_including_its_end_and_the_next_goes_on_from_there() -> None:
    bench = Bench()
    bench.every(5, "tick")
    bench.env.call_at(10, bench.say("event"))
    for until in (4, 5, 5, 10, 12, 20):
        bench.marks.run(until)
        assert bench.env.now == until
    assert bench.log == [(5, "tick"), (10, "event"), (10, "tick"), (15, "tick"), (20, "tick")]


def test_at_one_instant_events_come_first_then_marks_in_the_order_they_were_added() -> None:
    bench = Bench()
    bench.every(10, "second")
    bench.every(5, "third")
    bench.env.call_at(10, bench.say("first"))
    bench.marks.run(10)
    assert bench.log == [(5, "third"), (10, "first"), (10, "second"), (10, "third")]


def test_what_a_mark_schedules_for_now_comes_before_the_next_mark_of_now() -> None:
    bench = Bench()
    bench.marks.every(bench.process, "a", 5, lambda: bench.env.call_later(0, bench.say("scheduled")))
    bench.every(5, "b")
    bench.marks.run(5)
    assert bench.log == [(5, "scheduled"), (5, "b")]


def test_an_event_that_a_mark_schedules_interrupts_the_march_of_marks() -> None:
    bench = Bench()

    def tick() -> None:
        bench.say("tick")()
        if bench.env.now == 10:
            bench.env.call_later(7, bench.say("event"))

    bench.marks.every(bench.process, "tick", 5, tick)
    bench.marks.run(25)
    assert bench.log == [(5, "tick"), (10, "tick"), (15, "tick"), (17, "event"), (20, "tick"), (25, "tick")]


def test_marks_added_and_dropped_in_the_middle_of_a_run() -> None:
    bench = Bench()
    other = Process(bench.env, bench.marks.hub, bench.history, "other")
    bench.every(5, "old")
    bench.env.call_at(7, lambda: bench.marks.every(other, "new", 4, bench.say("new")))
    bench.env.call_at(13, lambda: bench.marks.drop(bench.process))
    bench.marks.run(20)
    assert bench.log == [(5, "old"), (8, "new"), (10, "old"), (12, "new"), (16, "new"), (20, "new")]


def test_a_mark_that_raises_is_called_again_next_time() -> None:
    bench = Bench()
    bench.marks.every(bench.process, "every[5]", 5, lambda: 1 // 0)
    bench.every(5, "other")
    bench.marks.run(15)
    errors = bench.history.of("code.error")
    assert [(e.t_us, e.data["hook"]) for e in errors] == [(5, "every[5]"), (10, "every[5]"), (15, "every[5]")]
    assert len(bench.log) == 3


def test_time_passes_without_any_marks() -> None:
    bench = Bench()
    bench.env.call_at(5, bench.say("event"))
    bench.marks.run(9)
    assert bench.env.now == 9
    assert bench.log == [(5, "event")]


def test_what_fell_due_while_the_thread_waited_comes_once_the_most_overdue_first_while_other_threads_go_on() -> None:
    bench = Bench()
    other = Process(bench.env, bench.marks.hub, bench.history, "other")

    def waits() -> None:
        if bench.env.now == 10:
            bench.process.wait(bench.env.timeout(36))
            bench.say("waited")()

    bench.marks.every(bench.process, "waits", 10, waits)
    bench.every(10, "ten")
    bench.every(4, "four")
    bench.marks.every(other, "other", 20, bench.say("other"))
    bench.marks.run(50)
    assert bench.log == [
        (4, "four"), (8, "four"), (20, "other"), (40, "other"), (46, "waited"), (46, "ten"), (46, "four"),
        (48, "four"), (50, "ten"),
    ]  # fmt: skip


def test_a_process_that_ends_is_called_no_more_not_even_at_this_instant() -> None:
    bench = Bench()
    bench.marks.every(bench.process, "ends", 10, lambda: bench.marks.drop(bench.process))
    bench.every(5, "own")
    bench.marks.run(25)
    assert bench.log == [(5, "own")]


@settings(max_examples=60, deadline=None)
@given(
    periods=st.lists(st.integers(1, 9), min_size=1, max_size=4),
    events=st.lists(st.integers(0, 60), max_size=8),
    slices=st.lists(st.integers(1, 60), max_size=4),
)
def test_any_marks_and_events_happen_just_as_in_a_plain_queue(
    periods: list[int], events: list[int], slices: list[int]
) -> None:
    bench = Bench()
    for number, period in enumerate(periods):
        bench.every(period, number)
    for number, t_us in enumerate(events):
        bench.env.call_at(t_us, bench.say(f"event {number}"))
    for until in sorted({*slices, 60}):
        bench.marks.run(until)
    # Independently: events before marks at one instant, each kind in the order it was added.
    expected = [(t_us, 0, number, f"event {number}") for number, t_us in enumerate(events)]
    for number, period in enumerate(periods):
        expected += [(t_us, 1, number, number) for t_us in range(period, 61, period)]  # type: ignore[misc]
    assert bench.log == [(t_us, what) for t_us, _, _, what in sorted(expected, key=lambda row: row[:3])]
