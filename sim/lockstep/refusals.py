"""Programs that cannot be lock-stepped: told by their file, or when they wait by the machine's clock."""

from __future__ import annotations

import os
import shlex
import shutil
import struct
from pathlib import Path

from sim.clock import wall_seconds
from sim.errors import BadInput
from sim.lockstep.tree import Task

LIVE = "run it against a live drill, in real time"
NO_AGENT = "waits by the machine's clock, for it was started without what takes it into the drill's time"
KEEP_AGENT = "keep the PYTHONPATH that is there (lib:$PYTHONPATH), start it without -S, -I or env -i, or use netns"
_GRACE_S = 0.3
"""A wait of the machine that ends within so long is not held against a program."""
_INTERPRETER, _DYNAMIC_64, _DYNAMIC_32 = 3, (32, 54, 56, "<Q"), (28, 42, 44, "<I")
_SHELLS = ("bash", "sh", "dash", "zsh", "ksh", "ash", "busybox")
_WAITS = {"perl": "sleep and select", "ruby": "sleep", "node": "timers", "java": "its threads", "php": "sleep"}


class Refusals:
    """Looks at processes that rest, and tells which of them rests by the machine's clock."""

    def __init__(self) -> None:
        """Nothing seen."""
        self.waiting = False
        """Whether a process is in a wait of the machine that may end soon."""
        self._since: float | None = None

    def begin(self) -> None:
        """A new slice of real time begins."""
        self._since = None
        self.waiting = False

    def look(self, others: list[Task]) -> tuple[str, str, str] | None:
        """Name, reason and mend of a process that cannot be lock-stepped; None while there is none.

        `others` rest, and are no shims.
        """
        self.waiting = False
        for task in others:
            threads = len(task.threads())
            call = task.waits_for_clock()
            if call is None and threads < 2:
                continue
            now = wall_seconds()
            self._since = now if self._since is None else self._since
            if now - self._since < _GRACE_S:
                self.waiting = True
                return None
            return _reason(task, threads, call)
        self._since = None
        return None


def _reason(task: Task, threads: int, call: str | None) -> tuple[str, str, str]:
    words = task.words()
    program = Path(words[0]).name if words else ""
    name = task.name()
    if threads > 1:
        return name, f"runs {threads} threads, which cannot be lock-stepped", LIVE
    if call is not None and program in ("sleep", "timeout", "date"):
        return name, f"was called past the drill's own {program}", f"call it as plain `{program}`, or use a live drill"
    if call is not None and program in _SHELLS:
        return (
            name, f"waits by the machine's clock ({call}), as `read -t` does",
            "use sleep, or run it against a live drill",
        )  # fmt: skip
    if program.startswith("python"):
        return name, NO_AGENT, KEEP_AGENT
    if is_static(_file_of(task)):
        return name, "is a static program and waits by the machine's clock", LIVE
    known = next((what for language, what in _WAITS.items() if program.startswith(language)), None)
    what = f": {known} of {program} is not virtual" if known is not None else ""
    return name, f"waits by the machine's clock ({call}){what}", LIVE


def _file_of(task: Task) -> Path:
    try:
        return Path(os.readlink(f"/proc/{task.pid}/exe"))
    except OSError:
        return Path("/nonexistent")


def is_static(file: Path) -> bool:
    """Whether `file` is an ELF program without an interpreter, so that nothing stands between it and the kernel."""
    try:
        with file.open("rb") as opened:
            head = opened.read(64)
            if head[:4] != b"\x7fELF" or len(head) < 52:
                return False
            offset_at, size_at, count_at, form = _DYNAMIC_64 if head[4] == 2 else _DYNAMIC_32
            order = form if head[5] == 1 else form.replace("<", ">")
            short = order[0] + "H"
            offset = struct.unpack_from(order, head, offset_at)[0]
            size, count = struct.unpack_from(short, head, size_at)[0], struct.unpack_from(short, head, count_at)[0]
            opened.seek(offset)
            table = opened.read(size * count)
    except (OSError, struct.error):
        return False
    kinds = [struct.unpack_from(order[0] + "I", table, size * i)[0] for i in range(count) if size * i + 4 <= len(table)]
    is_executable = struct.unpack_from(short, head, 16)[0] in (2, 3)
    return is_executable and bool(kinds) and _INTERPRETER not in kinds


def check_command(command: str, project: Path) -> list[str]:
    """The words to start for `command`: itself where it is one program, else a shell; BadInput when it cannot be.

    Looked for in `project` first, as the user would type it there.
    """
    if not command.strip():
        raise BadInput("is empty", field="--exec", value=command, mend='give a command, such as "./emergency_stop.sh"')
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise BadInput(f"cannot be read: {error}", field="--exec", value=command, mend="close the quotes") from None
    if not _is_simple(command):
        return [shutil.which("bash") or "/bin/sh", "-c", command]
    place = project / words[0] if "/" in words[0] else None
    if place is not None:
        _check_file(place, command)
        if is_static(place):
            raise BadInput(
                "is a static program, which cannot be lock-stepped", field="--exec", value=command, mend=LIVE
            )
    elif shutil.which(words[0]) is None:
        near = project / words[0]
        mend = f"write ./{words[0]}" if near.is_file() else "check the name, or give a path from the project"
        raise BadInput("there is no such command", field="--exec", value=command, mend=mend)
    return words


def _is_simple(command: str) -> bool:
    return not any(character in command for character in "|&;<>()$`\\\n*?[#~={}")


def _check_file(place: Path, command: str) -> None:
    if not place.exists():
        raise BadInput("there is no such file", field="--exec", value=command, mend=f"give a path from {place.parent}")
    if place.is_dir():
        raise BadInput("is a folder", field="--exec", value=command, mend="name the program in it")
    if not os.access(place, os.X_OK):
        raise BadInput("may not be executed", field="--exec", value=command, mend=f"chmod +x {place.name}")
    with place.open("rb") as opened:
        first = opened.readline(4096)
    if first.startswith(b"#!") and first.rstrip(b"\n").endswith(b"\r"):
        raise BadInput(
            "has Windows line ends in its first line, which Linux does not start", field="--exec", value=command,
            mend=f"sed -i 's/\\r$//' {place.name}",
        )  # fmt: skip
    if first.startswith(b"#!"):
        interpreter = first[2:].split()
        if not interpreter or not Path(os.fsdecode(interpreter[0])).exists():
            raise BadInput(
                "names an interpreter that is not here", field="--exec", value=command, mend="check its first line"
            )
