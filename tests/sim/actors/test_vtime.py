"""Every clock and every sleep of the standard library moves in the World's time, in its zone, and for programs only."""

from __future__ import annotations

import os
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from sim.actors.patching import Patches
from sim.actors.vtime import delay_us
from sim.clock import wall_now
from tests.sim.actors.kit import run


def test_all_clocks_agree_and_sleep_moves_them(tmp_path: Path) -> None:
    world = run(
        tmp_path,
        """
        import time
        from datetime import datetime, date, timezone
        from time import monotonic, sleep
        began = [time.time(), monotonic(), time.perf_counter(), time.monotonic_ns(), datetime.now(timezone.utc)]
        sleep(90.5)
        print(time.time() - began[0], monotonic() - began[1], time.perf_counter() - began[2])
        print(time.monotonic_ns() - began[3], datetime.now(timezone.utc) - began[4])
        print(datetime.now(), datetime.utcnow(), date.today(), time.strftime("%H:%M %Z"), time.localtime().tm_hour)
        print(datetime.now().astimezone().isoformat(), datetime.fromtimestamp(0))
        """,
    )
    assert world.lines() == [
        "90.5 90.5 90.5",
        "90500000000 0:01:30.500000",
        "2026-03-10 10:01:30.500000 2026-03-10 14:01:30.500000 2026-03-10 10:01 EDT 10",
        "2026-03-10T10:01:30.500000-04:00 1969-12-31 19:00:00",
    ]


def test_the_zone_is_the_firms(tmp_path: Path) -> None:
    source = "import datetime; print(datetime.datetime.now(), datetime.datetime.now().astimezone().tzname())"
    assert run(tmp_path, source, zone="UTC").lines() == ["2026-03-10 14:00:00 UTC"]
    assert run(tmp_path, source, zone="Asia/Tokyo").lines() == ["2026-03-10 23:00:00 JST"]


def test_sleeping_for_days_takes_no_time(tmp_path: Path) -> None:
    source = "import time\nfor day in range(30): time.sleep(86400)\nprint(time.strftime('%F'))"
    assert run(tmp_path, source, until_s=31 * 86400).lines() == ["2026-04-09"]


def test_a_loop_that_polls_the_clock_gets_through(tmp_path: Path) -> None:
    world = run(tmp_path, "import time\nend = time.time() + 2\nwhile time.time() < end: pass\nprint('through')")
    (event,) = world.history.of("code.output")
    assert 2_000_000 <= event.t_us <= 2_002_000


def test_yielding_with_sleep_zero_gets_through_too(tmp_path: Path) -> None:
    source = """
        import threading, time
        done = []
        threading.Timer(5, lambda: done.append(1)).start()
        while not done: time.sleep(0)
        print('through')
        """
    assert run(tmp_path, source).lines() == ["through"]


def test_pandas_and_modules_bound_early_see_virtual_time(tmp_path: Path) -> None:
    world = run(
        tmp_path,
        """
        import pandas as pd, sched, time, queue
        print(pd.Timestamp.now(), pd.Timestamp.now('UTC'))
        s = sched.scheduler()
        s.enter(10, 1, lambda: print('ran'))
        s.run()
        try: queue.Queue().get(timeout=5)
        except queue.Empty: print(pd.Timestamp.now("UTC"))
        """,
    )
    assert world.lines() == [
        "2026-03-10 10:00:00 2026-03-10 14:00:00+00:00", "ran", "2026-03-10 14:00:15+00:00",
    ]  # fmt: skip


def test_everybody_else_keeps_real_time_and_nothing_is_left(tmp_path: Path) -> None:
    before = [vars(time)["sleep"], vars(time)["monotonic"], os.environ.get("TZ"), time.tzname, os.getcwd()]
    seen = []

    def look() -> None:
        seen.append(wall_now())

    real = wall_now()
    run(tmp_path, "import time; time.sleep(3600)", prepare=lambda world, _: world.env.call_later(60_000_000, look))
    assert abs((seen[0] - real).total_seconds()) < 60
    assert before == [vars(time)["sleep"], vars(time)["monotonic"], os.environ.get("TZ"), time.tzname, os.getcwd()]
    assert abs((wall_now() - real).total_seconds()) < 60


def test_waits_round_up_but_not_for_the_noise_of_floats() -> None:
    assert delay_us(0.1 + 0.2) == 300_000
    assert delay_us(1e-6) == 1
    assert delay_us(1.4e-6) == 2
    assert delay_us(0) == 0


def test_patches_are_undone_in_reverse_when_one_fails() -> None:
    order: list[str] = []
    patches = Patches()
    patches.switch(lambda: order.append("on 1"), lambda: order.append("off 1"))
    patches.switch(lambda: order.append("on 2"), lambda: order.append("off 2"))

    def fail() -> None:
        raise RuntimeError("cannot")

    patches.switch(fail, lambda: order.append("never"))
    with pytest.raises(RuntimeError, match="cannot"):
        patches.install()
    assert order == ["on 1", "on 2", "off 2", "off 1"]
    assert not patches.active


def test_an_attribute_is_restored_or_removed() -> None:
    thing = SimpleNamespace(kept=1)
    patches = Patches()
    patches.attribute(thing, "kept", 2)
    patches.attribute(thing, "added", 3)
    patches.install()
    patches.install()
    assert vars(thing) == {"kept": 2, "added": 3}
    patches.remove()
    assert patches.active
    patches.remove()
    assert vars(thing) == {"kept": 1}
