"""What else people wait for: a score, a digest, the help text."""

from __future__ import annotations

import subprocess
import sys

from drills.actions import Effect
from drills.adherence import score_adherence
from drills.benchmarks.full_day import DAY_US, build
from drills.benchmarks.ratios import Ratio, by_turns, seconds
from drills.step_model import ModelStep, TraceEvent, barrier_order

STEPS, ACTS = 40, 500


def adherence(seeds: range, day_us: int = DAY_US) -> Ratio:
    """Scoring 500 acts against 40 steps, over simulating the day in which they were done."""
    steps, trace = performance()
    ratio = by_turns(
        lambda _: seconds(lambda: score_adherence(steps, trace)),
        lambda seed: _day_s(seed, day_us),
        seeds,
    )
    return Ratio("adherence-40x500", ratio, 1.0)


def performance() -> tuple[list[ModelStep], list[TraceEvent]]:
    """Steps in a strict order, each tried some dozen times around its turn."""
    ids = [f"step-{number}" for number in range(STEPS)]
    order = barrier_order((step, number % 3 == 2) for number, step in enumerate(ids))
    steps = [ModelStep(id=step, label=step, weight=1.0, preds=order[step]) for step in ids]
    turns = [min(STEPS - 1, max(0, n * STEPS // ACTS + 7 * n % 5 - 2)) for n in range(ACTS)]
    return steps, [TraceEvent(ids[turn], float(n), Effect.MUTATE) for n, turn in enumerate(turns)]


def digest(seeds: range, day_us: int = DAY_US) -> Ratio:
    """Digesting the History of a day, over simulating the day."""

    def digest_s(seed: int) -> float:
        world = build(seed, _nothing, day_us)
        world.run(day_us)
        world.finish()
        return seconds(world.history.digest)

    ratio = by_turns(digest_s, lambda seed: _day_s(seed, day_us), seeds)
    return Ratio("history-digest", ratio, 1.0)


def help_text(seeds: range) -> Ratio:
    """`firedrill --help` over a Python that does nothing."""
    command = "import sys; from drills.cli import main; sys.exit(main(['--help']))"
    ratio = by_turns(lambda _: _python_s(command), lambda _: _python_s("pass"), seeds)
    return Ratio("help", ratio, 12.0)


def _day_s(seed: int, day_us: int) -> float:
    world = build(seed, _nothing, day_us)
    return seconds(lambda: world.run(day_us))


def _python_s(command: str) -> float:
    arguments = [sys.executable, "-c", command]
    return seconds(lambda: subprocess.run(arguments, check=True, stdout=subprocess.DEVNULL))


def _nothing() -> None:
    """Do nothing, as the hook of a day that only has to pass."""
