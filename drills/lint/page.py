"""One runbook before the linter: the tree of the reader, its lines, its fences, its commands in reading order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from drills.lint.problem import Hit
from drills.lint.statements import Statement, statement
from drills.runbook.blocks import Block, Fence, ListBlock, parse_blocks
from drills.runbook.fences import SHELL
from drills.runbook.model import Command, Procedure, Runbook, Step

if TYPE_CHECKING:
    from drills.lint.repository import Repository

_NOT_SHELL = frozenset(
    {"sql", "python", "py", "promql", "powershell", "ps1", "pwsh", "ps", "bat", "batch", "cmd", "dos"}
)


@dataclass(frozen=True, slots=True)
class Entry:
    """A command with the step and procedure it belongs to, and its fence's number (None for inline code)."""

    procedure: Procedure
    step: Step
    command: Command
    fence: int | None

    @property
    def is_shell(self) -> bool:
        """Whether a shell reads the command."""
        return not self.command.todo and self.command.lang not in _NOT_SHELL

    @property
    def shell(self) -> Statement:
        """The command's calls; empty when it is not for a shell."""
        return statement(self.command.text) if self.is_shell else Statement()

    @property
    def title(self) -> str:
        """What the text calls it: the comment above it, else the step."""
        return self.command.title or self.step.title


@dataclass
class Page:
    """The runbook, its source text, the day it is looked at, and the repository it is compared with."""

    runbook: Runbook
    source: str
    today: date
    repository: Repository | None = None

    @cached_property
    def lines(self) -> list[str]:
        """The lines of the file; `lines[0]` is line 1."""
        return self.source.replace("\r\n", "\n").replace("\r", "\n").split("\n")

    @cached_property
    def fences(self) -> list[Fence]:
        """All code blocks, in order, wherever they are nested."""
        found: list[Fence] = []
        _collect(parse_blocks("\n".join(line[:20_000] for line in self.lines)), found)
        return sorted(found, key=lambda fence: fence.line)

    @cached_property
    def shell_fences(self) -> list[Fence]:
        """The code blocks that say they are for a shell."""
        return [fence for fence in self.fences if fence.lang in SHELL]

    @cached_property
    def entries(self) -> list[Entry]:
        """Every command with its place in the runbook, in reading order."""
        owner = {line: number for number, fence in enumerate(self.fences) for line in range(fence.line, fence.end + 1)}
        return [
            Entry(procedure, step, command, owner.get(command.line))
            for procedure in self.runbook.procedures
            for step in procedure.walk()
            for command in step.commands
        ]

    @cached_property
    def _by_fence(self) -> dict[int, list[Entry]]:
        found: dict[int, list[Entry]] = {}
        for entry in self.entries:
            if entry.fence is not None:
                found.setdefault(self.fences[entry.fence].line, []).append(entry)
        return found

    def in_fence(self, fence: Fence) -> list[Entry]:
        """The commands of one code block."""
        return self._by_fence.get(fence.line, [])

    @cached_property
    def of_step(self) -> dict[int, list[Entry]]:
        """The commands by the identity of their step."""
        found: dict[int, list[Entry]] = {}
        for entry in self.entries:
            found.setdefault(id(entry.step), []).append(entry)
        return found

    @cached_property
    def prose(self) -> list[tuple[int, str]]:
        """The lines outside code blocks and comments, with their numbers."""
        inside = {line for fence in self.fences for line in range(fence.line, fence.end + 1)}
        return [
            (number, line)
            for number, line in enumerate(self.lines, 1)
            if number not in inside and line.strip() and not line.lstrip().startswith("<!--")
        ]

    def line(self, number: int) -> str:
        """The text of a line, counted from 1; empty beyond the end."""
        return self.lines[number - 1] if 0 < number <= len(self.lines) else ""

    def in_command(self, entry: Entry, row: int, column: int, length: int, message: str, mend: str) -> Hit:
        """A hit at a row and column of a command."""
        number = entry.command.line + row
        written = entry.command.text.split("\n")
        piece = written[row] if row < len(written) else ""
        offset = self.line(number).find(piece) if piece else -1
        if offset < 0:
            stripped = piece.strip()
            offset = self.line(number).find(stripped) - (len(piece) - len(piece.lstrip())) if stripped else 0
        return Hit(number, max(offset, 0) + column + 1, message, mend, max(length, 1))

    def behind(self, entry: Entry, row: int, column: int) -> str:
        """What the file has on the line behind a place in a command."""
        hit = self.in_command(entry, row, column, 1, "", "")
        return self.line(hit.line)[hit.column - 1 :]

    def in_line(self, number: int, needle: str, message: str, mend: str) -> Hit:
        """A hit at the first occurrence of `needle` in a line, else at its first word."""
        text = self.line(number)
        at = text.find(needle) if needle else -1
        if at < 0 and needle:
            at = text.lower().find(needle.lower())
        length = len(needle) if at >= 0 else len(text.strip())
        if at < 0:
            at = len(text) - len(text.lstrip())
        return Hit(number, at + 1, message, mend, max(length, 1))


def read_page(path: Path, runbook: Runbook, today: date, repository: Repository | None) -> Page:
    """The page of a runbook that was read from `path`."""
    raw = path.read_bytes()
    encoding = "utf-16" if raw[:2] in {b"\xff\xfe", b"\xfe\xff"} else "utf-8-sig"
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError:
        text = raw.decode("cp1252", errors="replace")
    return Page(runbook, text, today, repository)


def _collect(blocks: Sequence[Block], found: list[Fence]) -> None:
    for block in blocks:
        if isinstance(block, Fence):
            found.append(block)
        elif isinstance(block, ListBlock):
            for item in block.items:
                _collect(item.blocks, found)
