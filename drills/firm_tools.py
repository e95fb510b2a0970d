"""The firm's own programs for a script in lock-step: what it stops, restarts, asks and kills is the simulated firm's.

An emergency script calls `docker stop bot`, `systemctl restart trading`, `kubectl scale`, `pkill -f bot.py`. On
the machine these would act on the machine; here they are the programs of `drills.shell`, with the words and exit
codes of the real ones, on the World's own models. The names are read from the script's text: what it calls its
bot is the trading system.
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, cast

from drills.shell.console import Console, Sitting
from drills.shell.firm import WORKSTATION, Firm
from drills.shell.inventory import Inventory, derive
from drills.shell.tool import NotHere, Result, Terminal
from drills.shell.tools import all_tools
from drills.shell.tools.firm import firm_of
from scenarios.nemesis import Nemesis, nemesis_of
from sim.lockstep.tree import environment_of
from sim.world import World

if TYPE_CHECKING:
    from drills.shell.firm import Machine
    from sim.lockstep.requests import Request

NAMES = frozenset({
    "kubectl", "oc", "helm", "docker", "docker-compose", "podman", "systemctl", "service", "journalctl",
    "supervisorctl", "redis-cli", "psql", "pg_dump", "pg_isready", "ssh", "scp", "dig", "host", "nslookup",
    "telnet", "aws", "gcloud", "az", "ps", "pgrep", "pkill", "kill", "killall", "pidof", "lsof", "ss", "netstat",
})  # fmt: skip
"""Programs that a script finds in the firm and not on the machine."""
_OF_PROCESSES = frozenset({"ps", "pgrep", "pkill", "kill", "killall", "pidof"})
"""These see the script's own processes beside the firm's."""
_SOURCES = (".sh", ".bash", ".py", ".mk", ".pl", ".rb", "")
_LARGEST = 1 << 18
_LARGEST_GIVEN = 1 << 20
_CANNOT = 127
_CALLED = re.compile(rf"(?<![\w./-])(?:{'|'.join(sorted(NAMES))})(?= )")
"""Where a call of one of them begins in a line: after `timeout 30`, in `$(...)`, in a text of Python."""
_INTERACTIVE = frozenset({"-i", "-it", "-ti", "--stdin", "--interactive"})


class FirmTools:
    """Those of one World."""

    def __init__(self, world: World, project: Path) -> None:
        """`project` holds the scripts, from whose words the team's own names are taken."""
        self.names = NAMES
        self._world = world
        self._project = project
        self._firm: Firm | None = None

    def run(self, request: Request) -> None:
        """Do what a shim was called for, in virtual time; it is answered when the program would end."""
        if _reads_input(request.name, request.args) and request.stdin is None:
            request.read_stdin(lambda: self._start(request))
        else:
            self._start(request)

    def _start(self, request: Request) -> None:
        firm = self._opened()
        console = _ScriptConsole(firm, firm.machine(WORKSTATION), Sitting(firm.process), request.session.name)
        words = (request.name, *request.args)
        cwd = _folder_of(request)
        given = None if request.stdin is None else request.stdin.decode("utf-8", "replace")
        for word in request.args:
            _hand_over(console, request, word, cwd)
        env = self._world.env
        _learn(console, words)

        def body() -> None:
            try:
                result = console.call(words, given, environment_of(request.task.pid), cwd)
            except NotHere as why:
                env.call_later(0, _refuse, request, str(why))
                return
            env.call_later(0, self._answer, request, result)

        request.on_gone = firm.start(body, shlex.join(words))

    def _answer(self, request: Request, result: Result) -> None:
        session, name = request.session, request.name
        real = session.room.own_real(name) if name in _OF_PROCESSES else None
        if name == "kill" and (result.code == 0 or not session.holds(request.args)):
            real = None
        if real is not None:
            _with_own(request, result, [real])
        elif name in ("pgrep", "pkill") and session.room.isolation != "netns":
            _with_own(request, result, [session.room.real(name), "-s", str(session.leader)])
        else:
            request.finish(result.code, result.out.encode(), result.err.encode())

    def _opened(self) -> Firm:
        if self._firm is None:
            world = self._world
            self._firm = Firm(
                world, nemesis_of(world) or cast(Nemesis, _Calm()), repo=self._project, project=str(self._project),
                tools=all_tools(),
            )  # fmt: skip
            metrics = [series.name for series in world.monitoring.series] if world.config.monitored else []
            self._firm.keep(
                Inventory, lambda: derive([], None, list(dict.fromkeys(metrics)), commands=_commands(self._project))
            )
        return self._firm


class _Calm:
    """Stands where a World has no faults: there is nothing to mend."""

    def mitigate(self, kinds: tuple[str, ...]) -> list[str]:
        """Nothing."""
        return []


