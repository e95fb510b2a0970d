"""User code that waits in the middle of a plain call, beside an event queue that goes on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import greenlet
import pytest

from sim.actors.hub import Hub, Killed
from sim.clock import VirtualTime


class Stage:
    """An event queue driven by a plain loop, and a log of who did what when."""

    def __init__(self) -> None:
        self.env = VirtualTime()
        self.hub = Hub(self.env, self._drive)
        self.log: list[tuple[int, str]] = []
        self.born: list[greenlet.greenlet] = []

    def _drive(self) -> None:
        me = greenlet.getcurrent()
        while self.hub.driver is me and self.env.queue:
            self.env.step()

    def say(self, what: str) -> None:
        self.log.append((self.env.now, what))

    def at(self, t_us: int, function: Callable[[], object]) -> None:
        self.env.call_at(t_us, function)

    def start(self, function: Callable[[], object]) -> None:
        self.hub.call(function, self.born.append)

    def sleep(self, duration_us: int) -> Any:
        return self.hub.wait(self.env.timeout(duration_us, value=f"slept {duration_us}"))


def test_code_that_never_waits_is_a_plain_call() -> None:
    stage = Stage()
    stage.at(5, lambda: stage.start(lambda: stage.say("done")))
    stage.hub.run()
    assert stage.log == [(5, "done")]
    assert stage.born[0].dead


def test_a_wait_lets_time_pass_for_everybody_else() -> None:
    stage = Stage()

    def code() -> None:
        stage.say("before")
        stage.say(stage.sleep(10))

    stage.at(0, lambda: stage.start(code))
    stage.at(4, lambda: stage.say("a tick"))
    stage.at(20, lambda: stage.say("later"))
    stage.hub.run()
    assert stage.log == [(0, "before"), (4, "a tick"), (10, "slept 10"), (20, "later")]


def test_a_callback_of_the_loop_itself_may_wait() -> None:
    stage = Stage()
    stage.at(0, lambda: stage.say(stage.sleep(10)))
    stage.at(4, lambda: stage.say("a tick"))
    stage.hub.run()
    assert stage.log == [(4, "a tick"), (10, "slept 10")]


def test_waits_within_waits_end_in_their_own_time() -> None:
    stage = Stage()

    def sleeper(name: str, *durations_us: int) -> Callable[[], None]:
        def code() -> None:
            for duration_us in durations_us:
                stage.sleep(duration_us)
                stage.say(name)

        return code

    stage.at(0, lambda: stage.start(sleeper("a", 10, 10)))
    stage.at(1, sleeper("b", 2, 20))
    stage.at(2, lambda: stage.start(sleeper("c", 5, 5, 5)))
    stage.hub.run()
    assert stage.log == [(3, "b"), (7, "c"), (10, "a"), (12, "c"), (17, "c"), (20, "a"), (23, "b")]


def test_ten_thousand_waits_do_not_pile_up() -> None:
    stage = Stage()

    def code() -> None:
        for _ in range(10_000):
            stage.sleep(1)
        stage.say("done")

    stage.at(0, code)
    stage.hub.run()
    assert stage.log == [(10_000, "done")]


def test_an_event_that_fired_already_is_not_waited_for() -> None:
    stage = Stage()
    event = stage.env.event()
    stage.at(0, lambda: event.succeed("early"))
    stage.at(5, lambda: stage.say(stage.hub.wait(event)))
    stage.hub.run()
    assert stage.log == [(5, "early")]


@pytest.mark.parametrize("already", [False, True])
def test_an_event_that_failed_raises_where_it_was_waited_for(already: bool) -> None:
    stage = Stage()
    event = stage.env.event()
    event.defused = True

    def code() -> None:
        try:
            stage.hub.wait(event)
        except ConnectionError as error:
            stage.say(str(error))

    stage.at(1 if already else 9, lambda: event.fail(ConnectionError("refused")))
    stage.at(5, lambda: stage.start(code))
    stage.hub.run()
    assert stage.log == [(5 if already else 9, "refused")]


def test_two_may_wait_for_one_event_and_go_on_in_the_order_they_came() -> None:
    stage = Stage()
    event = stage.env.event()

    def code(name: str) -> Callable[[], None]:
        return lambda: stage.say(f"{name} {stage.hub.wait(event)}")

    for name in ("a", "b"):
        stage.at(0, lambda name=name: stage.start(code(name)))  # type: ignore[misc]
    stage.at(7, lambda: event.succeed("go"))
    stage.hub.run()
    assert stage.log == [(7, "a go"), (7, "b go")]


class TestKilling:
    """Code whose process ends while it waits."""

    def test_it_is_unwound_before_the_kill_returns(self) -> None:
        stage = Stage()

        def code() -> None:
            try:
                stage.sleep(100)
            except Exception:
                stage.say("swallowed")
            finally:
                stage.say("unwound")

        stage.at(0, lambda: stage.start(_quietly(code)))
        stage.at(5, lambda: (stage.hub.kill(stage.born[0]), stage.say("killed")))
        stage.hub.run()
        assert stage.log == [(5, "unwound"), (5, "killed")]
        assert stage.env.now == 100, "what it waited for still happens, to nobody"

    def test_killing_what_has_ended_does_nothing(self) -> None:
        stage = Stage()
        stage.at(0, lambda: stage.start(lambda: None))
        stage.at(1, lambda: stage.hub.kill(stage.born[0]))
        stage.hub.run()
        assert stage.born[0].dead

    def test_a_parked_loop_can_be_killed_and_time_goes_on(self) -> None:
        stage = Stage()
        hook: list[greenlet.greenlet] = []

        def code() -> None:
            hook.append(greenlet.getcurrent())
            stage.sleep(100)

        stage.at(0, _quietly(code))
        stage.at(5, lambda: stage.hub.kill(hook[0]))
        stage.at(9, lambda: stage.say("on"))
        stage.hub.run()
        assert stage.log == [(9, "on")]

    def test_code_may_wait_again_while_it_is_unwound_and_another_may_kill_meanwhile(self) -> None:
        stage = Stage()

        def code() -> None:
            try:
                stage.sleep(100)
            finally:
                stage.sleep(5)
                stage.say("cleaned up")

        stage.at(0, lambda: stage.start(_quietly(code)))
        stage.at(10, lambda: (stage.hub.kill(stage.born[0]), stage.say("killed")))
        stage.hub.run()
        assert stage.log == [(10, "killed"), (15, "cleaned up")]


class TestErrors:
    """What goes wrong goes to whoever runs the World."""

    def test_an_error_of_a_body_ends_the_run(self) -> None:
        stage = Stage()

        def code() -> None:
            stage.sleep(5)
            raise ZeroDivisionError("a bug of ours")

        stage.at(0, lambda: stage.start(code))
        with pytest.raises(ZeroDivisionError, match="a bug of ours"):
            stage.hub.run()

    def test_after_an_error_the_world_may_be_run_on(self) -> None:
        stage = Stage()
        stage.at(0, lambda: 1 // 0)
        stage.at(5, lambda: stage.say("on"))
        with pytest.raises(ZeroDivisionError):
            stage.hub.run()
        stage.hub.run()
        assert stage.log == [(5, "on")]

    def test_a_world_is_not_run_from_within(self) -> None:
        stage = Stage()
        stage.at(0, stage.hub.run)
        with pytest.raises(AssertionError, match="already running"):
            stage.hub.run()

    def test_outside_the_world_nobody_can_wait(self) -> None:
        stage = Stage()
        with pytest.raises(RuntimeError, match="only code that runs inside the World"):
            stage.sleep(5)


def test_two_worlds_run_in_turns_without_knowing_of_each_other() -> None:
    one, other = Stage(), Stage()

    def code(stage: Stage) -> Callable[[], None]:
        def run() -> None:
            for _ in range(3):
                stage.sleep(10)
                stage.say("tick")

        return run

    one.at(0, code(one))
    other.at(3, code(other))
    one.hub.run()
    other.hub.run()
    assert one.log == [(10, "tick"), (20, "tick"), (30, "tick")]
    assert other.log == [(13, "tick"), (23, "tick"), (33, "tick")]


def _quietly(code: Callable[[], None]) -> Callable[[], None]:
    """As a process runs code: its own end is no error."""

    def run() -> None:
        try:
            code()
        except Killed:
            pass

    return run
