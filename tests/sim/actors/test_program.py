"""A program behaves as a process does: exit status, output, environment, files, restart, death at any instant."""

from __future__ import annotations

import logging
import os
import random
import sys
import threading
from pathlib import Path

import pytest

from sim.actors.environment import scrubbed
from sim.actors.process import Process
from sim.actors.runtime import virtual_time
from sim.actors.user_program import UserProgram
from sim.errors import BadInput
from sim.network import Verdict
from tests.sim.actors.kit import BareWorld, run, write


@pytest.mark.parametrize(
    ("source", "code", "printed"),
    [
        ("pass", "0", []),
        ("import sys; sys.exit(3)", "3", []),
        ("import sys; sys.exit('cannot go on')", "1", ["cannot go on"]),
        ("raise SystemExit", "0", []),
        ("raise KeyboardInterrupt", "130", ["KeyboardInterrupt"]),
        ("1 / 0", "1", ["ZeroDivisionError: division by zero"]),
        ("import os\ntry: os._exit(7)\nfinally: print('never')", "7", []),
    ],
)
def test_how_it_ends(tmp_path: Path, source: str, code: str, printed: list[str]) -> None:
    world = run(tmp_path, source)
    assert world.only("code.exit")["code"] == code
    assert world.lines() == printed


def test_an_unhandled_exception_is_recorded_with_its_place(tmp_path: Path) -> None:
    world = run(tmp_path, "def act():\n    raise ValueError('no position')\nact()")
    assert world.only("code.error") == {"hook": "bot.py", "error": "ValueError: no position", "at": "bot.py:2"}


def test_output_and_log_records_land_in_the_history_once(tmp_path: Path) -> None:
    world = run(
        tmp_path,
        """
        import logging, sys
        logging.basicConfig(level=logging.INFO, format="%(message)s")
        log = logging.getLogger("bot")
        print("one", "two"); print("half", end=""); print(" a line"); sys.stderr.write("to stderr\\n")
        log.info("all %d positions flattened", 3); log.debug("unseen")
        try: 1 / 0
        except ZeroDivisionError: log.exception("failed")
        print("at", object())
        """,
    )
    at, *_ = world.lines()[::-1]
    assert world.lines()[:3] == ["one two", "half a line", "to stderr"]
    assert at == "at <object object at 0x...>"
    logs = [(e.get("level"), e.get("message"), e.get("at")) for e in world.history.of("code.log")]
    assert logs == [
        ("info", "all 3 positions flattened", "bot.py:6"),
        ("error", "failed (ZeroDivisionError: division by zero)", "bot.py:8"),
    ]
    assert world.only("code.claim")["at"] == "bot.py:6"


def test_credentials_do_not_reach_the_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("APCA_API_SECRET_KEY", "real-secret")
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy:3128")
    monkeypatch.setenv("BOT_MODE", "live")
    world = run(
        tmp_path,
        """
        import os
        print(os.environ["APCA_API_SECRET_KEY"], os.getenv("BOT_MODE"), os.getenv("HTTPS_PROXY"), os.getenv("LIMIT"))
        os.environ["LEFT"] = "behind"
        """,
        environ={"LIMIT": "5"},
    )
    assert world.lines() == ["drill-apca-api-secret-key live None 5"]
    assert "LEFT" not in os.environ
    assert os.environ["APCA_API_SECRET_KEY"] == "real-secret"


def test_scrubbing_knows_the_usual_names() -> None:
    names = ["MY_API_KEY", "DB_PASSWORD", "GITHUB_TOKEN", "AWS_SECRET_ACCESS_KEY", "SLACK_WEBHOOK_URL", "SENTRY_DSN"]
    kept = scrubbed(dict.fromkeys(names, "real") | {"PATH": "/bin"}, {})
    assert all(kept[name].startswith("drill-") for name in names)
    assert kept["PATH"] == "/bin"


def test_a_restart_loses_memory_and_keeps_files(tmp_path: Path) -> None:
    write(tmp_path, "count = 0\n", "state.py")
    source = """
        import os, state, time, logging
        state.count += 1
        with open("starts.txt", "a") as file: file.write("x")
        print(state.count, len(open("starts.txt").read()), len(logging.root.handlers))
        logging.basicConfig()
        time.sleep(1e6)
        """
    write(tmp_path, source)
    world = BareWorld()
    with virtual_time(world) as runtime:
        for at_s in (0, 10, 20):
            process = Process(world.env, world.hub, world.history, "bot")
            world.env.call_later(at_s * 1_000_000, UserProgram("bot.py", (), tmp_path).start, world, process)
            world.env.call_later(at_s * 1_000_000 + 5_000_000, process.kill)
        world.marks.run(60_000_000)
        assert (runtime.directory / "starts.txt").read_text() == "xxx"
    assert world.lines() == ["1 1 0", "1 2 0", "1 3 0"]
    assert not runtime.directory.exists()
    assert "state" not in sys.modules


