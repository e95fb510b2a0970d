"""From drafts to the frozen tree: ids, guards, deadlines, commands with their meaning, kinds and weights."""

from __future__ import annotations

import re
import sys
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from drills.actions import ACTIONS, Effect
from drills.runbook.attachments import label_of, read_objectives
from drills.runbook.bindings import CRITICAL_ACTIONS, bind, command_actions, is_barrier, kind_for
from drills.runbook.blocks import ListBlock, Paragraph
from drills.runbook.commands import meaning
from drills.runbook.constraints import constraint_in, states_approval
from drills.runbook.drafts import CommandDraft, Line, StepDraft
from drills.runbook.durations import deadline, find_deadline
from drills.runbook.guards import answered_guard, canonical_severity, is_optional, parse_guard, severity_ids
from drills.runbook.model import (
    Branch,
    Command,
    Constraint,
    Deadline,
    Guard,
    Item,
    Objective,
    Override,
    Phase,
    Procedure,
    SeverityLevel,
    Source,
    Step,
)
from drills.runbook.order import predecessors
from drills.runbook.overrides import merged, parse_comment
from drills.runbook.procedures import ProcedureDraft
from drills.runbook.sections import Section
from drills.runbook.shell import placeholders
from drills.runbook.steps import as_time, titled
from drills.runbook.text import MAX_INLINE_CHARS, anchor, plain, sentences, slug
from drills.runbook.vocabulary import actions_in


