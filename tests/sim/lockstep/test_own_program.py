"""A process of its own dies, hangs, restarts and is refused things as a process in ours is, and cannot get out."""

from __future__ import annotations

import os
import signal
import socket
from pathlib import Path

import pytest

from sim.actors.process import Process
from sim.actors.runtime import virtual_time
from sim.errors import BadInput
from sim.lockstep.egress import without_network
from sim.lockstep.user_code import OwnProgram
from sim.network import Verdict
from tests.sim.actors.kit import BareWorld, write
from tests.sim.actors.kit import run as run_here
from tests.sim.lockstep.kit import HERE, run


@pytest.mark.parametrize(
    ("source", "code", "printed"),
    [
        ("pass", "0", []),
        ("import sys; sys.exit('cannot go on')", "1", ["cannot go on"]),
        ("raise KeyboardInterrupt", "130", ["KeyboardInterrupt"]),
        ("def act():\n    1 / 0\nact()", "1", ["ZeroDivisionError: division by zero"]),
        ("import os\ntry: os._exit(7)\nfinally: print('never')", "7", []),
        ("import os, signal\nos.kill(os.getpid(), signal.SIGTERM)", str(-signal.SIGTERM), []),
        ("import atexit, threading, time\natexit.register(print, 'last')\n"
         "threading.Thread(target=lambda: (time.sleep(9), print('thread'))).start()\nprint('main')",
         "0", ["main", "thread", "last"]),
    ],
)  # fmt: skip
def test_how_it_ends(tmp_path: Path, source: str, code: str, printed: list[str]) -> None:
    world = run(tmp_path, source)
    assert world.only("code.exit")["code"] == code
    assert world.lines() == printed


def test_a_file_that_was_left_open_is_written_when_the_interpreter_ends(tmp_path: Path) -> None:
    source = "import time\nkept = open('left.txt', 'w'); kept.write('whole'); time.sleep(1)"
    write(tmp_path, source)
    world = BareWorld()
    with virtual_time(world) as runtime:
        process = Process(world.env, world.hub, world.history, "bot")
        world.env.call_later(0, OwnProgram("bot.py", (), tmp_path, python=HERE).start, world, process)
        world.marks.run(2_000_000)
        assert (runtime.directory / "left.txt").read_text() == "whole"


def test_a_crash_of_the_interpreter_is_an_exit_with_its_last_words(tmp_path: Path) -> None:
    source = "import ctypes, faulthandler, time\ntime.sleep(5)\nctypes.string_at(0)\n"
    ended = run(tmp_path, source).only("code.exit")
    assert (ended["code"], ended["reason"]) == (str(-signal.SIGSEGV), "signal SIGSEGV")


def test_a_restart_loses_memory_and_keeps_files_and_death_runs_no_handlers(tmp_path: Path) -> None:
    write(tmp_path, "count = 0\n", "state.py")
    source = """
        import atexit, os, state, threading, time
        atexit.register(print, "atexit")
        state.count += 1
        with open("starts.txt", "a") as file: file.write("x")
        print(state.count, len(open("starts.txt").read()))
        def work():
            try: time.sleep(1e6)
            finally: print("finally")
        threading.Thread(target=work).start()
        while True:
            try: time.sleep(1e6)
            except BaseException: print("caught")
        """
    write(tmp_path, source)
    world, pids = BareWorld(), []
    with virtual_time(world):
        for at_s in (0, 10, 20):
            process = Process(world.env, world.hub, world.history, "bot")
            program = OwnProgram("bot.py", (), tmp_path, python=HERE)
            world.env.call_later(
                at_s * 1_000_000, lambda p=process, q=program: pids.append(q.start(world, p)._child.pid)
            )
            world.env.call_later(at_s * 1_000_000 + 5_000_000, process.kill)
        world.marks.run(60_000_000)
    assert world.lines() == ["1 1", "1 2", "1 3"]
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_a_world_that_is_left_leaves_no_process(tmp_path: Path) -> None:
    write(tmp_path, "import time\nwhile True: time.sleep(1)")
    world, started = BareWorld(), []
    with virtual_time(world):
        process = Process(world.env, world.hub, world.history, "bot")
        program = OwnProgram("bot.py", (), tmp_path, python=HERE)
        world.env.call_later(0, lambda: started.append(program.start(world, process)))
        world.marks.run(5_000_000)
        folder = Path(started[0]._child.folder)
        assert folder.exists()
    with pytest.raises(ProcessLookupError):
        os.kill(started[0]._child.pid, 0)
    assert not folder.exists()


