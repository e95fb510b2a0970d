"""`date` at an instant of the World: what GNU date is given, and what it then says."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime

import pytest

from sim.lockstep.dates import CannotSet, rewritten

TUESDAY = datetime(2026, 3, 10, 14, 30, 5, 250000, tzinfo=UTC)


def said(*args: str, zone: str = "UTC") -> str:
    """What the real `date` prints for the rewritten arguments."""
    words = rewritten(list(args), TUESDAY, zone)
    done = subprocess.run(["date", *words], env={"TZ": zone, "LC_ALL": "C"}, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        (["+%F %T"], "2026-03-10 14:30:05"),
        (["-u", "+%s"], "1773153005"),
        (["+%s%N"], "1773153005250000000"),
        (["-d", "5 minutes ago", "+%T"], "14:25:05"),
        (["--date=-1 day", "+%F %T"], "2026-03-09 14:30:05"),
        (["--date", "+90 seconds", "+%T"], "14:31:35"),
        (["-dtomorrow", "+%F"], "2026-03-11"),
        (["-d", "tomorrow 09:30", "+%F %T"], "2026-03-11 09:30:00"),
        (["-d", "09:30", "+%F %T"], "2026-03-10 09:30:00"),
        (["-d", "16:00 today", "+%s"], "1773158400"),
        (["-d", "next monday", "+%F %T"], "2026-03-16 00:00:00"),
        (["-d", "tuesday", "+%F"], "2026-03-10"),
        (["-d", "next tuesday", "+%F"], "2026-03-17"),
        (["-d", "last friday", "+%F"], "2026-03-06"),
        (["-d", "friday 16:00", "+%F %T"], "2026-03-13 16:00:00"),
        (["-d", "last month", "+%F"], "2026-02-10"),
        (["-d", "now", "+%T"], "14:30:05"),
        (["-d", "@1700000000", "+%s"], "1700000000"),
        (["-d", "2026-01-05 10:00 UTC +2 hours", "+%T"], "12:00:00"),
        (["-d", "5 Jan 2026", "+%F"], "2026-01-05"),
        (["-d", 'TZ="America/New_York" 09:30', "+%T"], "13:30:00"),
        (["-Iseconds"], "2026-03-10T14:30:05+00:00"),
        (["-R"], "Tue, 10 Mar 2026 14:30:05 +0000"),
    ],
)
def test_as_gnu_date_would_say_it_then(args: list[str], expected: str) -> None:
    assert said(*args) == expected


def test_the_zone_of_the_shell_counts() -> None:
    assert said("+%F %T %Z", zone="America/New_York") == "2026-03-10 10:30:05 EDT"
    assert said("-u", "+%T", zone="America/New_York") == "14:30:05"
    assert said("-d", "yesterday 20:00", "+%F %T %Z", zone="Asia/Tokyo") == "2026-03-09 20:00:00 JST"


def test_the_clock_cannot_be_set() -> None:
    with pytest.raises(CannotSet):
        rewritten(["-s", "12:00"], TUESDAY, "UTC")


def test_what_is_wrong_is_left_for_date_to_say() -> None:
    assert rewritten(["-d"], TUESDAY, "UTC") == ["-d"]
    assert rewritten(["-r", "/etc/hostname"], TUESDAY, "UTC") == ["-r", "/etc/hostname"]