@dataclass(slots=True)
class Finisher:
    """Freezes the procedures of one document; remembers the ids it has given."""

    file: str
    levels: tuple[SeverityLevel, ...]
    sidecar: Mapping[str, Override]
    top: Section | None = None
    """The document's own section, when it is about one procedure: what is stated there is said of it."""
    taken: set[str] = field(default_factory=set)
    copies: dict[str, int] = field(default_factory=dict)
    applied: set[str] = field(default_factory=set)

    def procedure(self, draft: ProcedureDraft) -> Procedure:
        """The procedure with all its steps."""
        section = draft.section
        title = draft.title
        procedure_id = self._unique(slug(_bare(title)))
        path = (*section.path, section.text)
        last = max([section.line, *(step.end for step in draft.steps), *(block.end for block in section.blocks)])
        src = Source(file=self.file, line=section.line, end=last, path=section.path)
        phases = tuple(self._phase(phase) for phase in draft.phases)
        steps = tuple(_in_phase(self._step(step, procedure_id), phases) for step in draft.steps)
        steps = _asking_approval(steps, any(states_approval(plain(block.raw)) for block in draft.prose))
        barriers = {inner.id: is_barrier(bind(inner).actions) for step in steps for inner in step.walk()}
        before = predecessors(steps, barriers, ordered=draft.order == "sequence")
        return Procedure(
            src=src, id=procedure_id, anchor=anchor(section.text or title), title=title, role=draft.role,
            severity=self._severity(draft), trigger=self._trigger(draft), symptoms=tuple(self._symptoms(draft)),
            order=draft.order, phases=phases, deadline=self._heading_time(section),
            objectives=self._objectives(draft),
            steps=tuple(_with_predecessors(step, before) for step in steps),
            constraints=_distinct(
                [*(_not_yet(rule, steps) for rule in self._constraints(draft, path)), *_stated_order(steps)]
            ),
        )  # fmt: skip

    def _objectives(self, draft: ProcedureDraft) -> tuple[Objective, ...]:
        parts = [draft.section, *draft.asides, *([self.top] if self.top is not None else [])]
        return tuple({o.src: o for part in parts for o in read_objectives(part, self.file)}.values())

    # Procedure fields -----------------------------------------------------------------------------------

    def _severity(self, draft: ProcedureDraft) -> tuple[str, ...]:
        stated = self._stated(draft, r"^(?:severity|sev|priority|schweregrad|priorität|severidad|gravedad|prioridad)\b")
        text = f"{draft.section.text} {stated[1] if stated else ''}"
        named = self._level_ids(text)
        if named:
            return named
        if stated:
            spoken = stated[1].lower()
            return tuple(level.id for level in self.levels if level.name and level.name.lower() in spoken)[:1]
        words = _significant(draft.title)
        for level in sorted(self.levels, key=lambda level: level.rank):
            for criterion in level.criteria:
                for part in re.split(r"[,;]", criterion):
                    if len(words & _significant(part)) >= 2:
                        return (level.id,)
        return ()

    def _stated(self, draft: ProcedureDraft, label: str) -> tuple[int, str] | None:
        own = label_of(draft.section, label)
        return own if own is not None or self.top is None else label_of(self.top, label)

    def _level_ids(self, text: str) -> tuple[str, ...]:
        known = {canonical_severity(level.id): level.id for level in self.levels}
        stated = [known[name] for name, _ in severity_ids(text) if name in known]
        # A scale with ids of its own, such as K1 or SEV-A: as they stand.
        own = (level.id for level in self.levels if canonical_severity(level.id) is None and len(level.id) <= 8)
        stated += [id_ for id_ in own if re.search(rf"(?<![\w-]){re.escape(id_)}(?![\w-])", text)]
        return tuple(dict.fromkeys(stated))

    def _trigger(self, draft: ProcedureDraft) -> str | None:
        stated = self._stated(draft, r"^(?:triggers?|alert|auslöser|alarm|disparador|alerta)\b")
        if stated:
            return stated[1]
        for aside in draft.asides:
            if aside.kind == "trigger":
                lines = [aside.lead] if aside.lead else [item.text for item in self._items(aside)]
                lines = lines or [plain(block.raw) for block in aside.blocks if isinstance(block, Paragraph)]
                return "; ".join(lines) or None
        return None

    def _symptoms(self, draft: ProcedureDraft) -> list[Item]:
        return [item for aside in draft.asides if aside.kind == "symptoms" for item in self._items(aside)]

    def _items(self, section: Section) -> list[Item]:
        path = (*section.path, section.text)
        return [
            Item(src=Source(file=self.file, line=item.line, end=item.end, path=path), text=plain(item.raw))
            for block in section.blocks
            if isinstance(block, ListBlock)
            for item in block.items
        ]

    def _phase(self, section: Section) -> Phase:
        src = Source(file=self.file, line=section.line, end=section.end, path=section.path)
        draft = titled(section.title, section.line, section.line, section.path)
        guard = parse_guard(draft.guard, src, self.levels, loose=False) if draft.guard else None
        stated = self._heading_time(section)
        if stated is not None:
            stated = stated.model_copy(update={"clock": "detect"})
        return Phase(src=src, title=section.title, deadline=stated, guard=guard)

    def _heading_time(self, section: Section) -> Deadline | None:
        src = Source(file=self.file, line=section.line, end=section.line, path=section.path)
        bracket = next(
            (
                text
                for text in re.findall(r"[(\[]([^()\[\]]+)[)\]]", section.text)
                if as_time(text) and not severity_ids(text)
            ),
            None,
        )
        return deadline(bracket, src, "heading") if bracket else None

    # Steps ----------------------------------------------------------------------------------------------

    def _step(self, draft: StepDraft, parent: str) -> Step:
        name = slug(_bare(draft.title))
        derived = f"{parent}/{name}" if name != parent else f"{parent}/steps"
        override = self._override(draft, derived)
        step_id = self._unique(override.id if override is not None and override.id else derived)
        src = Source(file=self.file, line=draft.line, end=max(draft.end, draft.line), path=draft.path)
        children = tuple(self._step(child, step_id) for child in draft.children)
        guard = self._guard(draft, src)
        step = Step(
            src=src, id=step_id, ordinal=draft.ordinal, title=draft.title, phase=draft.phase, guard=guard,
            optional=(guard is not None and guard.kind == "optional") or is_optional(draft.title),
            deadline=self._deadline(draft, src, override), actions=self._lines(draft.actions, draft),
            notes=self._lines(draft.notes, draft),
            commands=tuple(self._command(command, step_id, n, draft) for n, command in enumerate(draft.commands, 1)),
            branches=tuple(self._branch(choice, draft) for choice in draft.choices), children=children,
            alt_group=f"{parent}/options" if draft.option else None, override=override,
        )  # fmt: skip
        return _judged(step)

    def _override(self, draft: StepDraft, derived_id: str) -> Override | None:
        stated: Override | None = None
        for comment in draft.comments:
            stated = merged(stated, parse_comment(comment, self.file, draft.line))
        for key in (derived_id, stated.id if stated is not None and stated.id else derived_id):
            if key in self.sidecar and key not in self.applied:
                stated = merged(stated, self.sidecar[key])
                self.applied.add(key)
        return stated

    def _guard(self, draft: StepDraft, src: Source) -> Guard | None:
        if draft.guard is not None:
            return parse_guard(draft.guard, src, self.levels, loose=draft.guard_loose or draft.guard in draft.title)
        if draft.guard_loose:
            return parse_guard(draft.title, src, self.levels, loose=True)
        if draft.label and severity_ids(draft.title):
            return parse_guard(draft.title, src, self.levels)
        return None

    def _deadline(self, draft: StepDraft, src: Source, override: Override | None) -> Deadline | None:
        if override is not None and override.deadline_s is not None:
            return Deadline(
                src=src, raw=f"{override.deadline_s:g}s", kind="max", hi_s=override.deadline_s, origin="annotation"
            )
        if draft.deadline is not None:
            in_title = f"({draft.deadline})" in draft.title or f"[{draft.deadline}]" in draft.title
            stated = deadline(draft.deadline, src, "heading" if in_title else "phrase")
            # "(2 min)" beside a step says how long it may take, not when it must be over.
            own = in_title and stated is not None and stated.kind == "budget"
            return stated.model_copy(update={"clock": "prev_step"}) if own and stated is not None else stated
        return find_deadline(draft.title, src) or self._told_deadline(draft)

    def _told_deadline(self, draft: StepDraft) -> Deadline | None:
        """Say "at once" below a title and it holds for the step, if the sentence asks for the same as the title."""
        titled_actions = set(actions_in(draft.title))
        for line in (*draft.notes, *draft.actions):
            stated = find_deadline(line.text, Source(file=self.file, line=line.line, end=line.end, path=draft.path))
            if stated is not None and titled_actions & set(actions_in(line.text)):
                return stated
        return None

    def _lines(self, lines: Sequence[Line], draft: StepDraft) -> tuple[Item, ...]:
        path = (*draft.path, draft.title)
        return tuple(
            Item(
                src=Source(file=self.file, line=line.line, end=line.end, path=path),
                text=line.text,
                comment=line.comment,
                done=line.done,
            )
            for line in lines
        )

    def _command(self, draft: CommandDraft, step_id: str, index: int, step: StepDraft) -> Command:
        src = Source(file=self.file, line=draft.line, end=max(draft.line, draft.end), path=(*step.path, step.title))
        lang = "bash" if draft.lang == "inline" else draft.lang
        meant = meaning(draft.text, lang, draft.title or "") if not draft.todo else None
        command = Command(
            src=src, id=f"{step_id}#{index}", lang=draft.lang, text=draft.text, title=draft.title,
                placeholders=placeholders(draft.text),
            effect=meant.effect if meant else "unknown", blocking=meant.blocking if meant else False, todo=draft.todo,
            alt_group=draft.alt_group, option=draft.option, expected=draft.expected,
        )  # fmt: skip
        return command.model_copy(update={"binds_to": meant.actions if meant else command_actions(command)})

    def _branch(self, choice: tuple[str, str, int], step: StepDraft) -> Branch:
        condition, action, line = choice
        src = Source(file=self.file, line=line or step.line, end=line or step.line, path=(*step.path, step.title))
        asked = condition if re.match(r"(?:if|when|wenn|falls|si|cuando)\b", condition, re.I) else f"if {condition}"
        if re.fullmatch(r"(?:yes|no|ja|nein|sí|else|otherwise|sonst|andernfalls|si no)", condition, re.I):
            return Branch(
                src=src,
                condition=f"{step.title}: {condition}",
                action=action,
                guard=Guard(src=src, raw=condition, kind="condition"),
            )
        guard = answered_guard(condition, src, self.levels) or parse_guard(asked, src, self.levels)
        return Branch(src=src, condition=condition, action=action, guard=guard)

    def _constraints(self, draft: ProcedureDraft, path: tuple[str, ...]) -> list[Constraint]:
        found = [
            constraint_in(text, Source(file=self.file, line=line, end=line, path=path), context)
            for line, text, context in prose_of(draft)
        ]
        return [constraint for constraint in found if constraint is not None]

    def _unique(self, wanted: str) -> str:
        name = wanted
        while name in self.taken:
            self.copies[wanted] = self.copies.get(wanted, 1) + 1
            name = f"{wanted}-{self.copies[wanted]}"
        self.taken.add(name)
        return name


