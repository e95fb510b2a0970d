"""What the classes of a repository are made with, and told at the start, in the adapter."""

from __future__ import annotations

from pathlib import Path

from tests.drills.project.adapters import SWITCH, wired
from tests.drills.project.repositories import repository


def test_settings_are_made_of_their_class_in_the_unit_of_their_defaults(tmp_path: Path) -> None:
    text = wired(
        tmp_path,
        conf="from pydantic import BaseModel, Field\nclass Base(BaseModel):\n    name: str = 'x'\n"
             "class Limits(Base):\n    max_daily_loss_pct: float = 0.02\n    max_drawdown: float = Field(-15.0, le=0)\n"
             "    max_daily_loss: float = 5_000\n    venues: list[str] = []\n",
        risk="from conf import Limits\nclass RiskGuard:\n    def __init__(self, limits: 'Limits | None', audit_log):\n"
             "        self.limits = limits\n    def check(self, equity): ...\n    def halt(self): ...\n",
    )  # fmt: skip
    assert 'max_daily_loss_pct=self.desk.limits["daily_loss_pct"] / 100,  # as a fraction, like the default' in text
    assert 'max_drawdown=-self.desk.limits["drawdown_halt_pct"],  # in percent, like the default of -15.0' in text
    assert 'max_daily_loss=self.desk.figures.day_start_equity * self.desk.limits["daily_loss_pct"] / 100,' in text
    assert "audit_log=Quiet(),  # takes every call and does nothing" in text
    assert "from conf import Limits" in text


def test_an_object_of_the_repository_is_not_given_a_text(tmp_path: Path) -> None:
    text = wired(
        tmp_path,
        risk="class Store:\n    def __init__(self, dsn): ...\n"
             "class KillSwitch:\n    def __init__(self, state: Store):\n"
             "        self.s = state\n    def trip(self): ...\n    def is_tripped(self) -> bool: ...\n",
    )  # fmt: skip
    assert "state=None,  # fill in: a Store" in text


def test_a_mapping_holds_the_names_that_are_looked_up_in_it(tmp_path: Path) -> None:
    text = wired(
        tmp_path,
        risk='class RiskGuard:\n    def __init__(self, config, exchange):\n        self.cfg = config\n'
             '        self.most = config["max_drawdown_pct"]\n        self.desk_id = self.cfg["desk_id"]\n'
             '    def poll(self): ...\n    def halt(self): ...\n',
    )  # fmt: skip
    assert 'config={"max_drawdown_pct": self.desk.limits["drawdown_halt_pct"]},  # fill in: desk_id' in text


def test_callbacks_do_what_they_are_called_after(tmp_path: Path) -> None:
    text = wired(
        tmp_path,
        risk="class KillSwitch:\n    def __init__(self, close_all_fn=None, cancel_all_callback=None, beep=None):\n"
             "        self.close_all_fn = close_all_fn\n        self.c = cancel_all_callback\n"
             "    async def trip(self):\n        await self.close_all_fn()\n        self.c()\n"
             "    def is_tripped(self) -> bool: ...\n",
    )  # fmt: skip
    assert "close_all_fn=lambda *args, **named: later(self.desk.flatten())," in text
    assert "cancel_all_callback=lambda *args, **named: cancelled(self.desk)," in text
    assert "beep" not in text


def test_the_one_that_the_module_holds_is_taken(tmp_path: Path) -> None:
    text = wired(tmp_path, safety=SWITCH + "\nkill_switch = KillSwitch()\n")
    assert "from safety import kill_switch" in text
    assert "self.kill_switch = kill_switch" in text


def test_a_file_whose_name_is_no_word_of_python_is_imported_all_the_same(tmp_path: Path) -> None:
    repository(tmp_path)
    (tmp_path / "kill-switch.py").write_text(SWITCH)
    text = wired(tmp_path)
    assert 'KillSwitch = importlib.import_module("kill-switch").KillSwitch' in text


def test_what_is_told_when_trading_begins_is_told(tmp_path: Path) -> None:
    text = wired(
        tmp_path,
        risk="class KillSwitch:\n    def arm(self): ...\n    def set_starting_equity(self, equity): ...\n"
             "    def check(self, current_equity=None): ...\n    def trip(self): ...\n",
    )  # fmt: skip
    assert "self.kill_switch.arm()  # trading begins" in text
    assert "self.kill_switch.set_starting_equity(equity=self.desk.figures.equity)  # trading begins" in text
    assert "self.kill_switch.check(current_equity=self.desk.figures.equity)" in text
