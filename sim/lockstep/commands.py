"""What each shim does, decided in the World: waiting, the date, limits, messages to people, and refusals."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from datetime import UTC, timedelta

from sim.clock import MS
from sim.lockstep import curl, probes, wget
from sim.lockstep.chance import mktemp, uuid
from sim.lockstep.dates import CannotSet, rewritten
from sim.lockstep.durations import duration_us
from sim.lockstep.limits import limit
from sim.lockstep.prefixes import sudo, watch
from sim.lockstep.requests import Request
from sim.lockstep.shims import BY_NAME, RECORDED, REFUSED

_LOOKS_FREE = 20
_LOOK_US = 50 * MS
"""What a look at the date costs a program that does nothing else, so that its deadline comes."""


def perform(request: Request) -> None:
    """Do what a shim was called for; it is answered now or at a later instant."""
    if request.name != "date":
        request.session.looks = 0
    known, tools = _COMMANDS.get(request.name), request.session.room.tools
    if tools is not None and request.name in tools.names:
        tools.run(request)
    elif known is not None:
        known(request)
    elif request.name in RECORDED:
        _tell(request)
    else:
        assert request.name in (*REFUSED, *BY_NAME), request.name
        _refuse(request)


def _sleep(request: Request) -> None:
    name, total_us = request.name, 0
    if not request.args:
        request.finish(1, err=f"{name}: missing operand\nTry '{name} --help' for more information.\n".encode())
        return
    for word in request.args:
        us = int(word) if name == "usleep" and word.isdigit() else duration_us(word)
        if us is None:
            text = f"{name}: invalid time interval ‘{word}’\nTry '{name} --help' for more information.\n"
            request.finish(1, err=text.encode())
            return
        total_us += us
    request.session.world.env.call_later(total_us, request.finish, 0)


def _date(request: Request) -> None:
    """The World's date. The first looks take no time; many in a row, with no wait between, do."""
    session = request.session
    session.looks += 1
    if session.looks > _LOOKS_FREE:
        session.world.env.call_later(_LOOK_US, _answer_date, request)
    else:
        _answer_date(request)


def _answer_date(request: Request) -> None:
    session = request.session
    now = session.world.clock.epoch.astimezone(UTC) + timedelta(microseconds=session.world.env.now)
    if request.args in (["+%s"], ["-u", "+%s"]):
        request.finish(0, f"{int(now.timestamp())}\n".encode())
        return
    try:
        words = rewritten(request.args, now, request.variable("TZ", session.zone))
    except CannotSet:
        session.printed.refused("clock", f"{request.shown}: the drill's clock cannot be set")
        request.finish(1, err=b"date: cannot set date: Operation not permitted\n")
        return
    request.shell(f"exec {shlex.join([session.real('date'), *words])}\n")


def _tell(request: Request) -> None:
    """A message to a person or the log: written down, and thought delivered."""
    words, values = [], iter(request.args)
    for word in values:
        if word in ("-t", "-p", "-s", "-r", "-a", "-c", "-b", "-u", "-i", "--tag", "--priority"):
            value = next(values, "") if word not in ("-i",) and not (request.name == "logger" and word == "-s") else ""
            words += [value] if word == "-s" and value else []
        elif not word.startswith("-"):
            words.append(word)
    spoken = request.name in ("logger", "wall", "notify-send") and words

    def done() -> None:
        body = "" if request.stdin is None else request.stdin.decode("utf-8", "replace")
        for line in [" ".join(words), *body.splitlines()]:
            if line.strip():
                request.session.printed.line(request.name, line)
        request.finish(0)

    if spoken:
        done()
    else:
        request.read_stdin(done)


def _refuse(request: Request) -> None:
    """It would act on the machine, or on others."""
    request.session.printed.refused("command", request.shown)
    text = f"firedrill: {request.name} is not part of a drill: it would act on this machine\n"
    request.finish(127, err=text.encode())


_COMMANDS: dict[str, Callable[[Request], None]] = {
    "sleep": _sleep, "usleep": _sleep, "date": _date, "timeout": limit, "uuidgen": uuid, "mktemp": mktemp,
    "curl": curl.run, "wget": wget.run, "ping": probes.ping, "nc": probes.netcat, "ncat": probes.netcat,
    "netcat": probes.netcat, "sudo": sudo, "doas": sudo, "watch": watch,
}  # fmt: skip
