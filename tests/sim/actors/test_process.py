"""A process of mitigation code: one thread for its hooks, an inbox, and an end."""

from __future__ import annotations

import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from sim.actors.hub import Killed
from sim.actors.process import Hooks, Process
from sim.clock import SECOND, VirtualTime
from sim.errors import BadInput
from sim.history import History
from sim.marks import Marks


class House:
    """One process in a World that has nothing else."""

    def __init__(self, **hooks: Any) -> None:
        self.env = VirtualTime()
        self.history = History(self.env)
        self.marks = Marks(self.env)
        self.process = Process(self.env, self.marks.hub, self.history, "bot")
        self.log: list[tuple[float, str]] = []
        if hooks:
            self.process.hooks = Hooks(hooks, "bot.py:build")

    def say(self, what: str) -> None:
        self.log.append((self.env.now / SECOND, what))

    def sleep(self, seconds: float) -> None:
        self.process.wait(self.env.timeout(round(seconds * SECOND)))

    def at(self, seconds: float, function: Callable[[], object]) -> None:
        self.env.call_at(round(seconds * SECOND), function)

    def run(self, seconds: float) -> None:
        self.marks.run(round(seconds * SECOND))

    def deliver(self, seconds: float, hook: str, *args: Any) -> None:
        self.at(seconds, lambda: self.process.deliver(hook, *args))

    def ask(self, hook: str, *args: Any) -> tuple[bool, Any]:
        assert self.process.hooks is not None
        return self.process.serve(hook, self.process.hooks.single[hook], *args)

    def errors(self) -> list[str]:
        return [event.data["error"] for event in self.history.of("code.error")]


class TestHooks:
    """What `build(desk)` may return."""

    def test_a_mapping_or_an_object_with_the_names(self) -> None:
        def on_fill(fill: object) -> None: ...

        for built in ({"on_fill": on_fill}, SimpleNamespace(on_fill=on_fill, on_tick=None)):
            assert Hooks(built, "x").single == {"on_fill": on_fill}

    def test_tables_of_timers_commands_and_endpoints(self) -> None:
        tables = {"every": {1: print, 0.5: print}, "commands": {"reset": print}, "endpoints": {"halt": print}}
        hooks = Hooks(tables, "x")
        assert list(hooks.every) == [1_000_000, 500_000]
        assert (list(hooks.commands), list(hooks.endpoints)) == (["reset"], ["halt"])

    @pytest.mark.parametrize(
        ("built", "problem"),
        [
            ({}, "build(desk) returned no hook"),
            (None, "build(desk) returned no hook"),
            ({"on_tock": print}, "build(desk) returned no hook"),
            ({"on_fill": "later"}, "on_fill: is not callable"),
            ({"every": [5, print]}, "every: must be a mapping"),
            ({"every": {5: "check"}}, "every[5]: is not callable"),
            ({"every": {0: print}}, "every: timer period"),
            ({"every": {-5: print}}, "every: timer period"),
            ({"every": {"5": print}}, "every: timer period"),
            ({"every": {True: print}}, "every: timer period"),
            ({"every": {float("nan"): print}}, "every: timer period"),
            ({"commands": {"reset": None}}, "commands[reset]: is not callable"),
            ({"endpoints": 5}, "endpoints: must be a mapping"),
        ],
    )
    def test_what_cannot_be_used_is_told_with_the_place(self, built: object, problem: str) -> None:
        with pytest.raises(BadInput) as refused:
            Hooks(built, "bot.py:build")
        assert str(refused.value).startswith(f"bot.py:build: {problem}")


