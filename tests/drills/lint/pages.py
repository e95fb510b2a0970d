"""Small runbooks for the linter's tests, and what the linter says about them."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from drills.lint.linter import lint_page
from drills.lint.page import Page
from drills.lint.problem import Problem
from drills.lint.registry import chosen
from drills.lint.repository import Repository
from drills.runbook.reader import read_text

TODAY = date(2026, 11, 21)

WITH_COMMANDS = """# Feed recovery

**RTO:** 30 minutes

## Market data feed lost

1. **{title}**

```bash
{commands}
```

2. **Verify health of all services**
"""


def problems(text: str, repo: Path | None = None, select: str = "RB") -> list[Problem]:
    """What the linter finds in a Markdown text."""
    repository = Repository(repo) if repo is not None else None
    return lint_page(Page(read_text(text, "page.md"), text, TODAY, repository), chosen([select], []))


def rules_in(text: str, repo: Path | None = None) -> list[str]:
    """The ids of the rules that a Markdown text breaks."""
    return [problem.rule for problem in problems(text, repo)]


def page_of(commands: str, title: str = "Look at the feed") -> str:
    """A runbook with one block of commands."""
    return WITH_COMMANDS.format(commands=commands, title=title)
