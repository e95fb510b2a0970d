"""Emergency scripts as people write them, against a broker that is gone, silent, slow or talks nonsense.

Times are those that the options of the script and of curl say; latencies come from the World and stay well
under a second.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.clock import SECOND, wall_seconds
from sim.network import BrokerBadGateway, BrokerRateLimited, BrokerUnreachable, Verdict
from tests.sim.lockstep.exec_kit import run, script

REFUSED = Verdict(error=BrokerUnreachable("connection refused"))
BLACK_HOLE = Verdict(hang=True)
RATE_LIMITED = Verdict(error=BrokerRateLimited("too many requests"))
HTML_502 = Verdict(error=BrokerBadGateway("<html><h1>502 Bad Gateway</h1></html>"))


def test_cancel_all_and_flatten_on_a_healthy_day(tmp_path: Path) -> None:
    ran = run(tmp_path, """
        set -euo pipefail
        curl -sSf -X DELETE https://api.test/orders >/dev/null && echo "orders cancelled"
        curl -sSf -X POST -H 'Content-Type: application/json' -d '{"close":"all"}' https://api.test/close | jq -r .body
    """)  # fmt: skip
    assert ran.code == 0
    assert ran.lines == ["orders cancelled", '{"close":"all"}']
    assert [(r.method, r.path) for r in ran.world.served] == [("DELETE", "/orders"), ("POST", "/close")]


def test_a_loop_that_waits_until_the_broker_is_back(tmp_path: Path) -> None:
    ran = run(tmp_path, """
        tries=0
        until curl -sf --max-time 5 https://api.test/health >/dev/null; do
          tries=$((tries + 1)); sleep 30
        done
        echo "back after $tries tries"
    """, outages=[(0, 600, REFUSED)])  # fmt: skip
    assert ran.code == 0
    assert ran.lines == ["back after 20 tries"]
    assert 600 < ran.took_s < 640


def test_two_hours_of_outage_cost_little_real_time(tmp_path: Path) -> None:
    began = wall_seconds()
    ran = run(tmp_path, """
        until curl -sf -m 10 https://api.test/health >/dev/null; do sleep 300; done
        echo up
    """, outages=[(0, 7200, BLACK_HOLE)])  # fmt: skip
    assert ran.lines == ["up"]
    assert 7200 < ran.took_s < 7520
    assert wall_seconds() - began < 60  # 24 tries; a loaded machine is slow to start processes


def test_exponential_back_off_doubles(tmp_path: Path) -> None:
    ran = run(tmp_path, """
        delay=1
        for attempt in 1 2 3 4 5 6; do
          curl -s -o /dev/null -f https://api.test/orders && exit 0
          echo "attempt $attempt failed ($?), waiting $delay s"
          sleep $delay; delay=$((delay * 2))
        done
        echo "giving up" >&2; exit 9
    """, outages=[(0, 3600, RATE_LIMITED)])  # fmt: skip
    assert ran.code == 9
    assert ran.lines[:2] == ["attempt 1 failed (22), waiting 1 s", "attempt 2 failed (22), waiting 2 s"]
    assert ran.lines[-1] == "giving up"
    assert 63 < ran.took_s < 64


def test_jitter_from_random_repeats_with_the_seed(tmp_path: Path) -> None:
    source = 'for i in 1 2 3; do d=$((RANDOM % 20)); sleep $d; echo "slept $d"; done\n'
    first, again, other = (run(tmp_path, source, seed=seed) for seed in (1, 1, 2))
    assert first.lines == again.lines
    assert first.history.digest() == again.history.digest()
    assert first.lines != other.lines


def test_curls_own_retries_wait_in_virtual_time(tmp_path: Path) -> None:
    ran = run(tmp_path, """
        curl -sS --fail --retry 5 --retry-delay 7 --retry-connrefused -o /dev/null https://api.test/orders
        echo "rc $?"
    """, outages=[(0, 20, REFUSED)])  # fmt: skip
    assert ran.lines[-1] == "rc 0"
    assert len(ran.world.served) == 1
    assert 21 < ran.took_s < 22  # at 0, 7 and 14 s refused, at 21 s answered


def test_a_black_hole_ends_each_call_at_its_limit(tmp_path: Path) -> None:
    ran = run(tmp_path, """
        for i in 1 2 3; do
          curl -sS --connect-timeout 4 --max-time 10 https://api.test/orders; echo "rc $?"
        done
    """, outages=[(0, 3600, BLACK_HOLE)])  # fmt: skip
    assert ran.lines.count("rc 28") == 3
    assert ran.took_s == 12.0


def test_without_a_limit_the_kernel_gives_up_on_the_connection(tmp_path: Path) -> None:
    ran = run(tmp_path, "curl -s https://api.test/orders; echo rc $?\n", outages=[(0, 3600, BLACK_HOLE)])
    assert ran.lines == ["rc 28"]
    assert ran.took_s == 127.0  # 1 + 2 + 4 + ... + 64 s of SYN


def test_an_answer_that_never_comes_is_a_hang(tmp_path: Path) -> None:
    """The connection stands and the request is swallowed: curl without --max-time waits for ever."""

    def swallow_requests(world, process, room):  # type: ignore[no-untyped-def]
        world.link.add(lambda endpoint: None if endpoint == "connect" else BLACK_HOLE)

    ran = run(tmp_path, 'echo go\ncurl -s "https://api.test/orders"\n', prepare=swallow_requests)
    assert ran.code is None
    hang = ran.world.only("code.hang")
    assert hang["endpoint"] == "curl -s https://api.test/orders"
    assert hang["at"] == "stop.sh:3"
    assert hang["waited_s"] == 300.0


def test_timeout_around_curl(tmp_path: Path) -> None:
    ran = run(tmp_path, """
        timeout 25 curl -s https://api.test/orders; echo "rc $?"
        timeout -s KILL 10 curl -s https://api.test/orders; echo "rc $?"
        timeout 300 true; echo "rc $?"
    """, outages=[(0, 3600, BLACK_HOLE)])  # fmt: skip
    assert ran.lines == ["rc 124", "rc 137", "rc 0"]
    assert ran.took_s == 35.0


def test_a_deadline_by_the_date(tmp_path: Path) -> None:
    ran = run(tmp_path, """
        deadline=$(( $(date +%s) + 900 ))
        while [ "$(date +%s)" -lt "$deadline" ]; do
          curl -sf https://api.test/health >/dev/null && { echo up; exit 0; }
          sleep 60
        done
        echo "still down at $(date -u +%T)"; exit 4
    """, outages=[(0, 3600, REFUSED)])  # fmt: skip
    assert ran.code == 4
    assert ran.lines == ["still down at 14:15:00"]  # the World begins at 14:00 UTC


def test_a_spin_on_the_date_alone_reaches_its_deadline(tmp_path: Path) -> None:
    ran = run(tmp_path, """
        end=$(( $(date +%s) + 2 ))
        while [ "$(date +%s)" -lt "$end" ]; do :; done
        echo done
    """)  # fmt: skip
    assert ran.lines == ["done"]
    assert 1 < ran.took_s < 4


def test_log_files_stay_in_the_run_and_the_repository_is_untouched(tmp_path: Path) -> None:
    script(tmp_path, """
        mkdir -p logs
        log() { echo "$(date -u '+%F %T') $*" | tee -a logs/emergency.log; }
        log "stopping"; sleep 90; log "stopped"
        wc -l < logs/emergency.log; rm -f config.ini; ls config.ini 2>/dev/null || echo "config removed"
    """)  # fmt: skip
    (tmp_path / "config.ini").write_text("[broker]\n")
    before = {file: file.read_bytes() for file in sorted(tmp_path.rglob("*")) if file.is_file()}
    ran = run(tmp_path, None)
    assert ran.lines == [
        "2026-03-10 14:00:00 stopping", "2026-03-10 14:01:30 stopped", "2", "config removed",
    ]  # fmt: skip
    assert {file: file.read_bytes() for file in sorted(tmp_path.rglob("*")) if file.is_file()} == before


def test_traps_and_cleanup(tmp_path: Path) -> None:
    ran = run(tmp_path, """
        cleanup() { echo "cleanup, rc $?"; rm -f "$lock"; }
        lock=$(mktemp); trap cleanup EXIT
        trap 'echo "terminated"; exit 143' TERM
        ( sleep 40; kill -TERM $$ ) &
        sleep 1000 &
        wait $!
    """)  # fmt: skip
    assert ran.timed() == [(40.0, "terminated"), (40.0, "cleanup, rc 143")]
    assert ran.code == 143


def test_background_jobs_run_side_by_side(tmp_path: Path) -> None:
    ran = run(tmp_path, """
        for symbol in AAPL MSFT SPY; do
          ( sleep $(( ${#symbol} * 10 )); curl -sf -X DELETE "https://api.test/positions/$symbol" >/dev/null
            echo "$symbol closed" ) &
        done
        wait; echo "all jobs done"
    """)  # fmt: skip
    assert ran.code == 0
    assert sorted(ran.lines[:3]) == ["AAPL closed", "MSFT closed", "SPY closed"]
    assert ran.lines[0] == "SPY closed"
    assert 40 < ran.took_s < 41  # not 110: they waited side by side


def test_an_html_page_is_no_json(tmp_path: Path) -> None:
    ran = run(tmp_path, """
        set -o pipefail
        curl -s https://api.test/positions | jq length || echo "not JSON"
        code=$(curl -s -o body.html -w '%{http_code}' https://api.test/positions)
        echo "$code $(cat body.html)"
        curl -sSf https://api.test/positions
    """, outages=[(0, 3600, HTML_502)])  # fmt: skip
    assert ran.code == 22
    assert "not JSON" in ran.lines
    assert "502 <html><h1>502 Bad Gateway</h1></html>" in ran.lines
    assert "curl: (22) The requested URL returned error: 502" in ran.lines


def test_false_success_is_a_claim_with_its_line(tmp_path: Path) -> None:
    ran = run(tmp_path, """
        curl -s -X DELETE https://api.test/positions >/dev/null
        echo "all positions flattened"
    """, outages=[(0, 3600, REFUSED)])  # fmt: skip
    assert ran.code == 0  # curl's failure was ignored
    (claim,) = ran.history.of("code.claim")
    assert claim.subject == "flat"
    assert claim.get("at") == "stop.sh:3"


def test_python_in_the_middle_of_a_script(tmp_path: Path) -> None:
    (tmp_path / "flatten.py").write_text(
        "import time, urllib.request\n"
        "for attempt in range(5):\n"
        "    try:\n"
        "        print(urllib.request.urlopen('https://api.test/close', timeout=3).status)\n"
        "        break\n"
        "    except OSError as error:\n"
        "        print(type(error).__name__); time.sleep(60)\n"
    )
    ran = run(tmp_path, """
        date +%s; python3 flatten.py | tee out.log; date +%s; tail -1 out.log
    """, outages=[(0, 100, REFUSED)])  # fmt: skip
    assert ran.lines[1:4] == ["URLError", "URLError", "200"]
    assert int(ran.lines[4]) - int(ran.lines[0]) == 120
    assert ran.lines[5] == "200"


def test_plain_sh_and_a_command_line_of_its_own(tmp_path: Path) -> None:
    ran = run(tmp_path, "#!/bin/sh\nsleep 5; echo \"$1 $2\"; exit 3\n", command="./stop.sh --now 'two words'")
    assert (ran.code, ran.lines, ran.took_s) == (3, ["--now two words"], 5.0)
    piped = run(tmp_path, None, command="sleep 2m; ./stop.sh a b || echo failed with $?")
    assert (piped.lines, piped.took_s) == (["a b", "failed with 3"], 125.0)


def test_twenty_repeats_have_one_digest(tmp_path: Path) -> None:
    source = """
        work() { curl -s "https://api.test/$1" >/dev/null; echo "$1 at $(date +%s)"; }
        work a & work b & work c &
        wait; id=$(uuidgen); echo "$id"; sleep $((RANDOM % 7)); echo done >&2
    """
    digests = {run(tmp_path, source, outages=[(0, 1, RATE_LIMITED)]).history.digest() for _ in range(20)}
    assert len(digests) == 1


@pytest.mark.parametrize("isolation", ["netns", "shim"])
def test_both_ways_of_shutting_in_tell_the_same_story(tmp_path: Path, isolation: str) -> None:
    ran = run(tmp_path, """
        for i in 1 2 3; do curl -sS https://api.test/orders/$i; echo; sleep 10; done; date; /usr/bin/env true
    """, isolation=isolation, outages=[(15, 25, HTML_502)])  # fmt: skip
    assert ran.code == 0
    assert ran.lines[-1] == "Tue Mar 10 10:00:30 EDT 2026"
    assert 30 < ran.took_s < 31


def test_seconds_in_bash_are_the_worlds(tmp_path: Path) -> None:
    ran = run(tmp_path, """
        start=$SECONDS; sleep 100; echo "took $((SECONDS - start)) s"
        wait_for() { local until=$((SECONDS + 30)); while [ $SECONDS -lt $until ]; do sleep 10; done; echo "waited"; }
        wait_for; echo "$EPOCHSECONDS $(date +%s)"; printf '%(%T)T %s\\n' -1 "now"; printf '%d%%\\n' 5
        SECONDS=0; sleep 7; echo $SECONDS
    """)  # fmt: skip
    assert ran.lines[0] == "took 100 s"
    assert ran.lines[1] == "waited"
    now = ran.lines[2].split()
    assert now[0] == now[1]
    assert ran.lines[3:] == ["10:02:10 now", "5%", "7"]
    assert ran.took_s == 137.0


def test_what_a_script_computes_in_real_time_adds_nothing_to_its_seconds(tmp_path: Path) -> None:
    ran = run(tmp_path, """
        SECONDS=0; sleep 10; python3 -c 'for i in range(12): sum(range(2_000_000))'; sleep 5; echo $SECONDS
    """)  # fmt: skip
    assert ran.lines == ["15"]


def test_a_script_that_is_killed_with_its_process_leaves_no_last_word(tmp_path: Path) -> None:
    def crash(world, process, room):  # type: ignore[no-untyped-def]
        world.env.call_at(45 * SECOND, process.kill)

    ran = run(tmp_path, """
        trap 'echo bye' EXIT
        while true; do echo tick; sleep 10; done
    """, prepare=crash)  # fmt: skip
    assert ran.timed() == [(0.0, "tick"), (10.0, "tick"), (20.0, "tick"), (30.0, "tick"), (40.0, "tick")]
    assert not ran.history.of("code.exit")