class TestInbox:
    """Messages are served one at a time, in order, when the thread is free."""

    def test_messages_are_served_in_the_order_they_came(self) -> None:
        house = House(on_fill=lambda x: house.say(f"fill {x}"), on_alert=lambda x: house.say(f"alert {x}"))
        for hook, number in (("on_fill", 1), ("on_alert", 2), ("on_fill", 3), ("on_bar", 4)):
            house.deliver(1, hook, number)
        house.run(2)
        assert house.log == [(1, "fill 1"), (1, "alert 2"), (1, "fill 3")]

    def test_while_a_hook_waits_messages_queue_up_and_none_is_lost(self) -> None:
        def on_fill(number: int) -> None:
            house.say(f"begin {number}")
            house.sleep(10)
            house.say(f"end {number}")

        house = House(on_fill=on_fill, on_alert=lambda x: house.say("alert"))
        house.deliver(1, "on_fill", 1)
        house.deliver(2, "on_alert", 0)
        house.deliver(3, "on_fill", 2)
        house.run(5)
        assert house.process.busy
        house.run(60)
        assert house.log == [(1, "begin 1"), (11, "end 1"), (11, "alert"), (11, "begin 2"), (21, "end 2")]
        assert not house.process.busy

    def test_a_hook_that_raises_is_written_down_with_its_line_and_the_next_is_served(self) -> None:
        def on_fill(number: int) -> None:
            house.sleep(1)
            raise KeyError(f"no symbol {number}")

        house = House(on_fill=on_fill)
        house.deliver(1, "on_fill", 1)
        house.deliver(1, "on_fill", 2)
        house.run(9)
        assert house.errors() == ["KeyError: 'no symbol 1'", "KeyError: 'no symbol 2'"]
        (first, _) = house.history.of("code.error")
        assert first.subject == "bot"
        assert first.data["hook"] == "on_fill"
        assert first.data["at"].startswith("test_process.py:")

    def test_what_a_library_raises_is_placed_where_the_user_called_it(self) -> None:
        house = House(on_bar=lambda bar: json.loads("<html>"))
        house.deliver(1, "on_bar", "b")
        house.run(2)
        [event] = house.history.of("code.error")
        assert event.get("at").startswith("test_process.py:")

    def test_a_failed_assertion_of_the_users_is_his_and_sys_exit_is_an_exit(self) -> None:
        def on_fill(kind: str) -> None:
            if kind == "exit":
                raise SystemExit(3)
            assert kind == "never", "invariant of the bot"

        house = House(on_fill=on_fill)
        house.deliver(1, "on_fill", "assert")
        house.deliver(2, "on_fill", "exit")
        house.run(3)
        assert house.errors()[0].startswith("AssertionError: invariant of the bot")
        (left,) = house.history.of("code.exit")
        assert left.data == {"hook": "on_fill", "code": "3"}

    def test_a_bug_of_ours_and_control_c_end_the_run(self) -> None:
        house = House(on_fill=lambda _: house.env.set_now(-1))
        house.deliver(1, "on_fill", 0)
        with pytest.raises(AssertionError):
            house.run(2)

        def interrupted(_: object) -> None:
            raise KeyboardInterrupt

        house = House(on_fill=interrupted)
        house.deliver(1, "on_fill", 0)
        with pytest.raises(KeyboardInterrupt):
            house.run(2)

    def test_what_the_user_must_mend_ends_the_run_and_is_told_in_one_line(self) -> None:
        def on_fill(_: object) -> None:
            raise BadInput("unknown symbol", mend="name one of SPY", value="SPX")

        house = House(on_fill=on_fill)
        house.deliver(1, "on_fill", 0)
        with pytest.raises(BadInput, match="unknown symbol"):
            house.run(2)

    def test_a_process_without_hooks_hears_nothing(self) -> None:
        house = House()
        assert not house.process.has("on_fill")
        house.deliver(1, "on_fill", 0)
        house.run(2)
        assert len(house.history) == 0


class TestThreads:
    """Timers and ticks pass a busy thread by; what runs beside the hooks does not make it busy."""

    def test_timers_of_a_busy_thread_run_late_once_and_the_ones_between_are_lost(self) -> None:
        def on_fill(_: object) -> None:
            house.sleep(5.5)

        house = House(on_fill=on_fill)
        house.marks.every(house.process, "every[1]", SECOND, lambda: house.say("tick"))
        house.deliver(2.2, "on_fill", 0)
        house.run(10)
        assert [t for t, _ in house.log] == [1, 2, 7.7, 8, 9, 10]

    def test_a_timer_that_waits_holds_up_itself_and_the_inbox(self) -> None:
        def slow() -> None:
            house.say("slow")
            house.sleep(3.5)

        house = House(on_fill=lambda _: house.say("fill"))
        house.marks.every(house.process, "every[2]", 2 * SECOND, slow)
        house.deliver(3, "on_fill", 0)
        house.run(10)
        assert house.log == [(2, "slow"), (5.5, "fill"), (5.5, "slow"), (9, "slow")]

    def test_what_runs_beside_the_hooks_does_not_hold_them_up(self) -> None:
        def program() -> None:
            for _ in range(3):
                house.sleep(4)
                house.say("program")

        house = House(on_fill=lambda _: house.say("fill"))
        house.at(0, lambda: house.process.start(program, "run"))
        house.deliver(5, "on_fill", 0)
        house.run(20)
        assert house.log == [(4, "program"), (5, "fill"), (8, "program"), (12, "program")]
        assert not house.process.busy

    def test_two_processes_do_not_hold_each_other_up(self) -> None:
        house = House()
        other = Process(house.env, house.marks.hub, house.history, "other")

        def stuck() -> None:
            house.sleep(100)

        house.marks.every(house.process, "stuck", SECOND, stuck)
        house.marks.every(other, "free", SECOND, lambda: house.say("free"))
        house.run(4)
        assert [t for t, _ in house.log] == [1, 2, 3, 4]


