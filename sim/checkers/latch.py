"""The kill switch: it fires when it must and only then, it stays, and only an approval lets it go."""

from __future__ import annotations

from sim.checkers.base import Evidence, seconds
from sim.clock import SECOND
from sim.demands import Demands
from sim.history import History
from sim.impact import excused, halt_due_us
from sim.reading import Halt, flag_halted, halts, states
from sim.spans import FOREVER, both, length, minus

AGAIN_WITHIN_US = 60 * SECOND
"""How long a restarted process may take to find its halt again, trading nothing meanwhile."""


def as_demanded(history: History, demands: Demands) -> list[Evidence]:
    """A required halt came, and in time; a forbidden one did not."""
    latched = halts(history)
    if demands.halt == "forbidden":
        return [
            Evidence(halt.start_us, "halted for nothing", f"{halt.by} halted trading: {halt.reason}")
            for halt in latched
            if not excused(history, demands, halt.start_us)
        ]
    if demands.halt != "required":
        return []
    due_us = halt_due_us(history, demands)
    limit_us = demands.detect_us if demands.contain_us is None else demands.contain_us
    halt = next((halt for halt in latched if halt.end_us > due_us), None)
    if halt is None:
        return [Evidence(due_us, "kill switch did not fire", "the halt was due and never came")]
    late_us = halt.start_us - due_us
    if late_us <= limit_us:
        return []
    text = f"due at {seconds(due_us - demands.zero_us)} after fault zero, halted by {halt.by}: {halt.reason}"
    return [Evidence(halt.start_us, f"halted {seconds(late_us)} late", f"{text}; allowed are {seconds(limit_us)}")]


def survives_restart(history: History, demands: Demands) -> list[Evidence]:
    """After a restart under a halt the system halts itself again before it trades."""
    flag = flag_halted(history)
    running = states(history, ["code.started"], ["system.stopped"])
    approvals = [event.t_us for event in history.of("responder.approval")]
    found = []
    for halt in halts(history):
        for stopped in history.of("system.stopped"):
            if not halt.covers(stopped) or any(halt.start_us <= t_us <= stopped.t_us for t_us in approvals):
                continue
            until_us = min(halt.end_us, demands.horizon_us)
            again = both(minus([(stopped.t_us, until_us)], flag), running)
            end_us = next((start for start, _ in flag if start > stopped.t_us), FOREVER)
            unhalted_us = length(again, stopped.t_us, min(end_us, until_us))
            if unhalted_us > AGAIN_WITHIN_US:
                found.append(
                    Evidence(
                        stopped.t_us, "halt lost on restart",
                        f"halted before ({halt.reason}), then up for {seconds(unhalted_us)} without a halt",
                    )
                )  # fmt: skip
                break
    return found


def released_by_approval(history: History, demands: Demands) -> list[Evidence]:
    """A required halt is released by nobody but who may: after an approval, or in the next session."""
    if demands.halt != "required":
        return []
    found = []
    for halt in halts(history):
        if halt.end_us < FOREVER and halt.end_us > demands.zero_us:
            objection = _objection(history, demands, halt)
            if objection:
                held = seconds(halt.end_us - halt.start_us)
                found.append(Evidence(halt.end_us, "halt released without approval", f"{objection}; held for {held}"))
    return found


def _objection(history: History, demands: Demands, halt: Halt) -> str:
    """Why this release was not allowed; empty when it was."""
    released = next(event for event in history.of("system.resumed") if event.seq == halt.end_seq)
    by = f"resumed by {released.get('by', 'somebody')}"
    if demands.halt_release == "never":
        return f"{by}, although nothing may release it in this run"
    approved = any(halt.covers(event) for event in history.of("responder.approval"))
    new_session = any(halt.start_us < opens <= halt.end_us for opens, _ in demands.sessions)
    if approved or (demands.halt_release == "next_session" and new_session):
        return ""
    return f"{by}, nobody had approved"
