"""Which actions of the simulated world a step stands for.

Commands are asked first, because they are what would be typed; then the bulleted actions; then the title.
An author's `bind=` outranks all. A step whose only commands are TODOs still says what is meant, but is marked
as not executable: a person may find another way, somebody following the text literally cannot.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

from drills.actions import ACTIONS, Effect
from drills.runbook.commands import meaning
from drills.runbook.constraints import states_approval
from drills.runbook.model import Branch, Command, Step, StepKind
from drills.runbook.names import PROGRAMS, looks_like_command, named_action
from drills.runbook.vocabulary import actions_in, is_look, look_at

Origin = Literal["annotation", "command", "text", "none"]

CRITICAL_ACTIONS = frozenset(
    {
        "halt",
        "cancel_orders",
        "flatten",
        "escalate",
        "approve",
        "reset_halt",
        "stop_system",
        "safe_mode",
        "quarantine_data",
    }
)
BARRIERS = frozenset({"decide", "approve"})
_FROM_COMMENTS = frozenset({"approve", "monitor", "escalate", "notify", "call_broker"})
_INFO = re.compile(
    r"^(?:possible|likely|common|typical)? ?(?:causes?|reasons?|background|notes?|expected|context|"
    r"examples?|references?|mögliche ursachen|hintergrund|hinweise?|posibles causas|causas posibles|"
    r"notas?)\b(?! analysis)",
    re.I,
)
_CHORE = re.compile(
    r"^(?:implement|add|write|create|define|document|automate|script|build)\b\s*|\s*\b(?:commands?|scripts?|"
    r"steps?|procedure)\b\.?$",
    re.I,
)


_FORBIDS = re.compile(
    r"^\W*(?:(?:do not|don['’]t|never|niemals|nie|nunca)\b|nicht \w+|no (?:se )?\w{3,}(?:ar|er|ir)\b|"
    r"keine?n?\b.{3,60}\b\w+en\W*$)",
    re.I,
)
"""A title that forbids something: the sentence below it says why, and asks for nothing."""

_GENERIC = {
    "stop_system": ("halt", "safe_mode"), "start_system": ("resume",), "restart": ("resume", "restart_service"),
}  # fmt: skip
"""What the verbs of an unknown tool may stand for, if the title of the step says so."""


@dataclass(frozen=True, slots=True)
class Binding:
    """The actions of a step in order, where they were read from, and why these.

    `alternatives` are the interchangeable ways of Option A, B, C, the first of which is in `actions`;
    `group` marks a step whose sub-steps carry the actions.
    """

    actions: tuple[str, ...]
    origin: Origin
    why: str
    executable: bool = True
    alternatives: tuple[tuple[str, ...], ...] = ()
    group: bool = False

    @property
    def bound(self) -> bool:
        """Whether anything in the world corresponds to the step."""
        return bool(self.actions)


def bind(step: Step) -> Binding:
    """The actions that `step` itself stands for, its sub-steps left out."""
    if step.override is not None and step.override.bind is not None:
        return Binding(step.override.bind, "annotation", "stated by the author")
    derived = _derived(step)
    if step.needs_approval and "approve" not in derived.actions:
        return replace(derived, actions=("approve", *derived.actions))
    return derived


def _derived(step: Step) -> Binding:
    real = [command for command in step.commands if not command.todo]
    if step.children and not step.commands and not step.actions and not step.branches:
        return _group(step)
    if step.commands and not real:
        return _todo(step)
    if step.commands:
        return _from_commands(step, real)
    return _from_words(step)


def bind_branch(branch: Branch) -> Binding:
    """The actions of one branch, once it is chosen."""
    if looks_like_command(branch.action):
        typed = meaning(branch.action, "bash").actions
        if typed:
            return Binding(typed, "command", f"from {_short(branch.action)!r}")
    actions = actions_in(branch.action)
    if actions:
        return Binding(actions, "text", f"from the words {branch.action!r}")
    return Binding((), "none", f"no action is known for {branch.action!r}", executable=False)


def command_actions(command: Command) -> tuple[str, ...]:
    """What a command stands for, in the context of its title."""
    if command.todo:
        bare = _CHORE.sub("", _CHORE.sub("", command.text)).strip()
        titled = actions_in(bare) or meaning(command.text, "bash").actions or actions_in(command.title or "")
        named = named_action(bare)
        return titled or ((named,) if named else ())
    return meaning(command.text, "bash" if command.lang == "inline" else command.lang, command.title or "").actions


def _group(step: Step) -> Binding:
    guarded = [child for child in step.children if child.guard is not None]
    if len(guarded) >= 2:
        return Binding(("decide",), "text", f"a choice between {len(guarded)} cases", group=True)
    alternatives = [child for child in step.children if child.alt_group is not None]
    if len(alternatives) >= 2:
        return Binding(("decide",), "text", f"a choice between {len(alternatives)} alternatives", group=True)
    return Binding((), "none", "its sub-steps carry the actions", group=True)


def _todo(step: Step) -> Binding:
    lines = [(command.line, action) for command in step.commands for action in command_actions(command)]
    commented = list(_comment_actions(step))
    actions = _ordered([*commented, *lines]) or actions_in(step.title)
    missing = "; ".join(command.text or "TODO" for command in step.commands)
    return Binding(
        actions,
        "text" if actions else "none",
        f"only a TODO stands where the command should be: {missing}",
        executable=False,
    )


def _comment_actions(step: Step) -> Iterator[tuple[int, str]]:
    for note in step.notes:
        if note.comment:
            for action in _asked(note.text):
                yield note.line, action
    for command in step.commands:
        if states_approval(command.title or ""):
            yield command.line - 1, "approve"


def _asked(comment: str) -> tuple[str, ...]:
    """What a comment without a command asks of people: approval, waiting, a call."""
    if re.search(
        r"\b(?:approv|sign-?off|authori[sz]|freigabe|genehmig|aprobaci|autoriza|manually verify)", comment, re.I
    ):
        return ("approve",)
    return tuple(action for action in actions_in(comment) if action in _FROM_COMMENTS)


def _from_commands(step: Step, real: list[Command]) -> Binding:
    chosen = [command for command in real if command.alt_group is None or command.option in {None, "A", "1"}]
    if not chosen:
        chosen = real[:1]
    lines = [(command.line, action) for command in chosen for action in _meant(command, step)]
    if not lines:
        worded = _from_words(step)
        unknown = f"what {_short(real[0].text)!r} does is not known"
        return Binding(
            worded.actions, worded.origin, f"{unknown}; {worded.why}" if worded.actions else unknown, worded.executable
        )
    bulleted = list(_bullet_actions(step))
    actions = _ordered([*lines, *bulleted, *_comment_actions(step)])
    why = f"from {_short(chosen[0].text)!r}" + (f" and {len(chosen) - 1} more" if len(chosen) > 1 else "")
    if not _changes(actions) and not is_look(step.title.split(" ")[0]):
        wanted = tuple(
            action
            for action in actions_in(_unconditional(step))
            if action in ACTIONS and ACTIONS[action].effect is Effect.MUTATE and action not in actions
        )
        if wanted:
            checks = next((at for at, action in enumerate(actions) if action.startswith("verify_")), len(actions))
            actions, why = (*actions[:checks], *wanted, *actions[checks:]), f"{why}, and the title's words"
    elif not _changes(actions):
        confirmed = tuple(a for a in actions_in(step.title) if a.startswith("verify_") and a not in actions)
        actions = actions if any(a.startswith("verify_") for a in actions) else (*actions, *confirmed)
    options = [command.binds_to for command in real if command.alt_group is not None and command.binds_to]
    return Binding(_decided(step, actions), "command", why, alternatives=tuple(options) if len(options) > 1 else ())


def _meant(command: Command, step: Step) -> tuple[str, ...]:
    """What a command does; a desk's own tool that only "stops" something stops what the title says it stops."""
    program = command.text.split()[0].rsplit("/", 1)[-1].lower() if command.text.split() else ""
    if program in PROGRAMS or not set(command.binds_to) & _GENERIC.keys():
        return command.binds_to
    titled = actions_in(_unconditional(step))
    return tuple(
        next((wanted for wanted in _GENERIC.get(action, ()) if wanted in titled), action) for action in command.binds_to
    )