def test_death_runs_no_handlers(tmp_path: Path) -> None:
    source = """
        import atexit, threading, time
        atexit.register(print, "atexit")
        def work():
            try: time.sleep(1e6)
            finally: print("finally"); open("left.txt", "w").write("x")
        threading.Thread(target=work).start()
        try: time.sleep(1e6)
        except BaseException: print("caught")
        """
    world = run(tmp_path, source, prepare=lambda w, process: w.env.call_later(5_000_000, process.kill))
    assert world.lines() == []


def test_code_that_swallows_everything_can_be_killed(tmp_path: Path) -> None:
    source = "import time\nwhile True:\n    try: time.sleep(1)\n    except BaseException: pass\n"
    world = run(tmp_path, source, prepare=lambda w, process: w.env.call_later(5_500_000, process.kill), until_s=20)
    assert world.env.now == 20_000_000


def test_a_busy_loop_is_ended_by_the_watchdog(tmp_path: Path) -> None:
    source = """
        import threading, time
        def spin():
            n = 0
            while True:
                try: n += 1
                except BaseException: pass
        threading.Thread(target=spin, daemon=True).start()
        time.sleep(10); print("main goes on")
        """
    world = run(tmp_path, source, busy_limit_s=0.3)
    hang = world.only("code.hang")
    assert (hang["endpoint"], hang["at"], hang["stack"][-1]) == ("busy loop", "bot.py:3", "bot.py:3 in spin")
    assert world.lines() == ["main goes on"]


def test_a_busy_loop_of_a_world_on_another_thread_is_ended_too(tmp_path: Path) -> None:
    worlds: list[BareWorld] = []
    source = "def spin():\n    while True: pass\nspin()"
    thread = threading.Thread(target=lambda: worlds.append(run(tmp_path, source, busy_limit_s=0.3)))
    thread.start()
    thread.join(30)
    assert worlds[0].only("code.hang")["at"] == "bot.py:1"


def test_two_worlds_side_by_side(tmp_path: Path) -> None:
    source = """
        import datetime, time
        for _ in range(3): time.sleep(10); open("n", "a").write("x")
        print(datetime.datetime.now().time(), len(open("n").read()))
        """
    write(tmp_path, source)
    worlds = [BareWorld(zone=zone) for zone in ("UTC", "Asia/Tokyo")]
    with virtual_time(worlds[0]), virtual_time(worlds[1]):
        for world in worlds:
            process = Process(world.env, world.hub, world.history, "bot")
            world.env.call_later(0, UserProgram("bot.py", (), tmp_path).start, world, process)
        for slice_end in range(1, 6):
            for world in worlds:
                world.marks.run(slice_end * 7_000_000)
    assert [world.lines() for world in worlds] == [["14:00:30 3"], ["23:00:30 3"]]


def test_real_processes_are_refused(tmp_path: Path) -> None:
    source = """
        import os, subprocess
        for call in (lambda: subprocess.run(["curl", "https://x"]), lambda: os.system("date"), lambda: os.fork()):
            try: call()
            except PermissionError as error: print(error.args[1].split(":")[0])
        """
    world = run(tmp_path, source)
    assert world.lines() == ["subprocess", "system", "fork"]
    assert world.history.of("code.refused")[0].get("what") == "subprocess curl https://x"


def test_chance_belongs_to_the_seed(tmp_path: Path) -> None:
    source = """
        import random, uuid, os, secrets, numpy as np
        print(random.random(), random.Random().random(), uuid.uuid4(), uuid.uuid1(), os.urandom(4))
        print(secrets.token_hex(4))
        print(np.random.rand(), np.random.default_rng().random(), random.SystemRandom().random())
        """
    state, first = random.getstate(), run(tmp_path, source)
    assert random.getstate() == state
    assert run(tmp_path, source).lines() == first.lines()
    assert run(tmp_path, source, seed=2).lines() != first.lines()


