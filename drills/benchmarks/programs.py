"""What virtual time adds to programs that run as they are, over what their own client library costs."""

from __future__ import annotations

from drills.benchmarks.ratios import Ratio, by_turns
from fakes.benchmark import (
    bare_call_seconds,
    bare_sleeps_seconds,
    call_seconds,
    outage_seconds,
    sleeps_seconds,
)

POLLS = 120
"""In two hours of outage."""


def sleep_switch(seeds: range) -> Ratio:
    """A `time.sleep` of a program, out of plain Python and back, over a wait of a SimPy process.

    At 1 us for the wait the target is 6 us.
    """
    return Ratio("sleep-switch", by_turns(lambda _: sleeps_seconds(), lambda _: bare_sleeps_seconds(), seeds), 6.0)


def alpaca_call(seeds: range) -> Ratio:
    """An alpaca-py call to the simulated broker, over the same call answered without any network."""
    return Ratio("alpaca-call", by_turns(lambda _: call_seconds(), lambda _: bare_call_seconds(), seeds), 3.5)


def outage(seeds: range) -> Ratio:
    """Two hours of outage against a bot that polls once a minute, over as many calls without any network.

    At 0.2 ms for a call of the client's own the target is 100 ms.
    """
    ratio = by_turns(lambda _: outage_seconds(), lambda _: POLLS * bare_call_seconds(), seeds)
    return Ratio("outage-2h", ratio, 4.2)