class _ScriptConsole(Console):
    """A terminal at which no person sits: what is done counts as the code's own doing."""

    def __init__(self, firm: Firm, machine: Machine, sitting: Sitting, by: str) -> None:
        super().__init__(firm, machine, sitting)
        self._by = by

    def did(self, action: str, ok: bool, text: str) -> None:
        """The code has changed the firm."""
        self.changed(action)
        self.world.history.emit("code.did", self._by, action=action, ok=ok, text=text, place=self.place)

    def finding(self, kind: str, text: str) -> None:
        """What only executing shows."""
        if text not in self.sitting.findings:
            self.sitting.findings.append(text)
            self.world.history.emit("code.noted", self._by, noted=kind, text=text, place=self.place)

    def observe(self) -> None:
        """What never ends goes on until somebody ends it: a script looks at it for ever."""
        self.sitting.process.wait(self.world.env.event())

    def at(self, place: str, services: tuple[str, ...] = ()) -> Terminal:
        """On another machine."""
        return _ScriptConsole(self.firm, self.firm.machine(place, services), self.sitting, self._by)


def _learn(console: Console, words: tuple[str, ...]) -> None:
    """A name that stands in no command as it is (it came from a variable) is taken for what its words mean."""
    firm = firm_of(console)
    known, more = firm.inventory, derive([], None, [], commands=[(shlex.join(words), 0)])
    for table in ("containers", "units", "processes"):
        own, new = getattr(known, table), getattr(more, table)
        own.update({name: here for name, here in new.items() if name not in own})
    firm.give_services()


def _refuse(request: Request, why: str) -> None:
    request.session.printed.refused("command", f"{request.shown}: {why}")
    request.finish(_CANNOT, err=f"firedrill: {why}\n".encode())


def _with_own(request: Request, result: Result, real: list[str]) -> None:
    """Answer with the firm's processes and the script's own, which only the real program sees.

    The real program runs from a file, for the shim's own command line holds the pattern that is looked for.
    """
    name, session = request.name, request.session
    plain = name == "ps" and any(word.startswith(("-o", "--format", "-C", "--ppid")) for word in request.args)
    if plain or (name != "ps" and result.code and not result.out):
        request.shell(f"exec {shlex.join([*real, *request.args])}\n")
        return
    call = shlex.join([*real, *request.args])
    tail = " | tail -n +2" if name == "ps" else ""
    if name == "pgrep" and any(word in ("-c", "--count") for word in request.args):
        own = f"own=$({call})\necho $((own + {result.out.strip() or 0}))\n"
    else:
        own = f"printf '%s' {shlex.quote(result.out)}\n{call}{tail}\n"
    script = session.pipes.keep(f"{own}exit {0 if name != 'ps' else result.code}\n".encode())
    request.shell(f"exec /bin/sh {script}\n")


def _folder_of(request: Request) -> str:
    try:
        return os.readlink(f"/proc/{request.task.pid}/cwd")
    except OSError:
        return "/"


def _hand_over(console: Console, request: Request, word: str, cwd: str) -> None:
    """A file that the script has written is one that the firm's programs can read."""
    name = word.partition("=")[2] if word.startswith("--") else word
    if not name or name.startswith("-") or len(name) > 4096 or "\0" in name:
        return
    try:
        content = request.read_file(name)
    except OSError:
        return
    if len(content) <= _LARGEST_GIVEN:
        path = name if name.startswith("/") else f"{cwd.rstrip('/')}/{name}"
        console.files.write_with_folders(path, content.decode("utf-8", "replace"))


def _reads_input(name: str, args: list[str]) -> bool:
    """Whether this call reads its standard input: others leave it to the loop they stand in."""
    if name in ("kubectl", "oc", "docker", "podman", "docker-compose"):
        return "-" in args or ("exec" in args and not _INTERACTIVE.isdisjoint(args))
    if name == "psql":
        return not any(a.startswith(("-c", "--command", "-f", "--file", "-l", "-V", "--version")) for a in args)
    if name == "redis-cli":
        return "-x" in args or not any(not a.startswith("-") for a in args)
    return False


def _commands(project: Path) -> Iterator[tuple[str, int]]:
    """The lines of the project's scripts, in which the team's names for its things stand."""
    for file in sorted(project.rglob("*")):
        if file.suffix not in _SOURCES or any(part.startswith(".") for part in file.relative_to(project).parts):
            continue
        if not file.is_file() or file.stat().st_size > _LARGEST:
            continue
        content = file.read_bytes()
        if b"\0" in content:
            continue
        for number, line in enumerate(content.decode("utf-8", "replace").splitlines(), start=1):
            if not line.lstrip().startswith("#"):
                for found in _CALLED.finditer(line):
                    yield line[found.start() :].rstrip(), number


