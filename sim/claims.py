"""What mitigation code claims in its log lines and answers, in the five words that can be checked.

Teams trust the line "all positions flattened". A claim is a statement about the firm's state that the
Ledger can confirm or refute at that instant; sentences about plans, failures and questions are none.
"""

from __future__ import annotations

import re

CLAIMS: dict[str, re.Pattern[str]] = {
    "flat": re.compile(
        r"\b(flat|flattened|(all |every )?positions? (are |were |have been |is |was )?(now )?(all )?(closed|flat)"
        r"|closed all positions|no open positions)\b"
    ),
    "no_live_orders": re.compile(
        r"\b(cancell?ed all (open )?orders|all (open )?orders (are |were |have been )?cancell?ed"
        r"|no (open|live|working) orders)\b"
    ),
    "reconciled": re.compile(
        r"\b(reconciled|positions? (now )?match(es)?|books? (now )?match(es)?|in line with the broker)\b"
    ),
    "halted": re.compile(r"\b(trading (is |was )?(now )?halted|kill switch (triggered|activated|fired|engaged))\b"),
    "resumed": re.compile(
        r"\b(trading (is |was )?(now )?resumed|halt (has been |was |is )?(reset|released|cleared))\b"
    ),
    "connected": re.compile(r"\b(reconnected|connection restored|(broker )?session (is )?(restored|up again))\b"),
}
"""Claim name -> the words that make it, matched on lower-case text."""

_NOT_A_CLAIM = re.compile(
    r"\b(not|isn't|aren't|wasn't|never|cannot|can't|could not|couldn't"
    r"|failed|fails|failing|failure|unable|error|mismatch|un\w*reconciled"
    r"|will|would|should|trying|attempting|attempts? to|attempt \d+|going to|about to"
    r"|before|until|unless|if|when|whether|waiting|pending|still|partly|partially)\b|\?"
)


def claims_in(text: str) -> list[str]:
    """Names of the claims that `text` makes; none when it is hedged, negated or a question."""
    lowered = text.lower()
    return [name for name, words in CLAIMS.items() if words.search(lowered) and not _NOT_A_CLAIM.search(lowered)]
