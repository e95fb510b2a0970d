"""`timeout`: the command runs as the shim's child, and the World sends the signal when the time has come."""

from __future__ import annotations

import shlex
import signal

from sim.lockstep.durations import duration_us
from sim.lockstep.requests import Request

_FAILED = 125


class _Bad(Exception):
    pass


def limit(request: Request) -> None:
    """Start the command, or say like `timeout` why not."""
    try:
        number, kill_after_us, keeps_status, begins, limit_us = _parse(request.args)
    except _Bad as bad:
        text = f"timeout: {bad}\nTry 'timeout --help' for more information.\n"
        request.finish(_FAILED, err=text.encode())
        return
    command = request.args[begins:]
    if not command:
        request.finish(_FAILED, err=b"timeout: missing operand\nTry 'timeout --help' for more information.\n")
        return
    session, pid = request.session, request.task.pid
    late = f"{request.pipe}.late"
    if limit_us:
        session.watch(pid)
        session.world.env.call_later(limit_us, _expire, request, number, kill_after_us, late)
    first = shlex.quote(command[0])
    after = f'[ -e "{late}" ] && rm -f "{late}" && [ $code -ne 137 ] && exit 124\n' if not keeps_status else ""
    # The shell's own words about a killed child go nowhere; those of the command keep its standard error.
    request.shell(
        f"command -v -- {first} >/dev/null || {{ echo \"timeout: failed to run command ‘\"{first}\"’: "
        f"No such file or directory\" >&2; exit 127; }}\n"
        f'shift {begins}\nexec 4>&2 2>/dev/null\n( exec "$@" 2>&4 4>&- )\ncode=$?\n{after}exit $code\n'
    )


def _parse(args: list[str]) -> tuple[int, int | None, bool, int, int]:
    """Signal, kill-after in microseconds, whether the status is kept, where the command begins, the limit."""
    number, kill_after_us, keeps, index = int(signal.SIGTERM), None, False, 0
    while index < len(args) and args[index].startswith("-") and args[index] != "-":
        word, index = args[index], index + 1
        if word == "--":
            break
        name, value, index = _option(word, args, index)
        if name in ("-s", "--signal"):
            number = _signal(value)
        elif name in ("-k", "--kill-after"):
            kill_after_us = _duration(value)
        elif name == "--preserve-status":
            keeps = True
        elif name not in ("--foreground", "-f", "-v", "--verbose"):
            raise _Bad(f"unrecognized option '{word}'")
    if index >= len(args):
        raise _Bad("missing operand")
    return number, kill_after_us, keeps, index + 1, _duration(args[index])


def _option(word: str, args: list[str], index: int) -> tuple[str, str, int]:
    if word.startswith("--"):
        name, equals, value = word.partition("=")
    else:
        name, value = word[:2], word[2:]
        equals = "=" if value else ""
    if name in ("-s", "--signal", "-k", "--kill-after") and not equals:
        if index >= len(args):
            raise _Bad(f"option '{word}' requires an argument")
        return name, args[index], index + 1
    return name, value, index


def _signal(text: str) -> int:
    name = text.upper().removeprefix("SIG")
    if text.isdigit():
        return int(text)
    if f"SIG{name}" not in signal.Signals.__members__:
        raise _Bad(f"{text}: invalid signal")
    return int(signal.Signals[f"SIG{name}"])


def _duration(text: str) -> int:
    us = duration_us(text)
    if us is None:
        raise _Bad(f"invalid time interval ‘{text}’")
    return us


def _expire(request: Request, number: int, kill_after_us: int | None, late: str) -> None:
    session = request.session
    if not session.runs(request.task):
        return
    with open(late, "w"):
        pass
    session.unwatch(request.task.pid)
    if kill_after_us is not None:
        session.watch(request.task.pid)
        session.world.env.call_later(kill_after_us, _kill, request)
    session.signal_below(request.task, number)


def _kill(request: Request) -> None:
    session = request.session
    session.unwatch(request.task.pid)
    if session.runs(request.task):
        session.signal_below(request.task, int(signal.SIGKILL))