def test_a_busy_loop_is_stopped_and_its_function_named(tmp_path: Path) -> None:
    source = "import time\ndef spin():\n    n = 0\n    while True: n += 1\ntime.sleep(3)\nspin()"
    hang = run(tmp_path, source, busy_limit_s=0.2).only("code.hang")
    assert (hang["endpoint"], hang["at"], hang["stack"]) == (
        "busy loop", "bot.py:2", ["bot.py:1 in <module>", "bot.py:2 in spin"]
    )  # fmt: skip


def test_a_loop_that_asks_and_asks_is_one_too(tmp_path: Path) -> None:
    source = "import socket\ndef ask():\n    while True: socket.gethostbyname('api.test')\nask()"
    hang = run(tmp_path, source, busy_limit_s=0.2).only("code.hang")
    assert (hang["endpoint"], hang["at"]) == ("busy loop", "bot.py:2")


def test_a_loop_that_watches_the_clock_gets_on(tmp_path: Path) -> None:
    source = "import time\nend = time.time() + 60\nwhile time.time() < end: pass\nprint(round(time.monotonic() - 1e5))"
    assert run(tmp_path, source).lines() == ["60"]


def test_what_sleeps_in_c_is_found_out(tmp_path: Path) -> None:
    source = "import ctypes\ndef nap():\n    ctypes.CDLL(None).sleep(600)\nnap()"
    hang = run(tmp_path, source, busy_limit_s=0.2).only("code.hang")
    assert (hang["endpoint"], hang["at"]) == ("a wait outside of virtual time", "bot.py:2")


