"""Repositories as teams have them, each a few files, written into a folder."""

from __future__ import annotations

import re
from pathlib import Path

KILL_SWITCH = '''
import logging

logger = logging.getLogger(__name__)


class KillSwitch:
    def __init__(self, broker, max_daily_loss_pct: float = 2.0, cooldown: int = 300):
        self._b = broker
        self.max_daily_loss_pct = max_daily_loss_pct
        self.triggered = False

    def check(self, equity: float, starting_equity: float):
        loss = 100 * (1 - equity / starting_equity)
        if loss > self.max_daily_loss_pct and not self.triggered:
            self.trigger(f"daily loss {loss:.2f}%")

    def trigger(self, reason: str):
        self.triggered = True
        logger.critical("KILL SWITCH TRIGGERED: %s", reason)
        self._b.cancel_all_orders()
        self._b.close_all_positions()
        self._b.notify_prime_broker()

    def is_triggered(self) -> bool:
        return self.triggered

    def reset(self):
        self.triggered = False

    def _secret(self):
        pass
'''

RECONCILER = '''
class PositionReconciler:
    def __init__(self, client, logger=None):
        self.client = client

    async def reconcile(self):
        return self.client.get_positions()
'''

GUARD = '''
from dataclasses import dataclass
from alpaca.trading.client import TradingClient


@dataclass
class RiskGuard:
    client: TradingClient
    max_drawdown: float
    venue_code: str

    def can_trade(self, order) -> bool:
        return True

    @property
    def halted(self) -> bool:
        return False
'''

FUNCTIONS = '''
def emergency_stop():
    raise SystemExit(3)


def helper():
    pass
'''

SCRIPT = '''
import time
import requests

if __name__ == "__main__":
    while True:
        requests.get("https://feed.ourvendor.io/status", timeout=3)
        time.sleep(5)
'''

WATCH = '''
import time

from alpaca.trading.client import TradingClient


class RiskWatch:
    def __init__(self, client):
        self.client = client

    def check(self):
        account = self.client.get_account()
        if float(account.equity) < 0.98 * float(account.last_equity):
            self.halt()

    def halt(self):
        self.client.cancel_orders()
        self.client.close_all_positions(cancel_orders=True)


def main():
    watch = RiskWatch(TradingClient("key", "secret", paper=True))
    while True:
        watch.check()
        time.sleep(5)


if __name__ == "__main__":
    main()
'''

ASYNC_BREAKER = '''
import asyncio


class TradingCircuitBreaker:
    def __init__(self, broker):
        self.broker = broker
        self.tripped = False

    def is_tripped(self):
        return self.tripped

    async def trip(self, reason):
        self.tripped = True
        async with asyncio.TaskGroup() as group:
            group.create_task(self.broker.cancel_all())
        await self.broker.close_all()

    async def reset(self):
        self.tripped = False
'''

RUNBOOK = '''# Incident runbook

## Kill Switch Triggered

1. Verify the reason
2. Close all positions
3. Reset the kill switch after approval
'''


def repository(folder: Path, **files: str) -> Path:
    """Write `files`: `bot__risk` is bot/risk.py, `bot____init__` bot/__init__.py, `a__b_md` a/b.md."""
    for name, text in files.items():
        path = re.sub(r"__(?:__(init|main)__$)?", lambda found: f"/__{found[1]}__" if found[1] else "/", name)
        path = path.removesuffix("_md") + ".md" if path.endswith("_md") else path
        path = path.removesuffix("_sh") + ".sh" if path.endswith("_sh") else path
        target = folder / (path if "." in path.rsplit("/", 1)[-1] else f"{path}.py")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    return folder
