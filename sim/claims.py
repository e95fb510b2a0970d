"""What mitigation code claims in its log lines and answers, in the six words that can be checked.

Teams trust the line "all positions flattened". A claim is a statement about the firm's state that the
Ledger can confirm or refute at that instant; sentences about plans, failures and questions are none.
English, German and Spanish are read (`sim/claims_abroad.py` has the last two).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from sim.claims_abroad import LANGUAGES

_BE = r"(?:(?:are|is|was|were|have been|has been|have|got) )?"
_NOW = r"(?:(?:now|all|already|successfully|fully|completely|confirmed|verified) )*"
_DONE = r"(?:closed(?: out)?|flat|flattened|liquidated|exited|unwound)"
_STOPPED = r"(?:halted|stopped|suspended|disabled|paused)"

CLAIMS: Mapping[str, re.Pattern[str]] = {
    "flat": re.compile(
        rf"\b(?:flat|flattened|(?:(?:all|every|the) )?(?:(?:\d+|open) )*positions? {_BE}{_NOW}{_DONE}"
        r"|(?:closed|liquidated|exited) (?:out )?(?:all|every)(?: (?:of )?(?:the |our )?(?:\d+ )?(?:open )?positions?)?"
        r"|(?:no|zero|0) (?:(?:open|remaining) positions?|positions? (?:left|remain(?:ing)?|open))"
        rf"|(?:everything|book) {_BE}{_NOW}{_DONE}"
        r"|(?:liquidation|flattening|flatten|close[- ]?all) (?:is )?(?:complete|completed|done|finished|succeeded))\b"
    ),
    "no_live_orders": re.compile(
        r"\b(?:cancell?ed (?:all|every) (?:\d+ )?(?:of )?(?:the |our )?(?:(?:open|working|live|pending) )?orders?"
        rf"|(?:all|every) (?:\d+ )?(?:(?:open|working|live|pending) )?orders? {_BE}{_NOW}(?:cancell?ed|pulled)"
        r"|(?:no|zero|0) (?:open|live|working) orders)\b"
    ),
    "reconciled": re.compile(
        r"\b(?:reconciled|positions? (?:now )?match(?:es)?|books? (?:now )?match(?:es)?|in line with the broker"
        r"|(?:positions?|books?) (?:are |is )?(?:now |back )?in sync|in sync with (?:the )?broker"
        r"|reconciliation (?:is )?(?:ok|passed|complete|completed|clean|successful|succeeded))\b"
    ),
    "halted": re.compile(
        rf"\b(?:trading {_BE}{_NOW}{_STOPPED}|(?:halted|stopped|suspended) (?:all )?trading"
        r"|kill[- ]?switch (?:has been |is |was )?(?:now )?(?:triggered|activated|fired|engaged|tripped))\b"
    ),
    "resumed": re.compile(
        rf"\b(?:trading {_BE}{_NOW}(?:resumed|re-?enabled|unhalted)|resumed trading"
        r"|(?:halt|kill[- ]?switch) (?:has been |was |is )?(?:now )?(?:reset|released|cleared|lifted|disengaged))\b"
    ),
    "connected": re.compile(
        r"\b(?:reconnected|connection (?:has been |was |is )?(?:restored|re-?established)"
        r"|(?:broker )?session (?:is )?(?:restored|up again))\b"
    ),
}
"""Claim name -> the words that make it, matched on lower-case text."""

_NOT_A_CLAIM = re.compile(
    r"\b(?:not|isn't|aren't|wasn't|weren't|haven't|hasn't|never|cannot|can't|could not|couldn't|false"
    r"|failed|fails|failing|failure|unable|error|mismatch|un\w*reconciled|refused|rejected"
    r"|will|would|should|must|may|might|can be|to be|needs?|trying|attempting|attempts? to|attempt \d+"
    r"|going to|about to|(?:go|going|getting|get|stay|staying|until) flat|dry[- ]run|planned|would-be"
    r"|make sure|ensure|ensuring|check(?:ing)? that|verify(?:ing)? that|confirm(?:ing)? that|in progress"
    r"|flat (?:fee|rate|market|price|line|file)s?"
    r"|before|until|unless|if|when|whether|once (?:all|every|the)|waiting|pending|still|partly|partially)\b|\?"
    r"|\b(?<!all )(?<!0 )\d+ positions? (?:\w+ ){0,2}(?:closed|liquidated|exited|flattened)\b"
    r"|\b[1-9]\d* (?:\w+ )?(?:left|remain|remains|remaining|to go)\b"
    r"|\b(?<!all )positions? (?:closed|liquidated|exited|flattened)(?:\s*[:=(]\s*\d| \d+ (?:of|/))"
    r"|\b(?:flat|flattened|reconciled|halted)\"?'?\s*[:=]\s*\"?'?(?:no|0|none|null)\b"
)


def claims_in(text: str) -> list[str]:
    """Names of the claims that `text` makes; none when it is hedged, negated or a question."""
    return list(_claims_in(text))


@lru_cache(maxsize=4096)  # a bot that polls through a weekend says the same every few seconds
def _claims_in(text: str) -> tuple[str, ...]:
    lowered = text.lower()
    said = set() if _NOT_A_CLAIM.search(lowered) else {name for name in CLAIMS if CLAIMS[name].search(lowered)}
    for language in LANGUAGES:
        said.update(language.claims_in(lowered))
    return tuple(name for name in CLAIMS if name in said)