Prose = tuple[int, str, tuple[str, ...]]


def prose_of(draft: ProcedureDraft) -> list[Prose]:
    """The prose of a procedure that may state rules, by line: (line, words, actions of the step around it)."""
    lines: list[Prose] = [
        (line, plain(raw), ())
        for block in draft.prose
        for line, raw in sentences(block.raw[:MAX_INLINE_CHARS], block.line)
    ]
    for step in draft.steps:
        lines += _step_prose(step)
    return list(dict.fromkeys(sorted(lines)))


def _step_prose(step: StepDraft) -> list[Prose]:
    lines = [(step.line, step.title, ())]
    texts = [(line.line, line.text) for line in (*step.actions, *step.notes)]
    texts += [(command.line, command.title) for command in step.commands if command.title]
    texts += [(choice.line or step.line, f"{choice.condition}: {choice.action}") for choice in step.choices]
    changes = _changes_of(step)
    at = [line for line, _ in changes]
    # A sentence about approval means what is changed next below it.
    following = ((line, text, changes[bisect_left(at, line) : bisect_left(at, line) + 1]) for line, text in texts)
    prose: list[Prose] = [
        *lines,
        *((line, text, tuple(action for _, action in after)) for line, text, after in following),
    ]
    for child in step.children:
        prose += _step_prose(child)
    return prose


