"""Faults of monitoring itself: it dies, it is late, it lies, its pages get lost.

They hurt nobody alone; beside another fault they decide how long it stays unseen.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field, Strict

from scenarios.faults.base import Ends, FaultBase
from scenarios.spec import Duration, Share, duration_words
from sim.clock import MINUTE


class _MonitoringFault(FaultBase):
    component: ClassVar[str] = "monitoring"


class MonitoringDead(_MonitoringFault):
    """No scrape, no rule, no alert. Healing, or bringing it back, resumes with a gap in the series."""

    ends: ClassVar[Ends] = Ends.MITIGATED

    kind: Literal["monitoring_dead"] = "monitoring_dead"

    def what(self) -> str:
        """The symptom."""
        return "monitoring is dead"


class MonitoringLate(_MonitoringFault):
    """Samples reach the alert rules `delay` late; healing drops the backlog."""

    kind: Literal["monitoring_late"] = "monitoring_late"
    delay_us: Duration = 5 * MINUTE

    def what(self) -> str:
        """The delay."""
        return f"monitoring sees everything {duration_words(self.delay_us)} late"


class MonitoringLying(_MonitoringFault):
    """One metric shows a fixed value whatever happens; healing shows the truth again."""

    kind: Literal["monitoring_lying"] = "monitoring_lying"
    metric: Annotated[str, Field(pattern=r"^[a-zA-Z_][a-zA-Z0-9_]*$", max_length=100)]
    value: Annotated[float, Strict()]

    @property
    def targets(self) -> tuple[str, ...]:
        """The metric."""
        return (self.metric,)

    def what(self) -> str:
        """The metric and its value."""
        return f"the metric {self.metric} shows {self.value:g} whatever happens"


class PagesLost(_MonitoringFault):
    """Alerts fire, and a share of their pages reaches nobody; healing delivers new pages, not the lost."""

    kind: Literal["pages_lost"] = "pages_lost"
    share: Share = 1.0

    def what(self) -> str:
        """The share."""
        return f"{self.share:.0%} of pages are lost"


MonitoringFault = MonitoringDead | MonitoringLate | MonitoringLying | PagesLost
