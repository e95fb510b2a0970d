"""From a planned procedure to its script: what is typed, done by hand and waited for, line by line.

Where a step carries commands, the commands decide. What its title stands for is then not done behind the
text's back, because whether the commands do it is the question. A bullet or a comment of such a step counts
as a sentence of its own unless a command follows it, for then the command is how it is meant to be done.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from drills.actions import ACTIONS, Effect
from drills.plan import Plan, PlannedStep
from drills.planning import branches_taken
from drills.runbook.bindings import bind, bind_branch
from drills.runbook.constraints import states_approval
from drills.runbook.model import Branch, Command, Item, Procedure, Runbook, Step
from drills.runbook.vocabulary import actions_in, is_look, look_at
from scenarios.scenario import Scenario

_OF_PEOPLE = frozenset({"approve", "escalate", "notify", "call_broker"})
"""What a comment between commands may ask of people."""
_REFERS = re.compile(r"\b(?:see|as in|per|follow|run|repeat|siehe|gemäß|wie in|véase|ver|según)\b.{0,40}\d", re.I)


@dataclass(frozen=True, slots=True)
class Type:
    """A command to be typed."""

    command: Command
    line: int
    text: str
    option: str | None = None
    group: str | None = None


@dataclass(frozen=True, slots=True)
class Do:
    """A sentence without a command: done by hand as the actions it is bound to."""

    actions: tuple[str, ...]
    line: int
    text: str


@dataclass(frozen=True, slots=True)
class Wait:
    """A time that the text says to wait or to watch."""

    seconds: float
    line: int
    text: str


@dataclass(frozen=True, slots=True)
class Cannot:
    """What nobody can carry out as it stands."""

    line: int
    text: str
    why: str
    meant: tuple[str, ...] = ()
    """The actions that it would have been."""


Part = Type | Do | Wait | Cannot


@dataclass(frozen=True, slots=True)
class ScriptStep:
    """One step and its parts in the order of the text."""

    plan: PlannedStep
    parts: tuple[Part, ...]
    notes: tuple[str, ...] = ()
    """What had to be assumed to read it so."""

    @property
    def meant(self) -> tuple[str, ...]:
        """The world actions that the step stands for."""
        return self.plan.actions

    @property
    def changes(self) -> bool:
        """Whether it is meant to change something of the firm."""
        return any(ACTIONS[action].effect is Effect.MUTATE for action in self.meant)


@dataclass(frozen=True)
class Script:
    """A procedure as somebody follows it literally in one incident."""

    plan: Plan
    runbook: Runbook
    steps: tuple[ScriptStep, ...] = ()
    by_id: Mapping[str, Step] = field(default_factory=dict)

    def command(self, command_id: str) -> Command | None:
        """The command of that id."""
        found = (part.command for step in self.steps for part in step.parts if isinstance(part, Type))
        return next((command for command in found if command.id == command_id), None)


def write_script(runbook: Runbook, procedure: Procedure, plan: Plan, scenario: Scenario) -> Script:
    """The script of `plan`, which was made from `procedure` for `scenario`."""
    by_id = {step.id: step for step in (*runbook.walk(), *procedure.walk())}
    taken = branches_taken(runbook, procedure, scenario)
    steps = []
    for planned in plan.steps:
        step = by_id[planned.id]
        writer = _Writer(by_id, taken, procedure)
        steps.append(ScriptStep(planned, tuple(writer.parts(step, planned)), tuple(writer.notes)))
    return Script(plan, runbook, tuple(steps), by_id)


class _Writer:
    """Writes the parts of one step."""

    def __init__(
        self, by_id: Mapping[str, Step], taken: Mapping[str, tuple[Branch, ...]], procedure: Procedure
    ) -> None:
        self._by_id, self._taken, self._procedure = by_id, taken, procedure
        self._following: set[str] = set()
        self.notes: list[str] = []

    def parts(self, step: Step, planned: PlannedStep) -> Iterator[Part]:
        own = list(self._commanded(step) if step.commands else self._by_hand(step, planned))
        waits = list(self._waits(step))
        if waits:
            own = [part for part in own if not (isinstance(part, Do) and part.actions == ("monitor",))]
        yield from sorted([*own, *waits], key=lambda part: part.line)
        yield from self._branches(step)

    def _by_hand(self, step: Step, planned: PlannedStep) -> Iterator[Part]:
        """A step of sentences: what it is bound to, its branches left out, which are taken by themselves."""
        if step.refs and not step.branches and (sent := self._referred(step.refs, step.title, step.line)):
            yield from sent
            return
        binding = bind(step)
        actions = tuple(action for action in binding.actions if action != "monitor" or not self._timed(step))
        if actions and binding.executable:
            yield Do(actions, step.line, step.title)
        elif not binding.executable or (not binding.actions and step.kind not in ("info", "decision")):
            yield Cannot(step.line, step.title, planned.why or binding.why, binding.actions)

    def _commanded(self, step: Step) -> Iterator[Part]:
        if step.needs_approval and not any(states_approval(note.text) for note in step.notes):
            yield Do(("approve",), step.line, step.title)
        commands = sorted(step.commands, key=lambda command: command.line)
        for item in (*step.actions, *(note for note in step.notes if note.comment)):
            yield from self._sentence(step, item, commands)
        titled = ""
        for command in commands:
            fresh = command.title != titled and not step.needs_approval
            if command.title and fresh and states_approval(command.title):
                yield Do(("approve",), command.line, command.title)
            titled = command.title or ""
            if command.todo:
                why = "only a TODO stands where the command should be"
                yield Cannot(command.line, command.text or "TODO", why, bind(step).actions)
            else:
                yield Type(command, command.line, command.text, command.option, command.alt_group)

    def _sentence(self, step: Step, item: Item, commands: Iterable[Command]) -> Iterator[Part]:
        """A bullet or comment among commands, unless the next thing below it is a command, which then stands for it."""
        if item.comment:
            asked = tuple(action for action in actions_in(item.text) if action in _OF_PEOPLE)
            if states_approval(item.text):
                asked = ("approve",)
            if asked:
                yield Do(asked, item.line, item.text)
            return
        if _REFERS.search(item.text) and step.refs:
            sent = self._referred(step.refs, item.text, item.line)
            if sent:
                yield from sent
                return
        later = [other.line for other in step.actions if other.line > item.line]
        below = [command.line for command in commands if command.line > item.line]
        if below and (not later or min(below) < min(later)):
            return
        actions = actions_in(item.text)
        if not actions and is_look(step.title) and (looked := look_at(item.text)):
            actions = (looked,)
        if actions:
            yield Do(actions, item.line, item.text)

    def _branches(self, step: Step) -> Iterator[Part]:
        for branch in self._taken.get(step.id, ()):
            self.notes.append(f"line {branch.line}: the incident makes {branch.condition!r} true")
            sent = self._referred((branch.target,) if branch.target else (), branch.action, branch.line)
            if sent:
                yield from sent
                continue
            binding = bind_branch(branch)
            if binding.actions:
                yield Do(binding.actions, branch.line, branch.action)
            else:
                yield Cannot(branch.line, branch.action, binding.why)

    def _referred(self, targets: Iterable[str], text: str, line: int) -> list[Part]:
        """The commands of the step that a sentence sends to; nothing when it sends to none that has any."""
        found: list[Part] = []
        for target in targets:
            step = self._by_id.get(target)
            if step is None or not step.commands or target in self._following:  # steps may send to each other
                continue
            self._following.add(target)
            self.notes.append(f"line {line}: {text!r} is done as line {step.line} says")
            # They are typed where the sentence stands, so they take their place by its line.
            found += [replace(part, line=line) for part in self._commanded(step)]
            self._following.discard(target)
        return found

    def _waits(self, step: Step) -> Iterator[Wait]:
        inside = [inner for inner in step.walk() if inner.id != step.id]
        for rule in self._procedure.constraints:
            own = step.line <= rule.line <= step.end and not any(s.line <= rule.line <= s.end for s in inside)
            if rule.template != "wait" or not own:
                continue
            if rule.within_s is None:
                self.notes.append(f"line {rule.line}: it says to wait, but not for how long, so nothing was waited for")
            else:
                yield Wait(rule.within_s, rule.line, rule.raw or "wait")

    def _timed(self, step: Step) -> bool:
        """Whether the text says how long to watch, so that watching is a wait."""
        return any(
            rule.template == "wait" and rule.within_s is not None and step.line <= rule.line <= step.end
            for rule in self._procedure.constraints
        )
