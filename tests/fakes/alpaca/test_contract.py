"""Alpaca's core passes one contract suite with both of its Python clients, in virtual time and over a socket.

The two cannot be loaded into one process: alpaca-trade-api runs in an environment of its own, in virtual time
by lock-step.
"""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from fakes.alpaca.core import AlpacaCore, register
from fakes.server import CoreServer
from tests.fakes.alpaca.contract import CHECKS, Arm
from tests.fakes.alpaca.kit import quiet_world, run
from tests.fakes.alpaca.new_client import NewClient
from tests.fakes.alpaca.old_environment import python_of_old_client

SPEED = 60.0
"""World seconds in a second, over a socket."""
SPEEDS = {"bars_of_every_length": 200.0, "the_rate_limit_is_announced_and_answered": 5.0}
FOLDER = Path(__file__).parent
BOUNDED = (
    "a_bracket", "an_order_fills_and_is_found_again", "bars_of_every_length", "positions",
    "the_market_data_stream", "the_trade_update_stream",
)  # fmt: skip
"""What `make test` runs in lock-step, where each check starts an interpreter with pandas; `make soak` runs all."""


@pytest.mark.parametrize("check", CHECKS)
def test_alpaca_py_in_virtual_time(check: str) -> None:
    world = quiet_world()
    register(world)
    lines = run(world, FOLDER, "new_client.py:in_virtual_time", 900, {"CHECK": check})
    errors = [(e.get("error"), e.get("at")) for e in world.history.of("code.error")]
    assert lines[-1:] == ["passed"], errors


@pytest.mark.parametrize("check", CHECKS)
def test_alpaca_py_over_a_socket(check: str) -> None:
    world, speed = quiet_world(), SPEEDS.get(check, SPEED)
    with CoreServer(world, AlpacaCore(world), speed, "paper-api.alpaca.markets") as server:
        arm = Arm(NewClient(server.url), server.url, lambda seconds: time.sleep(seconds / speed + 0.05))  # noqa: TID251
        try:
            CHECKS[check](arm)
        finally:
            arm.close()


@pytest.fixture(scope="module")
def old_client() -> Iterator[subprocess.Popen[str]]:
    """A process that runs checks with alpaca-trade-api."""
    environ = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONWARNINGS")}
    with subprocess.Popen(
        [str(python_of_old_client()), "-W", "ignore", "old_client.py"], cwd=FOLDER, env=environ, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    ) as process:  # fmt: skip
        yield process
        process.kill()


@pytest.mark.parametrize(
    "check", [pytest.param(check, marks=() if check in BOUNDED else pytest.mark.slow) for check in CHECKS]
)
def test_alpaca_trade_api_in_virtual_time(check: str) -> None:
    world = quiet_world()
    register(world)
    lines = run(world, FOLDER, "old_client.py:in_virtual_time", 900, {"CHECK": check}, python_of_old_client())
    errors = [(e.get("error"), e.get("at")) for e in world.history.of("code.error", "code.output")]
    assert lines[-1:] == ["passed"], errors


@pytest.mark.parametrize("check", CHECKS)
def test_alpaca_trade_api_over_a_socket(check: str, old_client: subprocess.Popen[str]) -> None:
    world, speed = quiet_world(), SPEEDS.get(check, SPEED)
    assert old_client.stdin is not None
    assert old_client.stdout is not None
    with CoreServer(world, AlpacaCore(world), speed, "paper-api.alpaca.markets") as server:
        old_client.stdin.write(f"{check} {server.url} {speed}\n")
        old_client.stdin.flush()
        assert old_client.stdout.readline().strip() == "passed"
