"""What runs in a process of its own leaves the very History that it leaves in ours, event by event."""

from __future__ import annotations

import subprocess
import sys
import venv
from pathlib import Path

import pytest

from fakes import rest_broker
from fakes.alpaca.core import register
from sim.actors.process import Process
from sim.actors.runtime import virtual_time
from sim.actors.user_program import UserProgram
from sim.clock import SECOND
from sim.config import WorldConfig
from sim.desk import Desk
from sim.lockstep.user_code import OwnProgram
from sim.strategies import StrategyConfig
from sim.world import World
from tests.sim.actors.kit import run as run_here
from tests.sim.actors.test_programs import CASES, OUTAGE_S, PROGRAMS, printed
from tests.sim.lockstep.kit import HERE, run

THREADS = """
    import datetime, queue, signal, sys, threading, time
    jobs, lock, begun = queue.Queue(), threading.Lock(), time.monotonic()
    def say(*words): print(round(time.monotonic() - begun, 3), datetime.datetime.now().time(), *words)
    def work(number):
        while True:
            job = jobs.get()
            if job is None: return
            with lock: time.sleep(job)
            say("worker", number, "did", job)
    workers = [threading.Thread(target=work, args=(n,), name=f"w{n}") for n in range(3)]
    for worker in workers: worker.start()
    for job in (3, 1, 2, 0.5, 0.25): jobs.put(job)
    done = threading.Event()
    threading.Timer(4, done.set).start()
    say("event", done.wait(10)); say("not again", threading.Event().wait(1.5))
    signal.signal(signal.SIGALRM, lambda *_: say("alarm")); signal.alarm(2); time.sleep(5)
    for _ in workers: jobs.put(None)
    for worker in workers: worker.join()
    try: jobs.get(timeout=2)
    except queue.Empty: say("empty")
    sys.exit(3)
    """


def play(program: UserProgram, target: str) -> World:
    """One of the programs of the in-process tests, through the same outage."""
    verdict, _ = CASES[target]
    world = World(WorldConfig(strategies=StrategyConfig(orders_per_hour=0.0), monitored=False), 1)
    register(world)
    rest_broker.register(world)
    if verdict is not None:
        start_us, end_us = (second * SECOND for second in OUTAGE_S)
        world.env.call_at(start_us, lambda: world.env.call_at(end_us, world.link.add(lambda _: verdict)))
    with virtual_time(world):
        process = Process(world.env, world.hub, world.history, "bot")
        world.env.call_later(0, program.start, world, process, Desk(world, process, in_system=False))
        world.run(4000 * SECOND)
    return world


@pytest.mark.parametrize("target", CASES)
def test_the_same_history(target: str) -> None:
    own = play(OwnProgram(target, (), PROGRAMS, python=HERE), target)
    assert printed(own) == CASES[target][1]
    assert own.history.digest() == play(UserProgram(target, (), PROGRAMS), target).history.digest()


def test_threads_locks_queues_and_alarms_keep_their_order(tmp_path: Path) -> None:
    own = run(tmp_path, THREADS)
    assert own.only("code.exit")["code"] == "3"
    assert own.lines()[0] == "3.0 10:00:03 worker 0 did 3"
    assert own.history.digest() == run_here(tmp_path, None).history.digest()


def test_an_empty_environment_without_site_packages(tmp_path: Path) -> None:
    """Nothing of ours, and nothing at all, is installed where the code runs."""
    venv.create(tmp_path / "env", with_pip=False, symlinks=True)
    python = tmp_path / "env" / "bin" / "python"
    found = subprocess.run([python, "-c", "import greenlet"], capture_output=True, check=False)
    assert found.returncode == 1, "the environment is not empty"
    own = run(tmp_path / "project", THREADS, python=python)
    assert own.history.digest() == run_here(tmp_path / "project", None).history.digest()


def _others() -> list[Path]:
    """Other Pythons of this machine, where pyenv or the system keeps them."""
    found = {}
    for place in (*Path.home().glob(".pyenv/versions/3.*/bin/python"), *Path("/usr/bin").glob("python3.*")):
        name = place.name if place.name != "python" else "python" + place.parts[-3].rpartition(".")[0]
        minor = name.removeprefix("python3.")
        if minor.isdigit() and int(minor) >= 8 and int(minor) != sys.version_info.minor:
            found.setdefault(int(minor), place)
    return [found[minor] for minor in sorted(found)]


@pytest.mark.parametrize("python", [HERE, *_others()], ids=str)
def test_every_python_of_the_machine(tmp_path: Path, python: Path) -> None:
    """At least our own; on a machine with pyenv every version from 3.8 on."""
    source = THREADS + (
        "    # what differs between versions by nature, such as the names of threads, is not printed above\n"
        "    import asyncio\n"
    )
    assert run(tmp_path, source, python=python).history.digest() == run_here(tmp_path, None).history.digest()


def test_twenty_runs_have_one_digest_whatever_the_hash_seed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = """
        import asyncio, logging, random, threading, time, urllib.request
        logging.basicConfig(level=logging.DEBUG)
        print(list({"SPY", "QQQ", "AAPL", "MSFT", "IWM"}))
        def poll(name):
            for _ in range(5):
                time.sleep(random.random())
                try: logging.info("%s %s", name, urllib.request.urlopen("https://api.test/x", timeout=1).status)
                except OSError as error: logging.error("%s", error)
        threads = [threading.Thread(target=poll, args=(n,)) for n in "ab"]
        for t in threads: t.start()
        async def main():
            await asyncio.gather(*(asyncio.sleep(random.random()) for _ in range(10)))
            asyncio.get_running_loop().create_task(fail()); await asyncio.sleep(1)
        async def fail(): raise ValueError("lost")
        asyncio.run(main(), debug=True)
        """
    digests = set()
    for number in range(20):
        monkeypatch.setenv("PYTHONHASHSEED", str(number))
        digests.add(run(tmp_path, source).history.digest())
    assert len(digests) == 1
    assert run(tmp_path, source, seed=2).history.digest() not in digests