def test_an_interpreter_that_never_gets_going(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sim.lockstep.child.START_LIMIT_S", 0.5)
    python = tmp_path / "env" / "python"
    python.parent.mkdir()
    python.write_text("#!/bin/sh\nexec sleep 600\n")
    python.chmod(0o755)
    assert run(tmp_path, "pass", python=python).only("code.hang")["endpoint"] == "start of the interpreter"


def test_an_interpreter_that_ends_before_it_says_a_word(tmp_path: Path) -> None:
    python = tmp_path / "env" / "python"
    python.parent.mkdir()
    python.write_text("#!/bin/sh\necho 'no libpython3.so' >&2; exit 127\n")
    python.chmod(0o755)
    world = run(tmp_path, "pass", python=python)
    assert world.lines() == ["no libpython3.so"]
    assert world.only("code.exit") == {"hook": "bot.py", "code": "127", "reason": "ended without a word"}


def test_a_call_without_timeout_into_a_black_hole_is_a_hang_with_the_users_stack(tmp_path: Path) -> None:
    source = """
        import urllib.request
        def ask():
            return urllib.request.urlopen("https://api.test/x").read()
        ask()
        """
    hang = run(tmp_path, source, outages=[(0.0, 1e6, Verdict(hang=True))]).only("code.hang")
    assert hang["endpoint"] == "connect to 198.18.0.1"
    assert (hang["at"], hang["stack"]) == ("bot.py:4", ["bot.py:5 in <module>", "bot.py:4 in ask"])
    assert hang["waited_s"] == 300


def test_nothing_leaves_the_machine_and_no_process_starts(tmp_path: Path) -> None:
    source = """
        import os, socket, subprocess, urllib.request
        import _socket
        def attempt(call):
            try: call()
            except Exception as error: print(type(error).__name__, error)
        attempt(lambda: urllib.request.urlopen("https://paper-api.example.com/v2/orders", timeout=3))
        attempt(lambda: socket.create_connection(("192.0.2.1", 443), timeout=3))
        attempt(lambda: subprocess.run(["curl", "https://x"]))
        attempt(lambda: os.system("date"))
        attempt(os.fork)
        raw = socket.socket.__mro__[2]
        attempt(lambda: raw(_socket.AF_INET, _socket.SOCK_STREAM).connect(("127.0.0.1", 9)))
        try: import zmq
        except ImportError as error: print(error)
        """
    world = run(tmp_path, source)
    expected = [
        "URLError <urlopen error [Errno -2] paper-api.example.com is no host of this drill",
        "ConnectionRefusedError [Errno 111] 192.0.2.1:443 is no host of this drill",
        "PermissionError [Errno 1] subprocess: a program in virtual time starts no real process",
        "PermissionError [Errno 1] system: a program in virtual time starts no real process",
        "PermissionError [Errno 1] fork: a program in virtual time starts no real process",
        "PermissionError [Errno 1] a real socket: nothing leaves the machine in a drill",
        "zmq is not available in a drill: it opens connections by itself, in C",
    ]
    assert [line[: len(start)] for line, start in zip(world.lines(), expected, strict=True)] == expected
    refused = [(e.get("refused"), e.get("at")) for e in world.history.of("code.refused")]
    assert refused == [
        ("host", "bot.py:7"), ("connection", "bot.py:8"), ("process", "bot.py:9"), ("process", "bot.py:10"),
        ("process", "bot.py:5"), ("socket", "bot.py:13"), ("library", "bot.py:14"),
    ]  # fmt: skip


@pytest.mark.skipif(not without_network(), reason="this machine gives no network namespace (unshare --net)")
def test_a_connection_made_in_c_finds_no_network(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        source = f"""
            import ctypes, socket, struct
            libc = ctypes.CDLL(None, use_errno=True)
            number = libc.socket(2, 1, 0)
            address = struct.pack("=HH4s8x", 2, socket.htons({port}), bytes([127, 0, 0, 1]))
            print(libc.connect(number, address, len(address)))
            """
        assert run(tmp_path, source).lines() == ["-1"]


def test_credentials_stay_outside_and_the_zone_is_the_firms(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("APCA_API_SECRET_KEY", "real-secret")
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy:3128")
    source = """
        import os, time
        print(os.environ["APCA_API_SECRET_KEY"], os.getenv("HTTPS_PROXY"), os.getenv("LIMIT"))
        print([name for name in os.environ if name.startswith(("FIREDRILL", "PYTHONHASH"))], time.tzname[0])
        print(time.strftime("%H:%M"), os.getpid(), os.listdir("."))
        """
    lines = run(tmp_path, source, environ={"LIMIT": "5"}).lines()
    assert lines == ["drill-apca-api-secret-key None 5", "[] EST", "10:00 4210 []"]


def test_what_it_writes_outside_of_its_directory_does_not_touch_the_machine(tmp_path: Path) -> None:
    outside = tmp_path / "elsewhere"
    outside.mkdir()
    (outside / "kept.txt").write_text("real")
    source = f"""
        import os, pathlib, sqlite3, tempfile
        here, out = pathlib.Path(__file__).parent, pathlib.Path({str(outside)!r})
        (here / "state.json").write_text("mine"); print((here / "state.json").read_text())
        with open(out / "kept.txt", "a") as file: file.write(" and more")
        print((out / "kept.txt").read_text(), os.path.getsize(out / "kept.txt"))
        os.makedirs(out / "new" / "deep"); (out / "new" / "deep" / "a.txt").write_text("a")
        os.replace(out / "new" / "deep" / "a.txt", out / "new" / "b.txt"); print((out / "new" / "b.txt").exists())
        os.remove(out / "kept.txt"); print((out / "kept.txt").exists())
        db = sqlite3.connect(out / "x.db"); db.execute("create table t (a)"); db.close()
        with tempfile.TemporaryDirectory() as folder: print(os.path.isdir(folder))
        """
    world = run(tmp_path / "project", source)
    assert world.lines() == ["mine", "real and more 13", "True", "False", "True"]
    assert not world.history.of("code.error")
    assert [p.name for p in outside.iterdir()] == ["kept.txt"]
    assert (outside / "kept.txt").read_text() == "real"
    assert [p.name for p in (tmp_path / "project").iterdir()] == ["bot.py"]


def test_arguments_modules_and_functions(tmp_path: Path) -> None:
    write(tmp_path, "limit: 5\n", "config/risk.yaml")
    source = "import sys\nif __name__ == '__main__': print(sys.argv[1:], open('config/risk.yaml').read().strip())"
    assert run(tmp_path, source, argv=("--flat", "SPY")).lines() == ["['--flat', 'SPY'] limit: 5"]
    write(tmp_path, "async def main():\n    print('async main')\n    return 'all positions closed'\n", "pkg/bot.py")
    world = run(tmp_path, None, target="pkg.bot:main")
    assert world.lines() == ["async main"]
    assert [e.subject for e in world.history.of("code.claim")] == ["flat"]
    assert run(tmp_path, None, target="pkg/bot.py:main").lines() == ["async main"]
    write(tmp_path, "print('as a module', __name__)", "pkg/__main__.py")
    assert run(tmp_path, None, target="-m pkg").lines() == ["as a module __main__"]
    source = "from .bot import main\nimport os\nprint(__package__, main.__module__, os.environ['TZ'])"
    write(tmp_path, source, "pkg/run.py")
    assert run(tmp_path, None, target="-m pkg.run").lines() == ["pkg pkg.bot America/New_York"]


def test_a_package_that_is_missing_there_is_told_with_the_users_line(tmp_path: Path) -> None:
    write(tmp_path, "import time\nimport surely_not_installed.client\n", "helper.py")
    with pytest.raises(BadInput) as told:
        run(tmp_path, "import helper\n")
    assert told.value.file == str(tmp_path.resolve() / "helper.py")
    assert told.value.line == 2
    assert "ModuleNotFoundError: No module named 'surely_not_installed'" in told.value.problem
    assert told.value.mend.startswith(f"install it ({HERE} -m pip install surely_not_installed)")


def test_a_syntax_error_there_is_told_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"bot\.py:2: cannot be imported by .*SyntaxError"):
        run(tmp_path, "x = 1\ndef f(:\n")


def test_an_import_that_fails_later_is_the_programs_own_affair(tmp_path: Path) -> None:
    world = run(tmp_path, "import time\ntime.sleep(5)\nimport surely_not_installed\n")
    assert world.only("code.error")["at"] == "bot.py:3"
    assert world.only("code.exit")["code"] == "1"


def test_what_a_library_draws_while_it_is_imported_is_not_taken_from_the_program(tmp_path: Path) -> None:
    """As in our own process, where the library may have been imported by somebody else before."""
    write(tmp_path / "env" / "lib" / "site-packages", "import random\nJITTER = random.random()\n", "shakes.py")
    draw = "import random, sys\nsys.path.append(sys.path[0] + '/env/lib/site-packages')\n"
    without = run(tmp_path, f"{draw}print(random.random())").lines()
    late = run(tmp_path, f"{draw}import shakes\nprint(random.random())\nprint(shakes.JITTER)").lines()
    early = run(tmp_path, "import sys\nsys.path.append(sys.path[0] + '/env/lib/site-packages')\n"
                "import shakes, random\nprint(random.random())\nprint(shakes.JITTER)").lines()  # fmt: skip
    assert late[:1] == early[:1] == without
    assert late[1] == early[1] != without[0]
    assert late == run_here(tmp_path, f"{draw}import shakes\nprint(random.random())\nprint(shakes.JITTER)").lines()
