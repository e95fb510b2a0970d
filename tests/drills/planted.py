"""Defects planted in somebody else's add-on, a line each, and the case that must find each of them."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import NamedTuple

ADD_ON = Path(__file__).parent / "third_party"
TARGET = "tradeguard.adapter:build"


class Planted(NamedTuple):
    """One line of the add-on, replaced."""

    name: str
    module: str
    old: str
    new: str
    case: str
    check: str
    """The check that must fail, attended or not."""
    responder: str = "none"


PLANTED = (
    Planted(
        "api-switch-unreachable", "killswitch", '        if self.failures >= self.limits["api_errors"]:',
        '        if not self.ask(self.api.account):\n            return\n        if self.failures >= 10**6:',
        "q1-api-errors", "halt-as-demanded",
    ),
    Planted(
        "reset-elsewhere", "adapter", 'return self.desk.call("reset")', "return self.kill.reset()",
        "q1-daily-loss", "claims-true", "perfect",
    ),
    Planted(
        "rollover-zero", "killswitch", "self.day_equity, self.warned = equity, False",
        'self.day_equity, self.warned = (self.ask(self.api.account) or {"equity": 1e-9})["equity"], False',
        "rollover", "halt-as-demanded",
    ),
    Planted(
        "reconnect-gives-up", "sessions", "stop=stop_never", "stop=lambda state: state.attempt_number >= 10",
        "q2-refused", "reconnects",
    ),
    Planted(
        "unacknowledged-survive", "unwinder",
        "        unlisted = self.unlisted({row[\"client_order_id\"] for row in listed})\n",
        "        listed = [row for row in listed if row[\"client_order_id\"] not in self.gateway.pending()]\n"
        "        unlisted = []\n",
        "q1-daily-loss", "dead-orders",
    ),
    Planted(
        "flattened-too-early", "killswitch", "                self.unwinder.close_everything()",
        '                self.unwinder.close_everything()\n                log.info("all positions closed")',
        "q1-daily-loss", "claims-true",
    ),
    Planted(
        "no-answer-is-flat", "reconcile", "            return None\n        self.unanswered = 0",
        "            return {}\n        self.unanswered = 0", "q2-positions-down", "claims-true",
    ),
    Planted(
        "guard-blocks-exit", "adapter", '        if order.id.startswith("tg-"):\n            return True\n',
        "        if self.kill.state is State.TRIPPED:\n            return self.kill.reason\n",
        "q1-daily-loss", "exits-allowed",
    ),
    Planted(
        "flatten-becomes-caution", "killswitch", 'self.trip(f"drawdown of {drawdown_pct:.1f} %", flatten=True)',
        'self.page(f"drawdown of {drawdown_pct:.1f} %", "critical")', "q1-drawdown-20", "flatten-as-demanded",
    ),
    Planted(
        "restart-flattens", "adapter", "        self.kill.recall()\n",
        "        self.kill.recall()\n        self.unwinder.close_everything()\n",
        "q4-restart-open-position", "flatten-as-demanded",
    ),
    Planted(
        "loss-by-the-tick", "killswitch", "        self.look_at_drawdown(equity)\n        self.look_at_orders()",
        "        self.day_equity = equity\n        self.look_at_orders()", "q1-daily-loss", "halt-as-demanded",
    ),
    Planted(
        "guard-passes-nonsense", "feedcheck", "return reason is None, reason", "return True, None",
        "q3-negative", "bad-data-never-trades",
    ),
    Planted(
        "lunch-is-a-gap", "feedcheck", "if same_session and bar.start_us - last.end_us",
        "if bar.start_us - last.end_us", "lunch", "no-false-alarm",
    ),
    Planted(
        "empty-is-reconciled", "reconcile", "if not answer and self.gateway.book() and not self.really_flat():",
        "if answer is False:", "q2-positions-empty", "claims-true",
    ),
    Planted("halt-forgotten", "adapter", "        self.kill.recall()\n", "", "q1-restart-while-halted", "halt-latched"),
    Planted(
        "no-timeout", "api", "timeout=self.settings.timeout_s", "timeout=None", "q2-black-hole", "code-health",
    ),
    Planted(
        "the-thread-dies", "killswitch", "        except ApiError as error:\n            if",
        "        except TimeoutError as error:\n            if", "q1-api-errors", "halt-as-demanded",
    ),
)  # fmt: skip


def plant(defect: Planted | None, folder: Path) -> Path:
    """A copy of the add-on in `folder` with the defect in it; the line must be there just once."""
    shutil.copytree(ADD_ON, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    if defect is not None:
        file = folder / "tradeguard" / f"{defect.module}.py"
        text = file.read_text(encoding="utf-8")
        assert text.count(defect.old) == 1, f"{defect.name}: {text.count(defect.old)} places"
        file.write_text(text.replace(defect.old, defect.new), encoding="utf-8")
    return folder