def test_twenty_runs_have_one_digest(tmp_path: Path) -> None:
    source = """
        import asyncio, logging, random, requests, threading, time
        logging.basicConfig(level=logging.DEBUG)
        def poll(name):
            for _ in range(5):
                time.sleep(random.random())
                try: logging.info("%s %s", name, requests.get("https://api.test/x", timeout=1).elapsed)
                except requests.RequestException as error: logging.error("%s", error)
        threads = [threading.Thread(target=poll, args=(n,)) for n in "ab"]
        for t in threads: t.start()
        async def main():
            await asyncio.gather(*(asyncio.sleep(random.random()) for _ in range(10)))
            asyncio.get_running_loop().create_task(fail()); await asyncio.sleep(1)
        async def fail(): raise ValueError("lost")
        asyncio.run(main(), debug=True)
        """
    outages = [(2.0, 4.0, Verdict(hang=True))]
    digests = {run(tmp_path, source, outages=outages).history.digest() for _ in range(20)}
    assert len(digests) == 1
    assert run(tmp_path, source, outages=outages, seed=2).history.digest() not in digests


def test_two_worlds_one_after_the_other_and_a_failing_program_leave_nothing(tmp_path: Path) -> None:
    def state() -> list[object]:
        root = logging.root
        return [
            sorted(sys.modules), list(sys.path), list(sys.argv), os.getcwd(), dict(os.environ), list(root.handlers),
            root.level, sys.stdout, sys.excepthook, random.getstate(),
        ]  # fmt: skip

    source = """
        import logging, os, sys, random, asyncio
        logging.basicConfig(level=logging.DEBUG); os.environ["X"] = "1"; sys.path.append("/nowhere"); random.random()
        sys.excepthook = lambda *_: None; os.chdir("/"); sys.argv.append("x")
        raise RuntimeError("fails")
        """
    run(tmp_path, source)
    before = state()
    first = run(tmp_path, source)
    assert state() == before
    assert run(tmp_path, source).history.digest() == first.history.digest()


def test_arguments_data_files_and_functions(tmp_path: Path) -> None:
    write(tmp_path, "limit: 5\n", "config/risk.yaml")
    source = "import sys\nif __name__ == '__main__': print(sys.argv[1:], open('config/risk.yaml').read().strip())"
    write(tmp_path, source)
    assert run(tmp_path, None, argv=("--flat", "SPY")).lines() == ["['--flat', 'SPY'] limit: 5"]
    write(tmp_path, "async def main():\n    print('async main')\n    return 'all positions closed'\n", "pkg/bot.py")
    world = run(tmp_path, None, target="pkg.bot:main")
    assert world.lines() == ["async main"]
    assert [e.subject for e in world.history.of("code.claim")] == ["flat"]
    assert run(tmp_path, None, target="pkg/bot.py:main").lines() == ["async main"]
    write(tmp_path, "print('as a module', __name__)", "pkg/__main__.py")
    assert run(tmp_path, None, target="-m pkg").lines() == ["as a module __main__"]


def test_a_package_run_with_m_imports_relative_to_itself(tmp_path: Path) -> None:
    write(tmp_path, "print('package first')", "pkg/__init__.py")
    write(tmp_path, "LIMIT = 2", "pkg/config.py")
    source = """
    import sys
    from . import config
    from .config import LIMIT
    print(__name__, __package__, __spec__.name, LIMIT, sys.argv[0].endswith('__main__.py'))
    """
    write(tmp_path, source, "pkg/__main__.py")
    world = run(tmp_path, None, target="-m pkg")
    assert world.lines() == ["package first", "__main__ pkg pkg.__main__ 2 True"]
    assert not world.history.of("code.error")


def test_a_folder_without_init_is_not_mistaken_for_that_of_the_run_before(tmp_path: Path) -> None:
    for name in ("one", "two"):
        write(tmp_path / name, f"print({name!r})", "ops/kill.py")
    write(tmp_path / "two", "LIMIT = 2", "ops/__init__.py")
    assert run(tmp_path / "one", "import ops.kill").lines() == ["one"]
    assert run(tmp_path / "two", "import ops.kill\nprint(ops.LIMIT)").lines() == ["two", "2"]


def test_libraries_that_ask_for_the_local_zone_get_the_firms(tmp_path: Path) -> None:
    assert run(tmp_path, "import tzlocal\nprint(tzlocal.get_localzone_name())", zone="Asia/Tokyo").lines() == [
        "Asia/Tokyo"
    ]


