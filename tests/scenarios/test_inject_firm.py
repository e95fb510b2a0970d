"""Faults inside the firm: workloads, stores, monitoring, and somebody at the kill switch."""

from __future__ import annotations

from typing import Any

import pytest

from sim.config import TRADING_SYSTEM
from sim.desk import Desk
from sim.world import Mitigation
from tests.scenarios.incidents import STILL, Incident


def still(kind: str, **fault: Any) -> Incident:
    return Incident({"kind": kind, "at": "1m", **fault}, world=STILL, code=None)


class TestWorkloads:
    """Memory, crashes, versions."""

    def test_a_leak_ends_in_a_kill_for_memory_and_a_restart_until_it_is_healed(self) -> None:
        incident = still("memory_leak", mib_per_min=100.0, **{"for": "10m"}).run_to(10)
        assert incident.world.cluster.restarts(TRADING_SYSTEM) >= 2
        assert incident.world.cluster.last_termination(TRADING_SYSTEM) == "OOMKilled"
        incident.run_to(11)
        before = incident.world.cluster.restarts(TRADING_SYSTEM)
        assert incident.run_to(60).world.cluster.restarts(TRADING_SYSTEM) == before

    def test_it_is_killed_for_memory_so_many_times_and_then_stays_up(self) -> None:
        incident = still("oom_crash_loop", kills=3).run_to(40)
        assert incident.world.cluster.restarts(TRADING_SYSTEM) == 3
        assert incident.world.trading.up
        assert len(incident.events("system.stopped")) == 3

    def test_a_higher_limit_ends_the_loop(self) -> None:
        incident = still("oom_crash_loop", kills=50).run_to(2)
        incident.soon(lambda: incident.world.cluster.set_limit(TRADING_SYSTEM, 2048.0))
        before = incident.run_to(4).world.cluster.restarts(TRADING_SYSTEM)
        assert incident.run_to(60).world.cluster.restarts(TRADING_SYSTEM) == before

    @pytest.mark.parametrize("stays_down", [False, True])
    def test_a_crash_and_whether_the_supervisor_brings_it_back(self, stays_down: bool) -> None:
        incident = still("process_crash", stays_down=stays_down).run_to(10)
        assert incident.world.trading.up is not stays_down
        if stays_down:
            incident.soon(lambda: incident.world.cluster.start(TRADING_SYSTEM))
            assert incident.run_to(12).world.trading.up

    def test_a_restart_is_a_stop_and_a_start(self) -> None:
        incident = still("process_restart").run_to(5)
        assert [e.kind for e in incident.events("system.")] == ["system.stopped", "system.started"]

    def test_another_workload_does_not_take_the_system_down(self) -> None:
        incident = still("process_crash", workload="market-data", stays_down=True).run_to(5)
        assert incident.world.trading.up
        assert not incident.world.cluster.ready("market-data")

    def test_a_version_that_crashes_at_start_until_it_is_rolled_back(self) -> None:
        incident = still("bad_deploy", symptom="crash", version="9.9.9").run_to(10)
        assert incident.world.cluster.restarts(TRADING_SYSTEM) >= 2
        incident.soon(lambda: incident.world.cluster.rollback(TRADING_SYSTEM))
        incident.run_to(12)
        before = len(incident.events("system.stopped"))
        assert len(incident.run_to(40).events("system.stopped")) == before
        assert incident.world.trading.up

    @pytest.mark.parametrize("way_out", ["rollback", "heal"])
    def test_a_version_that_fails_a_share_of_its_orders(self, way_out: str) -> None:
        incident = Incident({"kind": "bad_deploy", "at": "1m", "error_share": 0.5}, code=None)
        incident.run_to(20)
        failed = [e for e in incident.events("order.rejected") if e.data["by"] == "system"]
        sent = incident.events("order.sent")
        assert 0.3 < len(failed) / (len(failed) + len(sent)) < 0.7
        if way_out == "heal":
            incident.heal()
        else:
            incident.soon(lambda: incident.world.cluster.rollback(TRADING_SYSTEM))
        incident.run_to(21)
        before = len(incident.events("order.rejected"))
        assert len(incident.run_to(40).events("order.rejected")) == before


