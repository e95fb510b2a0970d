"""A runbook as a person reads it: what the reader understood, and what it did not.

`render` prints a tree with line numbers, guards, deadlines and decisions, and beside each step the actions it
binds to; steps that bind to nothing are listed again at the end, because they are the ones that a drill
cannot judge.
"""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from drills.runbook.bindings import Binding, bind, bind_branch
from drills.runbook.model import Constraint, Deadline, Guard, Procedure, Runbook, SeverityLevel, Step

_MARKS = {"critical": "red", "optional": "dim"}


def render(runbook: Runbook, console: Console) -> None:
    """Print the whole runbook."""
    console.print(
        Text(runbook.title, style="bold"), Text(f"{runbook.file} · {_counted(runbook)}", style="dim"), sep="\n"
    )
    if runbook.single_playbook:
        console.print(Text("one playbook: its procedures are the phases of one response", style="dim"))
    if runbook.severities:
        console.print(_severities(runbook.severities))
    for procedure in runbook.procedures:
        console.print(_procedure(procedure))
    for line in _beside(runbook):
        console.print(Text.from_markup(line))
    _unbound(runbook, console)
    for finding in runbook.findings:
        console.print(Text(f"line {finding.line}: {finding.message} [{finding.rule}]", style="yellow"))


def duration(seconds: float | None) -> str:
    """Seconds in the largest whole unit: 90 s, 5 min, 4 h."""
    if seconds is None:
        return ""
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size and seconds % size == 0:
            return f"{seconds / size:g} {unit}"
    return f"{seconds:g} s"


def _counted(runbook: Runbook) -> str:
    steps = sum(len(procedure.steps) for procedure in runbook.procedures)
    commands = sum(len(step.commands) for step in runbook.walk())
    return f"{len(runbook.procedures)} procedures, {steps} steps, {commands} commands"


def _severities(levels: tuple[SeverityLevel, ...]) -> Table:
    table = Table("rank", "level", "response", "name", box=None, pad_edge=False, header_style="dim")
    for level in sorted(levels, key=lambda level: level.rank):
        response = "not stated" if level.response is None else _time(level.response)
        table.add_row(str(level.rank), escape(level.id), response, escape(level.name))
    return table


def _procedure(procedure: Procedure) -> Tree:
    head = Text.assemble((procedure.title, "bold cyan"), (f"  #{procedure.id}  line {procedure.line}", "dim"))
    for note in (
        procedure.role,
        ", ".join(procedure.severity),
        *(f"{o.name} {duration(o.seconds)}" for o in procedure.objectives),
    ):
        head.append(f"  {note}" if note else "", style="magenta")
    tree = Tree(head)
    for symptom in procedure.symptoms:
        tree.add(Text(f"symptom: {symptom.text}", style="dim"))
    phase: str | None = None
    branch = tree
    for step in procedure.steps:
        if step.phase != phase:
            phase = step.phase
            branch = tree if phase is None else tree.add(_phase(procedure, phase))
        _add_step(branch, step)
    for constraint in procedure.constraints:
        tree.add(_constraint(constraint))
    return tree


def _phase(procedure: Procedure, title: str) -> Text:
    known = next((phase for phase in procedure.phases if phase.title == title), None)
    window = "" if known is None or known.deadline is None else f"  {_time(known.deadline)}"
    return Text.assemble((title, "bold"), (window, "yellow"))


def _add_step(tree: Tree, step: Step) -> None:
    binding = bind(step)
    node = tree.add(_step_line(step, binding))
    for command in step.commands:
        words = " ".join(command.text.split())
        style = "red" if command.todo else "green"
        marks = [
            mark
            for mark, on in (
                ("TODO", command.todo),
                ("never returns", command.blocking),
                (f"option {command.option}", command.option),
            )
            if on
        ]
        node.add(
            Text.assemble(
                (f"$ {words[:90]}", style),
                (f"  {', '.join(marks)}" if marks else "", "yellow"),
                (f"  {command.line}", "dim"),
            )
        )
    for way in step.branches:
        actions = ", ".join(bind_branch(way).actions) or "nothing known"
        target = f" → {way.target}" if way.target else ""
        node.add(
            Text.assemble(
                (f"{way.condition} → ", "yellow"),
                way.action,
                (f"  [{actions}]{target}", "blue"),
                (f"  {way.line}", "dim"),
            )
        )
    for child in step.children:
        _add_step(node, child)


