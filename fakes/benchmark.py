"""What virtual time costs a program, in processor time (so that a busy machine does not matter) and as a ratio.

The programs measured are real ones in a bare firm. `measure()` gives rows for whoever prints them.
"""

from __future__ import annotations

import tempfile
import textwrap
import time
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import NamedTuple

import simpy

from fakes.alpaca.core import register
from sim.actors.process import Process
from sim.actors.runtime import virtual_time
from sim.actors.user_program import UserProgram
from sim.clock import SECOND
from sim.config import WorldConfig
from sim.network import BrokerUnreachable, Verdict
from sim.strategies import StrategyConfig
from sim.world import World

_cpu_ns = time.process_time_ns

SLEEPS = 20_000

_SLEEPS = """
import time
while True: time.sleep(0.01)
"""
_CALLS = """
import time
from alpaca.trading.client import TradingClient
client = TradingClient("key", "secret", paper=True)
client.get_account()
time.sleep(60)
for _ in range(200):
    client.get_account()
"""
_OUTAGE = """
import time
from alpaca.trading.client import TradingClient
client = TradingClient("key", "secret", paper=True)
while True:
    try: client.get_account()
    except OSError: pass
    time.sleep(60)
"""


class Cost(NamedTuple):
    """One measured cost."""

    name: str
    value: float
    unit: str
    target: float


def measure() -> Iterator[Cost]:
    """The cost of a sleep, of an alpaca-py call, and of two hours of outage, each the least of three."""
    sleep_us = min(sleeps_seconds() for _ in range(3)) / SLEEPS * 1e6
    yield Cost("sleep switch", sleep_us, "us", 6.0)
    call_s = min(call_seconds() for _ in range(3))
    yield Cost("alpaca-py call", call_s * 1e6, "us", 600.0)
    bare_s = min(bare_call_seconds() for _ in range(3))
    yield Cost("alpaca-py call to the bare call without a network", call_s / bare_s, "ratio", 3.5)
    yield Cost("two hours of outage, a poll a minute", min(outage_seconds() for _ in range(3)) * 1e3, "ms", 100.0)


def sleeps_seconds() -> float:
    """Processor seconds of `SLEEPS` sleeps of a program in virtual time."""
    return _seconds(_SLEEPS, 60, 60 + SLEEPS // 100)


def bare_sleeps_seconds() -> float:
    """Processor seconds of as many waits of a plain SimPy process, which a program cannot be written as."""
    env = simpy.Environment()

    def process() -> Generator[simpy.Event, None, None]:
        while True:
            yield env.timeout(0.01)

    env.process(process())
    began_ns = _cpu_ns()
    env.run(SLEEPS / 100)
    return (_cpu_ns() - began_ns) / 1e9


def call_seconds() -> float:
    """Processor seconds of one alpaca-py call in virtual time, the start of the program left out."""
    return _seconds(_CALLS, 30, 600) / 200


def outage_seconds() -> float:
    """Processor seconds of two hours in which a blocking bot with alpaca-py polls a dead broker once a minute."""

    def cut(world: World) -> None:
        down = Verdict(BrokerUnreachable("connection refused"))
        world.link.add(lambda _: down)

    return _seconds(_OUTAGE, 150, 150 + 2 * 3600, cut)


def _seconds(source: str, from_s: int, until_s: int, change: Callable[[World], object] = lambda _: None) -> float:
    """Processor seconds of the World from `from_s`, when `change` is made to it, to `until_s` of its time."""
    world = World(WorldConfig(strategies=StrategyConfig(orders_per_hour=0.0), monitored=False), 1)
    world.broker.rate_limit_per_min = 10_000
    register(world)
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "bot.py").write_text(textwrap.dedent(source))
        with virtual_time(world):
            process = Process(world.env, world.hub, world.history, "bot")
            world.env.call_later(0, UserProgram("bot.py", (), Path(folder)).start, world, process)
            world.run(from_s * SECOND)
            change(world)
            began_ns = _cpu_ns()
            world.run(until_s * SECOND)
            return (_cpu_ns() - began_ns) / 1e9


def bare_call_seconds(calls: int = 200) -> float:
    """Processor seconds of an alpaca-py call that is answered at once, without a network: the client's own part."""
    import io

    import requests
    import urllib3
    from alpaca.trading.client import TradingClient

    from sim.actors.http import Request

    world = World(WorldConfig(strategies=StrategyConfig(orders_per_hour=0.0), monitored=False), 1)
    headers = {"apca-api-key-id": "k"}
    body = register(world).handle(Request("GET", "/v2/account", headers, b"", "paper-api.alpaca.markets")).body

    class Answering(requests.adapters.HTTPAdapter):
        def send(self, request: requests.PreparedRequest, *args: object, **kwargs: object) -> requests.Response:
            raw = urllib3.HTTPResponse(
                body=io.BytesIO(body), status=200, headers={"Content-Type": "application/json"}, preload_content=False
            )
            return self.build_response(request, raw)

    client = TradingClient("key", "secret", paper=True)
    client._session.mount("https://", Answering())
    client.get_account()
    began_ns = _cpu_ns()
    for _ in range(calls):
        client.get_account()
    return (_cpu_ns() - began_ns) / calls / 1e9
