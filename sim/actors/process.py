"""One running instance of the mitigation code: its hooks, its inbox, its end.

Hooks of one process are served one at a time, as on one thread: while a hook waits for the broker, ticks and
timer marks pass it by and messages queue up. That is how a kill switch becomes unreachable in an outage, so
it is modelled, not smoothed over. The exception is `on_order`, the gate, which the strategies' own thread
asks.
"""

from __future__ import annotations

import os
import sysconfig
import traceback
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import greenlet
import simpy

from sim.actors.hub import Hub, Killed
from sim.clock import VirtualTime
from sim.errors import BadInput
from sim.history import History

_PACKAGE = Path(__file__).resolve().parents[1]
_STDLIB = sysconfig.get_paths()["stdlib"]

HOOKS = ("on_tick", "on_bar", "on_order", "on_fill", "on_disconnect", "on_alert")
TABLES = ("every", "commands", "endpoints")

_MOST_REFUSALS = 1_000
"""How often code may swallow its death (`while True: try: ... except: pass`) before it is abandoned."""


class Hooks:
    """What `build(desk)` returned, whatever its shape: a mapping or an object with these attributes."""

    def __init__(self, built: object, origin: str) -> None:
        """Take the hooks of `built`; BadInput when it has none or one cannot be called."""

        def take(name: str) -> Any:
            return built.get(name) if isinstance(built, Mapping) else getattr(built, name, None)

        self.origin = origin
        self.single: dict[str, Callable[..., Any]] = {}
        for name in (*HOOKS, "run"):
            hook = take(name)
            if hook is not None:
                self._must_call(hook, name)
                self.single[name] = hook
        self.every = {self._seconds(k): self._must_call(f, f"every[{k}]") for k, f in self._table(take, "every")}
        self.commands = {str(k): self._must_call(f, f"commands[{k}]") for k, f in self._table(take, "commands")}
        self.endpoints = {str(k): self._must_call(f, f"endpoints[{k}]") for k, f in self._table(take, "endpoints")}
        if not (self.single or self.every or self.commands or self.endpoints):
            raise BadInput(
                "build(desk) returned no hook", file=origin, value=built,
                mend=f"return a dict or an object with any of {', '.join((*HOOKS, 'run', *TABLES))}",
            )  # fmt: skip

    def _table(self, take: Callable[[str], Any], name: str) -> Iterable[tuple[Any, Any]]:
        table = take(name)
        if table is None:
            return ()
        if not isinstance(table, Mapping):
            raise BadInput("must be a mapping", file=self.origin, field=name, value=table, mend="return a dict")
        return table.items()

    def _must_call(self, hook: Any, name: str) -> Callable[..., Any]:
        if not callable(hook):
            raise BadInput("is not callable", file=self.origin, field=name, value=hook, mend="return a function")
        return hook  # type: ignore[no-any-return]

    def _seconds(self, key: Any) -> int:
        if isinstance(key, bool) or not isinstance(key, int | float) or not 0.001 <= key <= 1e6:
            raise BadInput(
                "timer period must be seconds from 0.001 up", file=self.origin, field="every", value=key,
                mend="use a number of seconds as the key, for example {5: check}",
            )  # fmt: skip
        return round(key * 1_000_000)


