"""What a program with alpaca-py sees when the broker, or the way to it, is broken."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fakes.alpaca.core import register
from sim.clock import SECOND
from sim.network import BrokerBadGateway, BrokerUnavailable, BrokerUnreachable, Verdict
from tests.fakes.alpaca.kit import quiet_world, run

BLOCKING_BOT = """
import time
from alpaca.trading.client import TradingClient
from alpaca.common.exceptions import APIError
client = TradingClient("key", "secret", paper=True)
polls = failures = 0
while time.time() < 1773151200 + 3 * 3600:
    polls += 1
    try: client.get_account()
    except Exception as error: failures += 1; kind = type(error).__name__
    time.sleep(60)
print(polls, failures, kind)
"""


def test_a_two_hour_outage_against_a_blocking_bot(tmp_path: Path) -> None:
    (tmp_path / "bot.py").write_text(BLOCKING_BOT)
    world = quiet_world()
    register(world)
    down = Verdict(BrokerUnreachable("connection refused"))
    world.env.call_at(1800 * SECOND, lambda: world.env.call_later(7200 * SECOND, world.link.add(lambda _: down)))
    assert run(world, tmp_path, "bot.py", 4 * 3600) == ["180 120 ConnectionError"]


@pytest.mark.parametrize(
    ("error", "seen"),
    [
        (BrokerUnavailable("unavailable", 503), "APIError 503 after 0 s"),
        (BrokerUnavailable("gateway timeout", 504), "APIError 504 after 9 s"),
        (BrokerBadGateway("<html>502</html>"), "JSONDecodeError after 0 s"),
    ],
)
def test_server_errors_as_alpaca_py_shows_them(tmp_path: Path, error: Any, seen: str) -> None:
    (tmp_path / "bot.py").write_text(
        "import time\nfrom alpaca.trading.client import TradingClient\n"
        "began = time.time()\n"
        "try:\n    try: TradingClient('k', 's').get_all_positions()\n"
        "    except Exception as e: what = f'{type(e).__name__} {e.status_code}'; e.code\n"
        "except Exception as e: what = type(e).__name__\n"
        "print(what, 'after', int(time.time() - began), 's')\n"
    )
    world = quiet_world()
    register(world)
    world.link.add(lambda endpoint: Verdict(error) if endpoint == "positions" else None)
    assert run(world, tmp_path, "bot.py", 60) == [seen]


def test_a_black_hole_without_a_timeout_is_a_hang(tmp_path: Path) -> None:
    (tmp_path / "flatten.py").write_text(
        "from alpaca.trading.client import TradingClient\n"
        "client = TradingClient('k', 's')\nclient.get_account()\nclient.close_all_positions(cancel_orders=True)\n"
    )
    world = quiet_world()
    register(world)
    world.link.add(lambda endpoint: Verdict(hang=True) if endpoint == "submit" else None)
    run(world, tmp_path, "flatten.py", 3600)
    (hang,) = world.history.of("code.hang")
    assert (hang.get("at"), hang.get("endpoint")) == ("flatten.py:4", "submit")
    assert world.ledger.positions(), "nothing was closed"