class TestStores:
    """The node, the database, the cache."""

    def test_pressure_on_the_node_slows_everything_down(self) -> None:
        incident = still("node_pressure", slowdown=6.0, **{"for": "5m"})
        usual_s = incident.run_to(0.5).world.database.p99_s()
        assert incident.run_to(3).world.database.p99_s() > 3 * usual_s
        assert incident.world.cluster.slowdown("postgres") == 6.0
        assert incident.run_to(15).world.database.p99_s() == pytest.approx(usual_s, rel=0.3)

    def test_a_long_query_slows_down_the_others(self) -> None:
        incident = still("database_slow", latency_ms=4_000.0, **{"for": "5m"})
        assert incident.run_to(3).world.database.p99_s() >= 4
        assert incident.run_to(15).world.database.p99_s() < 1

    def test_an_exhausted_pool_lets_queries_wait(self) -> None:
        incident = still("pool_exhausted", **{"for": "5m"})
        assert incident.run_to(3).world.database.waiting > 0
        assert incident.run_to(15).world.database.waiting == 0

    def test_a_full_cache_refuses_or_forgets(self) -> None:
        incident = still("cache_full", **{"for": "5m"}).run_to(3)
        assert len(incident.events("cache.full")) == 1
        incident.run_to(15)
        assert len(incident.events("cache.not_full")) == 1


class TestMonitoring:
    """Nobody sees, or sees what is not."""

    def test_dead_monitoring_scrapes_nothing(self) -> None:
        incident = still("monitoring_dead", **{"for": "5m"}).run_to(3)
        scraped_us = incident.world.monitoring.last_scrape_us
        assert incident.run_to(5.9).world.monitoring.last_scrape_us == scraped_us
        assert incident.run_to(7).world.monitoring.last_scrape_us != scraped_us

    def test_late_monitoring_alarms_late(self) -> None:
        faults = [{"kind": "process_crash", "at": "2m", "stays_down": True}]
        on_time, late = (
            Incident(*faults, *more, world=STILL, code=None).run_to(40).events("alert.firing")[0].t_us
            for more in ([], [{"kind": "monitoring_late", "at": "1m", "for": "30m", "delay": "5m"}])
        )
        assert late - on_time >= 4 * 60 * 1_000_000

    def test_a_lie_is_shown_in_the_place_of_the_truth(self) -> None:
        incident = still("monitoring_lying", metric="trading_drawdown_pct", value=-7.0, **{"for": "5m"}).run_to(3)
        assert incident.world.monitoring.last("trading_drawdown_pct") == -7.0
        assert incident.run_to(8).world.monitoring.last("trading_drawdown_pct") != -7.0

    def test_lost_pages_reach_nobody(self) -> None:
        incident = Incident(
            {"kind": "pages_lost", "at": "1m", "share": 1.0, "for": "20m"},
            {"kind": "process_crash", "at": "2m", "stays_down": True}, world=STILL, code=None,
        ).run_to(15)  # fmt: skip
        assert incident.events("alert.firing")
        assert {e.kind for e in incident.events("page.")} & {"page.lost"} == {"page.lost"}


class TestKillSwitch:
    """Somebody presses it."""

    def test_through_the_endpoint_of_the_code_when_it_has_one(self) -> None:
        incident = Incident({"kind": "manual_kill", "at": "1m", "reason": "odd fills"}, world=STILL).run_to(2)
        assert incident.world.trading.halted == "manual: odd fills"

    def test_at_the_system_itself_when_the_code_has_none(self) -> None:
        incident = still("manual_kill", reason="odd fills", by="head of desk").run_to(2)
        (halted,) = incident.events("system.halted")
        assert halted.data == {"reason": "odd fills", "by": "head of desk"}

    def test_a_code_that_is_stuck_cannot_be_reached_and_that_is_written_down(self) -> None:
        def build(desk: Desk) -> Any:
            return {"endpoints": {"halt": desk.halt}, "every": {1: lambda: desk.broker.positions(timeout=None)}}

        incident = Incident(
            {"kind": "broker_black_hole", "at": "1m", "for": "10m"}, {"kind": "manual_kill", "at": "3m"},
            world=STILL, code=Mitigation(build, "tests:build"),
        ).run_to(5)  # fmt: skip
        assert incident.world.trading.halted is None
        (failed,) = incident.events("operator.failed")
        assert "stuck" in failed.data["error"]

    def test_a_system_that_is_down_cannot_be_halted(self) -> None:
        incident = Incident(
            {"kind": "process_crash", "at": "1m", "stays_down": True}, {"kind": "manual_kill", "at": "3m"}, world=STILL
        ).run_to(5)
        (failed,) = incident.events("operator.failed")
        assert "down" in failed.data["error"]
        assert incident.world.trading.halted is None
