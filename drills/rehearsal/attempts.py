"""What came of each line of the text, read from the History of a rehearsal."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from operator import itemgetter
from typing import Any

from drills.rehearsal.script import Cannot, Script, ScriptStep, Type
from results.rehearsed import RehearsedCommand, RehearsedStep, StepOutcome
from sim.clock import SECOND
from sim.history import Event, History

_NEW_OBJECT = "new_object"
"""The shell's word for a line of Python that changes an object which it builds itself."""
PRINTED_LINES = 6
"""So many lines of a command's output are worth showing."""


def rehearsed_steps(script: Script, history: History) -> list[RehearsedStep]:
    """One record for each step of the script; of a step done twice, the last time counts."""
    events: dict[str, list[Event]] = defaultdict(list)
    for event in history.of("responder."):
        step = str(event.get("step", "")) or event.subject
        events[step].append(event)
    alone = {
        (event.data.get("step"), event.data.get("line"))
        for event in history.of("shell.finding")
        if event.subject == _NEW_OBJECT
    }
    return [_step(step, events.get(step.plan.id, []), alone) for step in script.steps]


def _step(step: ScriptStep, events: list[Event], alone: set[tuple[Any, Any]]) -> RehearsedStep:
    by_kind: dict[str, list[Event]] = defaultdict(list)
    for event in events:
        by_kind[event.kind.removeprefix("responder.")].append(event)
    ended = [*by_kind["done"], *by_kind["could_not_do"], *by_kind["not_taken"]][-1:]
    began = by_kind["started"][-1:]
    typed = [(event.seq, _command(event, (step.plan.id, event.data["line"]) in alone)) for event in by_kind["typed"]]
    commands = [command for _, command in typed]
    outcome: StepOutcome = ended[0].data["outcome"] if ended else "not_reached"
    return RehearsedStep(
        id=step.plan.id, title=step.plan.title, line=step.plan.line, critical=step.plan.critical, outcome=outcome,
        why=_why(by_kind["cannot"], by_kind["by_hand"], commands) if outcome != "not_taken" else ended[0].data["why"],
        started_s=began[0].t_us / SECOND if began else None, done_s=ended[0].t_us / SECOND if ended else None,
        commands=[command for _, command in sorted([*typed, *_untyped(step, by_kind["cannot"])], key=itemgetter(0))],
        by_hand=[_by_hand(event) for event in by_kind["by_hand"]],
        waited_s=sum(event.data["seconds"] for event in by_kind["waited"]),
        broken_promises=list(_broken(by_kind["effect"])),
    )  # fmt: skip


def _command(event: Event, own_process: bool) -> RehearsedCommand:
    data = event.data
    said = (line for text in (data["out"], data["err"]) for line in text.splitlines())
    printed = [line for line in said if line.strip() and not line.startswith("Unable to use a TTY")]
    typed = data["typed"] is not None
    return RehearsedCommand(
        line=data["line"], text=data["text"], typed=data["typed"], option=data["option"], effect=data["effect"],
        outcome=data["outcome"], exit_code=data["code"], printed=printed[:PRINTED_LINES], why=data["why"],
        started_s=(event.t_us - data["took_us"]) / SECOND if typed else None, took_s=data["took_us"] / SECOND,
        times=data["times"] if typed else 0, noticed=data["noticed"], own_process=own_process,
    )  # fmt: skip


def _untyped(step: ScriptStep, events: Iterable[Event]) -> Iterator[tuple[int, RehearsedCommand]]:
    """TODO lines: a command was announced and none is there."""
    if not any(isinstance(part, Type) for part in step.parts) and not any(_is_todo(part) for part in step.parts):
        return
    for event in events:
        line, text, why = event.data["line"], event.data["text"], event.data["why"]
        yield event.seq, RehearsedCommand(line=line, text=text, outcome="not_executable", why=why, times=0)


def _is_todo(part: object) -> bool:
    return isinstance(part, Cannot) and "TODO" in part.why


def _why(cannot: list[Event], by_hand: list[Event], commands: list[RehearsedCommand]) -> str:
    """Why a step did not go well: what cannot be carried out first, then what failed."""
    said = [event.data["why"] for event in cannot]
    said += [f"line {c.line}: {c.why}" for c in commands if c.outcome in ("failed", "not_executable", "not_here")]
    said += [f"{event.data['action']}: {event.data['text']}" for event in by_hand if not event.data["ok"]]
    return "; ".join(dict.fromkeys(said))


def _by_hand(event: Event) -> str:
    told = event.data["text"]
    said = f": {told}" if told and told not in ("True", "False", "None") else ""
    return f"{event.data['action']}{'' if event.data['ok'] else ' (failed)'}{said}"


def _broken(effects: Iterable[Event]) -> Iterator[str]:
    """Promises not kept, by the last look at each."""
    last = {event.subject: event for event in effects}
    for action, event in last.items():
        if not event.data["ok"]:
            yield f"{action}: {event.data['text']}"
