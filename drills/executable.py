"""`--exec`: a script or program of any language as the mitigation, in processes of its own, in lock-step.

When it is started (`--exec-on`, several with commas):

    start          with the trading system, as its daemon; it dies with it and is started again with it
    alert          once, when the first critical alert fires
    alert:NAME     each time that alert fires, unless the last start still runs
    halt, flatten, reconnect, reconcile, reset
                   when the on-call performs that action of the runbook; its exit status is the outcome. A halt
                   or flatten while a start by an alert still runs waits for that one

The default is `alert,halt`: what an emergency script is for. A start by an alert or a person is a process of
its own on the operator's machine: it lives on when the trading system dies.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from sim.actors.process import Process
from sim.alerts import Alert
from sim.errors import BadInput
from sim.lockstep.isolation import chosen
from sim.lockstep.project_copy import LEFT_OUT, LINKED
from sim.lockstep.refusals import check_command
from sim.world import Mitigation, World

if TYPE_CHECKING:
    from sim.desk import Desk
    from sim.lockstep.room import Room
    from sim.lockstep.session import Session

ACTIONS = ("halt", "flatten", "reconnect", "reconcile", "reset")
"""Actions of the on-call that are asked of the mitigation code where it has a command of that name."""
DEFAULT_ON = "alert,halt"
_STOPPING = ("halt", "flatten")
_PAGES = ("critical", "emergency")
VARIABLES = {
    "APCA_API_BASE_URL": "https://paper-api.alpaca.markets", "APCA_API_DATA_URL": "https://data.alpaca.markets",
    "BROKER_URL": "https://api.broker.example.com", "BROKER_API_URL": "https://api.broker.example.com",
    "TRADING_SYSTEM_URL": "http://trading-system:8080",
}  # fmt: skip
"""What every program is told of where things are."""


@dataclass(frozen=True)
class Executable:
    """What `--exec`, `--exec-on`, `--isolation` and `--project` say together."""

    command: str
    project: Path
    on: tuple[str, ...]
    isolation: str
    """`netns` or `shim`."""
    argv: tuple[str, ...]
    _stages: WeakKeyDictionary[World, Stage] = field(default_factory=WeakKeyDictionary, compare=False, repr=False)

    @classmethod
    def of(cls, command: str, project: Path | None, on: str | None, isolation: str) -> Executable:
        """Check everything; BadInput for what cannot be run."""
        folder = (project or Path()).resolve()
        if not folder.is_dir():
            raise BadInput("there is no such folder", mend="check the path", field="--project", value=str(project))
        when = starts(on or DEFAULT_ON)
        return cls(command, folder, when, chosen(isolation), tuple(check_command(command, folder)))

    @property
    def mitigation(self) -> Mitigation:
        """As a mitigation of a World."""
        return Mitigation(self.build, self.command, around=self.around)

    @contextmanager
    def around(self, world: World) -> Iterator[None]:
        """While this lasts, the program can be started in `world`; afterwards nothing of it runs."""
        from drills.firm_tools import FirmTools
        from fakes import messages, rest_broker, trading_host
        from fakes.alpaca.core import register
        from sim.actors.runtime import virtual_time
        from sim.lockstep.room import Room

        register(world)
        rest_broker.register(world)
        messages.register(world)
        trading_host.register(world, (*trading_host.NAMES, *trading_host.LOCAL))
        with virtual_time(world):
            tools = FirmTools(world, self.project) if world.config.monitored else None
            room = Room(world, self.project, self.isolation, VARIABLES, tools)
            stage = self._stages[world] = Stage(self, world, room)
            try:
                if self.on_alerts and world.config.monitored:
                    world.monitoring.on_alert(stage.alerted)
                yield
            finally:
                room.close()
                del self._stages[world]

    @property
    def on_alerts(self) -> bool:
        """Whether alerts start it."""
        return any(when.startswith("alert") for when in self.on)

    def build(self, desk: Desk) -> dict[str, Any]:
        """The hooks: `run` for a daemon, a command for each action."""
        world, process = desk._world, desk._process
        stage = self._stages[world]
        commands: dict[str, Callable[[], str]] = {}
        for when in self.on:
            if when in ACTIONS:
                commands[when] = lambda when=when: stage.perform(process, when)  # type: ignore[misc]
        hooks: dict[str, Any] = {"commands": commands, "on_alert": lambda alert: None}
        if "start" in self.on:
            hooks["run"] = lambda: stage.start(process, {"FIREDRILL_START": "start"}).start()
        return hooks


class Stage:
    """The starts of the program in one World."""

    def __init__(self, executable: Executable, world: World, room: Room) -> None:
        """Nothing started yet."""
        self._executable, self._world, self._room = executable, world, room
        self._number = 0
        self._started_by_alert: dict[str, tuple[Session, Any]] = {}
        """The last start for each kind of alert, and the event of its end, whose value is its exit status."""
        self._first_done = False

    def start(
        self, process: Process, variables: Mapping[str, str], on_exit: Callable[[int], None] = lambda code: None
    ) -> Session:
        """A start that is about to happen in `process`."""
        from sim.lockstep.session import Session

        executable = self._executable
        return Session(self._room, process, executable.command, list(executable.argv), variables, on_exit)

    def alerted(self, alert: Alert) -> None:
        """An alert fires: it may be what the program waits for."""
        if alert.state != "firing":
            return
        for when in self._executable.on:
            if when == "alert" and not self._first_done and alert.severity in _PAGES:
                self._first_done = True
                self._start_for(alert, when)
            elif when == f"alert:{alert.name}":
                self._start_for(alert, when)

    def _start_for(self, alert: Alert, when: str) -> None:
        before = self._started_by_alert.get(when)
        if before is not None and _runs(before[0]):
            return
        self._number += 1
        world = self._world
        process = Process(world.env, world.hub, world.history, f"script:{self._number}")
        done = world.env.event()
        world.history.emit("code.exec", process.name, on=when, alert=alert.name)
        session = self.start(process, {
            "FIREDRILL_START": when, "ALERT_NAME": alert.name, "ALERT_SEVERITY": alert.severity,
            "ALERT_SUMMARY": alert.summary,
        }, lambda code: _succeed(done, code))  # fmt: skip
        self._started_by_alert[when] = session, done
        session.start()

    def perform(self, process: Process, action: str) -> str:
        """Run it as the on-call's action, to its end; SystemExit carries a status other than 0.

        Whoever is about to stop trading, and sees that an alert has started it already, waits for that.
        """
        running = [done for session, done in self._started_by_alert.values() if _runs(session)]
        if running and action in _STOPPING:
            done = running[0]
        else:
            done = self._world.env.event()
            self._world.history.emit("code.exec", process.name, on=action, alert="")
            self.start(process, {"FIREDRILL_START": action}, lambda code: _succeed(done, code)).start()
        code = process.wait(done)
        if code:
            raise SystemExit(code)
        return "exit 0"


def _runs(session: Session) -> bool:
    return not session.ended and session.exit_code is None


def _succeed(event: Any, value: object) -> None:
    event.succeed(value)


def starts(text: str) -> tuple[str, ...]:
    """What `--exec-on` says; BadInput for what nothing can be started on."""
    found: dict[str, None] = {}
    known = ("start", "alert", *ACTIONS)
    for word in (part.strip() for part in text.split(",")):
        if word in known or (word.startswith("alert:") and word.removeprefix("alert:").isidentifier()):
            found[word] = None
            continue
        near = get_close_matches(word, known, n=1)
        mend = f"did you mean {near[0]}?" if near else f"use {', '.join(known)} or alert:NAME"
        raise BadInput("nothing starts a program on this", field="--exec-on", value=word, mend=mend)
    if any(word.startswith("alert:") for word in found):
        _check_alerts([word.removeprefix("alert:") for word in found if word.startswith("alert:")])
    return tuple(found)


def _check_alerts(names: list[str]) -> None:
    from sim.alerts import trading_rules

    known = [rule.name for rule in trading_rules()]
    for name in names:
        if name not in known:
            near = get_close_matches(name, known, n=1)
            mend = f"did you mean {near[0]}?" if near else f"use one of {', '.join(known)}"
            raise BadInput("there is no such alert", field="--exec-on", value=f"alert:{name}", mend=mend)


def executable_sha256(project: Path | None) -> str:
    """One digest over the project's files: what runs may read any of them."""
    folder = (project or Path()).resolve()
    skipped = {*LEFT_OUT, *LINKED}
    sha = hashlib.sha256()
    for file in sorted(folder.rglob("*")):
        inside = file.relative_to(folder)
        if not skipped & set(inside.parts) and file.is_file():
            sha.update(f"{inside.as_posix()}\n".encode() + hashlib.sha256(file.read_bytes()).digest())
    return sha.hexdigest()
