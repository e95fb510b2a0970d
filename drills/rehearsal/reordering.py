"""Whether a command that failed is impossible as such, or only after what the text had done before.

The command is moved in front of an earlier one that changed something, and the incident is run again. If it
works there, the earlier command took away what it needs, and the text defeats itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from drills.measuring import Measured
from drills.rehearsal.script import Part, Script, ScriptStep, Type
from sim.history import Event

MOST_FAILED, MOST_EARLIER = 4, 3
"""So many failed commands are looked into, each before so many earlier ones: each pair is a run of its own."""


@dataclass(frozen=True, slots=True)
class Earlier:
    """A command that failed where it stands, and works before another."""

    command: str
    """Its id."""
    line: int
    before: str
    """Id of the command that takes away what it needs."""
    before_line: int
    before_text: str
    restored_us: int | None
    """The recovery time when the two are swapped; None when the firm is not restored then either."""


def tried_earlier(
    script: Script, measured: Measured, play: Callable[[Script], Measured], on_run: Callable[[str, int, int], None]
) -> Iterator[Earlier]:
    """Each failed command that would have worked before an earlier one."""
    typed = [event for event in measured.run.history.of("responder.typed") if event.data["outcome"] != "not_taken"]
    pairs = [(failed, list(_changed_before(failed, typed))) for failed in typed if _matters(failed)][:MOST_FAILED]
    count, of = 0, sum(len(earlier) for _, earlier in pairs)
    for failed, earlier in pairs:
        for before in earlier:
            count += 1
            on_run(f"line {failed.data['line']} before line {before.data['line']}", count, of)
            found = _try(script, failed, before, play)
            if found is not None:
                yield found
                break


def _matters(event: Event) -> bool:
    """Whether it failed and was to change something; a look that finds nothing is no failure of the order."""
    return bool(event.data["outcome"] == "failed" and event.data["effect"] != "read")


def _changed_before(failed: Event, typed: list[Event]) -> list[Event]:
    """The commands before it that went well and changed something, the nearest first."""
    before = [
        event for event in typed
        if event.seq < failed.seq and event.data["outcome"] == "ok" and event.data["effect"] == "mutate"
    ]  # fmt: skip
    return before[::-1][:MOST_EARLIER]


def _try(script: Script, failed: Event, before: Event, play: Callable[[Script], Measured]) -> Earlier | None:
    moved = move(script, failed.subject, before.subject)
    if moved is None:
        return None
    again = play(moved)
    worked = [e for e in again.run.history.of("responder.typed") if e.subject == failed.subject]
    if not worked or worked[-1].data["outcome"] != "ok":
        return None
    return Earlier(
        failed.subject, failed.data["line"], before.subject, before.data["line"], before.data["text"],
        again.clock.rto_us if again.in_time else None,
    )  # fmt: skip


def move(script: Script, command: str, before: str) -> Script | None:
    """`script` with one command typed before another; None when they are not both typed in it."""
    parts = [part for step in script.steps for part in step.parts if isinstance(part, Type)]
    moved = next((part for part in parts if part.command.id == command), None)
    if moved is None or all(part.command.id != before for part in parts):
        return None
    return replace(script, steps=tuple(_without_and_before(step, moved, before) for step in script.steps))


def _without_and_before(step: ScriptStep, moved: Type, before: str) -> ScriptStep:
    parts: list[Part] = []
    for part in step.parts:
        if isinstance(part, Type) and part.command.id == before:
            parts.append(replace(moved, line=part.line, group=None, option=None))
        if part is not moved:
            parts.append(part)
    return replace(step, parts=tuple(parts))
