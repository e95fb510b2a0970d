"""What is not finished: values to fill in, TODOs, steps that are only a remark, choices left to the paste."""

from __future__ import annotations

import re
from collections.abc import Iterator

from drills.lint.page import Entry, Page
from drills.lint.problem import Hit, Severity
from drills.lint.registry import rule
from drills.runbook.blocks import Fence
from drills.runbook.shell import PLACEHOLDER
from drills.runbook.shell import TODO as _TODO
from drills.runbook.vocabulary import actions_in

_GO_TEMPLATE = re.compile(r"\{\{-?\s*(?:\.|range|end|json|if|with|else|printf|index|len|\$)")
_FILL_IN = re.compile(
    r"(?<![\w-])(?:\w*_?[xX]{3,}\w*|CHANGE[_-]?ME|REPLACE[_-]?ME|FILL[_-]?ME|INSERT_\w+|YOUR[_-][A-Z_]+|your[_-][a-z_]+"
    r"|table_name|column_name|TU_[A-Z_]+|DEIN_[A-Z_]+|IHR_[A-Z_]+)(?![\w-])"
)
_PROSE_TODO = re.compile(
    r"(?:^|[(\[:|*>-])\s*(?P<mark>TODO|FIXME|TBD)(?![\w`-])|(?<![\w`-])(?:TODO|FIXME|TBD):|"
    r"\((?:to be (?:defined|written|added)|noch zu (?:ergänzen|definieren|klären)"
    r"|por definir|pendiente de definir)\)"
)
_PLAIN_REMARK = re.compile(
    r"^(?:note|hinweis|nota|expected|erwartet|output|example|beispiel|ejemplo)\b|"
    r"^[\w ]{1,30}\b(?:should|must|debe(?:ría)?|soll(?:te)?|muss) (?:be|say|show|ser|decir|mostrar|sein|lauten)\s*:",
    re.I,
)
_GATE = re.compile(
    r"\b(?:approval(?! ?codes?\b)|sign[- ]?off|authori[sz]ation|four[- ]eyes|manually verify|freigabe|genehmigung|"
    r"vier-?augen|"
    r"aprobación|autorización|visto bueno)\b|^(?:wait (?:for|until)|warte[n]? (?:auf|bis)|esperar (?:a|hasta))\b",
    re.I,
)


@rule("RB101", Severity.WARNING, "value to fill in")
def placeholder(page: Page) -> Iterator[Hit]:
    """A command holds a value that the reader must know and type at that moment.

    Somebody who was woken up copies the line as it stands. Put the command that finds the value in front, or
    use a selector that needs no name:

        kubectl describe pod <pod-name> -n trading
        kubectl describe pods -l app=api-service -n trading
    """
    for entry in page.entries:
        risky = {at for at, _ in _redirections(entry)}
        for start, text in _placeholders(entry):
            if start not in risky:
                row, column = _place(entry.command.text, start)
                yield page.in_command(
                    entry, row, column, len(text), f"{text} is to be filled in by whoever runs this",
                    "show the command that finds the value, or select by label",
                )  # fmt: skip


@rule("RB102", Severity.ERROR, "placeholder that the shell takes for a redirection")
def redirecting_placeholder(page: Page) -> Iterator[Hit]:
    """`<name>` outside quotes is a redirection to the shell when more words follow.

    `kubectl logs <pod-name> -n trading` reads from a file called `pod-name` and writes to one called `-n`: pasted
    as it stands it fails, or creates a file, but never asks for the pod. Quote it, or use a variable that is set
    on the line above:

        POD=$(kubectl get pods -n trading -l app=api -o name | head -1)
        kubectl logs "$POD" -n trading
    """
    for entry in page.entries:
        for start, text in _redirections(entry):
            row, column = _place(entry.command.text, start)
            yield page.in_command(
                entry, row, column, len(text), f"the shell reads {text} as a redirection, not as a value to fill in",
                "take the value from a variable that the line above sets",
            )  # fmt: skip


@rule("RB103", Severity.ERROR, "TODO where a command or decision should be")
def left_to_do(page: Page) -> Iterator[Hit]:
    """The step was never written.

    In an incident it cannot be carried out, and every time objective is missed.

    Write the command, or name the person who does it by hand and how long that takes.
    """
    lines = set()
    for entry in page.entries:
        if entry.command.todo:
            lines.add(entry.command.line)
            yield page.in_line(
                entry.command.line, "TODO", f"{entry.step.title}: only a TODO stands where a command should be",
                "write the command, or who does it by hand",
            )  # fmt: skip
    templates = {n for t in page.runbook.templates for n in range(t.line, t.end + 1)}
    for number, text in page.prose:
        match = _PROSE_TODO.search(text)
        if match is not None and number not in lines and number not in templates and not _is_contact(page, number):
            yield page.in_line(
                number,
                match.group("mark") or match.group(0),
                "this was never written",
                "write it, or take the step out",
            )