def _changes_of(step: StepDraft) -> list[tuple[int, str]]:
    """What the step changes, by line: its mutating commands, and behind them what its title says."""
    found = [
        (command.line, a)
        for command in step.commands
        for a in meaning(command.text, command.lang, command.title or "").actions
    ]
    found.sort(key=lambda entry: entry[0])
    found += [(sys.maxsize, action) for action in actions_in(step.title)]
    return [(line, action) for line, action in found if ACTIONS[action].effect is Effect.MUTATE]


def _judged(step: Step) -> Step:
    """The step with its kind, and with the weight that a missed one costs."""
    binding = bind(step)
    override = step.override or Override()
    optional = step.optional if override.optional is None else override.optional
    critical = (
        override.critical
        if override.critical is not None
        else not optional and any(a in CRITICAL_ACTIONS for a in binding.actions)
    )
    kind = kind_for(step, binding)
    weight = override.weight
    if weight is None:
        weight = 0.0 if optional or kind == "info" else 3.0 if critical else 1.0
    children = _inheriting(step) if binding.group or not binding.actions else step.children
    return step.model_copy(
        update={"kind": kind, "optional": optional, "critical": critical, "weight": weight, "children": children}
    )


def _inheriting(step: Step) -> tuple[Step, ...]:
    """Sub-steps of a mere group, with the group's deadline where they state none."""
    if step.deadline is None:
        return step.children
    passed = step.deadline.model_copy(update={"origin": "inherited"})
    return tuple(
        child if child.deadline is not None else child.model_copy(update={"deadline": passed})
        for child in step.children
    )


def _asking_approval(steps: Sequence[Step], asked: bool = False) -> tuple[Step, ...]:
    """Where the text demands approval and no step before asks for it, the step that needs it does."""
    done: list[Step] = []
    for step in steps:
        texts = [step.title, *(note.text for note in step.notes), *(item.text for item in step.actions)]
        needs = any(states_approval(text) for text in texts) and is_barrier(bind(step).actions)
        if needs and not asked:
            step = _judged(step.model_copy(update={"needs_approval": True}))
        asked = asked or any("approve" in bind(inner).actions for inner in step.walk())
        done.append(step)
    return tuple(done)


def _not_yet(rule: Constraint, steps: Sequence[Step]) -> Constraint:
    """What a later step does is forbidden only until the step before that one ("don't rush to restart")."""
    if rule.template != "absence":
        return rule
    doing = next((at for at, step in enumerate(steps) if step.line > rule.line and rule.a in bind(step).actions), None)
    return rule if not doing else rule.model_copy(update={"template": "not_until", "b": steps[doing - 1].id})


def _stated_order(steps: Sequence[Step]) -> Iterator[Constraint]:
    """`critical after=reconcile` beside a step is a rule that no score buys back, not only its place in the order."""
    for step in (inner for outer in steps for inner in outer.walk()):
        stated = step.override
        if stated is not None and stated.critical and stated.after:
            for before in stated.after:
                yield Constraint(
                    src=step.src, template="precedence", a=before, b=step.id, critical=True, origin="annotation",
                    raw=f"after={before}",
                )  # fmt: skip


def _distinct(rules: Iterable[Constraint]) -> tuple[Constraint, ...]:
    """The same rule said twice (in the text and in a branch) is one rule."""
    return tuple({(r.template, r.a, r.b, r.within_s, r.count): r for r in reversed(list(rules))}.values())[::-1]


def _in_phase(step: Step, phases: Sequence[Phase]) -> Step:
    """The step under the condition of its phase: "Release (if drawdown < 20 %)"."""
    guard = next((phase.guard for phase in phases if phase.title == step.phase), None)
    return step if guard is None or step.guard is not None else step.model_copy(update={"guard": guard})


def _with_predecessors(step: Step, before: Mapping[str, tuple[str, ...]]) -> Step:
    children = tuple(_with_predecessors(child, before) for child in step.children)
    return step.model_copy(update={"preds": before.get(step.id, ()), "children": children})


def _bare(title: str) -> str:
    return re.sub(r"\s*[(\[][^()\[\]]*[)\]]", "", title).strip() or title


def _significant(text: str) -> set[str]:
    words = {word.rstrip("s") for word in re.findall(r"\w{3,}", plain(text).lower())}
    return words - {"trading", "system", "issue", "error", "incident", "with", "from", "the", "and", "for", "not"}