def _step_line(step: Step, binding: Binding) -> Text:
    number = f"{step.ordinal}. " if step.ordinal is not None else ""
    line = Text.assemble((f"{step.line:>4}  ", "dim"), f"{number}{step.title}")
    if step.critical:
        line.append("  critical", style=_MARKS["critical"])
    if step.optional:
        line.append("  optional", style=_MARKS["optional"])
    if step.guard is not None:
        line.append(f"  only {_guard(step.guard)}", style="yellow")
    if step.deadline is not None:
        line.append(f"  {_time(step.deadline)}", style="yellow")
    if binding.bound:
        line.append(f"  [{', '.join(binding.actions)}]", style="blue" if binding.executable else "red")
        line.append(f" {binding.origin}", style="dim")
    elif not binding.group and step.kind != "info":
        line.append("  binds to nothing", style="red")
    return line


def _guard(guard: Guard) -> str:
    match guard.kind:
        case "severity" | "after_severity":
            return ("after " if guard.kind == "after_severity" else "for ") + ", ".join(guard.values)
        case "cause":
            return "for " + (", ".join(guard.values) or guard.raw)
        case "measure":
            return f"if {guard.values[0]} {guard.op} {guard.number:g}"
        case "optional":
            return guard.raw
        case "condition":
            known = ("not " if guard.op == "not" else "") + ", ".join(guard.values)
            return f"if {known}" if guard.values else f"{guard.raw!r} (not understood)"


def _time(deadline: Deadline) -> str:
    match deadline.kind:
        case "immediate":
            return "immediately"
        case "window":
            return f"{duration(deadline.lo_s) or '0 s'} to {duration(deadline.hi_s)}"
        case "open":
            return f"after {duration(deadline.lo_s)}"
        case "varies":
            return deadline.raw
        case _:
            return f"within {duration(deadline.hi_s)}"


def _constraint(rule: Constraint) -> Text:
    words = {
        "precedence": f"{rule.a} before {rule.b or 'anything changes'}", "absence": f"never {rule.a}",
        "not_until": f"no {rule.a} until {rule.b}", "wait": f"wait {duration(rule.within_s) or 'as stated'}",
        "response": f"{rule.a} within {duration(rule.within_s)}", "retry_max":
            f"at most {rule.count} times {rule.a}", "exists": f"{rule.a} must happen",
    }[rule.template]  # fmt: skip
    return Text.assemble(
        (f"{rule.line:>4}  ", "dim"), ("rule: ", "magenta"), words, ("  critical" if rule.critical else "", "red")
    )


def _beside(runbook: Runbook) -> Iterator[str]:
    """What else the document holds, one line each."""
    for rule in runbook.escalation:
        when = _time(rule.after) if rule.after is not None else rule.when or ""
        yield f"[dim]{rule.line:>4}[/dim]  escalation, {escape(when)}: {escape(rule.action)}"
    unfilled = sum(contact.placeholder for contact in runbook.contacts)
    if runbook.contacts:
        yield f"      {len(runbook.contacts)} contacts" + (
            f", [yellow]{unfilled} never filled in[/yellow]" if unfilled else ""
        )
    for checklist in runbook.checklists:
        yield f"[dim]{checklist.line:>4}[/dim]  checklist {escape(checklist.title)!r}: {len(checklist.items)} boxes"
    for template in runbook.templates:
        yield f"[dim]{template.line:>4}[/dim]  template {escape(template.title)!r}: {len(template.fields)} fields"
    for drill in runbook.drills:
        yield f"[dim]{drill.line:>4}[/dim]  drill {escape(drill.when)}: {escape(drill.scenario)}"


def _unbound(runbook: Runbook, console: Console) -> None:
    rows = [(step, binding) for step in runbook.walk() if _needs_telling(step, binding := bind(step))]
    if rows:
        console.print(Text("What a drill cannot judge", style="bold"))
    for step, binding in rows:
        console.print(Text.assemble((f"{step.line:>4}", "dim"), f"  {step.title}: ", (binding.why, "red")))


def _needs_telling(step: Step, binding: Binding) -> bool:
    return not binding.group and step.kind != "info" and not (binding.bound and binding.executable)
