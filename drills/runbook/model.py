"""What a runbook says, as a frozen tree: the intermediate form that everything after the reader works on.

Every node knows the file and lines it came from, so a deviation, a finding or a JUnit case can point at
the sentence of the runbook that was broken. Step ids are `slug(procedure)/slug(title)`: they survive edits
elsewhere in the document. What an author states in `<!-- id: ... bind=halt -->` is kept in `Override`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from pydantic import BaseModel, ConfigDict

DeadlineKind = Literal["max", "budget", "window", "immediate", "open", "varies"]
DeadlineOrigin = Literal["table", "heading", "phrase", "annotation", "inherited"]
GuardKind = Literal["severity", "cause", "condition", "measure", "optional", "after_severity"]
StepKind = Literal["command", "manual", "decision", "wait", "approval", "notify", "verify", "todo", "info"]
CommandEffect = Literal["read", "mutate", "unknown"]
ConstraintTemplate = Literal["precedence", "response", "absence", "not_until", "exists", "wait", "retry_max"]
Role = Literal["response", "investigate", "recovery", "rollback", "post", "prevention", "communication"]


class Frozen(BaseModel):
    """A value that is never changed once read."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Source(Frozen):
    """Where a node stands: file, first and last line (from 1), and the headings above it."""

    file: str
    line: int
    end: int
    path: tuple[str, ...] = ()


class Node(Frozen):
    """Anything that was read from a place in the document."""

    src: Source

    @property
    def file(self) -> str:
        """The file this was read from."""
        return self.src.file

    @property
    def line(self) -> int:
        """The first line, counted from 1."""
        return self.src.line

    @property
    def end(self) -> int:
        """The last line, inclusive."""
        return self.src.end


class Item(Node):
    """One line of prose: a bullet, a symptom, a comment, a checklist entry."""

    text: str
    done: bool | None = None
    comment: bool = False

    def __str__(self) -> str:
        return self.text


class Deadline(Node):
    """A stated time.

    `hi_s` is the bound in seconds (None: open; "immediately" reads as 60), `origin` where it was written,
    `clock` what it is counted from ("prev_step": how long the step itself may take).
    """

    raw: str
    kind: DeadlineKind
    lo_s: float | None = None
    hi_s: float | None = None
    clock: Literal["impact", "detect", "ack", "phase", "prev_step"] = "detect"
    origin: DeadlineOrigin = "phrase"


class Objective(Node):
    """A recovery objective with a number: `RTO: 45 minutes`."""

    name: Literal["RTO", "RPO", "MTTR", "MTD", "MTTA"]
    raw: str
    seconds: float


class Guard(Node):
    """When a step applies.

    `values` holds severity ids of this runbook (kind severity), or names of `drills.runbook.guards`: causes,
    one condition (`op` "=" or "not"), one measure (compared with `number`). Empty `values` mean that the words
    are kept but not understood.
    """

    raw: str
    kind: GuardKind
    op: Literal["in", ">=", "=", "not", ">", "<"] | None = None
    values: tuple[str, ...] = ()
    number: float | None = None
    also: tuple[Guard, ...] = ()
    """What must hold besides: the other answers on the way to a leaf of a decision tree."""


class Command(Node):
    """Something to be typed: one top-level shell statement, an SQL or Python block, or a TODO in its place."""

    id: str
    lang: str
    text: str
    title: str | None = None
    placeholders: tuple[str, ...] = ()
    effect: CommandEffect = "unknown"
    blocking: bool = False
    todo: bool = False
    alt_group: str | None = None
    option: str | None = None
    expected: str | None = None
    binds_to: tuple[str, ...] = ()


class Branch(Node):
    """`If condition -> action`; `target` is the id of the step or procedure it leads to, if it names one."""

    condition: str
    action: str
    guard: Guard | None = None
    target: str | None = None


class Override(Frozen):
    """What the author states outright, in a comment or a sidecar file, instead of leaving it to be derived."""

    id: str | None = None
    critical: bool | None = None
    optional: bool | None = None
    weight: float | None = None
    deadline_s: float | None = None
    bind: tuple[str, ...] | None = None
    kind: StepKind | None = None
    after: tuple[str, ...] | None = None


