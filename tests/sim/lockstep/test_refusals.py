"""Programs that cannot be lock-stepped are refused with the reason, and those that loop or lock up are found."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from sim.clock import wall_seconds
from sim.errors import BadInput
from sim.lockstep.refusals import check_command, is_static
from tests.sim.lockstep.exec_kit import run, script


@pytest.mark.skipif(shutil.which("perl") is None, reason="no perl here")
def test_perl_sleeps_by_the_machine(tmp_path: Path) -> None:
    (tmp_path / "flatten.pl").write_text('print "go\\n"; sleep 600; print "done\\n";')
    began = wall_seconds()
    with pytest.raises(BadInput, match=r"perl flatten.pl waits by the machine's clock .*live drill") as refused:
        run(tmp_path, "perl flatten.pl\n")
    assert refused.value.field == "--exec"
    assert wall_seconds() - began < 60  # refused, not waited for


@pytest.mark.skipif(shutil.which("perl") is None, reason="no perl here")
def test_a_program_that_only_computes_may_be_in_any_language(tmp_path: Path) -> None:
    ran = run(tmp_path, """
        total=$(perl -e '$s += $_ for 1..100000; print $s'); sleep 60; echo "$total"
        awk 'BEGIN { print 2 ^ 10 }'
    """)  # fmt: skip
    assert (ran.lines, ran.took_s) == (["5000050000", "1024"], 60.0)


@pytest.mark.skipif(shutil.which("node") is None, reason="no node here")
def test_node_runs_several_threads(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"node .*runs \d+ threads, which cannot be lock-stepped.*live drill"):
        run(tmp_path, "node -e 'setTimeout(() => console.log(1), 600000)'\n")


def test_python_without_our_agent_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"waits by the machine's clock, for it was started without .*PYTHONPATH"):
        run(tmp_path, "python3 -S -c 'import time; time.sleep(600)'\n")
    with pytest.raises(BadInput, match=r"keep the PYTHONPATH that is there"):
        run(tmp_path, "PYTHONPATH=lib python3 -c 'import time; time.sleep(600)'\n", isolation="shim")


def test_python_is_taken_along_whatever_the_script_says_of_its_path(tmp_path: Path) -> None:
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "wait.py").write_text("import time; time.sleep(600); print('waited')\n")
    ran = run(tmp_path, """
        PYTHONPATH=lib python3 -m wait; export PYTHONPATH=$PWD/lib; python3 -c 'import wait'
        python3 -I -c 'import time; time.sleep(600)'; env -i "$(command -v python3)" lib/wait.py
    """, isolation="netns")  # fmt: skip
    assert (ran.lines, ran.took_s) == (["waited"] * 3, 2400.0)


def test_an_environments_own_python_is_taken_along(tmp_path: Path) -> None:
    import venv

    venv.create(tmp_path / ".venv", with_pip=False)
    ran = run(tmp_path, """
        unset PYTHONPATH; .venv/bin/python -c 'import time, sys; time.sleep(3600); print(sys.prefix != sys.base_prefix)'
    """, isolation="netns")  # fmt: skip
    assert (ran.lines, ran.took_s) == (["True"], 3600.0)


@pytest.mark.parametrize("isolation", ["netns", "shim"])
def test_a_program_that_talks_past_the_world_is_named(tmp_path: Path, isolation: str) -> None:
    with pytest.raises(BadInput, match=r"bash .* opens a network connection of its own.* curl, wget or Python"):
        run(tmp_path, "exec 3<>/dev/tcp/api.test/443 || echo 'broker down'\n", isolation=isolation)


@pytest.mark.skipif(shutil.which("node") is None, reason="no node here")
def test_node_that_asks_a_broker_is_not_said_to_have_found_it_down(tmp_path: Path) -> None:
    (tmp_path / "stop.js").write_text("fetch('https://api.test/positions').catch(() => console.log('broker down'))")
    with pytest.raises(BadInput, match=r"node stop.js opens a network connection of its own"):
        run(tmp_path, "node stop.js\n")


def test_looking_at_the_machines_own_addresses_is_no_talk(tmp_path: Path) -> None:
    ran = run(tmp_path, "hostname; cat /proc/net/dev | tail -n +3 | wc -l; echo looked\n")
    assert ran.lines[-1] == "looked"


@pytest.mark.parametrize("asks", ["read -r -p 'sure? ' answer", "read -t 30 answer", "python3 -c 'input()'", "cat"])
def test_nobody_answers_at_the_keyboard_and_that_it_asked_is_said(tmp_path: Path, asks: str) -> None:
    ran = run(tmp_path, f"{asks} 2>/dev/null; echo \"went on\"\n")
    assert (ran.lines, ran.took_s) == (["went on"], 0.0)
    refused = ran.world.only("code.refused")
    assert refused["refused"] == "input"
    assert "echo yes |" in refused["what"]


def test_who_is_answered_is_not_said_to_have_asked_nobody(tmp_path: Path) -> None:
    script(tmp_path, "read -r answer; echo \"said $answer\"; while read -r line; do echo $line; done < list\n")
    (tmp_path / "list").write_text("a\nb\n")
    ran = run(tmp_path, None, command="echo yes | ./stop.sh")
    assert ran.lines == ["said yes", "a", "b"]
    assert not ran.history.of("code.refused")


def test_read_with_a_limit_waits_by_the_machine(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="as `read -t` does"):
        run(tmp_path, "mkfifo never; read -t 600 line <>never\n")


def test_a_real_sleep_past_the_shims_is_refused_where_no_shim_lies_over_it(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="called past the drill's own sleep"):
        run(tmp_path, "/bin/sleep 600\n", isolation="shim")


@pytest.mark.skipif(shutil.which("gcc") is None, reason="no compiler here")
def test_a_static_program_is_known_by_its_file(tmp_path: Path) -> None:
    (tmp_path / "stop.c").write_text("#include <unistd.h>\nint main(void) { sleep(600); return 0; }\n")
    for name, flags in (("static", ["-static"]), ("dynamic", [])):
        done = subprocess.run(["gcc", *flags, "-o", name, "stop.c"], cwd=tmp_path, capture_output=True, check=False)
        if done.returncode:
            pytest.skip("no static C library here")
    assert is_static(tmp_path / "static")
    assert not is_static(tmp_path / "dynamic")
    with pytest.raises(BadInput, match=r"is a static program, which cannot be lock-stepped.*live drill"):
        check_command("./static --now", tmp_path)
    with pytest.raises(BadInput, match="static --now is a static program and waits by the machine's clock"):
        run(tmp_path, "./static --now\n")
    with pytest.raises(BadInput, match="dynamic waits by the machine's clock"):
        run(tmp_path, "./dynamic\n")


def test_files_that_are_no_programs() -> None:
    assert not is_static(Path(__file__))
    assert not is_static(Path("/nonexistent"))
    assert not is_static(Path(shutil.which("bash") or "/bin/bash"))


def test_a_busy_loop_is_a_finding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sim.lockstep.session._BUSY_LIMIT_S", 0.5)
    ran = run(tmp_path, "echo go\nwhile :; do :; done\n")
    hang = ran.world.only("code.hang")
    assert hang["endpoint"] == "busy loop"
    assert hang["stack"] == ["bash stop.sh"]
    assert ran.code == 137


def test_processes_that_wait_for_each_other_for_ever(tmp_path: Path) -> None:
    ran = run(tmp_path, "mkfifo a; echo go; cat a\n")
    assert ran.lines == ["go"]
    assert ran.world.only("code.hang")["endpoint"] == "a wait that nothing ends"
    assert ran.code == 137


@pytest.mark.parametrize(
    ("command", "problem"),
    [
        ("", "is empty"),
        ("./absent.sh", "there is no such file"),
        ("./folder", "is a folder"),
        ("./plain.txt", "may not be executed .*; chmod"),
        ("./windows.sh", "has Windows line ends"),
        ("./strange.sh", "names an interpreter that is not here"),
        ("stop.sh", "there is no such command .*write ./stop.sh"),
        ("no-such-command-at-all", "there is no such command"),
        ("./stop.sh 'open", "cannot be read"),
    ],
)
def test_commands_that_cannot_be_started(tmp_path: Path, command: str, problem: str) -> None:
    script(tmp_path, "echo\n")
    (tmp_path / "folder").mkdir()
    (tmp_path / "plain.txt").write_text("echo\n")
    script(tmp_path, "#!/bin/bash\r\necho\r\n", "windows.sh").write_bytes(b"#!/bin/bash\r\necho\r\n")
    script(tmp_path, "#!/opt/no/such/shell\necho\n", "strange.sh")
    with pytest.raises(BadInput, match=problem) as bad:
        check_command(command, tmp_path)
    assert bad.value.field == "--exec"


def test_shell_text_goes_to_a_shell_and_plain_words_do_not(tmp_path: Path) -> None:
    script(tmp_path, "echo\n")
    assert check_command("./stop.sh --now 'a b'", tmp_path) == ["./stop.sh", "--now", "a b"]
    assert check_command("./stop.sh | tee log", tmp_path)[1:] == ["-c", "./stop.sh | tee log"]
    assert check_command("FORCE=1 ./stop.sh", tmp_path)[1:] == ["-c", "FORCE=1 ./stop.sh"]