class TestServing:
    """Questions asked on the caller's own thread: a gate, an endpoint."""

    def test_a_gate_answers_even_while_the_process_is_busy(self) -> None:
        house = House(on_fill=lambda _: house.sleep(10), on_order=lambda order: order != "bad")
        house.deliver(1, "on_fill", 0)
        house.at(5, lambda: house.say(str(house.ask("on_order", "bad"))))
        house.run(6)
        assert house.log == [(5, "(True, False)")]
        assert house.process.busy, "the hook still waits"

    def test_a_gate_that_raises_has_no_answer_and_is_written_down(self) -> None:
        house = House(on_order=lambda order: 1 // 0)
        house.at(1, lambda: house.say(str(house.ask("on_order", 0))))
        house.run(2)
        assert house.log == [(1, "(False, None)")]
        assert house.errors() == ["ZeroDivisionError: integer division or modulo by zero"]

    def test_an_endpoint_that_waits_makes_the_thread_busy_until_it_has_answered(self) -> None:
        def endpoint() -> str:
            house.sleep(5)
            return "done"

        house = House(on_fill=lambda _: house.say("fill"))
        house.at(1, lambda: house.say(house.process.serve("endpoints[x]", endpoint)[1]))
        house.deliver(3, "on_fill", 0)
        house.run(10)
        assert house.log == [(6, "done"), (6, "fill")]
        assert not house.process.busy

    def test_a_second_question_on_the_same_thread_makes_it_busy_again(self) -> None:
        house = House(on_fill=lambda _: house.say("fill"))
        caller = Process(house.env, house.marks.hub, house.history, "caller")

        def ask_twice() -> None:
            for _ in range(2):
                house.process.serve("endpoints[x]", house.sleep, 5)

        house.at(1, lambda: caller.start(ask_twice, "ask"))
        house.deliver(8, "on_fill", 0)
        house.run(20)
        assert house.log == [(11, "fill")]

    def test_the_end_of_the_process_unwinds_its_endpoint_and_not_what_the_caller_does_afterwards(self) -> None:
        house = House(on_fill=print)
        caller = Process(house.env, house.marks.hub, house.history, "caller")

        def ask() -> None:
            house.process.serve("endpoints[x]", house.sleep, 5)
            caller.wait(house.env.timeout(10 * SECOND))
            house.say("caller lives")

        house.at(1, lambda: caller.start(ask, "ask"))
        house.at(8, house.process.kill)
        house.run(20)
        assert house.log == [(16, "caller lives")]


class TestDeath:
    """Crash, out of memory, end of run: nothing of it goes on."""

    def test_what_waits_is_unwound_and_the_inbox_is_gone(self) -> None:
        def on_fill(number: int) -> None:
            try:
                house.sleep(10)
            except Exception:
                house.say("swallowed")
            house.say("never")

        house = House(on_fill=on_fill)
        for _ in range(3):
            house.deliver(1, "on_fill", 1)
        house.at(5, house.process.kill)
        house.deliver(6, "on_fill", 2)
        house.run(60)
        assert house.log == []
        assert len(house.history) == 0, "its death is silent here: whoever killed it says so"
        assert not house.process.alive

    def test_everything_that_runs_in_it_ends_together(self) -> None:
        def program(name: str) -> Callable[[], None]:
            def run() -> None:
                try:
                    house.sleep(100)
                finally:
                    house.say(name)

            return run

        house = House()
        for name in ("a", "b", "c"):
            house.at(1, lambda name=name: house.process.start(program(name), "run"))  # type: ignore[misc]
        house.at(5, house.process.kill)
        house.run(200)
        assert house.log == [(5, "a"), (5, "b"), (5, "c")]

    def test_nothing_can_be_waited_for_any_more(self) -> None:
        house = House()
        house.process.kill()
        with pytest.raises(Killed):
            house.sleep(1)

    def test_code_that_swallows_its_death_is_told_again(self) -> None:
        told: list[float] = []

        def program() -> None:
            for _ in range(3):
                try:
                    house.sleep(100)
                except BaseException:
                    told.append(house.env.now / SECOND)

        house = House()
        house.at(1, lambda: house.process.start(program, "run"))
        house.at(5, house.process.kill)
        house.run(10)
        assert told == [5, 5, 5]

    def test_code_that_will_not_hear_of_its_death_is_left_behind_and_the_world_goes_on(self) -> None:
        def program() -> None:
            while True:
                try:
                    house.sleep(1)
                except BaseException:
                    pass

        house = House()
        house.at(1, lambda: house.process.start(program, "run"))
        house.at(5, house.process.kill)
        house.at(7, lambda: house.say("on"))
        house.run(10)
        assert house.log == [(7, "on")]
        assert house.env.now == 10 * SECOND

    def test_whoever_waits_for_its_end_is_told_before(self) -> None:
        house = House()
        house.process.on_kill.append(lambda: house.say("ended"))
        house.at(3, house.process.kill)
        house.run(5)
        assert house.log == [(3, "ended")]

    def test_a_timer_whose_process_dies_while_it_waits_does_not_go_on(self) -> None:
        house = House()

        def slow() -> None:
            house.sleep(3)
            house.say("never")

        house.marks.every(house.process, "slow", SECOND, slow)

        def crash() -> None:
            house.marks.drop(house.process)
            house.process.kill()

        house.at(2, crash)
        house.run(10)
        assert house.log == []
        assert house.env.now == 10 * SECOND
