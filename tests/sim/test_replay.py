"""Recorded bars come back as they were, and every malformed file is one line that names its place."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sim.clock import DAY, HOUR, MINUTE, SECOND
from sim.errors import BadInput
from sim.recording import COLUMNS, read_recording
from sim.replay import Replay
from tests.sim.market_kit import Desk, ny

OPEN = ny(2026, 3, 10, 9, 30)
HEADER = ",".join(COLUMNS)


def recorded(
    start: datetime, count: int, minutes: int = 1, seed: int = 1, price: float = 100.0
) -> list[tuple[object, ...]]:
    """Plausible bars of one stretch: (timestamp, open, high, low, close, volume)."""
    chance = np.random.Generator(np.random.PCG64(seed))
    rows: list[tuple[object, ...]] = []
    for n in range(count):
        opened = round(price * (1 + chance.normal(0, 0.0005)), 2)
        close = round(opened * (1 + chance.normal(0, 0.001)), 2)
        high = round(max(opened, close) + abs(chance.normal(0, 0.05)), 2)
        low = round(min(opened, close) - abs(chance.normal(0, 0.05)), 2)
        stamp = (start + timedelta(minutes=n * minutes)).astimezone(UTC)
        rows.append((stamp, opened, high, low, close, int(chance.integers(0, 5000))))
        price = close
    return rows


def write_csv(path: Path, bars: dict[str, list[tuple[object, ...]]]) -> Path:
    lines = [HEADER]
    for symbol, rows in bars.items():
        lines += [f"{stamp.isoformat()},{symbol},{o},{h},{low},{c},{v}" for stamp, o, h, low, c, v in rows]  # type: ignore[attr-defined]
    path.write_text("\n".join(lines) + "\n")
    return path


def day_of(seed: int = 1, days: int = 2, minutes: int = 1) -> list[tuple[object, ...]]:
    return [row for n in range(days) for row in recorded(OPEN + timedelta(days=n), 390 // minutes, minutes, seed + n)]


@pytest.mark.parametrize("minutes", [1, 5, 30])
def test_bars_built_from_the_replay_are_the_recorded_ones(tmp_path: Path, minutes: int) -> None:
    bars = {"AAA": day_of(1, minutes=minutes), "BBB": day_of(5, minutes=minutes)}
    source = Replay.of(write_csv(tmp_path / "bars.csv", bars))
    desk = Desk(ny(2026, 3, 10, 9), source, span_us=DAY, minutes=(minutes,))
    desk.run(DAY + 8 * HOUR)
    for symbol, rows in bars.items():
        seen = [
            (desk.clock.utc(b.start_us), b.open, b.high, b.low, b.close, b.volume) for b in desk.bars(symbol, minutes)
        ]
        if minutes == 30:  # the half hour from 15:30 is whole, and so is every other
            assert len(seen) == 26
        expected = [(t, o, h, low, c, v) for t, o, h, low, c, v in rows]
        assert seen == expected


def test_parquet_and_csv_are_the_same_market(tmp_path: Path) -> None:
    import pandas as pd

    bars = {"AAA": day_of(), "BBB": day_of(9)}
    rows = [(stamp, symbol, *rest) for symbol, found in bars.items() for stamp, *rest in found]
    frame = pd.DataFrame(rows, columns=list(COLUMNS)).sample(frac=1.0, random_state=3)
    frame.to_parquet(tmp_path / "bars.parquet")
    times = np.arange(0, 30 * HOUR, 37 * SECOND)
    market = [
        Desk(ny(2026, 3, 10, 9), Replay.of(path), span_us=DAY).market.matrix(times)
        for path in (tmp_path / "bars.parquet", write_csv(tmp_path / "bars.csv", dict(sorted(bars.items()))))
    ]
    assert np.array_equal(np.sort(market[0], axis=1), np.sort(market[1], axis=1))


def test_a_bar_goes_against_its_direction_first(tmp_path: Path) -> None:
    """A rising bar visits its low before its high, a falling one its high first."""
    stamps = [(OPEN + timedelta(minutes=n)).astimezone(UTC) for n in range(2)]
    rows: list[tuple[object, ...]] = [(stamps[0], 10.0, 12.0, 9.0, 11.0, 5), (stamps[1], 11.0, 12.0, 9.0, 10.0, 5)]
    desk = Desk(OPEN, Replay.of(write_csv(tmp_path / "b.csv", {"A": rows})), span_us=MINUTE)
    path = desk.market.matrix(np.arange(0, 2 * MINUTE, SECOND))[:, 0]
    assert [path[0], path[20], path[39], path[59]] == [10.0, 9.0, 12.0, 11.0]
    assert [path[60], path[80], path[99], path[119]] == [11.0, 12.0, 9.0, 10.0]


def test_where_bars_are_missing_the_last_price_holds(tmp_path: Path) -> None:
    rows = day_of()
    hole = rows[:60] + rows[90:]
    desk = Desk(ny(2026, 3, 10, 9, 30), Replay.of(write_csv(tmp_path / "b.csv", {"AAA": hole})), span_us=HOUR)
    within = desk.market.matrix(np.arange(60 * MINUTE, 90 * MINUTE, SECOND))
    assert (within == rows[59][4]).all()
    assert desk.market.price_at("AAA", 90 * MINUTE) == rows[90][1]
    assert desk.market.volume("AAA", 60 * MINUTE, 90 * MINUTE) == 0


def test_a_run_may_start_within_a_recorded_session(tmp_path: Path) -> None:
    rows = day_of()
    source = Replay.of(write_csv(tmp_path / "b.csv", {"AAA": rows}))
    whole, late = Desk(ny(2026, 3, 10, 9), source), Desk(ny(2026, 3, 10, 11, 0), source, span_us=HOUR)
    times = np.arange(0, 3 * HOUR, SECOND)
    assert np.array_equal(late.market.matrix(times), whole.market.matrix(times + 2 * HOUR))


def test_bars_outside_sessions_are_left_out(tmp_path: Path) -> None:
    early = recorded(OPEN - timedelta(hours=2), 120, price=50.0)
    desk = Desk(ny(2026, 3, 10, 9), Replay.of(write_csv(tmp_path / "b.csv", {"AAA": early + day_of()})), span_us=HOUR)
    assert desk.market.matrix(np.arange(0, HOUR, MINUTE)).min() > 90


def test_a_shock_bends_a_replay_too(tmp_path: Path) -> None:
    source = Replay.of(write_csv(tmp_path / "b.csv", {"AAA": day_of()}))
    plain, shocked = Desk(ny(2026, 3, 10, 9), source), Desk(ny(2026, 3, 10, 9), source)
    shocked.run(2 * HOUR)
    shocked.market.shock(None, 0.85)
    times = np.arange(2 * HOUR + SECOND, 7 * HOUR, SECOND)
    assert shocked.market.matrix(times) / plain.market.matrix(times) == pytest.approx(0.85, abs=2e-4)


def test_a_file_that_does_not_cover_the_run_is_refused(tmp_path: Path) -> None:
    source = Replay.of(write_csv(tmp_path / "b.csv", {"AAA": day_of(days=1)}))
    with pytest.raises(BadInput, match="no bars of AAA in the session of 2026-03-11"):
        Desk(ny(2026, 3, 10, 9), source, span_us=2 * DAY)
    Desk(ny(2026, 3, 10, 9), source, span_us=12 * HOUR)


def test_bars_shorter_than_four_marks_are_refused(tmp_path: Path) -> None:
    source = Replay.of(write_csv(tmp_path / "b.csv", {"AAA": day_of()}))
    desk = Desk(ny(2026, 3, 10, 9), source, span_us=HOUR, mark_us=20 * SECOND)
    with pytest.raises(BadInput, match="four marks"):
        desk.market.price_at("AAA", HOUR)


@pytest.mark.parametrize(
    "stamp",
    ["2026-03-10T13:30:00Z", "2026-03-10 09:30:00-04:00", "1773149400", "1773149400000", "1773149400000000",
     "1773149400000000000"],
)  # fmt: skip
def test_time_stamps_with_an_offset_or_unix_times(tmp_path: Path, stamp: str) -> None:
    path = tmp_path / "b.csv"
    path.write_text(f"{HEADER}\n{stamp},A,1,1,1,1,1\n")
    bar = read_recording(path, minutes=1).bars["A"][0]
    assert bar.start_us == int(OPEN.timestamp()) * SECOND


def test_naive_time_stamps_need_a_zone(tmp_path: Path) -> None:
    path = tmp_path / "b.csv"
    path.write_text(f"{HEADER}\n2026-03-10T09:30,A,1,1,1,1,1\n")
    with pytest.raises(BadInput, match="without an offset"):
        read_recording(path, minutes=1)
    assert (
        read_recording(path, zone="America/New_York", minutes=1).bars["A"][0].start_us == int(OPEN.timestamp()) * SECOND
    )


def test_a_zone_that_does_not_exist_is_told(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no time zone"):
        read_recording(write_csv(tmp_path / "b.csv", {"A": day_of(days=1)}), zone="New York")


GOOD = "2026-03-10T13:30:00Z,A,10,11,9,10.5,100"


@pytest.mark.parametrize(
    ("text", "line", "field", "says"),
    [
        ("", 1, None, "column timestamp is missing"),
        ("timestamp,symbol,open,high,low,close\n", 1, None, "column volume is missing"),
        (f"{HEADER},close\n", 1, "close", "twice"),
        (f"{HEADER}\n", None, None, "no bars"),
        (f"{HEADER}\n{GOOD}\n2026-03-10T13:31:00Z,A,10,11,9,abc,100\n", 3, "close", "not a number"),
        (f"{HEADER}\n{GOOD}\n2026-03-10T13:31:00Z,A,10,11,9,,100\n", 3, "close", "not a number"),
        (f"{HEADER}\n2026-03-10T13:31:00Z,A,10,11,9,nan,100\n", 2, "close", "finite"),
        (f"{HEADER}\n2026-03-10T13:31:00Z,A,0,11,0,10,100\n", 2, "open", "not a price"),
        (f"{HEADER}\n2026-03-10T13:31:00Z,A,-1,11,-2,10,100\n", 2, "open", "not a price"),
        (f"{HEADER}\n2026-03-10T13:31:00Z,A,10,9,8,9,100\n", 2, "high", "under another price"),
        (f"{HEADER}\n2026-03-10T13:31:00Z,A,10,11,10.2,10.5,100\n", 2, "low", "over another price"),
        (f"{HEADER}\n2026-03-10T13:31:00Z,A,10,11,9,10,-5\n", 2, "volume", "not a volume"),
        (f"{HEADER}\n10/03/2026,A,10,11,9,10,5\n", 2, "timestamp", "not a time stamp"),
        (f"{HEADER}\n{GOOD}\n\n{GOOD}\n", 4, "timestamp", "second bar of A at this time, after line 2"),
        (f"{HEADER}\n{GOOD}\n2026-03-10T13:31:00Z,A,10\n", 3, None, "3 cells where the header has 7"),
        (f"{HEADER}\n2026-03-10T13:31:00Z,  ,10,11,9,10,5\n", 2, "symbol", "no symbol"),
        (f'{HEADER}\n"2026-03-10T13:31:00Z"x,A,10,11,9,10,5\n', 2, None, "not CSV"),
        (f"{HEADER}\n{GOOD}\n", None, None, "how long a bar lasts"),
        (f"{HEADER}\n{GOOD}\n2026-03-11T13:30:00Z,A,10,11,9,10.5,100\n", None, None, "daily bars"),
    ],
)
def test_a_malformed_csv_is_one_line_with_its_place(
    tmp_path: Path, text: str, line: int | None, field: str | None, says: str
) -> None:
    path = tmp_path / "b.csv"
    path.write_text(text)
    with pytest.raises(BadInput, match=says) as bad:
        read_recording(path)
    assert (bad.value.line, bad.value.field) == (line, field)
    assert bad.value.file == str(path)
    assert "\n" not in str(bad.value)


def test_files_that_are_no_text_no_parquet_or_not_there(tmp_path: Path) -> None:
    (tmp_path / "b.csv").write_bytes(b"\xff\xfe\x00timestamp")
    (tmp_path / "b.parquet").write_bytes(b"not parquet at all")
    for name in ("b.csv", "b.parquet", "missing.csv", "missing.parquet", "."):
        with pytest.raises(BadInput, match="cannot be read"):
            read_recording(tmp_path / name)


def test_a_bad_parquet_row_is_named(tmp_path: Path) -> None:
    import pandas as pd

    rows = [(OPEN, "A", 10.0, 11.0, 9.0, 10.0, 5), (OPEN + timedelta(minutes=1), "A", 10.0, float("nan"), 9.0, 10.0, 5)]
    pd.DataFrame(rows, columns=list(COLUMNS)).to_parquet(tmp_path / "b.parquet")
    with pytest.raises(BadInput) as bad:
        read_recording(tmp_path / "b.parquet")
    assert (bad.value.line, bad.value.field) == (2, "high")


def test_overlapping_bars_are_refused(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "b.csv", {"A": day_of(days=1)})
    with pytest.raises(BadInput, match="overlap"):
        read_recording(path, minutes=5)


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode), st.booleans())
def test_nothing_in_a_file_can_crash_the_reader(tmp_path: Path, content: bytes, headed: bool) -> None:
    path = tmp_path / "b.csv"
    path.write_bytes((HEADER + "\n").encode() * headed + content)
    with suppress(BadInput):
        read_recording(path)
