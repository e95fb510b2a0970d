"""The mitigation code itself: it does not hang, does not throw again and again, and comes up after a restart."""

from __future__ import annotations

from sim.checkers.base import Evidence
from sim.clock import MINUTE, SECOND
from sim.config import TRADING_SYSTEM
from sim.demands import Demands
from sim.history import Event, History
from sim.reading import active_faults

STORM_ERRORS = 5
STORM_WINDOW_US = 5 * MINUTE
BUILT_WITHIN_US = 2 * MINUTE

_WITHOUT = {
    "host": ("no such host in the drill", "what the code does here, it does as if this host could not be found"),
    "connection": ("nothing listens there in the drill", "what the code does here, it does as if it was refused"),
    "endpoint": ("no such endpoint in the drill", "it was answered with 404; the broker may have it in earnest"),
    "process": ("no process was started", "drill what starts programs as a process of its own, with --exec"),
}
"""What is refused, as a title, and what that means for the drill."""


def healthy(history: History, demands: Demands) -> list[Evidence]:
    """No hang, no storm of errors, and a build that ends."""
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
    """One that gave up in the middle of the incident and left, without an error: said, and for people to judge."""
    faults = active_faults(history)
    wrong = {event.t_us for event in history.of("code.error")}
    found = []
    for event in _ends(history):
        if event.t_us in wrong:
            continue
        how = f"by itself, with exit status {event.get('code')}; nothing of it ran from then on"
        if event.t_us >= demands.zero_us and any(start <= event.t_us <= end for start, end in faults):
            found.append(Evidence(event.t_us, f"{event.get('hook')} ended during the incident", how, "warning"))
        elif event.t_us < demands.zero_us and event.get("code") == "0":
            how += "; what is started in an emergency is drilled with --exec"
            found.append(Evidence(event.t_us, f"{event.get('hook')} ended before the incident", how, "warning"))
    return found


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


def _refused(history: History) -> list[Evidence]:
    """What the code reached for and the drill has not: what it did without may not be what it does in earnest."""
    first: dict[tuple[str, str], Event] = {}
    for event in history.of("code.refused"):
        first.setdefault((event.get("refused", ""), event.get("what", "")), event)
    return [
        Evidence(
            event.t_us, f"{_WITHOUT[kind][0]}: {what}", _WITHOUT[kind][1], "warning", source=event.get("at") or None
        )
        for (kind, what), event in first.items() if kind in _WITHOUT
    ]  # fmt: skip


def _slow(started: Event, until_us: int) -> Evidence:
    waited = (until_us - started.t_us) // SECOND
    return Evidence(started.t_us, "code not ready after the start", f"build(desk) had not ended after {waited} s")
