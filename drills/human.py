"""How long people take and how often they err: the defaults, with their sources.

Times are lognormal with the medians below (sigma 0.6, so that the 95th percentile is 2.7 times the median).
Omission rates: `trained` 0.006 is twice THERP's 0.003 for a written procedure with check-off; `crisis` 0.06
is what Arriaga et al. (NEJM 2013) measured in simulated surgical crises with a checklist at hand, and
`no-runbook` 0.23 without one; `default` 0.02 is the geometric mean of the first two. Wrong choices: SPAR-H's
0.01 for diagnosis, twice that under stress. Slips: HEART, task type F, 0.003. Acknowledgement: a five-minute
norm in the 95th percentile during hours, fifteen outside. The medians of the steps are assumptions.
"""

from __future__ import annotations

from dataclasses import dataclass

from drills.actions import ACTIONS, Effect

SIGMA = 0.6

MEDIAN_S: dict[str, float] = {
    "read": 30.0, "mutate": 30.0, "human": 60.0, "decide": 45.0, "reconcile": 120.0, "root_cause": 900.0,
    "approve": 300.0, "call_broker": 180.0, "document": 120.0, "postmortem": 60.0, "improve": 60.0,
    "close_orphans": 120.0, "recalibrate": 60.0, "rollback_mode": 60.0,
}  # fmt: skip
"""Median seconds by action, or by its effect where the action is not named."""

_SIGMA_OF = {"root_cause": 1.0, "approve": 1.09}
"""Root causes scatter more; approval has its 95th percentile at half an hour: ln(1800 / 300) / 1.645."""

ACK_MEDIAN_S, ACK_SIGMA = 60.0, 0.978
"""In hours: 95th percentile 300 s."""
ACK_OFF_MEDIAN_S, ACK_OFF_SIGMA = 180.0, 0.978
"""Off hours: 95th percentile 900 s."""
MISS_FIRST_PAGE = 0.05
NOTICE_AFTER_S = 900.0
"""When nobody was paged, somebody on the desk notices after about this long, in session."""
FINDS_OWN_SLIP = 0.8
"""Chance that a later verification step uncovers what was left out or done wrong."""


@dataclass(frozen=True, slots=True)
class Preset:
    """How reliable the on-call is."""

    name: str
    omission: float
    wrong_choice: float
    slip: float
    swap: float
    scatter: bool = True
    """Whether times scatter at all, or are the medians."""


PRESETS: dict[str, Preset] = {
    preset.name: preset
    for preset in (
        Preset("perfect", 0.0, 0.0, 0.0, 0.0, scatter=False),
        Preset("trained", 0.006, 0.01, 0.003, 0.005),
        Preset("default", 0.02, 0.02, 0.003, 0.01),
        Preset("crisis", 0.06, 0.04, 0.006, 0.02),
        Preset("no-runbook", 0.23, 0.2, 0.01, 0.05),
    )
}
"""By name; `none` is no preset: nobody responds."""


def median_s(action: str) -> float:
    """Median time that `action` takes."""
    if action in MEDIAN_S:
        return MEDIAN_S[action]
    effect = ACTIONS[action].effect
    return MEDIAN_S["read" if effect is Effect.READ else "mutate" if effect is Effect.MUTATE else "human"]


def sigma(action: str) -> float:
    """Log standard deviation of the time that `action` takes."""
    return _SIGMA_OF.get(action, SIGMA)
