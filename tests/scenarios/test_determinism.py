"""One seed, one story: here, in other processes, in slices, and beside other Worlds."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import lru_cache
from typing import Any

import pytest

from sim.clock import MINUTE, SECOND
from sim.config import WorldConfig
from sim.strategies import StrategyConfig
from sim.world import World
from tests.scenarios.incidents import Incident

FAULTS: tuple[dict[str, Any], ...] = (
    {"kind": "broker_html_502", "at": "1m", "for": "4m", "share": 0.5},
    {"kind": "broker_ack_lost", "at": "2m", "for": "3m"},
    {"kind": "adverse_move", "at": "3m", "loss_pct": 3.5, "ramp": "1m"},
    {"kind": "process_crash", "at": "6m"},
    {"kind": "feed_stale", "at": "7m", "for": "2m", "lag": "2m"},
)


def incident(seed: int) -> Incident:
    return Incident(*FAULTS, seed=seed)


def digest(seed: int) -> str:
    """The fingerprint of a run in which much goes wrong: errors by chance, a halt, a restart, bad data."""
    struck = incident(seed).run_to(12)
    struck.world.finish()
    return struck.history.digest()


@lru_cache
def known(seed: int) -> str:
    """The same, worked out once."""
    return digest(seed)


def test_a_seed_repeats_and_another_tells_another_story() -> None:
    assert digest(7) == known(7)
    assert known(7) != known(8)


def test_neither_another_process_nor_another_hash_seed_changes_anything() -> None:
    program = "from tests.scenarios.test_determinism import digest; print(digest(7))"
    running = [
        subprocess.Popen(
            [sys.executable, "-c", program], stdout=subprocess.PIPE, text=True,
            env={**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)},
        )
        for hash_seed in ("0", "1")
    ]  # fmt: skip
    told = [process.communicate(timeout=120)[0].strip() for process in running]
    assert told == [known(7)] * 2


def test_two_worlds_in_turns_tell_what_they_tell_one_after_the_other() -> None:
    struck = [incident(seed) for seed in (7, 8)]
    until_us = struck[0].zero_us + 12 * MINUTE
    for t_us in range(0, until_us, 7 * SECOND):
        for each in struck:
            each.world.run(t_us)
    for each in struck:
        each.world.run(until_us)
        each.world.finish()
    assert [each.history.digest() for each in struck] == [known(7), known(8)]


@pytest.mark.parametrize("slice_us", [SECOND // 2, 13 * SECOND, MINUTE])
def test_the_slices_a_run_is_driven_in_leave_no_trace(slice_us: int) -> None:
    struck = incident(7)
    until_us = struck.zero_us + 12 * MINUTE
    for t_us in range(0, until_us + 1, slice_us):
        struck.world.run(t_us)
    struck.world.run(until_us)
    struck.world.finish()
    assert struck.history.digest() == known(7)


def test_what_the_code_does_does_not_shift_the_market() -> None:
    with_code, without = incident(7).run_to(2.9), Incident(*FAULTS, seed=7, code=None).run_to(2.9)
    assert with_code.world.market.prices() == without.world.market.prices()
    assert len(with_code.history) != len(without.history)


def test_the_run_number_tells_runs_of_one_seed_apart() -> None:
    digests = set()
    for run in (0, 1):
        world = World(WorldConfig(strategies=StrategyConfig(orders_per_hour=300), monitored=False), 7, run=run)
        world.run(5 * MINUTE)
        digests.add(world.history.digest())
    assert len(digests) == 2


def test_recorded_values_are_pythons_own() -> None:
    struck = incident(7).run_to(12)

    def plain(value: object) -> bool:
        if isinstance(value, dict):
            return all(plain(key) and plain(item) for key, item in value.items())
        if isinstance(value, list | tuple):
            return all(plain(item) for item in value)
        return value is None or type(value) in (int, float, str, bool)

    assert [event for event in struck.history if not plain(event.data)] == []
