"""The mitigation code itself: it does not hang, does not throw again and again, and comes up after a restart."""

from __future__ import annotations

from sim.checkers.base import Evidence
from sim.clock import MINUTE, SECOND
from sim.config import TRADING_SYSTEM
from sim.demands import Demands
from sim.history import Event, History
from sim.reading import active_faults, flag_halted, safe_mode
from sim.spans import Span

STORM_ERRORS = 5
STORM_WINDOW_US = 5 * MINUTE
BUILT_WITHIN_US = 2 * MINUTE

_NOT_GIVEN = {"socket": "connection", "input": "answer at the keyboard"}
"""Kinds of what a drill has not, in words; the others are words already."""
_MEANING = {
    "host": "what the code does here, it does as if this host could not be found",
    "connection": "what the code does here, it does as if it was refused",
    "endpoint": "it was answered with 404; the broker may have it in earnest",
    "process": "drill what starts programs as a process of its own, with --exec",
}


def healthy(history: History, demands: Demands) -> list[Evidence]:
    """No hang, no storm of errors, and a build that ends; what the drill could not give is said beside them."""
    return [
        *_hangs(history), *_errors(history), *_gone(history, demands), *_builds(history, demands), *_refused(history),
    ]  # fmt: skip


def _hangs(history: History) -> list[Evidence]:
    return [
        Evidence(
            event.t_us, "a call never came back",
            f"{event.subject} waits for {event.get('endpoint')} for {event.get('waited_s', 0):g} s, without a timeout",
            source=event.get("at") or None,
        )
        for event in history.of("code.hang")
    ]  # fmt: skip


def _errors(history: History) -> list[Evidence]:
    """One unhandled error is shown; the same again and again, or one that ends the start, is a failure."""
    died = {(event.t_us, event.get("hook")) for event in _ends(history) if event.get("code") != "0"}
    groups: dict[tuple[str, str], list[Event]] = {}
    for event in history.of("code.error"):
        groups.setdefault((event.get("hook", ""), event.get("at", "")), []).append(event)
    found = []
    for (hook, at), events in groups.items():
        storm = any(
            later.t_us - first.t_us <= STORM_WINDOW_US
            for first, later in zip(events, events[STORM_ERRORS - 1 :], strict=False)
        )
        dead = any((event.t_us, hook) in died for event in events)
        fatal = hook in ("build", "run") or dead
        title = f"{hook} died" if dead else f"{hook} failed" if fatal else f"unhandled error in {hook}"
        times = "once" if len(events) == 1 else f"{len(events)} times"
        text = f"{events[0].get('error', '')} ({times})"
        grave = storm or fatal
        found.append(Evidence(events[0].t_us, title, text, "critical" if grave else "warning", source=at or None))
    return found


def _ends(history: History) -> list[Event]:
    """When the program that ran as the trading system's own ended by itself; nothing starts it again."""
    return [event for event in history.of("code.exit") if event.subject == TRADING_SYSTEM]


def _gone(history: History, demands: Demands) -> list[Evidence]:
    """One that left in the middle of the incident, without an error.

    Where it left trading stopped, or closed what was open, that may be its work, and is for people to judge. One
    that leaves while the broker is out of reach and trading is to go on has given up: nobody connects again.
    """
    faults, outages = active_faults(history), active_faults(history, "broker")
    stopped = [*flag_halted(history), *safe_mode(history)]
    found = []
    for event in _ends(history):
        died = any(error.t_us == event.t_us for error in history.of("code.error"))
        if event.t_us < demands.zero_us and event.get("code") == "0" and not died:
            found.append(_done_before(event))
        if died or event.t_us < demands.zero_us or not _within(event, faults):
            continue
        going_on = demands.resume and demands.halt != "required" and not _within(event, stopped)
        gave_up = going_on and _within(event, outages)
        how = "while the broker was still in trouble and trading was not stopped" if gave_up else "by itself"
        found.append(
            Evidence(
                event.t_us, f"{event.get('hook')} {'gave up' if gave_up else 'ended'} during the incident",
                f"{how}, with exit status {event.get('code')}; nothing of it ran from then on",
                "critical" if gave_up else "warning",
            )
        )  # fmt: skip
    return found


def _within(event: Event, spans: list[Span]) -> bool:
    return any(start <= event.t_us <= end for start, end in spans)


def _builds(history: History, demands: Demands) -> list[Evidence]:
    """After a start of the system the code is ready within minutes, unless it is stopped again before."""
    found = []
    started: Event | None = None
    for event in history.of("system.started", "system.stopped", "code.started"):
        if started is not None and event.t_us - started.t_us > BUILT_WITHIN_US:
            found.append(_slow(started, event.t_us))
        started = event if event.kind == "system.started" else None
    if started is not None and demands.horizon_us - started.t_us > BUILT_WITHIN_US:
        found.append(_slow(started, demands.horizon_us))
    return found


def _done_before(event: Event) -> Evidence:
    return Evidence(
        event.t_us, f"{event.get('hook')} ended before the incident",
        "by itself; nothing of it ran from then on. What is started in an emergency is drilled with --exec", "warning",
    )  # fmt: skip


def _refused(history: History) -> list[Evidence]:
    """What the code asked for and a drill does not give: on the day it may be there, so it is no fault of the code."""
    first: dict[tuple[str, str], Event] = {}
    for event in history.of("code.refused"):
        first.setdefault((event.get("refused", ""), event.get("what", "")), event)
    return [
        Evidence(
            event.t_us, f"not part of a drill: {_NOT_GIVEN.get(kind, kind)} {what}",
            _MEANING.get(kind, "what the code did about it is not what it would do on the day"), "warning",
            source=event.get("at") or None,
        )
        for (kind, what), event in first.items()
    ]  # fmt: skip


def _slow(started: Event, until_us: int) -> Evidence:
    waited = (until_us - started.t_us) // SECOND
    return Evidence(started.t_us, "code not ready after the start", f"build(desk) had not ended after {waited} s")
