"""The container platform: what an on-call sees when a service leaks, crashes, or is rolled out badly."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.clock import MINUTE, SECOND, VirtualTime
from sim.cluster import Cluster
from sim.errors import BadInput
from sim.history import History
from sim.workloads import Workload

TRADING = Workload(
    "trading-system",
    version="2.3.0",
    base_mib=256,
    limit_mib=512,
    startup_us=20 * SECOND,
    strategy="recreate",
)
API = Workload("api-service", replicas=3, version="1.0.0", base_mib=128, limit_mib=256, startup_us=10 * SECOND)


class Platform:
    """A cluster with its clock and History."""

    def __init__(self, *workloads: Workload, nodes: tuple[tuple[str, float], ...] = (("node-a", 8192.0),)) -> None:
        self.env = VirtualTime()
        self.history = History(self.env)
        self.cluster = Cluster(self.env, self.history, workloads, nodes)

    def run_to(self, t_us: int) -> None:
        self.env.run(until=t_us)

    def times(self, kind: str, name: str = "trading-system") -> list[int]:
        return [event.t_us for event in self.history.of(kind) if event.subject == name]


def test_a_workload_is_ready_after_its_start_up_time() -> None:
    platform = Platform(TRADING)
    platform.run_to(20 * SECOND - 1)
    assert not platform.cluster.ready("trading-system")
    assert platform.cluster.status()[0].state == "starting"
    platform.run_to(20 * SECOND + 1)
    assert platform.cluster.ready("trading-system")
    assert platform.times("workload.ready") == [20 * SECOND]


def test_a_leak_is_killed_at_the_instant_the_limit_is_met() -> None:
    platform = Platform(TRADING)
    platform.run_to(60 * SECOND)
    platform.cluster.leak("trading-system", 16.0)
    assert platform.cluster["trading-system"].usage_mib() == 256.0
    platform.run_to(60 * SECOND + 8 * MINUTE)
    assert platform.cluster["trading-system"].usage_mib() == pytest.approx(256 + 8 * 16)
    platform.run_to(20 * MINUTE)
    killed = platform.history.of("workload.oomkilled")[0]
    # (512 - 256) MiB at 16 MiB a minute is 16 minutes.
    assert killed.t_us == 60 * SECOND + 16 * MINUTE
    assert killed.data == {"pod": "trading-system-1-1", "usage_mib": 512.0, "limit_mib": 512.0}
    assert platform.cluster.last_termination("trading-system") == "OOMKilled"
    assert platform.cluster.restarts("trading-system") == 1


def test_own_growth_meets_the_limit_without_any_fault() -> None:
    platform = Platform(Workload("calibration", base_mib=100, limit_mib=400, growth_mib_per_min=7, startup_us=0))
    platform.run_to(60 * MINUTE)
    assert platform.times("workload.oomkilled", "calibration")[0] == round((400 - 100) / 7 * MINUTE)


def test_a_second_leak_moves_the_instant() -> None:
    platform = Platform(TRADING)
    platform.run_to(MINUTE)
    platform.cluster.leak("trading-system", 16.0)
    platform.run_to(9 * MINUTE)  # 256 + 128 MiB, 128 to go
    platform.cluster.leak("trading-system", 16.0)
    platform.run_to(20 * MINUTE)
    assert platform.times("workload.oomkilled")[0] == 9 * MINUTE + 4 * MINUTE


def test_the_restart_delay_doubles_to_five_minutes() -> None:
    platform = Platform(TRADING)
    platform.run_to(MINUTE)
    heal = platform.cluster.crash_on_start("trading-system")
    platform.cluster.kill("trading-system")
    platform.run_to(30 * MINUTE)
    delays = [event.data["delay_us"] // SECOND for event in platform.history.of("workload.backoff")]
    assert delays[:7] == [10, 20, 40, 80, 160, 300, 300]
    # Each try costs the start-up time on top of the delay.
    crashes = platform.times("workload.crashed")
    assert [later - earlier for earlier, later in pairwise(crashes[:6])] == [
        (delay + 20) * SECOND for delay in (10, 20, 40, 80, 160)
    ]
    assert platform.cluster.status()[0].state == "crashloop"
    heal()
    platform.run_to(30 * MINUTE + 300 * SECOND + 20 * SECOND + 1)
    assert platform.cluster.ready("trading-system")


def test_ten_minutes_of_running_forgive_earlier_failures() -> None:
    platform = Platform(TRADING)
    platform.run_to(MINUTE)
    platform.cluster.kill("trading-system")
    platform.run_to(2 * MINUTE)
    platform.cluster.kill("trading-system")  # ran for 30 s
    platform.run_to(20 * MINUTE)
    platform.cluster.kill("trading-system")  # ran for over 10 min
    delays = [event.data["delay_us"] // SECOND for event in platform.history.of("workload.backoff")]
    assert delays == [10, 20, 10]


def test_the_first_kill_by_memory_shows_as_such_and_the_next_as_a_loop() -> None:
    platform = Platform(TRADING)
    platform.run_to(MINUTE)
    heal = platform.cluster.spike("trading-system", 300)
    assert platform.cluster.status()[0].state == "oomkilled"
    platform.run_to(MINUTE + 10 * SECOND + 1)
    assert platform.cluster.status()[0].state == "crashloop"
    heal()
    platform.run_to(MINUTE + 60 * SECOND)
    assert platform.cluster.ready("trading-system")
    assert platform.cluster["trading-system"].usage_mib() == 256.0


def test_the_users_code_starts_and_stops_with_the_workload() -> None:
    platform = Platform(TRADING)
    seen: list[tuple[int, str]] = []
    platform.cluster.on_start("trading-system", lambda: seen.append((platform.env.now, "start")))
    platform.cluster.on_stop("trading-system", lambda reason: seen.append((platform.env.now, reason)))
    platform.run_to(MINUTE)
    platform.cluster.kill("trading-system", "SIGKILL")
    platform.run_to(2 * MINUTE)
    platform.cluster.stop("trading-system")
    platform.run_to(3 * MINUTE)
    platform.cluster.start("trading-system")
    platform.run_to(4 * MINUTE)
    assert seen == [
        (20 * SECOND, "start"),
        (60 * SECOND, "SIGKILL"),
        (90 * SECOND, "start"),
        (120 * SECOND, "scaled"),
        (200 * SECOND, "start"),
    ]
    assert platform.cluster["trading-system"].incarnations == 3


def test_another_replica_takes_over_when_the_first_dies() -> None:
    platform = Platform(API)
    seen: list[str] = []
    platform.cluster.on_start("api-service", lambda: seen.append("start"))
    platform.cluster.on_stop("api-service", seen.append)
    platform.run_to(MINUTE)
    platform.cluster["api-service"].pods[0].crash("Error")
    assert seen == ["start", "Error", "start"]
    assert platform.cluster.serving("api-service")
    assert not platform.cluster.ready("api-service")


def test_recreate_stops_the_old_pod_before_it_starts_the_new_one() -> None:
    platform = Platform(TRADING)
    platform.run_to(MINUTE)
    platform.cluster.deploy("trading-system", "2.4.0")
    assert not platform.cluster.serving("trading-system")
    assert [row.version for row in platform.cluster.status()] == ["2.4.0"]
    platform.run_to(2 * MINUTE)
    assert platform.times("workload.rolled_out") == [80 * SECOND]


def test_rolling_never_serves_with_fewer_pods_than_wanted() -> None:
    platform = Platform(API)
    platform.run_to(MINUTE)
    platform.cluster.deploy("api-service", "1.1.0")
    for second in range(60, 120):
        platform.run_to(second * SECOND + 1)
        assert platform.cluster["api-service"].ready_replicas >= 3
        assert len(platform.cluster.status()) <= 4
    # One pod at a time, 10 s each.
    assert platform.times("workload.rolled_out", "api-service") == [90 * SECOND]
    assert {row.version for row in platform.cluster.status()} == {"1.1.0"}


def test_a_version_that_does_not_start_leaves_the_old_one_serving() -> None:
    platform = Platform(API)
    platform.cluster.crash_on_start("api-service", "1.1.0")
    platform.run_to(MINUTE)
    platform.cluster.deploy("api-service", "1.1.0")
    platform.run_to(5 * MINUTE)
    assert sorted(row.version for row in platform.cluster.status()) == ["1.0.0", "1.0.0", "1.0.0", "1.1.0"]
    platform.cluster.rollback("api-service")
    assert [row.version for row in platform.cluster.status()] == ["1.0.0"] * 3
    assert platform.cluster["api-service"].ready_replicas == 3


def test_a_version_that_crashes_later_takes_the_service_down_and_rolling_back_restores_it() -> None:
    platform = Platform(TRADING)
    platform.cluster.declare_bad("trading-system", "2.4.0", crash_after_us=45 * SECOND)
    platform.run_to(MINUTE)
    platform.cluster.deploy("trading-system", "2.4.0")
    platform.run_to(3 * MINUTE)
    assert platform.times("workload.crashed")[0] == (60 + 20 + 45) * SECOND
    platform.cluster.rollback("trading-system")
    platform.run_to(4 * MINUTE)
    assert platform.cluster.ready("trading-system")
    assert platform.cluster.status()[0].version == "2.3.0"
    kinds = [event.kind for event in platform.history.of("workload.deployed", "workload.rolled_back")]
    assert kinds == ["workload.deployed", "workload.rolled_back"]


def test_revisions_are_renumbered_as_they_are_rolled_back_to() -> None:
    platform = Platform(TRADING)
    for version in ("2.4.0", "2.5.0"):
        platform.cluster.deploy("trading-system", version)

    def numbered() -> list[tuple[int, str]]:
        return [(each.number, each.version) for each in platform.cluster.revisions("trading-system")]

    assert numbered() == [(1, "2.3.0"), (2, "2.4.0"), (3, "2.5.0")]
    platform.cluster.rollback("trading-system")
    assert numbered() == [(1, "2.3.0"), (3, "2.5.0"), (4, "2.4.0")]
    platform.cluster.rollback("trading-system", to=1)
    assert numbered() == [(3, "2.5.0"), (4, "2.4.0"), (5, "2.3.0")]
    with pytest.raises(BadInput, match="no earlier revision 9; roll back to one of"):
        platform.cluster.rollback("trading-system", to=9)


def test_rolling_back_after_a_restart_returns_to_the_same_bad_version() -> None:
    """The trap of runbooks that restart first: the revision before is then the bad version itself."""
    platform = Platform(TRADING)
    platform.cluster.deploy("trading-system", "2.4.0")
    platform.cluster.restart("trading-system")
    platform.cluster.rollback("trading-system")
    assert platform.cluster["trading-system"].revision.version == "2.4.0"


def test_a_bad_version_fails_requests_in_proportion_to_the_pods_that_run_it() -> None:
    platform = Platform(API)
    platform.cluster.declare_bad("api-service", "1.1.0", error_rate=0.3)
    platform.run_to(MINUTE)
    assert platform.cluster["api-service"].error_rate() == 0.0
    platform.cluster.deploy("api-service", "1.1.0")
    platform.run_to(MINUTE + 10 * SECOND + 1)
    assert platform.cluster["api-service"].error_rate() == pytest.approx(0.1)
    platform.run_to(2 * MINUTE)
    assert platform.cluster["api-service"].error_rate() == pytest.approx(0.3)


def test_scaling_down_keeps_the_oldest_pods() -> None:
    platform = Platform(API)
    platform.run_to(MINUTE)
    names = [row.pod for row in platform.cluster.status()]
    heal = platform.cluster.scale("api-service", 1)
    assert [row.pod for row in platform.cluster.status()] == names[:1]
    heal()
    heal()
    platform.run_to(2 * MINUTE)
    assert platform.cluster.ready("api-service")
    assert len(platform.cluster.status()) == 3


def test_a_higher_limit_replaces_the_pod_and_outlives_the_spike() -> None:
    platform = Platform(TRADING)
    platform.run_to(MINUTE)
    platform.cluster.set_limit("trading-system", 1024)
    platform.run_to(2 * MINUTE)
    platform.cluster.spike("trading-system", 300)
    assert platform.cluster.ready("trading-system")
    assert platform.cluster.memory_ratio("trading-system") == pytest.approx(556 / 1024)


def test_a_full_node_evicts_the_pod_that_grew_most_and_it_moves() -> None:
    platform = Platform(TRADING, API, nodes=(("node-a", 2048.0), ("node-b", 1024.0)))
    platform.run_to(MINUTE)
    assert platform.cluster.status("trading-system")[0].node == "node-a"
    platform.cluster.spike("trading-system", 100)
    heal = platform.cluster.node_pressure(1500.0, "node-a")
    platform.run_to(MINUTE + 1)
    evicted = platform.history.of("workload.evicted")
    assert [event.subject for event in evicted] == ["trading-system"]
    assert platform.cluster.last_termination("trading-system") == "evicted"
    assert platform.cluster.status("trading-system")[0].node == "node-b"
    heal()
    platform.run_to(2 * MINUTE)
    assert platform.cluster.ready("trading-system")


def test_a_leak_fills_the_node_at_a_computed_instant() -> None:
    platform = Platform(Workload("leaky", base_mib=100, limit_mib=4000, startup_us=0), nodes=(("node-a", 1100.0),))
    platform.run_to(MINUTE)
    platform.cluster.leak("leaky", 50)
    platform.run_to(30 * MINUTE)
    # 1100 - 100 margin - 100 base = 900 MiB at 50 a minute.
    assert platform.times("workload.evicted", "leaky")[0] == pytest.approx(MINUTE + 18 * MINUTE, abs=2)


def test_a_pod_without_room_waits_until_there_is() -> None:
    platform = Platform(TRADING, nodes=(("node-a", 1000.0),))
    platform.run_to(MINUTE)
    heal = platform.cluster.node_pressure(800.0)
    platform.run_to(5 * MINUTE)
    assert [row.state for row in platform.cluster.status()] == ["pending"]
    heal()
    # The node takes no pod for five minutes after an eviction, then the pod needs its start-up time.
    platform.run_to(6 * MINUTE + 20 * SECOND)
    assert not platform.cluster.ready("trading-system")
    platform.run_to(6 * MINUTE + 20 * SECOND + 1)
    assert platform.cluster.ready("trading-system")


def test_an_oom_loop_kills_so_many_times_and_is_over() -> None:
    platform = Platform(TRADING)
    platform.run_to(MINUTE)
    platform.cluster.oom_loop("trading-system", kills=3, survives_us=20 * SECOND)
    platform.run_to(20 * MINUTE)
    # 20 s alive, then 10, 20 s of delay and 20 s of start-up before the next 20 s.
    assert [t_us // SECOND for t_us in platform.times("workload.oomkilled")] == [80, 130, 190]
    assert platform.times("workload.oom_loop_healed") == [190 * SECOND]
    assert platform.cluster.ready("trading-system")
    assert platform.cluster.last_termination("trading-system") == "OOMKilled"


def test_an_oom_loop_ends_when_the_limit_is_raised_or_it_is_healed() -> None:
    for mend in ("raise", "heal"):
        platform = Platform(TRADING)
        platform.run_to(MINUTE)
        heal = platform.cluster.oom_loop("trading-system", kills=50)
        platform.run_to(5 * MINUTE)
        if mend == "raise":
            platform.cluster.set_limit("trading-system", 1024)
        else:
            heal()
        platform.run_to(12 * MINUTE)
        assert platform.cluster.ready("trading-system")
        kills = len(platform.times("workload.oomkilled"))
        platform.run_to(40 * MINUTE)
        assert len(platform.times("workload.oomkilled")) == kills
        assert platform.cluster["trading-system"].usage_mib() == (512 if mend == "raise" else 256)


def test_a_leak_of_one_version_is_left_behind_by_rolling_back() -> None:
    platform = Platform(TRADING)
    platform.cluster.leak("trading-system", 32, version="2.4.0")
    platform.run_to(4 * MINUTE)
    assert platform.cluster["trading-system"].usage_mib() == 256
    platform.cluster.deploy("trading-system", "2.4.0")
    platform.run_to(8 * MINUTE + 20 * SECOND)
    assert platform.cluster["trading-system"].usage_mib() == pytest.approx(256 + 4 * 32)
    platform.cluster.rollback("trading-system")
    platform.run_to(60 * MINUTE)
    assert platform.cluster["trading-system"].usage_mib() == 256
    assert platform.times("workload.oomkilled") == []


def test_a_process_that_stays_down_waits_for_somebody_to_start_it() -> None:
    platform = Platform(TRADING)
    platform.run_to(MINUTE)
    platform.cluster.kill("trading-system", "SIGKILL", stays_down=True)
    platform.run_to(30 * MINUTE)
    assert [row.state for row in platform.cluster.status()] == ["stopped"]
    platform.cluster.start("trading-system")
    platform.run_to(31 * MINUTE)
    assert platform.cluster.ready("trading-system")
    assert platform.cluster.last_termination("trading-system") == "SIGKILL"


def test_a_restart_brings_back_a_process_that_stayed_down_and_says_why_it_stops() -> None:
    platform = Platform(TRADING)
    reasons: list[str] = []
    platform.cluster.on_stop("trading-system", reasons.append)
    platform.run_to(MINUTE)
    platform.cluster.restart("trading-system")
    platform.run_to(2 * MINUTE)
    platform.cluster.kill("trading-system", "SIGKILL", stays_down=True)
    platform.cluster.restart("trading-system")
    platform.run_to(3 * MINUTE)
    assert platform.cluster.ready("trading-system")
    assert reasons == ["restart", "SIGKILL"]


def test_a_deleted_pod_is_replaced() -> None:
    platform = Platform(TRADING)
    platform.run_to(MINUTE)
    platform.cluster.delete_pod("trading-system-1-1")
    platform.run_to(2 * MINUTE)
    assert [row.pod for row in platform.cluster.status()] == ["trading-system-1-2"]
    assert platform.cluster.ready("trading-system")
    with pytest.raises(BadInput, match="unknown pod"):
        platform.cluster.delete_pod("trading-system-1-1")


def test_a_slow_node_slows_what_is_on_it_until_the_pod_moves_to_a_new_one() -> None:
    platform = Platform(TRADING)
    platform.run_to(MINUTE)
    heal = platform.cluster.node_pressure(0, slowdown=4.0)
    assert platform.cluster.slowdown("trading-system") == 4.0
    platform.cluster.add_node("node-b", 4096)
    platform.cluster.restart("trading-system")
    platform.run_to(2 * MINUTE)
    assert platform.cluster.slowdown("trading-system") == 1.0
    heal()
    assert platform.cluster.nodes["node-a"].slowdown == 1.0


def test_what_is_exported_follows_every_change() -> None:
    platform = Platform(TRADING, API)
    series, read = platform.cluster.exporter()
    assert [each.key for each in series][:2] == [
        'workload_ready{workload="trading-system"}',
        'workload_restarts{workload="trading-system"}',
    ]
    platform.run_to(MINUTE)
    assert read() == [1.0, 0.0, 0.5, 1.0, 0.0, 0.5]
    platform.cluster.leak("trading-system", 64.0)
    platform.run_to(2 * MINUTE)
    assert read()[:3] == [1.0, 0.0, pytest.approx(320 / 512)]
    platform.cluster.kill("trading-system")
    assert read()[:3] == [0.0, 0.0, 0.0]
    platform.cluster.scale("api-service", 4)
    assert read()[3] == 0.0
    platform.run_to(3 * MINUTE)
    assert read() == [1.0, 1.0, pytest.approx((256 + 64 * 0.5) / 512), 1.0, 0.0, 0.5]


def test_an_unknown_name_is_refused_with_the_known_ones() -> None:
    platform = Platform(TRADING)
    with pytest.raises(BadInput, match=r"unknown workload .* use one of trading-system"):
        platform.cluster.kill("trading")
    with pytest.raises(BadInput, match="below limit_mib"):
        Workload("x", base_mib=512, limit_mib=512)


FAULTS = st.one_of(
    st.tuples(st.just("leak"), st.floats(1, 400)),
    st.tuples(st.just("spike"), st.floats(1, 600)),
    st.tuples(st.just("kill"), st.just("Error")),
    st.tuples(st.just("crash_on_start"), st.just(None)),
    st.tuples(st.just("deploy"), st.sampled_from(("2.3.0", "2.4.0"))),
    st.tuples(st.just("set_limit"), st.floats(300, 900)),
    st.tuples(st.just("stop"), st.just(None)),
    st.tuples(st.just("node_pressure"), st.floats(0, 4000)),
    st.tuples(st.just("oom_loop"), st.integers(1, 9)),
)


@given(
    schedule=st.lists(st.tuples(st.integers(0, 600), FAULTS, st.integers(1, 900)), max_size=6),
    rolling=st.booleans(),
)
@settings(max_examples=60, deadline=None)
def test_every_schedule_of_faults_heals_and_no_memory_is_over_its_limit(
    schedule: list[tuple[int, tuple[str, object], int]], rolling: bool
) -> None:
    workload = Workload(
        "trading-system",
        2,
        "2.3.0",
        256,
        700,
        startup_us=20 * SECOND,
        strategy="rolling" if rolling else "recreate",
    )
    platform = Platform(workload, nodes=(("node-a", 4096.0),))
    platform.cluster.declare_bad("trading-system", "2.4.0", crash_after_us=30 * SECOND)

    def inject(at_s: int, fault: tuple[str, object], for_s: int):  # type: ignore[no-untyped-def]
        yield platform.env.timeout(at_s * SECOND)
        verb, argument = fault
        method = getattr(platform.cluster, verb)
        if verb == "node_pressure":
            heal = method(argument)
        else:
            heal = method("trading-system") if argument is None else method("trading-system", argument)
        yield platform.env.timeout(for_s * SECOND)
        heal()
        heal()

    for at_s, fault, for_s in schedule:
        platform.env.process(inject(at_s, fault, for_s))
    for half_minute in range(1, 60):
        platform.run_to(half_minute * 30 * SECOND)
        for row in platform.cluster.status():
            assert 0.0 <= row.usage_mib <= row.limit_mib
            assert (row.usage_mib > 0) == (row.state in ("starting", "running"))
    if platform.cluster["trading-system"].revision.version == "2.4.0":
        platform.cluster.deploy("trading-system", "2.3.0")  # two overlapping deploys: the way back is 2.4.0
    platform.cluster.start("trading-system")
    platform.cluster.set_limit("trading-system", 700)
    platform.run_to(45 * MINUTE)
    assert platform.cluster.ready("trading-system")
    assert len(platform.cluster.status()) == 2
