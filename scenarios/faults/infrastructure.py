"""Faults of what the firm runs on: memory, processes, deployments, nodes, database, cache."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from scenarios.faults.base import Ends, FaultBase
from scenarios.spec import Count, Duration, Flag, Name, Positive, Share
from sim.clock import SECOND

TRADING_SYSTEM = "trading-system"


class _WorkloadFault(FaultBase):
    component: ClassVar[str] = "infrastructure"

    workload: Name = TRADING_SYSTEM
    """Which workload of the World."""

    @property
    def targets(self) -> tuple[str, ...]:
        """The workload."""
        return (self.workload,)


class MemoryLeak(_WorkloadFault):
    """The workload's memory grows until it is OOM-killed, restarts (memory lost, disk kept) and grows again.

    Healing, or a rollback to a version without the leak, stops the growth; a restart buys time, a higher
    limit buys more.
    """

    ends: ClassVar[Ends] = Ends.MITIGATED

    kind: Literal["memory_leak"] = "memory_leak"
    mib_per_min: Positive = 64.0

    def what(self) -> str:
        """The growth."""
        return f"{self.workload} leaks {self.mib_per_min:g} MiB a minute"


class OomCrashLoop(_WorkloadFault):
    """The workload is OOM-killed soon after each start, `kills` times, with growing restart delay.

    It is over after so many kills, or once its limit is raised, or when healed.
    """

    ends: ClassVar[Ends] = Ends.MITIGATED

    kind: Literal["oom_crash_loop"] = "oom_crash_loop"
    kills: Annotated[Count, Field(le=1_000)] = 5
    survives_us: Duration = 20 * SECOND
    """How long the workload lives after each start."""

    def what(self) -> str:
        """How often."""
        return f"{self.workload} is OOM-killed {self.kills} times in a row"


class ProcessCrash(_WorkloadFault):
    """The workload dies without a word; its supervisor restarts it, unless it `stays_down`.

    Memory is lost, files stay as they were at that instant. Nothing to heal.
    """

    ends: ClassVar[Ends] = Ends.ITSELF

    kind: Literal["process_crash"] = "process_crash"
    stays_down: Flag = False
    """Whether somebody must start it again."""

    def what(self) -> str:
        """The workload."""
        return f"{self.workload} crashes" + (" and stays down" if self.stays_down else "")


class ProcessRestart(_WorkloadFault):
    """Somebody restarts the workload in good order: it may write its state, memory is lost, files stay."""

    ends: ClassVar[Ends] = Ends.ITSELF

    kind: Literal["process_restart"] = "process_restart"

    def what(self) -> str:
        """The workload."""
        return f"{self.workload} is restarted"


class BadDeploy(_WorkloadFault):
    """A new version rolls out that crashes at start or fails orders; rolling back or healing ends it."""

    ends: ClassVar[Ends] = Ends.MITIGATED

    kind: Literal["bad_deploy"] = "bad_deploy"
    version: Annotated[str, Field(min_length=1, max_length=40)] = "2.0.0"
    symptom: Literal["crash", "errors"] = "errors"
    error_share: Share = 0.5
    """Share of orders that fail inside the system, for the symptom `errors`."""

    def what(self) -> str:
        """The version and its symptom."""
        symptom = "crashes at start" if self.symptom == "crash" else f"fails {self.error_share:.0%} of orders"
        return f"version {self.version} of {self.workload} rolls out and {symptom}"


class NodePressure(FaultBase):
    """The node runs short of memory and processor: everything on it is slower, the largest may be evicted.

    Healing, or a further node, ends it.
    """

    ends: ClassVar[Ends] = Ends.MITIGATED
    component: ClassVar[str] = "infrastructure"
    service_level: ClassVar[str] = "latency"

    kind: Literal["node_pressure"] = "node_pressure"
    slowdown: Annotated[Positive, Field(gt=1, le=100)] = 4.0
    """How many times longer work takes."""

    def what(self) -> str:
        """The slow-down."""
        return f"the node is under pressure, work takes {self.slowdown:g} times as long"


class DatabaseSlow(FaultBase):
    """Each query takes `latency_ms` because a long one runs; ending that query, or healing, ends it."""

    ends: ClassVar[Ends] = Ends.MITIGATED
    component: ClassVar[str] = "infrastructure"
    service_level: ClassVar[str] = "latency"

    kind: Literal["database_slow"] = "database_slow"
    latency_ms: Positive = 5_000.0

    def what(self) -> str:
        """The latency."""
        return f"database queries take {self.latency_ms:g} ms"


class PoolExhausted(FaultBase):
    """All database connections are taken and not given back; restarting their holder, or healing, ends it."""

    ends: ClassVar[Ends] = Ends.MITIGATED
    component: ClassVar[str] = "infrastructure"
    service_level: ClassVar[str] = "latency"

    kind: Literal["pool_exhausted"] = "pool_exhausted"

    def what(self) -> str:
        """The symptom."""
        return "the database connection pool is exhausted"


class CacheFull(FaultBase):
    """The cache is at its memory limit and refuses writes; more memory, a flush, or healing ends it."""

    ends: ClassVar[Ends] = Ends.MITIGATED
    component: ClassVar[str] = "infrastructure"
    service_level: ClassVar[str] = "latency"

    kind: Literal["cache_full"] = "cache_full"

    def what(self) -> str:
        """The symptom."""
        return "the cache is full and refuses writes"


InfrastructureFault = (
    MemoryLeak
    | OomCrashLoop
    | ProcessCrash
    | ProcessRestart
    | BadDeploy
    | NodePressure
    | DatabaseSlow
    | PoolExhausted
    | CacheFull
)