def _changes(actions: Iterable[str]) -> bool:
    return any(ACTIONS[action].effect is Effect.MUTATE for action in actions)


def _from_words(step: Step) -> Binding:
    titled = actions_in(_unconditional(step))
    bulleted = [action for _, action in sorted(_bullet_actions(step))]
    noted = (
        [action for note in step.notes if not note.comment for action in actions_in(note.text)]
        if not bulleted and not _FORBIDS.match(step.title)
        else []
    )
    # "Reconciliation: if valid, update; if wrong, close": what is changed is for the branch to say.
    branched = {action for branch in step.branches for action in actions_in(branch.action)}
    titled = tuple(action for action in titled if action not in branched)
    own = () if set(titled) & set(bulleted) else titled
    actions = tuple(dict.fromkeys([*own, *bulleted, *(noted if not titled else ())]))
    asked = tuple(action for _, action in _comment_actions(step))
    actions = _decided(step, tuple(dict.fromkeys([*asked, *actions])))
    if actions:
        where = "the bulleted actions" if bulleted else "the title" if titled else "the text"
        return Binding(actions, "text", f"from the words of {where}")
    if step.notes and all(note.comment for note in step.notes):
        return Binding((), "none", "its code fence holds only comments", executable=False)
    if _INFO.search(step.title):
        return Binding((), "none", "information, not an action")
    if _FORBIDS.match(step.title):
        return Binding((), "none", "forbids something, and asks for nothing")
    return Binding((), "none", f"no action is known for {_short(step.title)!r}", executable=False)


