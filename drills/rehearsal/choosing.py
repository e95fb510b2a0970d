"""Which stock scenario a procedure is rehearsed in when none is named: that of the drill about its topic."""

from __future__ import annotations

from typing import NamedTuple

from drills.drill import Drill, drills
from drills.planning import TOPIC_WORDS
from drills.runbook.model import Procedure, Runbook
from drills.runbook.topics import NAMED, aliases, closeness
from sim.errors import BadInput


class Chosen(NamedTuple):
    """A case of a stock drill."""

    drill: Drill
    case: str


def choose_case(runbook: Runbook, procedure: Procedure) -> Chosen:
    """The lead case of the stock drill that `procedure` is about; BadInput when it is about none of them.

    A procedure about an incident that ends in another (a drawdown, which ends in a kill switch) is rehearsed
    in the gravest case of that drill which has this cause.
    """
    close = [
        (closeness(runbook, procedure, name), -number, drill, name)
        for number, drill in enumerate(drills().values())
        for name in (_topic(drill), *aliases(_topic(drill)))
    ]
    score, _, best, name = max(close, key=lambda entry: entry[:2])
    if score < NAMED:
        known = ", ".join(drill.lead for drill in drills().values())
        raise BadInput(
            f"no stock drill is about {procedure.title!r}", mend=f"name a scenario with --scenario, such as {known}",
            file=runbook.file, line=procedure.line,
        )  # fmt: skip
    return Chosen(best, best.lead if name == _topic(best) else _gravest(best, name))


def _topic(drill: Drill) -> str:
    return TOPIC_WORDS.get(drill.topic, drill.topic.replace("-", "_"))


def _gravest(drill: Drill, cause: str) -> str:
    """The case with this cause that is worst; the lead when none has it."""
    having = [(case, drill.scenario(case).truth) for case in drill.cases]
    ranked = [(truth.severity_rank, -truth.measures.get("drawdown_pct", 0.0), case) for case, truth in having
              if cause in truth.causes]  # fmt: skip
    return min(ranked)[2] if ranked else drill.lead