@rule("RB104", Severity.WARNING, "step that is only a comment in a code block")
def comment_only(page: Page) -> Iterator[Hit]:
    """A comment with no command below it asks for something, but nothing happens when the block is pasted.

    Move it out of the block, as a step of its own with a name, so that it can be ticked off.
    """
    for fence in page.shell_fences:
        for block in _comment_blocks(page, fence):
            asks = any(_asks(page, number) and not _PLAIN_REMARK.match(_comment(page, number)) for number in block)
            if asks and not _command_below(page, block[-1]) and not any(_TODO.match(_comment(page, n)) for n in block):
                if any(_GATE.search(_comment(page, n)) for n in block) and _changes_below(page, fence, block[-1]):
                    continue  # RB125 has more to say about it
                yield page.in_line(
                    block[0], _comment(page, block[0]), "only a comment asks for this: pasting the block does nothing",
                    "make it a step outside the code block",
                )  # fmt: skip


@rule("RB113", Severity.WARNING, "alternatives in one code block")
def alternatives_together(page: Page) -> Iterator[Hit]:
    """Commands of which only one is meant stand in one block.

    Pasted whole, all of them run, one after the other.

    Give each alternative its own block, and say in a sentence above it when to take it.
    """
    groups: dict[tuple[int | None, str], list[Entry]] = {}
    for entry in page.entries:
        if entry.command.alt_group is not None and entry.fence is not None:
            groups.setdefault((entry.fence, entry.command.alt_group), []).append(entry)
    for members in groups.values():
        options = list(dict.fromkeys(member.command.option or "?" for member in members))
        if len(options) > 1:
            first = members[0]
            yield page.in_command(
                first, 0, 0, len(first.command.text.split("\n")[0]),
                f"{len(options)} alternatives in one block: pasted whole, all of them run",
                "give each its own block, with the case it is for",
            )  # fmt: skip


@rule("RB125", Severity.WARNING, "approval or wait that is only a comment above commands")
def gate_in_comment(page: Page) -> Iterator[Hit]:
    """A comment says "approval required" or "wait", and commands that change something follow in the same block.

    Pasting the block passes by the gate without stopping. Split the block, with the approval as a step between.
    """
    for fence in page.shell_fences:
        for number in range(fence.first, fence.end):
            text = page.line(number).strip()
            if text.startswith("#") and _GATE.search(text.lstrip("# ")) and _changes_below(page, fence, number):
                yield page.in_line(
                    number, text, "a comment cannot hold back the commands below it",
                    "end the block here and make the approval or the wait a step",
                )  # fmt: skip


def _placeholders(entry: Entry) -> Iterator[tuple[int, str]]:
    """The fill-ins of a command with their offsets."""
    if entry.command.todo:
        return
    text = entry.command.text
    for match in PLACEHOLDER.finditer(text):
        if not _GO_TEMPLATE.match(match.group(0)) and not _is_markup(text, match):
            yield match.start(), match.group(0)
    for match in _FILL_IN.finditer(text):
        if "mktemp" not in text:
            yield match.start(), match.group(0)


def _is_markup(text: str, match: re.Match[str]) -> bool:
    return f"</{match.group('name')}>" in text if match.group("name") else False


def _redirections(entry: Entry) -> Iterator[tuple[int, str]]:
    """The `<name>` outside quotes with a word behind them on the line."""
    if not entry.is_shell:
        return
    text = entry.command.text
    for start, found in _placeholders(entry):
        line_end = text.find("\n", start)
        rest = text[start + len(found) : line_end if line_end >= 0 else len(text)]
        if found.startswith("<") and rest[:1] == " " and re.match(r"\s+[^\s|&;<>#)]", rest) and _bare(text[:start]):
            yield start, found


def _bare(before: str) -> bool:
    """Whether the text so far leaves no quote open."""
    quote = ""
    skip = False
    for character in before:
        if skip:
            skip = False
        elif character == "\\" and quote != "'":
            skip = True
        elif quote:
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
    return not quote


def _place(text: str, offset: int) -> tuple[int, int]:
    before = text[:offset]
    return before.count("\n"), offset - (before.rfind("\n") + 1)


def _is_contact(page: Page, number: int) -> bool:
    return any(contact.line == number for contact in page.runbook.contacts)


def _comment_blocks(page: Page, fence: Fence) -> Iterator[list[int]]:
    """The runs of comment lines of a code block; a list below a remark belongs to it."""
    block: list[int] = []
    for number in range(fence.first, fence.end + 1):
        if number < fence.end and page.line(number).lstrip().startswith("#"):
            block.append(number)
        elif block:
            yield block
            block = []


def _comment(page: Page, number: int) -> str:
    return page.line(number).strip().lstrip("#/-; ").strip()


def _asks(page: Page, number: int) -> bool:
    text = _comment(page, number)
    return bool(actions_in(text)) or _GATE.search(text) is not None


def _changes_below(page: Page, fence: Fence, number: int) -> bool:
    """Whether a command below the line, in the same block, changes something."""
    return any(
        number < e.command.line <= fence.end and e.command.effect == "mutate" and not e.command.todo
        for e in page.in_fence(fence)
    )


def _command_below(page: Page, number: int) -> bool:
    """Whether a command follows the comment without a blank line between."""
    text = page.line(number + 1).strip()
    return bool(text) and not text.startswith(("```", "~~~"))
