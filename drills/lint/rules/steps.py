"""How steps hang together: changes that are verified, references that lead somewhere, recoveries that exist."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from drills.lint.page import Page
from drills.lint.problem import Hit, Severity
from drills.lint.registry import rule
from drills.runbook.bindings import bind
from drills.runbook.commands import meaning
from drills.runbook.model import Procedure, Step
from drills.runbook.references import resolve
from drills.runbook.vocabulary import actions_in, asks_to_look

_STRONG = frozenset(
    ["halt", "safe_mode", "cancel_orders", "flatten", "reconnect", "stop_system", "start_system", "restart",
        "restart_service", "rollback", "reset_halt", "resume", "raise_limits", "scale_up", "restore_state",
        "kill_query", "quarantine_data"]
)  # fmt: skip
_STOPS = frozenset({"halt", "safe_mode", "cancel_orders", "flatten", "stop_system"})
_SHOWS_STOP = frozenset({"verify_halted", "verify_orders", "verify_flat"})
_SHOWS_START = frozenset({"verify_health", "verify_trading", "verify_connected", "verify_reconciled", "verify_data"})
_SHOWS = {
    "cancel_orders": frozenset({"look_orders", "reconcile"}), "flatten": frozenset({"look_positions", "reconcile"}),
    "reconnect": frozenset({"reconcile"}), "start_system": frozenset({"reconcile"}),
}  # fmt: skip
_POINTER = re.compile(r"(?:see|siehe|vgl\.?|véase|ver|as in|go to|weiter mit)\s+(?P<target>[^()\n;.]{2,60})", re.I)


@rule("RB207", Severity.WARNING, "change without a look at what it did")
def not_verified(page: Page) -> Iterator[Hit]:
    """A command changes orders, positions or services, and nothing after it looks whether it has worked.

    Commands that are accepted and have no effect are what makes incidents long.

    Add the command that shows the result: rollout status, positions at the broker, the halt flag.
    """
    following = _phases_after(page)
    for procedure in page.runbook.procedures:
        if procedure.role in {"post", "prevention", "communication"}:
            continue
        flat = [step for step in procedure.walk() if step.commands or step.actions or not step.children]
        for index, step in enumerate(flat):
            last = _last_change(step)
            if last is None or _looked_after(step, last) or _looks(flat[index + 1 : index + 2], procedure, step):
                continue
            command = step.commands[last]
            done = next(action for action in command.binds_to if action in _STRONG)
            other_options = {inner.id for option in procedure.walk() if option.alt_group is not None
                             and step not in option.walk() for inner in option.walk()}  # fmt: skip
            after = [*flat[index + 1 :], *following.get(procedure.id, ())]
            rest = [later for later in after if _same_case(step, later) and later.id not in other_options]
            if _looked_at_before_the_next_change(rest) or (done == "stop_system" and any(map(_starts, rest))):
                continue
            if any(_verifies(later, done) for later in flat[index + 1 :] if _same_case(step, later)):
                continue
            entry = next(e for e in page.of_step[id(step)] if e.command is command)
            yield page.in_command(
                entry, 0, 0, len(command.text.split("\n")[0]),
                f"nothing looks at what this did ({done.replace('_', ' ')})", "add the command that shows the result",
            )  # fmt: skip


@rule("RB208", Severity.WARNING, "reference that leads nowhere, or to another step")
def wrong_reference(page: Page) -> Iterator[Hit]:
    """The step that the sentence points at is not there, or does something else than the sentence says.

    "See P0 step 4" counts steps, and the numbers change with every edit.

    Link to the heading, `[manual reset](#manual-reset)`, and name the step.
    """
    for finding in page.runbook.findings:
        if finding.rule == "unresolved-reference":
            yield page.in_line(finding.line, "", finding.message, "name the step by its title, with a link")
    steps = {step.id: step for step in page.runbook.walk()}
    for procedure in page.runbook.procedures:
        for step in procedure.walk():
            for item in (*step.actions, *step.notes):
                pointer = _POINTER.search(item.text)
                target = _target_of(page, procedure, step, item.text) if pointer else None
                if (
                    pointer
                    and target is not None
                    and target in steps
                    and _other(item.text[: pointer.start()], steps[target])
                ):
                    yield page.in_line(
                        item.line, pointer.group(0),
                        f"{pointer.group('target').strip()} is {steps[target].title!r} (line {steps[target].line})",
                        "point at the step that does what the sentence says",
                    )  # fmt: skip


@rule("RB213", Severity.ERROR, "recovery that cannot be carried out")
def nothing_to_execute(page: Page) -> Iterator[Hit]:
    """Every command of the procedure that would change something is a TODO.

    It can be read, but it recovers nothing, and its recovery time cannot be met.
    """
    for procedure in page.runbook.procedures:
        commands = [command for step in procedure.walk() for command in step.commands]
        changing = [command for command in commands if not command.todo and command.effect != "read"]
        todo = [
            command
            for command in commands
            if command.todo and set(actions_in(command.text)) | set(_named(command.text))
        ]
        if todo and not changing:
            lines = ", ".join(str(command.line) for command in todo[:4])
            yield page.in_line(
                procedure.line, procedure.title, f"every command that would recover anything is a TODO (line {lines})",
                "write the commands, or name who recovers it by hand",
            )  # fmt: skip


@rule("RB214", Severity.ERROR, "text that cannot be read as it is meant")
def unreadable(page: Page) -> Iterator[Hit]:
    """A code fence is never closed, the front matter is no YAML, or a line is too long to be read.

    What follows is taken for something else than its author meant.
    """
    for finding in page.runbook.findings:
        if finding.rule in {"unclosed-fence", "front-matter", "long-line"}:
            mends = {"unclosed-fence": "close it with ```", "front-matter": "correct the YAML between the --- lines"}
            yield page.in_line(finding.line, "", finding.message, mends.get(finding.rule, "break the line"))


def _phases_after(page: Page) -> dict[str, list[Step]]:
    """In a playbook, the steps of the phases after each phase: what is verified there is verified."""
    phases = page.runbook.procedures if page.runbook.single_playbook else ()
    return {phase.id: [step for later in phases[at + 1 :] for step in later.walk()] for at, phase in enumerate(phases)}


def _last_change(step: Step) -> int | None:
    """The last command of the step that changes something which can be seen, as an index."""
    found = None
    for index, command in enumerate(step.commands):
        if not command.todo and command.effect == "mutate" and set(command.binds_to) & _STRONG:
            found = index
    return found


def _looked_after(step: Step, index: int) -> bool:
    changed = step.commands[index]
    lines = [line for line in changed.text.split("\n") if line.strip()]
    if len(lines) > 1 and meaning(lines[-1].strip(), changed.lang).effect == "read":
        return True  # a script that ends by looking
    if any(action.startswith("verify_") for action in changed.binds_to) or changed.blocking or changed.expected:
        return True
    later = [c for c in step.commands[index + 1 :] if not c.todo]
    return any(c.effect != "mutate" for c in later) or any(
        _is_look(item.text) for item in step.actions if item.line > changed.line
    )


def _looks(following: Sequence[Step], procedure: Procedure, step: Step) -> bool:
    """Whether the next step begins by looking; the arm of another case does not count."""
    if not following:
        return False
    after = following[0]
    if after.guard is not None and step.guard is not None and after.guard.raw != step.guard.raw:
        rest = list(procedure.steps)
        parent = next((i for i, top in enumerate(rest) if step in top.walk()), len(rest))
        after = rest[parent + 1] if parent + 1 < len(rest) else after
        if after is following[0]:
            return False
    if after.commands:
        seen = any(c.effect == "read" and not c.todo for c in after.commands[:2])
        return seen or (asks_to_look(after.title) and after.commands[0].effect != "mutate")
    return any(action.startswith(("verify_", "look_")) or action == "monitor" for action in bind(after).actions)


def _looked_at_before_the_next_change(later: Sequence[Step]) -> bool:
    """Whether a step that is called after looking comes before the next one that changes something."""
    for step in later:
        if any(c.effect == "mutate" and set(c.binds_to) & _STRONG for c in step.commands):
            return False
        if asks_to_look(step.title) and not set(bind(step).actions) & _STRONG:
            return True
    return False


def _starts(step: Step) -> bool:
    """Whether what was stopped is started again here: then it is the start whose effect is to be seen."""
    return bool({"start_system", "restart", "restart_service"} & set(bind(step).actions))


def _same_case(step: Step, later: Step) -> bool:
    return later.guard is None or (step.guard is not None and later.guard.raw == step.guard.raw)


def _verifies(later: Step, done: str) -> bool:
    """Whether a later step says that it looks at this kind of change."""
    actions = set(bind(later).actions) | {action for command in later.commands for action in command.binds_to}
    wanted = (_SHOWS_STOP if done in _STOPS else _SHOWS_START) | _SHOWS.get(done, frozenset())
    return "monitor" in actions or bool(actions & wanted)


def _is_look(text: str) -> bool:
    return any(action.startswith(("verify_", "look_")) or action == "monitor" for action in actions_in(text))


def _target_of(page: Page, procedure: Procedure, step: Step, text: str) -> str | None:
    """Where the reference of one line leads: resolved alone, so that a step with two of them is no guess."""
    if len(step.refs) < 2:
        return step.refs[0] if step.refs else None
    alone = step.model_copy(update={"title": text, "actions": (), "notes": (), "branches": (), "children": ()})
    others = [p for p in page.runbook.procedures if p is not procedure]
    resolved, _ = resolve([procedure.model_copy(update={"steps": (alone, *procedure.steps)}), *others])
    refs = resolved[0].steps[0].refs
    return refs[0] if len(refs) == 1 else None


def _other(said: str, target: Step) -> bool:
    """Whether the sentence asks for one change and the step makes another."""
    wanted = {action for action in actions_in(said) if action in _STRONG}
    does = {action for inner in target.walk() for action in bind(inner).actions if action in _STRONG}
    return bool(wanted) and bool(does) and not wanted & does


def _named(text: str) -> tuple[str, ...]:
    return tuple(
        re.findall(r"\b(?:restart|reset|stop|start|systemctl|resume|reconnect|neu ?start\w*|reinici\w+)\b", text, re.I)
    )
