"""What a strategy finds when it looks back past the start of the run."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import pytest

from fakes.alpaca.bars import BarHistory, Timeframe
from fakes.alpaca.trading_days import NEW_YORK
from sim.clock import MINUTE
from tests.fakes.alpaca.kit import quiet_world

MINUTES, DAYS = Timeframe(1, "Min"), Timeframe(1, "Day")
SINCE = datetime(2026, 3, 3, tzinfo=UTC)


@pytest.fixture(scope="module")
def history() -> BarHistory:
    world = quiet_world()
    world.run(3 * MINUTE)
    return BarHistory(world)


def by_day(history: BarHistory) -> dict[Any, list[dict[str, Any]]]:
    days: dict[Any, list[dict[str, Any]]] = {}
    for at, row in history.all("SPY", MINUTES, SINCE):
        days.setdefault(at.date(), []).append(row)
    return days


def test_each_session_before_the_run_has_all_its_minutes(history: BarHistory) -> None:
    """From Tuesday to Monday 390 each; on the day of the run 30 before 10:00, and what came since."""
    counts = [len(rows) for rows in by_day(history).values()]
    assert counts[:5] == [390] * 5
    assert counts[5] in (32, 33)


def test_minutes_add_up_to_their_day(history: BarHistory) -> None:
    days = {at.date(): row for at, row in history.all("SPY", DAYS)}
    for day, rows in list(by_day(history).items())[:5]:
        whole = days[day]
        assert rows[0]["o"] == whole["o"]
        assert rows[-1]["c"] == whole["c"]
        assert max(row["h"] for row in rows) == whole["h"]
        assert min(row["l"] for row in rows) == whole["l"]
        assert sum(row["v"] for row in rows) == whole["v"]


def test_a_bar_contains_its_open_and_close_and_follows_the_one_before(history: BarHistory) -> None:
    for rows in by_day(history).values():
        assert all(row["l"] <= min(row["o"], row["c"]) <= max(row["o"], row["c"]) <= row["h"] for row in rows)
    past = [row for rows in list(by_day(history).values())[:5] for row in rows]
    assert all(later["o"] == earlier["c"] for earlier, later in pairwise(past))


def test_longer_bars_are_made_of_the_minutes(history: BarHistory) -> None:
    hours = dict(history.all("SPY", Timeframe(1, "Hour"), SINCE))
    rows = [row for at, row in history.all("SPY", MINUTES, SINCE) if (at.day, at.hour) == (9, 11)]
    hour = hours[datetime(2026, 3, 9, 11, tzinfo=NEW_YORK)]
    assert (hour["o"], hour["c"], hour["v"]) == (rows[0]["o"], rows[-1]["c"], sum(row["v"] for row in rows))


def test_the_order_of_asking_changes_nothing() -> None:
    one, other = quiet_world(), quiet_world()
    first, second = BarHistory(one), BarHistory(other)
    first.all("QQQ", MINUTES, SINCE)
    assert first.all("SPY", MINUTES, SINCE) == second.all("SPY", MINUTES, SINCE)
