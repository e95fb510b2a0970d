"""How fast the World is: against a bare loop, in a declared window, and against the naive form of the same day."""

from __future__ import annotations

from itertools import count
from statistics import median

from drills.benchmarks.full_day import DAY_US, WINDOW_US, Hook, build, config
from drills.benchmarks.naive import NaiveFirm
from drills.benchmarks.ratios import Ratio, by_turns, seconds

LIGHT_S, HEAVY_S = 0.1e-6, 0.85e-6
_LOOP = 20_000
_FLOOR_S = 0.1


def full_day(name: str, hook_s: float, target: float, seeds: range, day_us: int = DAY_US) -> Ratio:
    """A day of the World over the bare loop that only calls the same hook."""
    hook, calls = hook_that_takes(hook_s), hook_calls(seeds[0], day_us)

    def world_s(seed: int) -> float:
        world = build(seed, hook, day_us)
        return seconds(lambda: world.run(day_us))

    # Both sides take about as long, so that what else the machine does falls on both.
    times = max(1, round(_FLOOR_S / (hook_s * calls)))

    def floor_s(_: int) -> float:
        return seconds(lambda: bare_loop(hook, calls * times)) / times

    return Ratio(name, by_turns(world_s, floor_s, seeds), target)


def window(seeds: range, day_us: int = DAY_US, window_us: int = WINDOW_US) -> Ratio:
    """A declared window of 40 minutes over the full day, with a light hook."""
    hook = hook_that_takes(LIGHT_S)

    def world_s(seed: int, length_us: int) -> float:
        world = build(seed, hook, length_us)
        return seconds(lambda: world.run(length_us))

    ratio = by_turns(lambda seed: world_s(seed, window_us), lambda seed: world_s(seed, day_us), seeds)
    return Ratio("window", ratio, 0.1)


def against_naive(seeds: range, day_us: int = DAY_US) -> Ratio:
    """The naive form of the day over the World, with a light hook.

    The naive form values the account at each tick, so the World's time has in it what it does in its place:
    the series at the end.
    """
    hook = hook_that_takes(LIGHT_S)

    def naive_s(seed: int) -> float:
        return seconds(NaiveFirm(config(), seed, hook, day_us).run)

    def world_s(seed: int) -> float:
        world = build(seed, hook, day_us)

        def whole_run() -> None:
            world.run(day_us)
            world.finish()

        return seconds(whole_run)

    return Ratio("naive", by_turns(naive_s, world_s, seeds), 5.0, at_least=True)


def hook_calls(seed: int, day_us: int) -> int:
    """How often the World calls the hook in a day."""
    calls = count()
    world = build(seed, lambda: next(calls), day_us)
    world.run(day_us)
    return next(calls)


def bare_loop(hook: Hook, calls: int) -> None:
    """Call the hook and do nothing else."""
    for _ in range(calls):
        hook()


def hook_that_takes(wanted_s: float) -> Hook:
    """A hook that keeps the bare loop busy for about `wanted_s` at each call, here and now."""
    idle_s, long_s = _call_s(0), _call_s(200)
    return _spinning(max(0, round((wanted_s - idle_s) / (long_s - idle_s) * 200)))


def _call_s(spins: int) -> float:
    hook = _spinning(spins)
    return median(seconds(lambda: bare_loop(hook, _LOOP)) for _ in range(5)) / _LOOP


def _spinning(spins: int) -> Hook:
    turns = range(spins)

    def hook() -> None:
        for _ in turns:
            pass

    return hook
