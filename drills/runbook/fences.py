"""What a code fence holds: commands, a template, expected output, a diagram.

In a shell fence a comment directly above a statement is its title; `# 1. ...` opens a sub-step; `# Option A`
and `# Or ...` make alternatives; `# TODO: ...` stands where a command should be. A fence that says nothing of
its language is judged by its lines.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from drills.runbook.blocks import Fence
from drills.runbook.decisions import is_diagram, mermaid_choices, tree_choices
from drills.runbook.drafts import CommandDraft, Found, Line, StepDraft
from drills.runbook.model import Source, Template
from drills.runbook.names import looks_like_command
from drills.runbook.shell import TODO, Piece, comment_words, lines_as_pieces, pieces, transcript
from drills.runbook.text import numbered

SHELL = frozenset({"bash", "sh", "shell", "zsh", "ksh", "fish", "terminal", "bash-session"})
SESSION = frozenset({"console", "shell-session", "shellsession", "sh-session", "terminal-session"})
WINDOWS = frozenset({"powershell", "ps1", "pwsh", "ps", "bat", "batch", "cmd", "dos"})
WHOLE = {
    "sql": "sql",
    "psql": "sql",
    "postgresql": "sql",
    "pgsql": "sql",
    "plpgsql": "sql",
    "python": "python",
    "py": "python",
    "python3": "python",
    "promql": "promql",
}
DOCUMENT = frozenset({"markdown", "md", "email", "mail", "eml"})
DATA = frozenset({"json", "json5", "jsonc", "xml", "html", "csv", "yaml", "yml", "http"})
UNTOLD = frozenset(
    {"", "text", "txt", "plain", "plaintext", "none", "output", "log", "ascii", "stdout", "no-highlight", "nohighlight"}
)

_OPTION = re.compile(
    r"^(?:option|alternative|variante|opción|opcion|möglichkeit|method|methode|método)\s+(?P<name>[A-Z0-9])\b\s*[:.)–-]?\s*",
    re.I,
)
_OR = re.compile(r"^(?:or|oder|alternatively|alternativ|o bien|alternativamente)\b[\s,:]*", re.I)
_NUMBERED_COMMENT = re.compile(r"^(?:(?:step|schritt|paso)\s*)?\d{1,2}\s*[.):–-]\s*\S", re.I)
_FIELD = re.compile(r"\[([^\[\]\n]{1,60})\](?!\()|<([A-Za-z][^<>\n]{1,60})>|\{\{?\s*([\w .-]{1,60}?)\s*\}\}?")
_MESSAGE = re.compile(
    r"^(?:subject|betreff|asunto|to|an|from|status|severity|impact|date(?:/time)?|incident|schweregrad|auswirkung|severidad|impacto|estado|zeit|hora|fecha)\b[^:\n]{0,30}:",
    re.I | re.M,
)
_CLI = re.compile(
    r"^\s*[a-z][\w.-]{1,30}(?:\s+[\w./:@=-]+)*\s+--?[a-zA-Z][\w-]*|"
    r"^\s*(?:for \w+ in|while|until)\s.{1,200};\s*do\b"
)
_STATEMENT = re.compile(
    r"\b(?:select|insert|update|delete|create|analyze|alter|drop|with|vacuum|truncate|show|explain)\b", re.I
)


def read_fence(fence: Fence, step: StepDraft, found: Found, expected: bool = False, asked: bool = False) -> None:
    """Add what `fence` holds to `step`; `expected` output, or commands that the line above asks for."""
    if not fence.closed:
        found.problems.append((fence.line, "unclosed-fence", "the code fence opened here is never closed"))
    if not fence.text.strip():
        return
    lang = fence.lang
    if lang in SHELL:
        _session(fence, step) if transcript(fence.text) else _shell(fence, step, pieces(fence.text), "bash")
    elif lang in SESSION:
        _session(fence, step)
    elif lang in WINDOWS:
        _shell(fence, step, lines_as_pieces(fence.text, "#:"), lang)
    elif lang in WHOLE:
        _whole(fence, step, WHOLE[lang])
    elif lang == "mermaid":
        step.choices += [choice._replace(line=fence.first + choice.line) for choice in mermaid_choices(fence.text)]
    elif lang in DOCUMENT:
        found.templates.append(as_template(fence, step.title, found.file, step.path))
    elif lang in UNTOLD:
        _untold(fence, step, found, expected, asked)
    elif expected and lang in DATA:
        _attach_output(fence, step)


def _untold(fence: Fence, step: StepDraft, found: Found, expected: bool, asked: bool) -> None:
    if is_diagram(fence.text):
        choices = tree_choices(fence.text)
        step.choices += [choice._replace(line=fence.first + choice.line) for choice in choices]
        if not choices:
            found.problems.append((fence.line, "diagram", "a drawing: its content is not read as steps"))
    elif expected or fence.lang in {"output", "stdout", "log"}:
        _attach_output(fence, step)
    elif transcript(fence.text) is not None:
        _session(fence, step)
    elif asked or holds_commands(fence):
        _shell(fence, step, pieces(fence.text), "bash")
    elif is_message(fence.text):
        found.templates.append(as_template(fence, step.title, found.file, step.path))
    elif step.commands:
        _attach_output(fence, step)


def holds_commands(fence: Fence) -> bool:
    """Whether a fence has something to type (or a TODO in its place, or titled comments)."""
    if fence.lang in SHELL | SESSION | WINDOWS | frozenset(WHOLE):
        return bool(fence.text.strip())
    if fence.lang not in UNTOLD or is_diagram(fence.text):
        return False
    if transcript(fence.text) is not None:
        return True
    lines = [line for line in fence.text.split("\n") if line.strip() and not line.lstrip().startswith("#")][:40]
    typed = sum(looks_like_command(line) or _CLI.match(line) is not None for line in lines)
    return (
        bool(lines)
        and (looks_like_command(lines[0]) or _CLI.match(lines[0]) is not None)
        and 2 * typed >= min(len(lines), 4)
    )


def holds_substeps(block: object) -> bool:
    """Whether the comments of a fence number its commands, so that it holds steps of its own."""
    if not isinstance(block, Fence) or not holds_commands(block):
        return False
    lines = (comment_words(line) for line in block.text.split("\n") if line.lstrip().startswith("#"))
    return sum(_NUMBERED_COMMENT.match(line) is not None for line in lines) >= 2


def numbered_fence(block: object) -> str | None:
    """`# Schritt 2: cancel` as the first line of a fence with commands, one step in each: the line's words."""
    if not isinstance(block, Fence) or not holds_commands(block) or holds_substeps(block):
        return None
    first = next((line for line in block.text.split("\n") if line.strip()), "")
    words = comment_words(first) if first.lstrip().startswith("#") else ""
    return words if _NUMBERED_COMMENT.match(words) else None


