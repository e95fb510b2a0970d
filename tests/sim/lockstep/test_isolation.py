"""Nothing of a run gets out: no socket, no file, no signal, no credential, no process that is left."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import textwrap
import threading
from pathlib import Path

import pytest

from sim.errors import BadInput
from sim.lockstep.isolation import chosen, why_no_namespaces
from sim.lockstep.tree import children_of
from tests.sim.lockstep.exec_kit import run, script

BOTH = [
    pytest.param("netns", marks=pytest.mark.skipif(why_no_namespaces() is not None, reason="no namespaces here")),
    "shim",
]


@pytest.fixture
def listener() -> socket.socket:  # type: ignore[misc]
    """Something real that listens on this machine, and must never hear of a script."""
    made = socket.create_server(("127.0.0.1", 0))
    made.settimeout(0.2)
    yield made  # type: ignore[misc]
    with pytest.raises(TimeoutError):
        made.accept()
    made.close()


@pytest.mark.parametrize("isolation", BOTH)
@pytest.mark.parametrize("attempt", [
    "exec 3<>/dev/tcp/127.0.0.1/{port}", "exec 3<>/dev/tcp/93.184.216.34/80", "perl raw.pl",
    "python3 -S -c \"import socket; socket.create_connection(('127.0.0.1', {port}))\"",
])  # fmt: skip
def test_no_real_socket_can_be_opened(tmp_path: Path, isolation: str, attempt: str, listener: socket.socket) -> None:
    port = listener.getsockname()[1]
    (tmp_path / "raw.pl").write_text(
        'use Socket; socket(my $s, PF_INET, SOCK_STREAM, 0) or die "perl: $!\\n";'
        f'connect($s, sockaddr_in({port}, inet_aton("127.0.0.1"))) or die "perl: $!\\n"; print "perl got out\\n";'
    )
    with pytest.raises(BadInput, match="opens a network connection of its own"):
        run(tmp_path, f"({attempt.format(port=port)}) && echo got out\n", isolation=isolation)


@pytest.mark.parametrize("isolation", BOTH)
def test_what_talks_by_the_world_meets_the_world(tmp_path: Path, isolation: str, listener: socket.socket) -> None:
    port = listener.getsockname()[1]
    ran = run(tmp_path, f"""
        curl -s http://127.0.0.1:{port}/ && echo "curl got out"; echo "curl $?"
        python3 -c "import socket; socket.create_connection(('127.0.0.1', {port})); print('python got out')" 2>/dev/null
        python3 -c "import _socket; _socket.socket(2, 1).connect(('127.0.0.1', {port})); print('got out')" 2>/dev/null
        echo done
    """, isolation=isolation)  # fmt: skip
    assert not [line for line in ran.lines if "got out" in line]
    assert ran.lines[-1] == "done"


@pytest.mark.parametrize("isolation", BOTH)
def test_nothing_outside_of_the_run_is_written(tmp_path: Path, isolation: str) -> None:
    project, outside = tmp_path / "project", tmp_path / "outside"
    outside.mkdir()
    (outside / "bot.pid").write_text("1\n")
    project.mkdir()
    run(project, f"""
        echo halted > {outside}/KILL_SWITCH; rm -f {outside}/bot.pid; echo 0 >> {outside}/bot.pid
        echo x > new.txt; rm stop.sh; echo y > $HOME/.marker; touch /etc/firedrill-was-here /var/firedrill-was-here
        ln -s {outside} link && touch link/through-a-link
    """, isolation=isolation)  # fmt: skip
    assert sorted(file.name for file in outside.iterdir()) == ["bot.pid"]
    assert (outside / "bot.pid").read_text() == "1\n"
    assert sorted(file.name for file in project.iterdir()) == ["stop.sh"]
    assert not Path("/etc/firedrill-was-here").exists()
    assert not Path("/var/firedrill-was-here").exists()


@pytest.mark.parametrize("isolation", BOTH)
def test_processes_of_the_machine_cannot_be_signalled(tmp_path: Path, isolation: str) -> None:
    bot = subprocess.Popen(["sleep", "300"])
    try:
        (tmp_path / "bot.pid").write_text(f"{bot.pid}\n")
        ran = run(tmp_path, """
            kill $(cat bot.pid) 2>/dev/null && echo "killed it"
            python3 -c "import os; os.kill(int(open('bot.pid').read()), 9); print('killed it')" 2>/dev/null
            pkill -f 'sleep 300' 2>/dev/null && echo "killed it"
            echo done
        """, isolation=isolation)  # fmt: skip
        assert ran.lines == ["done"]
        assert bot.poll() is None
    finally:
        bot.kill()
        bot.wait()


def test_credentials_do_not_get_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("APCA_API_SECRET_KEY", "the-real-one")
    monkeypatch.setenv("MY_BROKER_TOKEN", "the-real-one")
    monkeypatch.setenv("SSH_AUTH_SOCK", "/run/the-real-one")
    monkeypatch.setenv("https_proxy", "http://the-real-one:3128")
    monkeypatch.setenv("REGION", "eu-1")
    ran = run(tmp_path, "env; ls -A ~; echo region $REGION\n")
    assert not [line for line in ran.lines if "the-real-one" in line]
    assert "APCA_API_SECRET_KEY=drill-apca-api-secret-key" in ran.lines
    assert "region eu-1" in ran.lines


@pytest.mark.parametrize("isolation", BOTH)
def test_nothing_is_left_running(tmp_path: Path, isolation: str) -> None:
    before = set(children_of(os.getpid()))
    ran = run(tmp_path, """
        nohup sleep 100000 >/dev/null 2>&1 &
        ( setsid sleep 100000 & ) ; python3 -c 'import time; time.sleep(1e6)' &
        (trap '' TERM HUP; while :; do sleep 1000; done) &
        sleep 5; echo "main ends"
    """, isolation=isolation, until_s=60)  # fmt: skip
    assert ran.code == 0
    assert set(children_of(os.getpid())) == before
    assert not _with_word(str(tmp_path))


def test_nothing_is_left_when_a_run_is_interrupted(tmp_path: Path) -> None:
    """Ctrl-C in the middle: the command line ends, and so does everything that it started."""
    script(tmp_path, "while :; do date >/dev/null; sleep 1; done\n")
    program = textwrap.dedent(f"""
        from pathlib import Path
        from tests.sim.lockstep.exec_kit import run
        print("begins", flush=True)
        run(Path({str(tmp_path)!r}), None, until_s=1e6)
    """)
    child = subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert child.stdout is not None
    child.stdout.readline()
    try:
        _until(lambda: len(_with_word(str(tmp_path))) > 1)
        child.send_signal(signal.SIGINT)
        child.wait(timeout=30)
    finally:
        child.kill()
        child.stdout.close()
    assert child.returncode != 0
    _until(lambda: not _with_word(str(tmp_path)))


@pytest.mark.parametrize("isolation", BOTH)
def test_nothing_is_left_when_firedrill_itself_is_killed(tmp_path: Path, isolation: str) -> None:
    script(tmp_path, "while :; do date >/dev/null; sleep 1; done\n")
    mark = f"killed-{tmp_path.name}"
    program = textwrap.dedent(f"""
        from pathlib import Path
        from tests.sim.lockstep.exec_kit import run
        run(Path({str(tmp_path)!r}), None, until_s=1e6, isolation={isolation!r}, variables={{"MARK": {mark!r}}})
    """)
    with tempfile.TemporaryDirectory(prefix="killed-", ignore_cleanup_errors=True) as folder:  # it cannot tidy up
        child = subprocess.Popen(
            [sys.executable, "-c", program], stderr=subprocess.DEVNULL, env={**os.environ, "TMPDIR": folder}
        )
        try:
            _until(lambda: len(_with_word(mark)) > 2)
        finally:
            child.kill()
            child.wait(timeout=30)
        _until(lambda: not _with_word(mark))


def test_what_isolation_can_be_asked_for() -> None:
    assert chosen("shim") == "shim"
    assert chosen("auto") in ("netns", "shim")
    with pytest.raises(BadInput, match="use one of auto, netns, shim"):
        chosen("jail")


def _with_word(word: str) -> list[int]:
    """Processes of the machine that have `word` in their command line or their variables."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            text = (folder / "cmdline").read_bytes() + (folder / "environ").read_bytes()
        except OSError:
            continue
        if word.encode() in text and int(folder.name) != os.getpid() and b"pytest" not in text.split(b"\0")[0]:
            found.append(int(folder.name))
    return found


def _until(true: object) -> None:
    """Wait in real time, at most half a minute, for processes of the machine to come or to go."""
    waiting = threading.Event()
    for _ in range(300):
        if true():  # type: ignore[operator]
            return
        waiting.wait(0.1)
    raise AssertionError("not within 30 s")
