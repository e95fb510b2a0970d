"""One checker on one story: its verdict and the titles of what it found."""

from __future__ import annotations

from typing import Any

from sim.checkers.base import CheckResult
from sim.checkers.suite import CHECKS, run_checks
from tests.sim.chronicle import Chronicle, demands


def check(name: str, story: Chronicle, **changes: Any) -> CheckResult:
    """The result of one checker."""
    [result] = run_checks(story.history, demands(**changes), {name: CHECKS[name]})
    return result


def failures(name: str, story: Chronicle, **changes: Any) -> list[str]:
    """Titles of the critical evidence, oldest first; empty when it passes."""
    result = check(name, story, **changes)
    titles = [evidence.title for evidence in result.evidence if evidence.severity == "critical"]
    assert result.verdict == ("fail" if titles else "pass"), result
    return titles
