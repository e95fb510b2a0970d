"""The database and the cache under trouble: what waits, for how long, and what ends it."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.cache import Cache
from sim.clock import MINUTE, SECOND, VirtualTime
from sim.database import Database
from sim.history import History
from sim.rng import Streams
from sim.services import Dependency, Service, memory_slowdown


class Firm:
    """A database behind a cache behind an API."""

    def __init__(self, **cache: object) -> None:
        self.env = VirtualTime()
        self.history = History(self.env)
        self.up = True
        self.database = Database(self.env, self.history, Streams(7), up=lambda: self.up)
        self.cache = Cache(
            self.env,
            self.history,
            on_misses=lambda per_s: self.database.offer("cache misses", per_s),
            **cache,  # type: ignore[arg-type]
        )

    def run_to(self, t_us: int) -> None:
        self.env.run(until=t_us)


def test_a_healthy_database_answers_within_its_lognormal_quantile() -> None:
    firm = Firm()
    assert firm.database.p99_s() == pytest.approx(0.004 * math.exp(2.3263 * 0.8))
    assert firm.database.waiting == 0
    # Little: 225 queries a second (200 and a twentieth of 500 reads) of 4 ms x exp(0.32) keep 1.24 connections busy.
    assert firm.database.in_use == 2
    assert firm.database.error_rate() == 0.0
    draws = sorted(firm.database.query_us() or 0 for _ in range(2000))
    assert draws[1000] == pytest.approx(4000, rel=0.1)


def test_a_long_query_holds_all_others_up_until_it_is_killed() -> None:
    firm = Firm()
    firm.database.long_query(5 * SECOND, "SELECT ... FROM fills")
    firm.run_to(60 * SECOND)
    assert firm.database.p99_s() >= 5.0
    running = firm.database.queries()[0]
    assert (running.text, running.since_us) == ("SELECT ... FROM fills", 0)
    # 19 free connections serve 3.8 queries a second of 225: the excess queues up to what comes in 30 s.
    assert firm.database.waiting == 225 * 30
    assert firm.database.error_rate() == pytest.approx(1 - 3.8 / 225)
    assert firm.database.query_us() is None
    assert firm.database.kill_query(running.pid)
    assert not firm.database.kill_query(running.pid)
    firm.run_to(120 * SECOND)
    assert firm.database.waiting == 0
    assert firm.database.p99_s() < 0.03


def test_the_queue_grows_along_a_line_while_the_pool_is_exhausted() -> None:
    firm = Firm()
    firm.run_to(10 * SECOND)
    heal = firm.database.exhaust_pool()
    firm.run_to(14 * SECOND)
    assert firm.database.waiting == 225 * 4
    assert firm.database.in_use == firm.database.pool_size
    assert firm.database.wait_s() == 30.0
    heal()
    heal()
    firm.run_to(20 * SECOND)
    assert firm.database.waiting == 0


def test_restarting_the_holder_gives_its_connections_back() -> None:
    firm = Firm()
    firm.database.exhaust_pool(holder="calibration")
    firm.database.exhaust_pool(5, holder="api-service")
    firm.database.release("calibration")
    firm.run_to(10 * SECOND)
    assert firm.database.waiting == 0
    assert firm.database.in_use == 7
    firm.database.release("nobody")
    assert [event.subject for event in firm.history.of("database.released")] == ["calibration"]


def test_a_missing_index_survives_a_restart_and_a_long_query_does_not() -> None:
    firm = Firm()
    heal = firm.database.slow_down(100.0)
    firm.database.long_query(60 * SECOND)
    firm.database.stopped("restart")
    assert firm.database.queries() == []
    assert firm.database.p99_s() > 2.0
    heal()
    firm.run_to(60 * SECOND)
    assert firm.database.p99_s() < 0.03


def test_a_database_that_is_down_reports_nothing() -> None:
    firm = Firm()
    firm.up = False
    assert math.isnan(firm.database.p99_s())
    assert (firm.database.error_rate(), firm.database.waiting, firm.database.query_us()) == (1.0, 0, None)


def test_a_cold_cache_loads_the_database_until_it_is_warm() -> None:
    firm = Firm()
    assert firm.database.load_per_s == pytest.approx(200 + 25)
    firm.run_to(60 * SECOND)
    firm.cache.stopped("Error")
    firm.cache.started()
    assert firm.cache.hit_ratio() == 0.0
    assert firm.database.load_per_s == pytest.approx(700)
    firm.run_to(60 * SECOND + MINUTE + 1)
    assert firm.cache.hit_ratio() == pytest.approx(0.95 * 0.75)
    firm.run_to(10 * MINUTE)
    assert firm.database.load_per_s == pytest.approx(225)
    assert firm.cache.used_mib() == pytest.approx(96)


def test_a_cache_grows_full_at_a_computed_instant_and_refuses_writes() -> None:
    firm = Firm(growth_mib_per_min=4.0)
    firm.run_to(60 * MINUTE)
    assert [event.t_us for event in firm.history.of("cache.full")] == [(192 - 96) // 4 * MINUTE]
    assert firm.cache.refusing
    firm.cache.set_max(512)
    assert not firm.cache.refusing


def test_a_full_cache_is_freed_by_more_memory_by_a_flush_or_by_healing() -> None:
    for way in ("set_max", "flush", "heal"):
        firm = Firm()
        heal = firm.cache.fill()
        assert firm.cache.refusing
        if way == "set_max":
            firm.cache.set_max(256)
        elif way == "flush":
            firm.cache.flush()
        heal()
        heal()
        firm.run_to(10 * MINUTE)
        assert not firm.cache.refusing
        assert firm.cache.used_mib() == pytest.approx(96)


def test_a_cache_that_evicts_misses_more_instead_of_refusing() -> None:
    firm = Firm(policy="evict")
    heal = firm.cache.grow(96.0)
    firm.run_to(3 * MINUTE + 1)
    assert not firm.cache.refusing
    assert firm.cache.evictions() == 192 * 64
    assert firm.cache.hit_ratio() == pytest.approx(0.95 / 2)
    assert firm.database.load_per_s == pytest.approx(200 + 500 * (1 - 0.95 / 2))
    heal()
    assert firm.cache.hit_ratio() == pytest.approx(0.95)


def test_an_api_is_as_slow_as_what_it_calls_and_fails_with_what_it_needs() -> None:
    firm = Firm()
    memory = [0.5]
    api = Service(
        "api-service",
        own_p99_s=0.08,
        depends_on=(
            Dependency("database", 2, firm.database.p99_s, firm.database.error_rate),
            Dependency("cache", 3, firm.cache.p99_s, needed=False),
        ),
        memory_ratio=lambda: memory[0],
    )
    healthy_s = api.p99_s()
    assert healthy_s == pytest.approx(0.08 + 2 * firm.database.p99_s() + 3 * 0.002)
    memory[0] = 0.95
    assert api.p99_s() == pytest.approx(healthy_s + 3 * 0.08)
    assert api.healthy()
    firm.up = False
    assert not api.healthy()


def test_memory_slows_work_only_when_it_is_nearly_full() -> None:
    assert [memory_slowdown(ratio) for ratio in (0.0, 0.8, 0.9, 1.0)] == pytest.approx([1, 1, 2, 10])


@given(
    faults=st.lists(
        st.tuples(st.sampled_from(("long", "pool", "slow", "cold")), st.integers(1, 300), st.integers(1, 300)),
        max_size=5,
    )
)
@settings(max_examples=60, deadline=None)
def test_the_queue_is_bounded_and_gone_once_all_is_healed(faults: list[tuple[str, int, int]]) -> None:
    firm = Firm()
    heals = []
    now_s = 0
    for kind, size, later_s in faults:
        if kind == "long":
            heals.append(firm.database.long_query(size * SECOND // 100))
        elif kind == "pool":
            heals.append(firm.database.exhaust_pool(size % 25, holder=str(size)))
        elif kind == "slow":
            heals.append(firm.database.slow_down(float(size)))
        else:
            firm.cache.flush()
        now_s += later_s
        firm.run_to(now_s * SECOND)
        assert 0 <= firm.database.waiting <= firm.database.load_per_s * firm.database.pool_timeout_s
        assert 0 <= firm.database.in_use <= firm.database.pool_size
        assert 0.0 <= firm.database.error_rate() <= 1.0
    for heal in heals:
        heal()
    firm.run_to((now_s + 900) * SECOND)
    assert firm.database.waiting == 0
    assert firm.database.p99_s() < 0.03