def is_message(text: str) -> bool:
    """Whether a text is a message or report to fill in."""
    return len(_MESSAGE.findall(text)) >= 2 or len(_FIELD.findall(text)) >= 2


def as_template(fence: Fence, title: str, file: str, path: Sequence[str]) -> Template:
    """The fence as a template, with the fields that are to be filled in."""
    fields = dict.fromkeys(
        name.strip() for match in _FIELD.findall(fence.text) for name in match if name.strip() not in {"", "x", "X"}
    )
    src = Source(file=file, line=fence.line, end=fence.end, path=tuple(path))
    return Template(src=src, title=title, lang=fence.lang, body=fence.text, fields=tuple(fields))


def _attach_output(fence: Fence, step: StepDraft) -> None:
    if step.commands and step.commands[-1].expected is None:
        step.commands[-1].expected = fence.text.rstrip("\n")


def _whole(fence: Fence, step: StepDraft, lang: str) -> None:
    comment = next((comment_words(line) for line in fence.text.split("\n") if line.strip()), "")
    first = fence.text.strip()[:2]
    title = comment if first in {"--", "# "} or first[:1] == "#" else None
    if lang == "sql" and not _STATEMENT.search(fence.text):
        return
    step.commands.append(
        CommandDraft(fence.first, max(fence.first, fence.end - 1), lang, fence.text.rstrip("\n"), title)
    )


def _session(fence: Fence, step: StepDraft) -> None:
    """A console transcript: prompts carry commands, the rest is what they print."""
    parts = transcript(fence.text)
    if parts is None:
        _shell(fence, step, pieces(fence.text), "bash")
        return
    commands, output = parts
    _shell(fence, step, pieces(commands), "bash")
    if output and step.commands:
        step.commands[-1].expected = output


