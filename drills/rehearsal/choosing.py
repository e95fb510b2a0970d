"""Which stock case a procedure is rehearsed in when none is named: that of the drill which is about it."""

from __future__ import annotations

from typing import NamedTuple

from drills.drill import Drill, drills
from drills.matching import Sureness, match
from drills.planning import level_by_threshold
from drills.runbook.model import Procedure, Runbook
from sim.errors import BadInput


class Chosen(NamedTuple):
    """A case of a stock drill, and how it was found."""

    drill: Drill
    case: str
    why: str


def choose_case(runbook: Runbook, procedure: Procedure) -> Chosen:
    """The lead case of the drill that `firedrill match` proposes first; BadInput when it proposes none for sure.

    Where the runbook's own severities are bands of drawdown, the first case that lies in one of them.
    """
    matched = next((m for m in match(runbook).procedures if m.procedure == procedure.id), None)
    proposals = () if matched is None else matched.proposals
    best = next((p for p in proposals if p.sureness in (Sureness.SURE, Sureness.LIKELY)), None)
    if best is None:
        named = ", ".join(dict.fromkeys(p.drill for p in proposals)) or ", ".join(drills())
        raise BadInput(
            f"no stock drill is clearly about {procedure.title!r}",
            mend=f"name a scenario or a drill with --scenario: {named}", file=runbook.file, line=procedure.line,
        )  # fmt: skip
    drill = drills()[best.drill]
    return Chosen(drill, _in_a_band(runbook, drill), best.why)


def _in_a_band(runbook: Runbook, drill: Drill) -> str:
    if "drawdown_pct" not in drill.scenario().truth.measures:
        return drill.lead
    cases = (case for case in drill.cases if level_by_threshold(runbook, drill.scenario(case).truth) is not None)
    return next(cases, drill.lead)
