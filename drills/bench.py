"""`make bench`: one line per ratio, `<name> <ratio> <target> ok|short`.

    full-day-light   a full day of the World over the bare loop that calls the same hook of 0.1 us: at most 10
    full-day-heavy   the same with a hook of 0.85 us: at most 2.3
    window           a declared window of 40 minutes over the full day: at most 0.1
    naive            the same day as one SimPy event per tick, over the World: at least 5
    adherence-40x500 scoring 500 acts against 40 steps, over a day of the World: at most 1
    history-digest   digesting the History of a day, over a day of the World: at most 1
    help             `firedrill --help` over a bare interpreter: at most 12
    crossing-over-pipe   a sleep of code in its own interpreter (`--python`) over a bare round trip by pipe: at most 10
    crossing-over-ours   the same sleep over one of code in our own process: at most 25
    shim-call            a script's `sleep` in lock-step over a start of `/bin/true` by a shell: at most 8 (Linux)
    sleep-switch     a program's `time.sleep` in virtual time over a wait of a plain SimPy process: at most 6
    alpaca-call      an alpaca-py call in virtual time over the same call answered at once: at most 3.5
    outage-2h        two hours of outage against a polling alpaca-py bot, over its 120 calls answered at once: 4.2

The two sides of a ratio are taken by turns in one process, and the garbage collector is off for both. What a
day needs once per seed (the firm before its first second, the prices of the day) is made outside the time of
either side, for the naive form as for the World.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from functools import partial

from drills.benchmarks import crossings, others, programs, worlds
from drills.benchmarks.full_day import DAY_US, WINDOW_US
from drills.benchmarks.ratios import Ratio
from drills.progress import ProgressLine
from sim.clock import SECOND

SEEDS = range(1, 10)
"""One for each round: the count of orders, and which hours they come in, differ from seed to seed."""


def main() -> int:
    """Measure everything and print it, line by line; 0 even when a target is missed: this reports, `test` judges."""
    with ProgressLine() as progress:
        for ratio in ratios(progress=progress):
            sys.stdout.write(ratio.line() + "\n")
            sys.stdout.flush()
    return 0


def ratios(
    seeds: range = SEEDS, day_us: int = DAY_US, window_us: int = WINDOW_US,
    progress: Callable[[str, int, int], None] = lambda what, done, total: None,
) -> Iterator[Ratio]:  # fmt: skip
    """Each ratio in turn; fewer seeds and shorter lengths will do for tests."""
    sleeps = min(crossings.SLEEPS, day_us // SECOND)
    measures: dict[str, Callable[[], Ratio]] = {
        "light hook": partial(worlds.full_day, "full-day-light", worlds.LIGHT_S, 10.0, seeds, day_us),
        "heavy hook": partial(worlds.full_day, "full-day-heavy", worlds.HEAVY_S, 2.3, seeds, day_us),
        "window": partial(worlds.window, seeds, day_us, window_us),
        "naive form": partial(worlds.against_naive, seeds, day_us),
        "adherence": partial(others.adherence, seeds, day_us),
        "digest": partial(others.digest, seeds, day_us),
        "help": partial(others.help_text, seeds),
        "crossing over pipe": partial(crossings.against_pipe, seeds, sleeps),
        "crossing over ours": partial(crossings.against_ours, seeds, sleeps),
        "sleep": partial(programs.sleep_switch, seeds[:3]),
        "alpaca-py call": partial(programs.alpaca_call, seeds[:3]),
        "outage": partial(programs.outage, seeds[:3]),
    }
    if sys.platform.startswith("linux"):
        from drills.benchmarks import shims

        measures["shim call"] = partial(shims.shim_call, seeds)
    for done, (what, measure) in enumerate(measures.items()):
        progress(f"measuring: {what}", done, len(measures))
        yield measure()


if __name__ == "__main__":
    sys.exit(main())