def _shell(fence: Fence, step: StepDraft, parts: Sequence[Piece], lang: str) -> None:
    script = fence.text.lstrip().startswith("#!")
    if script:
        step.commands.append(_script(fence, lang))
        return
    numbers = sum(part.what == "comment" and bool(_NUMBERED_COMMENT.match(part.text)) for part in parts)
    _ShellReader(fence.first, fence.lang or "bash", step, substeps=numbers >= 2).read(parts)


def _script(fence: Fence, lang: str) -> CommandDraft:
    comments = [comment_words(line) for line in fence.text.split("\n")[1:] if line.lstrip().startswith("#")]
    title = next((comment for comment in comments if comment), None)
    return CommandDraft(fence.first, max(fence.first, fence.end - 1), lang, fence.text.rstrip("\n"), title)


class _ShellReader:
    """Walks the pieces of one fence, remembering the comments that wait for their statement."""

    def __init__(self, first_line: int, lang: str, step: StepDraft, substeps: bool) -> None:
        self.first, self.lang, self.step, self.substeps = first_line, lang, step, substeps
        self.target = step
        self.waiting: list[Piece] = []
        self.group: str | None = None
        self.option: str | None = None
        self.either_or = False

    def read(self, parts: Sequence[Piece]) -> None:
        for part in parts:
            if part.what == "statement":
                self._statement(part)
            elif part.trailing or not part.text:
                self._note(part)
            else:
                self._comment(part)
        self._flush()

    def _comment(self, part: Piece) -> None:
        todo = TODO.match(part.text)
        if todo:
            self._todo(part, part.text[todo.end() :].strip())
        elif self.substeps and _NUMBERED_COMMENT.match(part.text):
            self._substep(part)
        elif option := _OPTION.match(part.text):
            self._choose(part, option.group("name"))
        elif _OR.match(part.text) and self.target.commands:
            self._alternative(part)
        else:
            if self.either_or:
                self.group, self.option, self.either_or = None, None, False
            if self.waiting and part.line > self.waiting[-1].end + 1:
                self._flush()
            self.waiting.append(part)

    def _statement(self, part: Piece) -> None:
        title = self._title_above(part.line)
        command = CommandDraft(
            self.first + part.line,
            self.first + part.end,
            self.lang,
            part.text,
            title,
            alt_group=self.group,
            option=self.option,
        )
        self.target.commands.append(command)

    def _todo(self, part: Piece, text: str) -> None:
        title = self._title_above(part.line)
        line = self.first + part.line
        self.target.commands.append(
            CommandDraft(
                line, self.first + part.end, self.lang, text, title, todo=True, alt_group=self.group, option=self.option
            )
        )

    def _title_above(self, line: int) -> str | None:
        """The comment on the line above; the comments before that one are notes."""
        title = None
        if self.waiting and self.waiting[-1].end + 1 >= line and not self.waiting[-1].text.startswith(("- ", "* ")):
            title = self.waiting.pop().text
        self._flush()
        return title

    def _substep(self, part: Piece) -> None:
        self._flush()
        number, title = numbered(part.text)
        line = self.first + part.line
        self.target = StepDraft(title, line, line, (*self.step.path, self.step.title), ordinal=number)
        self.step.children.append(self.target)
        self.group = self.option = None

    def _choose(self, part: Piece, name: str) -> None:
        self._flush()
        if self.group is None:
            self.group = f"alt-{self.first + part.line}"
        self.option = name.upper()
        self.waiting.append(part)

    def _alternative(self, part: Piece) -> None:
        """`# Or ...`: the command before and the one after are alternatives."""
        self._flush()
        before = self.target.commands[-1]
        if before.alt_group is None:
            before.alt_group, before.option = f"alt-{self.first + part.line}", "A"
        self.group = before.alt_group
        self.option = chr(ord((before.option or "A")[0]) + 1)
        self.either_or = True
        self.waiting.append(part)

    def _note(self, part: Piece) -> None:
        if part.text:
            line = self.first + part.line
            self.target.notes.append(Line(line, line, part.text.removeprefix("- "), comment=True))
        self.target.end = max(self.target.end, self.first + part.end)

    def _flush(self) -> None:
        for part in self.waiting:
            self._note(part)
        self.waiting.clear()