class Process:
    """A process of the firm that runs mitigation code."""

    def __init__(self, env: VirtualTime, hub: Hub, history: History, name: str) -> None:
        """A process called `name`, not yet given its hooks."""
        self._env, self._hub, self._history, self.name = env, hub, history, name
        self.alive = True
        self.hooks: Hooks | None = None
        self.busy = False
        """Whether a hook waits for something: set when it begins to wait, cleared when it has ended."""
        self._inbox: deque[tuple[str, tuple[Any, ...]]] = deque()
        self._pump_scheduled = False
        self._bodies: list[greenlet.greenlet] = []
        self._refusals = 0
        self.on_kill: list[Callable[[], None]] = []
        """Called when the process ends, before what waits in it is unwound."""

    def has(self, hook: str) -> bool:
        """Whether the code declared this hook."""
        return self.hooks is not None and hook in self.hooks.single

    def start(self, function: Callable[[], object], what: str) -> None:
        """Run `function` (a command, a blocking `run`) beside the hooks, in virtual time."""

        def body() -> None:
            self.guard(what, function)

        self._hub.call(body, self._remember)

    def guard(self, what: str, function: Callable[..., Any], *args: Any) -> Any:
        """Call user code; what it raises is written down and goes no further."""
        try:
            return function(*args)
        except BaseException as error:
            self.report(what, error)
        return None

    def report(self, what: str, error: BaseException) -> None:
        """Write down what ended a hook. `Killed` is silent; Ctrl-C, bad input and our own bugs pass on."""
        our_bug = isinstance(error, AssertionError) and not _from_user(error)
        if our_bug or isinstance(error, KeyboardInterrupt | BadInput):
            raise error
        if isinstance(error, SystemExit):
            self._history.emit("code.exit", self.name, hook=what, code=str(error.code))
        elif not isinstance(error, Killed):
            text = f"{type(error).__name__}: {error}"
            self._history.emit("code.error", self.name, hook=what, error=text, at=origin_of(error))

    def deliver(self, hook: str, *args: Any) -> None:
        """Queue a message for `hook`; it is served when the process is free."""
        if self.alive and self.has(hook):
            self._inbox.append((hook, args))
            self._schedule_pump()

    def serve(self, what: str, function: Callable[..., Any], *args: Any) -> tuple[bool, Any]:
        """Call user code for its answer on the caller's thread, whether or not the process is busy.

        Whether there is an answer (there is none when the code failed, or its process ended), and which.
        """
        me, busy = greenlet.getcurrent(), self.busy
        visiting = me not in self._bodies
        answers: list[Any] = []
        self.guard(what, lambda: answers.append(function(*args)))
        if visiting and me in self._bodies:
            self._bodies.remove(me)  # what the caller does next is no part of this process
        if busy:
            self.busy = True
        else:
            self.finished()
        return (True, answers[0]) if answers else (False, None)

    def finished(self) -> None:
        """A hook that had to wait has ended: messages that queued up meanwhile are served next."""
        self.busy = False
        if self._inbox:
            self._schedule_pump()

    def kill(self) -> None:
        """End the process: whatever waits is unwound, the inbox is gone."""
        self.alive = False
        self._inbox.clear()
        for ended in self.on_kill:
            ended()
        bodies, self._bodies = self._bodies, []
        for body in bodies:
            self._hub.kill(body)

    def must_live(self) -> None:
        """End the caller when the process has ended; code that will not hear of it is left where it is for good."""
        if self.alive:
            return
        self._refusals += 1
        if self._refusals > _MOST_REFUSALS:
            self._hub.abandon(greenlet.getcurrent())
        raise Killed

    def wait(self, event: simpy.Event) -> Any:
        """Wait for `event` on behalf of this process; when the process is killed meanwhile, so is the wait."""
        self.must_live()
        me = greenlet.getcurrent()
        if me not in self._bodies:
            self._remember(me)
            self.busy = True
        return self._hub.wait(event)

    def adopt(self, body: greenlet.greenlet) -> None:
        """Count a body that was started elsewhere as a thread of this process: its waits do not make it busy."""
        self._remember(body)

    def _remember(self, body: greenlet.greenlet) -> None:
        self._bodies = [b for b in self._bodies if not b.dead]
        self._bodies.append(body)

    def _schedule_pump(self) -> None:
        # Each message is served from an event of its own: a hook may wait, and other callbacks of the
        # event that caused the message must not wait with it.
        if not self._pump_scheduled:
            self._pump_scheduled = True
            self._env.timeout(0).callbacks.append(self._pump)

    def _pump(self, _: object) -> None:
        self._pump_scheduled = False
        if not self.alive or self.busy or not self._inbox:
            return
        hook, args = self._inbox.popleft()
        assert self.hooks is not None
        self.guard(hook, self.hooks.single[hook], *args)
        self.finished()


def _from_user(error: BaseException) -> bool:
    """Whether `error` was raised in user code rather than in ours."""
    frames = traceback.extract_tb(error.__traceback__)
    return bool(frames) and not _ours(frames[-1].filename)


def origin_of(error: BaseException) -> str:
    """`file:line` of the innermost frame of user code that `error` came from, libraries that it called left out."""
    elsewhere = getattr(error, "firedrill_at", None)
    if elsewhere is not None:  # it was raised in a process of its own
        return str(elsewhere)
    frames = list(traceback.extract_tb(error.__traceback__))
    outside = [f for f in frames if not _ours(f.filename)]
    frame = ([f for f in outside if not _of_a_library(f.filename)] or outside or frames)[-1]
    return f"{Path(frame.filename).name}:{frame.lineno}"


def _of_a_library(filename: str) -> bool:
    return "site-packages" in Path(filename).parts or filename.startswith((f"{_STDLIB}{os.sep}", "<frozen "))


def _ours(filename: str) -> bool:
    return Path(filename).resolve().is_relative_to(_PACKAGE)
