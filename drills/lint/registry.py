"""The rules: id, severity, title, help page (the docstring of the function that checks), and selection by id.

RB1xx look at commands, RB2xx at text, tables and policy, RB3xx compare the text with a repository.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from drills.lint.problem import Hit, Severity
from sim.errors import BadInput

if TYPE_CHECKING:
    from drills.lint.page import Page

Check = Callable[["Page"], Iterable[Hit]]

RULES: dict[str, Rule] = {}


@dataclass(frozen=True, slots=True)
class Rule:
    """One class of mistake."""

    id: str
    severity: Severity
    title: str
    check: Check

    @property
    def page(self) -> str:
        """The help page: what it means for the reader of the runbook, an example, the mend."""
        return inspect.getdoc(self.check) or ""

    @property
    def needs_repository(self) -> bool:
        """Whether the rule has something to say only when a repository is given."""
        return self.id.startswith("RB3")


def rule(rule_id: str, severity: Severity, title: str) -> Callable[[Check], Check]:
    """Register the decorated function as the check of a rule."""

    def register(check: Check) -> Check:
        assert rule_id not in RULES, rule_id
        RULES[rule_id] = Rule(rule_id, severity, title, check)
        return check

    return register


def all_rules() -> list[Rule]:
    """Every rule, by id."""
    from drills.lint import rules  # importing it registers them

    assert rules.MODULES
    return [RULES[name] for name in sorted(RULES)]


def chosen(select: Sequence[str], ignore: Sequence[str]) -> list[Rule]:
    """The rules whose id begins with one of `select` (all, when empty) and with none of `ignore`."""
    rules = all_rules()
    wanted, unwanted = _prefixes("--select", select, rules), _prefixes("--ignore", ignore, rules)
    return [
        r for r in rules if (not wanted or r.id.startswith(wanted)) and not (unwanted and r.id.startswith(unwanted))
    ]


def find(rule_id: str) -> Rule:
    """The rule of that id."""
    found = next((r for r in all_rules() if r.id == rule_id.strip().upper()), None)
    if found is None:
        mend = "take an id that a finding shows, such as RB105; `firedrill lint --explain all` lists them"
        raise BadInput("no such rule", mend=mend, field="--explain", value=rule_id)
    return found


def _prefixes(option: str, given: Sequence[str], rules: Sequence[Rule]) -> tuple[str, ...]:
    names = [name.upper() for text in given for name in re.split(r"[,\s]+", text) if name]
    for name in names:
        if not any(r.id.startswith(name) for r in rules):
            mend = "give rule ids or the start of one, such as RB105 or RB2"
            raise BadInput("no rule begins so", mend=mend, field=option, value=name)
    return tuple(names)
