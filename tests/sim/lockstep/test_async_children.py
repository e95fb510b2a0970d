"""asyncio programs that start other programs, as supervisors do: pipes and ends at the World's instants."""

from __future__ import annotations

import shutil
import subprocess
from itertools import pairwise
from pathlib import Path

import pytest

from sim.clock import wall_seconds
from tests.sim.lockstep.exec_kit import run, script


def interpreters() -> list[str]:
    """Other Pythons of this machine, oldest first, beside the one that runs the tests."""
    found = {}
    for name in ("python3.8", "python3.9", "python3.12", "python3.13"):
        shim = shutil.which(name)
        places = [shim] if shim is not None else []
        places += map(str, sorted(Path.home().glob(f".pyenv/versions/{name.removeprefix('python')}.*/bin/python")))
        for place in places:
            if subprocess.run([place, "-c", ""], capture_output=True, check=False).returncode == 0:
                found[name] = place
    return list(found.values())


ASK = '''
import asyncio, sys, time

async def ask(command):
    child = await asyncio.create_subprocess_shell(
        command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT)
    out, _ = await child.communicate()
    return child.returncode, out.decode().strip()

async def beat():
    while True:
        await asyncio.sleep(20)
        print("beat", int(time.time()) % 3600)

async def main():
    beating = asyncio.ensure_future(beat())
    began = time.time()
    print(await asyncio.gather(
        ask("curl -s -o /dev/null -w '%{http_code}' https://api.test/clock; sleep 45; exit 3"),
        ask("sleep 30; echo up")))
    print(round(time.time() - began, 3) < 46)
    child = await asyncio.create_subprocess_exec(
        "cat", stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE)
    print((await child.communicate(b"through the pipe"))[0].decode())
    child = await asyncio.create_subprocess_exec("sleep", "2h")
    try:
        await asyncio.wait_for(child.wait(), timeout=600)
    except asyncio.TimeoutError:
        child.kill()
        print("killed", await child.wait(), round(time.time() - began) // 10)
    child = await asyncio.create_subprocess_shell(
        "for i in 1 2 3; do echo line $i; sleep 10; done", stdout=asyncio.subprocess.PIPE)
    async for line in child.stdout:
        print(line.decode().strip(), int(time.time()) % 60)
    print("end", await child.wait())
    beating.cancel()

asyncio.run(main())
'''


def test_a_supervisor_hears_its_children_at_the_instant_they_speak(tmp_path: Path) -> None:
    (tmp_path / "supervisor.py").write_text(ASK)
    first, again = (run(tmp_path, "python3 supervisor.py\n") for _ in range(2))
    said = [line for line in first.lines if not line.startswith("beat")]
    assert said[0] == "[(3, '200'), (0, 'up')]"
    assert said[1] == "True"  # side by side, and not a moment later than the longer one
    assert said[2:4] == ["through the pipe", "killed -9 64"]
    ends = [int(line.split()[2]) for line in said[4:7]]
    assert [(b - a) % 60 for a, b in pairwise(ends)] == [10, 10]
    assert said[7] == "end 0"
    assert sum(line.startswith("beat") for line in first.lines) == 33  # one every 20 s of 675 s
    assert first.history.digest() == again.history.digest()


@pytest.mark.parametrize("interpreter", interpreters())
def test_any_python_does(tmp_path: Path, interpreter: str) -> None:
    (tmp_path / "supervisor.py").write_text(ASK)
    ran = run(tmp_path, f"{interpreter} supervisor.py\n")
    assert ran.code == 0
    assert "killed -9 64" in ran.lines


SUPERVISOR = '''
import subprocess, sys, time
for n in range(2):
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(900); raise SystemExit(7)"])
    began = time.time()
    try:
        print("ended", child.wait(timeout=3600), round(time.time() - began))
    except subprocess.TimeoutExpired:
        print("late")
    time.sleep(10)
try:
    subprocess.run("echo part; sleep 7200", shell=True, capture_output=True, timeout=3600)
except subprocess.TimeoutExpired as late:
    print(late.stdout.decode().strip(), round(time.time() - began))
'''


def test_a_wait_for_a_child_with_a_limit_costs_no_look_every_moment(tmp_path: Path) -> None:
    (tmp_path / "supervisor.py").write_text(SUPERVISOR)
    began = wall_seconds()
    ran = run(tmp_path, "python3 supervisor.py\n")
    assert ran.lines == ["ended 7 900", "ended 7 900", "part 4510"]
    assert wall_seconds() - began < 30  # an hour of looks twenty times a second would be 72,000


def test_what_still_runs_at_the_end_leaves_the_same_trail_each_time(tmp_path: Path) -> None:
    script(tmp_path, "python3 -c 'import time; time.sleep(9999)' & sleep 8000; echo late\n")
    assert len({run(tmp_path, None, until_s=60).history.digest() for _ in range(6)}) == 1
