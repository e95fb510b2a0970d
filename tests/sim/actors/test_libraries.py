"""What a library keeps in itself belongs to the process that put it there: the next one, or a restart, sees none."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.actors.process import Process
from sim.actors.user_program import UserProgram
from sim.clock import SECOND
from tests.sim.actors.kit import BareWorld, run, write

COUNTS = """
    import counts
    from holder import REGISTER
    REGISTER.append(1)
    counts.add()
    print(len(REGISTER), counts.TOTAL, counts.register is REGISTER)
    """


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "site-packages"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    return folder


def twice(folder: Path, source: str) -> tuple[list[str], list[str]]:
    first, second = (run(folder / "bot", source, until_s=60, seed=seed) for seed in (1, 1))
    assert first.history.digest() == second.history.digest()
    return first.lines(), second.lines()


def test_a_library_with_a_list_of_its_own_starts_empty_in_each_process(tmp_path: Path, installed: Path) -> None:
    """So does one that holds a part of it: two names for one list stay two names for one list."""
    write(installed, "TOTAL = 0\nregister = []\ndef add():\n    global TOTAL\n    TOTAL += 1\n", "counts.py")
    write(installed, "from counts import register as REGISTER\n", "holder.py")
    assert twice(tmp_path, COUNTS) == (["1 1 True"],) * 2


def test_a_library_that_does_not_change_is_imported_once(tmp_path: Path, installed: Path) -> None:
    write(installed, "import time\nAT = time.time()\n", "still.py")
    source = "import time\ntime.sleep(5)\nimport still\nprint(id(still))"
    first, second = (run(tmp_path / "bot", source, until_s=60).lines() for _ in range(2))
    assert first == second


def test_what_a_library_draws_while_it_is_imported_is_not_taken_from_the_program(
    tmp_path: Path, installed: Path
) -> None:
    """The first program of a process, whose import it is, draws the same as the next."""
    write(installed, "import random\nJITTER = [random.random() for _ in range(3)]\n", "jitter.py")
    source = "import random, jitter\nprint(jitter.JITTER, random.random())"
    first, second = twice(tmp_path, source)
    assert first == second


def test_jobs_of_the_process_before_do_not_run(tmp_path: Path) -> None:
    source = """
        import time, schedule
        schedule.every(10).seconds.do(lambda: print("check", len(schedule.jobs)))
        for _ in range(25):
            schedule.run_pending()
            time.sleep(1)
        """
    assert twice(tmp_path, source) == (["check 1"] * 2,) * 2


def test_two_processes_at_a_time_have_each_their_own(tmp_path: Path, installed: Path) -> None:
    """An operator's command that runs beside the bot does not see what the bot has put into a library."""
    write(installed, "held = []\n", "keeps.py")
    write(tmp_path / "bot", "import keeps\nkeeps.held.append('command')\nprint('command', keeps.held)\n", "command.py")
    source = """
        import time, keeps
        keeps.held.append("bot")
        time.sleep(20)
        import keeps as again
        print("bot", keeps.held, again is keeps)
        """

    def prepare(world: BareWorld, process: Process) -> None:
        world.env.call_at(10 * SECOND, UserProgram("command.py", (), tmp_path / "bot").start, world, process)

    world = run(tmp_path / "bot", source, until_s=60, prepare=prepare)
    assert world.lines() == ["command ['command']", "bot ['bot'] True"]