def _unconditional(step: Step) -> str:
    """The title, unless it only says when the step applies ("For Daily Loss Trigger") or is itself a branch."""
    if step.branches and any(branch.condition and step.title.startswith(branch.condition) for branch in step.branches):
        return ""
    if (
        step.guard is not None
        and step.guard.raw.strip(" :") == step.title.strip(" :")
        and step.guard.kind != "optional"
    ):
        return ""
    return step.title


def _decided(step: Step, actions: tuple[str, ...]) -> tuple[str, ...]:
    """With branches there is a decision to take, after looking."""
    return (*(action for action in actions if action != "decide"), "decide") if step.branches else actions


def _bullet_actions(step: Step) -> Iterator[tuple[int, str]]:
    looking = is_look(step.title) and not _INFO.search(step.title)
    for item in step.actions:
        found = actions_in(item.text)
        if not found and looking and (looked := look_at(item.text)):
            found = (looked,)
        for action in found:
            yield item.line, action


def _ordered(lines: Iterable[tuple[int, str]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(action for _, action in sorted(lines, key=lambda entry: entry[0])))


def _short(text: str, limit: int = 60) -> str:
    words = " ".join(text.split())
    return words if len(words) <= limit else words[: limit - 1] + "…"


def kind_for(step: Step, binding: Binding) -> StepKind:
    """What kind of step this is, by what it stands for."""
    actions = binding.actions
    if step.override is not None and step.override.kind is not None:
        return step.override.kind
    if step.commands and all(command.todo for command in step.commands):
        return "todo"
    if step.branches or (binding.group and actions):
        return "decision"
    if not actions:
        return "info" if binding.group or binding.executable else "command" if step.commands else "manual"
    if actions[0] == "approve" or actions == ("approve",):
        return "approval"
    if all(action == "monitor" for action in actions):
        return "wait"
    if all(ACTIONS[action].effect is Effect.READ for action in actions):
        return "verify"
    if actions[0] in {"notify", "escalate", "call_broker"}:
        return "notify"
    return "command" if step.commands else "manual"


def is_barrier(actions: Iterable[str]) -> bool:
    """Whether steps before and after must not be swapped with one that does this."""
    return any(action in BARRIERS or ACTIONS[action].effect is Effect.MUTATE for action in actions)