def test_what_it_writes_outside_of_its_directory_does_not_touch_the_machine(tmp_path: Path) -> None:
    outside = tmp_path / "elsewhere"
    outside.mkdir()
    (outside / "kept.txt").write_text("real")
    write(tmp_path / "project", "state file\n", "data/seen.md")
    write(
        tmp_path / "project",
        f"""
        import os, pathlib, sqlite3, tempfile
        here, out = pathlib.Path(__file__).parent, pathlib.Path({str(outside)!r})
        print((here / "data/seen.md").read_text().strip())
        (here / "state.json").write_text("mine"); print((here / "state.json").read_text())
        with open(out / "kept.txt", "a") as file: file.write(" and more")
        print((out / "kept.txt").read_text(), os.path.getsize(out / "kept.txt"))
        os.makedirs(out / "new" / "deep"); (out / "new" / "deep" / "a.txt").write_text("a")
        os.replace(out / "new" / "deep" / "a.txt", out / "new" / "b.txt"); print((out / "new" / "b.txt").exists())
        os.remove(out / "kept.txt"); print((out / "kept.txt").exists())
        db = sqlite3.connect(out / "x.db"); db.execute("create table t (a)"); db.close()
        with tempfile.TemporaryDirectory() as folder: print(os.path.isdir(folder))
        print(os.path.exists(folder))
        """,
    )
    world = run(tmp_path / "project", None)
    assert world.lines() == ["state file", "mine", "real and more 13", "True", "False", "True", "False"]
    assert not world.history.of("code.error")
    assert [p.name for p in outside.iterdir()] == ["kept.txt"]
    assert (outside / "kept.txt").read_text() == "real"
    assert not (tmp_path / "project" / "state.json").exists()


def test_a_target_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"nothing\.py: no such file"):
        UserProgram("nothing.py", (), tmp_path).check()
    with pytest.raises(BadInput, match="neither a script nor module:function"):
        UserProgram("package", (), tmp_path).check()


def test_two_programs_of_one_project_have_their_own_memory(tmp_path: Path) -> None:
    write(tmp_path, "value = 0\n", "shared.py")
    source = "import shared, time\nfor _ in range(3):\n    shared.value += 1; time.sleep(1)\nprint(shared.value)"
    write(tmp_path, source)
    world = BareWorld()
    with virtual_time(world):
        for name in ("a", "b"):
            process = Process(world.env, world.hub, world.history, name)
            world.env.call_later(0, UserProgram("bot.py", (name,), tmp_path).start, world, process)
        world.marks.run(60_000_000)
    assert world.lines() == ["3", "3"]


def test_a_library_that_draws_while_it_is_imported_takes_nothing_of_the_programs_chance(tmp_path: Path) -> None:
    name = "a_library_that_draws"
    text = "import random, uuid\nSESSION, RNG = uuid.uuid4(), random.Random()\n"
    write(tmp_path / "lib" / "site-packages", text, f"{name}.py")
    source = f"import sys, uuid\nsys.path.append({str(tmp_path / 'lib' / 'site-packages')!r})\nimport {name}\n"
    try:
        worlds = [run(tmp_path, source + "print(uuid.uuid4())") for _ in range(2)]
        assert name in sys.modules  # so that the second program found it imported
    finally:
        sys.modules.pop(name, None)
    said = [[event.get("text") for event in world.history.of("code.output")] for world in worlds]
    assert said[0] == said[1] != []


def test_what_a_library_sets_its_logger_to_when_imported_holds_for_the_next_program_too(tmp_path: Path) -> None:
    name = "a_library_that_logs"
    text = f"import logging\nlog = logging.getLogger('{name}')\nlog.setLevel(logging.INFO)\n"
    write(tmp_path / "lib" / "site-packages", text, f"{name}.py")
    source = f"import sys\nsys.path.append({str(tmp_path / 'lib' / 'site-packages')!r})\nimport {name}\n"
    try:
        worlds = [run(tmp_path, source + f"print({name}.log.level); {name}.log.setLevel(50)") for _ in range(2)]
    finally:
        sys.modules.pop(name, None)
    assert [world.lines() for world in worlds] == [["20"], ["20"]]


def test_what_is_written_elsewhere_is_not_found_in_the_working_directory(tmp_path: Path) -> None:
    source = """
        import os
        open("here.txt", "w").close()
        os.makedirs("/var/lib/a-bot", exist_ok=True)
        open("/var/lib/a-bot/state.json", "w").close()
        print(os.listdir("."), os.listdir("/var/lib/a-bot"), [name for name in os.listdir("..") if "state" in name])
        """
    world = run(tmp_path, source)
    assert world.lines() == ["['here.txt'] ['state.json'] []"]
    assert not Path("/var/lib/a-bot").exists()
