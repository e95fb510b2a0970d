"""Each command that a script finds in place of the machine's: its exit codes, its output, its time."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from sim.network import BrokerUnavailable, BrokerUnreachable, Verdict
from tests.sim.actors.kit import BareWorld
from tests.sim.lockstep.exec_kit import run

DOWN = Verdict(error=BrokerUnreachable("connection refused"))
BUSY = Verdict(error=BrokerUnavailable("busy"))


def test_curl_says_what_went_wrong_with_its_exit_code(tmp_path: Path) -> None:
    ran = run(tmp_path, """
        try() { curl -sS -o /dev/null "$@"; echo "$?"; }
        try https://no.such.host/; try https://api.test:444/; try ftp://api.test/; try --nonsense; try http://
        try -m 3 https://api.test/slow; try 'https://api.test/q?range=[5m]'; try -f https://api.test/ok
        try https://api.test:80/
    """)  # fmt: skip
    assert [line for line in ran.lines if line.isdigit()] == ["6", "7", "1", "2", "3", "28", "3", "0", "35"]
    assert "curl: (6) Could not resolve host: no.such.host" in ran.lines
    assert "curl: (28) Operation timed out after 3000 milliseconds with 250 bytes received" in ran.lines


def test_curl_writes_where_it_is_told(tmp_path: Path) -> None:
    ran = run(tmp_path, r"""
        curl -s -o body.json -D head.txt -w '%{http_code} %{content_type}\n' https://api.test/a
        cat body.json; echo; head -1 head.txt | tr -d '\r'
        curl -si https://api.test/b | grep -ci '^content-type'
        curl -sI https://api.test/c | head -1 | tr -d '\r'
        curl -s https://api.test/missing/dir -o no/such/dir 2>/dev/null; echo $?
        printf 'from stdin' | curl -s -d @- https://api.test/d; echo
        printf 'x=1\n' > data.txt; curl -s --data-binary @data.txt https://api.test/e; echo
        curl -s -G -d symbol=SPY https://api.test/f; echo
        curl -s -d @absent https://api.test/g; echo $?
        curl -s https://api.test/1 https://api.test/2
    """)  # fmt: skip
    assert ran.lines == [
        "200 application/json; charset=UTF-8", '{"method":"GET","path":"/a","body":""}', "HTTP/1.1 200 OK", "1",
        "HTTP/1.1 200 OK", "23", '{"method":"POST","path":"/d","body":"from stdin"}',
        '{"method":"POST","path":"/e","body":"x=1\\n"}', '{"method":"GET","path":"/f","body":""}', "26",
        '{"method":"GET","path":"/1","body":""}{"method":"GET","path":"/2","body":""}',
    ]  # fmt: skip
    headers = [request.headers for request in ran.world.served]
    assert headers[0]["user-agent"].startswith("curl/")
    assert headers[0]["host"] == "api.test"


def test_curl_sends_credentials_as_told(tmp_path: Path) -> None:
    ran = run(tmp_path, """
        curl -s -u me:secret -o /dev/null https://api.test/
        curl -s -H "Authorization: Bearer $BROKER_TOKEN" -H 'Accept:' -A bot/1 -o /dev/null https://api.test/
    """)  # fmt: skip
    first, second = (request.headers for request in ran.world.served)
    assert first["authorization"] == "Basic bWU6c2VjcmV0"
    assert second["authorization"] == "Bearer drill-broker-token"
    assert "accept" not in second
    assert second["user-agent"] == "bot/1"


def test_a_long_answer_comes_whole(tmp_path: Path) -> None:
    ran = run(tmp_path, "curl -s https://api.test/slow | wc -c; curl -s https://api.test/slow | md5sum | cut -c1-8\n")
    assert ran.lines == ["1000", hashlib.md5(b"x" * 1000).hexdigest()[:8]]
    assert 20 < ran.took_s < 21


def test_wget(tmp_path: Path) -> None:
    ran = run(tmp_path, """
        wget -qO- https://api.test/a; echo " $?"
        wget -q -O out.json https://api.test/b; echo "$? $(cat out.json)"
        wget -q https://no.such.host/; echo $?
        wget -q --tries=3 --timeout=5 https://api.test/c -O - ; echo $?
        wget -q -O- https://api.test/d; echo $?
    """, outages=[(1, 30, Verdict(hang=True)), (30, 60, BUSY)],
        prepare=lambda world, process, room: None)  # fmt: skip
    assert ran.lines[:3] == [
        '{"method":"GET","path":"/a","body":""} 0', '0 {"method":"GET","path":"/b","body":""}', "4",
    ]  # fmt: skip


def test_wget_against_a_black_hole_and_an_error(tmp_path: Path) -> None:
    hole = run(
        tmp_path, "wget -q -t 2 -T 5 -O- https://api.test/; echo $?\n", outages=[(0, 99, Verdict(hang=True))]
    )
    assert (hole.lines, hole.took_s) == (["4"], 11.0)  # 5 s, a pause of 1 s, 5 s
    busy = run(tmp_path, "wget -q -O- https://api.test/; echo $?\n", outages=[(0, 99, BUSY)])
    assert busy.lines == ["8"]


def test_port_probes(tmp_path: Path) -> None:
    ran = run(tmp_path, """
        nc -z -w 5 api.test 443; echo $?; nc -zv api.test 81 2>&1; echo $?; nc -z no.host 80; echo $?
        ping -c 2 -W 1 api.test | tail -1; ping -c1 no.host; echo $?
    """)  # fmt: skip
    assert ran.lines[:3] == ["0", "nc: connect to api.test port 81 (tcp) failed: Connection refused", "1"]
    assert "2 packets transmitted, 2 received, 0% packet loss" in ran.lines
    hole = run(tmp_path, "nc -z -w 5 api.test 443; echo $?; ping -c 3 -W 2 api.test; echo $?\n",
               outages=[(0, 99, Verdict(hang=True))])  # fmt: skip
    assert hole.lines[0] == "1"
    assert hole.lines[-1] == "1"
    assert hole.took_s == 9.0  # 5 s, then echoes at 0 and 1 s and the wait for the third


def test_sleep_reads_durations_as_coreutils_do(tmp_path: Path) -> None:
    ran = run(tmp_path, """
        sleep 1m 30s; sleep 0.5; sleep 2h; sleep soon; echo $?; sleep; echo $?; usleep 250000
    """)  # fmt: skip
    assert ran.took_s == 7290.75
    assert "sleep: invalid time interval ‘soon’" in ran.lines
    assert [line for line in ran.lines if line in ("0", "1")] == ["1", "1"]


def test_timeout_passes_the_status_on(tmp_path: Path) -> None:
    ran = run(tmp_path, """
        timeout 10 sh -c 'exit 7'; echo $?
        timeout 10 no-such-command; echo $?
        timeout soon true; echo $?
        timeout --preserve-status -s HUP 3 sleep 9; echo $?
        timeout -k 2 3 sh -c 'trap "" TERM; sleep 60'; echo $?
        timeout 5 cat <<< "stdin goes through"
        echo piped | timeout 5 cat
        timeout 0 sleep 1; echo $?
    """)  # fmt: skip
    assert [line for line in ran.lines if line.isdigit()] == ["7", "127", "125", "129", "137", "0"]
    assert {"stdin goes through", "piped"} <= set(ran.lines)
    assert ran.took_s == 3 + 5 + 1


def test_messages_to_people_are_written_down(tmp_path: Path) -> None:
    ran = run(tmp_path, """
        logger -t kill-switch -p user.crit "trading halted by script"
        echo "see runbook" | mail -s "EMERGENCY STOP" desk@example.com
    """)  # fmt: skip
    told = [(event.get("logger"), event.get("message")) for event in ran.history.of("code.log")]
    assert ("logger", "trading halted by script") in told
    assert ("mail", "see runbook") in told
    assert any(stream == "mail" and "EMERGENCY STOP" in text for stream, text in told)
    assert [claim.subject for claim in ran.history.of("code.claim")] == ["halted"]


@pytest.mark.parametrize("command", ["ssh prod-1 halt", "systemctl stop bot", "docker stop bot", "crontab -r"])
def test_what_would_act_on_the_machine_is_refused(tmp_path: Path, command: str) -> None:
    ran = run(tmp_path, f"{command}; echo $?\n")
    assert ran.lines[0] == "127"
    assert ran.world.only("code.refused")["what"] == command


def test_absolute_paths_and_a_path_of_its_own_find_the_shims(tmp_path: Path) -> None:
    ran = run(tmp_path, """
        PATH=/usr/bin:/bin
        /bin/sleep 60; /usr/bin/curl -s -o /dev/null -w '%{http_code}\\n' https://api.test/; env -i /bin/sleep 30
        date +%s
    """, isolation="netns")  # fmt: skip
    assert ran.lines[0] == "200"
    assert 90 < ran.took_s < 91


def test_a_shim_that_is_killed_ends_its_request(tmp_path: Path) -> None:
    def count(world: BareWorld, process: object, room: object) -> None:
        world.link.add(lambda endpoint: Verdict(hang=True))

    ran = run(tmp_path, """
        curl -s https://api.test/ & pid=$!
        sleep 20; kill $pid; wait $pid; echo $?
    """, prepare=count)  # fmt: skip
    assert (ran.lines, ran.took_s) == (["143"], 20.0)
