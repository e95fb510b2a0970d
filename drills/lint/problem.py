"""What a rule reports: where, what is wrong, and the mend."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How bad it is for the person who follows the text."""

    ERROR = "error"
    """Followed literally, the step fails, does something else, or misleads."""
    WARNING = "warning"
    """The step may fail, or asks the reader to know what the text does not say."""


@dataclass(frozen=True, slots=True)
class Hit:
    """One place that breaks a rule; `line` and `column` count from 1, `length` is in characters."""

    line: int
    column: int
    message: str
    mend: str
    length: int = 1


@dataclass(frozen=True, slots=True)
class Problem:
    """A hit with the file and the rule it belongs to; `text` is the line it stands on."""

    file: str
    line: int
    column: int
    length: int
    rule: str
    severity: Severity
    message: str
    mend: str
    text: str = ""

    @property
    def order(self) -> tuple[str, int, int, str]:
        """Reading order."""
        return self.file, self.line, self.column, self.rule