class Step(Node):
    """One thing to do: what it is called, what to type, what to choose, when it applies, what must precede it."""

    id: str
    ordinal: int | None = None
    title: str
    kind: StepKind = "manual"
    phase: str | None = None
    guard: Guard | None = None
    optional: bool = False
    critical: bool = False
    weight: float = 1.0
    preds: tuple[str, ...] = ()
    deadline: Deadline | None = None
    actions: tuple[Item, ...] = ()
    notes: tuple[Item, ...] = ()
    commands: tuple[Command, ...] = ()
    branches: tuple[Branch, ...] = ()
    children: tuple[Step, ...] = ()
    refs: tuple[str, ...] = ()
    needs_approval: bool = False
    alt_group: str | None = None
    override: Override | None = None

    def walk(self) -> Iterator[Step]:
        """The step itself and all below it, in reading order."""
        yield self
        for child in self.children:
            yield from child.walk()


class Constraint(Node):
    """A rule over time: `a` before `b`, never `a`, `a` within so many seconds.

    `a` and `b` are action names of `drills.actions` (or a step's id) where the words are understood, else the
    words themselves.
    """

    template: ConstraintTemplate
    a: str
    b: str | None = None
    within_s: float | None = None
    count: int | None = None
    critical: bool = False
    origin: Literal["text", "annotation", "inferred"] = "text"
    raw: str = ""


class Phase(Node):
    """A named stretch of a procedure, with its time window if it has one."""

    title: str
    deadline: Deadline | None = None
    guard: Guard | None = None


class Procedure(Node):
    """The steps for one incident, or one phase of a single-playbook document."""

    id: str
    anchor: str
    title: str
    role: Role = "response"
    severity: tuple[str, ...] = ()
    trigger: str | None = None
    symptoms: tuple[Item, ...] = ()
    order: Literal["sequence", "choice", "set"] = "sequence"
    phases: tuple[Phase, ...] = ()
    deadline: Deadline | None = None
    objectives: tuple[Objective, ...] = ()
    steps: tuple[Step, ...] = ()
    constraints: tuple[Constraint, ...] = ()

    def walk(self) -> Iterator[Step]:
        """All steps with their sub-steps, in reading order."""
        for step in self.steps:
            yield from step.walk()

    def step(self, step_id: str) -> Step | None:
        """The step of that id, or None."""
        return next((step for step in self.walk() if step.id == step_id), None)


class SeverityLevel(Node):
    """One severity of the runbook's own scale; rank 1 is the worst, whatever the ids suggest."""

    id: str
    rank: int
    name: str
    response: Deadline | None = None
    criteria: tuple[str, ...] = ()
    threshold: tuple[float | None, float | None] | None = None
    actions: tuple[str, ...] = ()


class Checklist(Node):
    """Boxes to tick."""

    title: str
    items: tuple[Item, ...] = ()


class EscalationRule(Node):
    """Who is brought in after which time, or in which case."""

    after: Deadline | None = None
    when: str | None = None
    action: str
    role: str | None = None


class Contact(Node):
    """Whom to reach; `placeholder` when the value was never filled in."""

    role: str
    value: str
    placeholder: bool = False


class Template(Node):
    """A message or report to fill in."""

    title: str
    lang: str
    body: str
    fields: tuple[str, ...] = ()


class Drill(Node):
    """A drill that the runbook schedules for itself."""

    when: str
    scenario: str


class Finding(Node):
    """Something the reader noticed and did not hide: an unclosed fence, a reference that leads nowhere."""

    rule: str
    message: str


class Runbook(Node):
    """The whole document. `single_playbook`: its procedures are the phases of one response."""

    title: str
    anchor: str
    source_sha256: str
    single_playbook: bool = False
    severities: tuple[SeverityLevel, ...] = ()
    procedures: tuple[Procedure, ...] = ()
    checklists: tuple[Checklist, ...] = ()
    escalation: tuple[EscalationRule, ...] = ()
    contacts: tuple[Contact, ...] = ()
    templates: tuple[Template, ...] = ()
    drills: tuple[Drill, ...] = ()
    objectives: tuple[Objective, ...] = ()
    constraints: tuple[Constraint, ...] = ()
    meta: dict[str, str] = {}
    findings: tuple[Finding, ...] = ()

    def walk(self) -> Iterator[Step]:
        """All steps of all procedures, in reading order."""
        for procedure in self.procedures:
            yield from procedure.walk()
