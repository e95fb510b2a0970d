"""Faults inside the firm: its workloads, its database and cache, its monitoring, its kill switch."""

from __future__ import annotations

from scenarios.faults.infrastructure import (
    BadDeploy,
    CacheFull,
    DatabaseSlow,
    MemoryLeak,
    NodePressure,
    OomCrashLoop,
    PoolExhausted,
    ProcessCrash,
    ProcessRestart,
)
from scenarios.faults.monitoring import MonitoringDead, MonitoringLate, MonitoringLying, PagesLost
from scenarios.faults.risk import ManualKill
from scenarios.inject.base import Heal, Strike, injects, nothing
from sim.clock import MS, SECOND

_BAD_VERSION_CRASHES_US = 5 * SECOND


@injects("memory_leak")
def memory_leak(strike: Strike, fault: MemoryLeak) -> Heal:
    """Leak until healed, or until another version runs."""
    heal = strike.world.cluster.leak(fault.workload, fault.mib_per_min)
    strike.landed(f"{fault.workload} leaks")
    return heal


@injects("oom_crash_loop")
def oom_crash_loop(strike: Strike, fault: OomCrashLoop) -> Heal:
    """Kill the workload for memory soon after each start, so many times or until its limit is raised."""
    heal = strike.world.cluster.oom_loop(fault.workload, fault.kills, fault.survives_us)
    strike.landed(f"{fault.workload} is killed for memory again and again")
    return heal


@injects("process_crash")
def process_crash(strike: Strike, fault: ProcessCrash) -> Heal:
    """Kill the process; its supervisor brings it back unless it stays down."""
    strike.world.cluster.kill(fault.workload, stays_down=fault.stays_down)
    strike.landed(f"{fault.workload} crashed")
    return nothing


@injects("process_restart")
def process_restart(strike: Strike, fault: ProcessRestart) -> Heal:
    """Restart the workload."""
    strike.world.cluster.restart(fault.workload)
    strike.landed(f"{fault.workload} was restarted")
    return nothing


@injects("bad_deploy")
def bad_deploy(strike: Strike, fault: BadDeploy) -> Heal:
    """Deploy a version that crashes, or whose orders fail."""
    cluster = strike.world.cluster
    if fault.symptom == "crash":
        mend = cluster.declare_bad(fault.workload, fault.version, crash_after_us=_BAD_VERSION_CRASHES_US)
    else:
        mend = cluster.declare_bad(fault.workload, fault.version, error_rate=fault.error_share)
    back = cluster.deploy(fault.workload, fault.version)
    strike.landed(f"{fault.workload} {fault.version} was deployed")

    def heal() -> None:
        mend()
        back()

    return heal


@injects("node_pressure")
def node_pressure(strike: Strike, fault: NodePressure) -> Heal:
    """Take most of the free memory of every node, and slow the services down."""
    world = strike.world
    free_mib = min(node.free_mib() for node in world.cluster.nodes.values())
    relieve = world.cluster.node_pressure(max(0.0, 0.9 * free_mib), slowdown=fault.slowdown)
    speed_up = world.database.slow_down(fault.slowdown)
    strike.landed(f"{0.9 * free_mib:.0f} MiB of each node taken")

    def heal() -> None:
        relieve()
        speed_up()

    return heal


@injects("database_slow")
def database_slow(strike: Strike, fault: DatabaseSlow) -> Heal:
    """Run a query that slows down all others until it is ended."""
    heal = strike.world.database.long_query(round(fault.latency_ms * MS))
    strike.landed("a long query runs")
    return heal


@injects("pool_exhausted")
def pool_exhausted(strike: Strike, fault: PoolExhausted) -> Heal:
    """Take every connection of the pool."""
    heal = strike.world.database.exhaust_pool()
    strike.landed("the connection pool is taken")
    return heal


@injects("cache_full")
def cache_full(strike: Strike, fault: CacheFull) -> Heal:
    """Fill the cache to its limit."""
    heal = strike.world.cache.fill()
    strike.landed("the cache is full")
    return heal


@injects("monitoring_dead")
def monitoring_dead(strike: Strike, fault: MonitoringDead) -> Heal:
    """Stop all scraping."""
    heal = strike.world.monitoring.die()
    strike.landed("scraping stopped")
    return heal


@injects("monitoring_late")
def monitoring_late(strike: Strike, fault: MonitoringLate) -> Heal:
    """Publish alerts late."""
    heal = strike.world.monitoring.delay(fault.delay_us)
    strike.landed("alerts are held back")
    return heal


@injects("monitoring_lying")
def monitoring_lying(strike: Strike, fault: MonitoringLying) -> Heal:
    """Show a false value for one metric."""
    heal = strike.world.monitoring.overwrite(fault.metric, fault.value)
    strike.landed(f"{fault.metric} is overwritten")
    return heal


@injects("pages_lost")
def pages_lost(strike: Strike, fault: PagesLost) -> Heal:
    """Lose pages on their way."""
    heal = strike.world.pager.lose(fault.share)
    strike.landed("pages get lost")
    return heal


@injects("manual_kill")
def manual_kill(strike: Strike, fault: ManualKill) -> Heal:
    """Somebody presses the kill switch: the code's own `halt` endpoint, or the system's."""
    world = strike.world
    if "halt" in world.endpoints():

        def told(ok: bool, text: str) -> None:
            if not ok:
                world.history.emit("operator.failed", "halt", error=text)

        world.request_endpoint("halt", told, fault.reason)
    else:
        world.trading.halt(fault.reason, by=fault.by)
    strike.landed(f"{fault.by} pressed the kill switch")
    return nothing
