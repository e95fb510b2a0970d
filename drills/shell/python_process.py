"""A Python program in a process of its own, in virtual time, with what the shell pipes in and takes out.

The files of the trading system's folder are given to it, and what it changes of them is the firm's afterwards: that
is how a reset that goes through a file reaches the running system, and one that does not, does not.
"""

from __future__ import annotations

import io
import re
import signal
from pathlib import Path

from drills.shell.console import Console, TimeUp
from drills.shell.streams import Buffer
from drills.shell.tool import Call, NotHere, Result
from sim.actors.runtime import runtime_of
from sim.actors.user_program import UserProgram
from sim.clock import DAY

_NO_MODULE = re.compile(r"ModuleNotFoundError: No module named '([\w.]+)'")


def run_program(call: Call, program: UserProgram) -> Result:
    """Run it to its end; NotHere when it needs a package that is not installed here."""
    console = call.terminal
    assert isinstance(console, Console)
    world = console.world
    given = _give_files(console)
    out, err = Buffer(), Buffer()
    process = world.visitor(f"{call.name}:{console.firm.next_pid()}")
    ended = world.env.event()

    def on_exit(code: int) -> None:
        ended.succeed(code)

    running = program.prepare(world, process)
    running.output.tap = lambda stream, text: (out if stream == "stdout" else err).write(text)
    running.stdin = io.StringIO(call.stdin or "")
    running.on_exit.append(on_exit)
    try:
        running.start(lambda: program._body(None))
        if not ended.triggered:
            console.wait_event(ended, DAY)
    except TimeUp as up:
        process.kill()
        _take_files(console, given)
        up.out, up.err = running.output.plain(out.text()), running.output.plain(err.text())
        raise
    code = running.exit_code if running.exit_code is not None else -int(signal.SIGKILL)
    _take_files(console, given)
    said = running.output.plain(err.text())
    _judge_missing(console, said, program)
    if code == 1 and re.search(r"^[A-Za-z_][\w.]*(?:Error|Exception|Interrupt|Exit|Warning)\b", said, re.M):
        said = _with_traceback(said, program)
    return Result(running.output.plain(out.text()), said, code if code >= 0 else 128 - code)


def _with_traceback(said: str, program: UserProgram) -> str:
    file = "<string>" if program.code is not None else program.target
    lines = said.split("\n")
    place = next(
        n
        for n, line in enumerate(lines)
        if re.match(r"[A-Za-z_][\w.]*(?:Error|Exception|Interrupt|Exit|Warning)\b", line)
    )
    lines[place:place] = ["Traceback (most recent call last):", f'  File "{file}"']
    return "\n".join(lines)


def _judge_missing(console: Console, said: str, program: UserProgram) -> None:
    """A module that is nowhere: of the repository, that is a finding; of others, the program cannot run here."""
    match = _NO_MODULE.search(said)
    if match is None:
        return
    name = match.group(1)
    top = name.split(".")[0]
    root = program.root
    theirs = [(root / place / top) for place in ("", "src")]
    if any(path.is_dir() or path.with_suffix(".py").is_file() for path in theirs):
        console.finding("missing_module", f"the module {name} is not in the repository")
    elif _is_dependency(root, top) or not (program.code or "").count(top):
        raise NotHere(f"the program needs the package {top}, which is not installed here")
    else:
        console.finding("missing_module", f"the module {name} is neither in the repository nor installed")


def _is_dependency(root: Path, name: str) -> bool:
    """Whether the repository says that it needs a package of that name."""
    wanted = re.compile(rf"\b{re.escape(name).replace('_', '[-_]')}\b", re.IGNORECASE)
    files = [root / "pyproject.toml", root / "setup.py", root / "setup.cfg", root / "Pipfile", root / "environment.yml",
             *sorted(root.glob("requirements*.txt"))]  # fmt: skip
    return any(file.is_file() and wanted.search(file.read_text(errors="replace")) for file in files)


def _shared(console: Console) -> dict[str, str]:
    """Files of the trading system's folder that are not the repository's: what is kept on disk or was written here."""
    project = console.project.rstrip("/") + "/"
    disk = console.world.disk
    found = {path: disk.read(path) for path in disk.paths()}
    for path, text in console.files.written().items():
        if path.startswith(project):
            found[path.removeprefix(project)] = text
    return found


def _give_files(console: Console) -> dict[str, str]:
    """Put them into the run's own folder, where programs find them; what was given."""
    directory = runtime_of(console.world).directory
    given = _shared(console)
    for name, text in given.items():
        place = directory / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8", errors="surrogateescape")
    return given


def _take_files(console: Console, given: dict[str, str]) -> None:
    """What the program changed or made is the firm's from now on."""
    directory = runtime_of(console.world).directory
    project = console.project.rstrip("/")
    for file in sorted(directory.rglob("*")):
        name = file.relative_to(directory).as_posix()
        if not file.is_file() or name.startswith((".", "__pycache__")) or file.stat().st_size > 1 << 24:
            continue
        text = file.read_text(encoding="utf-8", errors="surrogateescape")
        known = given.get(name)
        if known == text or (known is None and console.files.is_file(f"{project}/{name}")
                             and console.files.read(f"{project}/{name}") == text):  # fmt: skip
            continue
        console.files.write_with_folders(f"{project}/{name}", text)
        console.changed(name)
    for name in given:
        if not (directory / name).exists() and console.files.is_file(f"{project}/{name}"):
            console.files.remove(f"{project}/{name}")
            console.changed(name)
