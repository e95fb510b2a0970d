"""kubectl exec and cp: going into a pod."""

from __future__ import annotations

from drills.shell.tool import NotHere, Result
from drills.shell.tools.kubectl.errors import ServerError, usage
from drills.shell.tools.kubectl.line import Line
from drills.shell.tools.kubectl.read import find_pod
from drills.shell.tools.kubectl.show import kind_of
from drills.shell.tools.kubectl.view import PodView
from sim.pods import ALIVE

NO_TTY = "Unable to use a TTY - input is not a terminal or the right kind of file\n"


def execute(line: Line) -> Result:
    """Run a program in a pod's own place; its exit code is kubectl's."""
    words = line.options.behind
    if not line.words:
        raise usage("pod, type/name or --filename must be specified")
    view = _pod(line, line.words[0])
    if not words:
        raise usage("you must specify at least one command for the container")
    _must_run(line, view)
    note = NO_TTY if line.options.has("tty") else ""
    if words[0] in ("sh", "bash", "/bin/sh", "/bin/bash") and len(words) == 1 and line.call.stdin is None:
        raise NotHere(f"kubectl exec {view.name} -- {words[0]}: a shell that waits for a person's typing")
    stdin = line.call.stdin if line.options.has("stdin") else None
    line.firm.places[view.name] = view.workload
    result = line.call.terminal.at(view.name, (view.workload,)).call(tuple(words), stdin=stdin)
    if result.code == 0:
        return Result(result.out, note + result.err)
    if result.code == 127 and not result.out:
        text = (f'error: Internal error occurred: error executing command in container: exec: "{words[0]}": '
                "executable file not found in $PATH: unknown\n")  # fmt: skip
        return Result("", note + (result.err or text) + "command terminated with exit code 127\n", 127)
    return Result(result.out, f"{note}{result.err}command terminated with exit code {result.code}\n", result.code)


def copy(line: Line) -> Result:
    """Kubectl cp, to and from a pod."""
    if len(line.words) != 2:
        raise usage("source and destination are required")
    source, target = line.words
    if (":" in source) == (":" in target):
        raise usage("one of src or dest must be a local file specification")
    remote = source if ":" in source else target
    name, _, path = remote.partition(":")
    view = _pod(line, name.rpartition("/")[2])
    _must_run(line, view)
    line.firm.places[view.name] = view.workload
    there = line.call.terminal.at(view.name, (view.workload,))
    try:
        if remote == source:
            line.call.terminal.write_file(line.call.path(target), there.read_file(_absolute(path)))
        else:
            there.write_file(_absolute(path), line.call.read(source))
    except IsADirectoryError:
        raise NotHere(f"kubectl cp {source} {target}: folders are not copied here") from None
    except FileNotFoundError:
        if remote == source:
            return Result(
                err=f"tar: {path}: Cannot stat: No such file or directory\ncommand terminated with exit code 2\n",
                code=2,
            )
        return Result(err=f"error: {source} doesn't exist in local filesystem\n", code=1)
    return Result()


def _absolute(path: str) -> str:
    return path if path.startswith("/") else f"/{path}"


def _pod(line: Line, word: str) -> PodView:
    kind, slash, name = word.partition("/")
    if not slash:
        return find_pod(line, word)
    if kind_of(kind) == "pod":
        return find_pod(line, name)
    found = line.view.pods(line.workload(kind_of(kind), name).name)
    running = [view for view in found if view.pod.state in ALIVE] or found
    if not running:
        line.call.terminal.finding("not_found", f"{name} has no pod: it was scaled to 0 replicas")
        raise usage("timed out waiting for the condition")
    return running[0]


def _must_run(line: Line, view: PodView) -> None:
    if view.pod.state not in ALIVE:
        raise ServerError(f'error: unable to upgrade connection: container not found ("{line.view.container(view)}")')
