"""Somebody types into a terminal: what lasts from text to text, what takes how long, what the History keeps."""

from __future__ import annotations

import pytest

from drills.shell.session import fill, shown
from drills.shell.tool import Call, NotHere, Result
from sim.clock import MINUTE, SECOND
from tests.drills.shell.terminals import Typist


@pytest.fixture
def typist() -> Typist:
    return Typist()


class TestWhatLasts:
    def test_folder_variables_and_functions_last_from_fence_to_fence(self, typist: Typist) -> None:
        typist.out("cd /tmp && mode=lab; export TR_MODE=$mode; f() { echo f:$1; }")
        assert typist.out("pwd; echo $mode; env | grep ^TR_; f x") == "/tmp\nlab\nTR_MODE=lab\nf:x\n"

    def test_a_fresh_script_knows_nothing_of_them(self, typist: Typist) -> None:
        typist.out("cd /tmp; mode=lab")
        assert typist.out("pwd; echo ${mode:-none}", fresh=True) == "/srv/trading\nnone\n"
        assert typist.out("pwd") == "/tmp\n", "and leaves the terminal as it was"

    def test_exit_closes_the_terminal_and_the_next_text_finds_a_new_one(self, typist: Typist) -> None:
        outcome = typist.type("cd /tmp; x=1; exit 3; echo never")
        assert (outcome.code, outcome.closed, outcome.out) == (3, True, "")
        assert typist.out("pwd; echo [$x]") == "/srv/trading\n[]\n"

    def test_set_e_typed_into_a_terminal_closes_it_at_the_first_failure(self, typist: Typist) -> None:
        outcome = typist.type("set -e\nfalse\necho never")
        assert (outcome.closed, outcome.code) == (True, 1)

    def test_what_a_person_types_goes_on_after_a_failure(self, typist: Typist) -> None:
        assert typist.type("false\necho ${nope:?unset}\necho on").out == "on\n"

    def test_the_history_of_the_terminal_is_kept(self, typist: Typist) -> None:
        typist.out("echo a")
        assert "echo a" in typist.out("history")


class TestNotHere:
    def test_a_program_that_nobody_knows_is_said_and_the_next_statement_runs(self, typist: Typist) -> None:
        outcome = typist.type("frobnicate --all && echo never\necho on")
        assert outcome.not_here == ("the program frobnicate is not known here",)
        assert [statement.code for statement in outcome.statements] == [126, 0]
        assert outcome.out == "on\n"

    def test_it_ends_a_pipeline_and_never_looks_like_an_empty_answer(self, typist: Typist) -> None:
        outcome = typist.type("frobnicate | wc -l")
        assert (outcome.out, outcome.not_here) == ("", ("the program frobnicate is not known here",))

    @pytest.mark.parametrize(
        "text",
        [
            "cat", "vim /etc/hosts", "read answer", "bash", "sort -R /etc/hosts", "sed 'h;x' /etc/hosts",
            "date -s 12:00",
            "shopt -s globstar", "declare -A m", "alias k=kubectl", "cat > /dev/tcp/a/1", "find / -prune",
            "python -m http.server", "ssh nowhere uptime", "select x in a; do :; done", "tee >(cat)", "awk '{getline}'",
            "stat -c %i /etc/hosts",
        ],
    )  # fmt: skip
    def test_what_is_not_modelled_is_a_finding(self, typist: Typist, text: str) -> None:
        outcome = typist.type(text)
        assert outcome.not_here, outcome
        assert outcome.statements[0].code == 126

    def test_a_file_of_the_project_may_be_in_the_repository_that_was_not_given(self, typist: Typist) -> None:
        for text in ("cat config-conservative.toml", "./scripts/stop.sh", "bash scripts/stop.sh", "python run.py"):
            assert "--repo" in typist.type(text).not_here[0], text
        assert typist.type("cat /etc/nothing").err == "cat: /etc/nothing: No such file or directory\n"


class TestPlaceholders:
    def test_an_unfilled_one_is_no_redirection(self, typist: Typist) -> None:
        outcome = typist.type("echo logs <pod-name> -n trading")
        assert outcome.not_here == ("<pod-name> was to be filled in, and nothing says with what",)
        assert typist.out("ls -A /srv/trading | grep -c -e ^-n; true") == "0\n"

    def test_what_somebody_fills_in_stands_there(self, typist: Typist) -> None:
        assert typist.out('echo <pod-name> "<pod-name>"', fills={"pod-name": "api-0"}) == "api-0 api-0\n"
        assert fill("a <b> {{c}} <d>", {"b": "1", "c": "2"}) == "a 1 2 <d>"

    def test_a_real_redirection_stays_one(self, typist: Typist) -> None:
        assert typist.out("wc -l < /etc/hostname") == "1\n"


class TestSyntax:
    def test_lines_before_a_broken_one_run_and_bash_says_what_is_wrong(self, typist: Typist) -> None:
        outcome = typist.type("echo a\necho b\nif true; then\n  echo c\n")
        assert (outcome.out, outcome.code) == ("a\nb\n", 2)
        assert outcome.err == "bash: syntax error: unexpected end of file\n"

    @pytest.mark.parametrize(
        "text", ["echo 'a", 'echo "a', "echo $(a", "a &&", "for x in", "case x in", "}", "echo `a", "a | | b"]
    )
    def test_every_broken_text_ends_with_two(self, typist: Typist, text: str) -> None:
        assert typist.type(text).code == 2

    def test_a_deep_text_is_refused_not_crashed(self, typist: Typist) -> None:
        assert typist.type("(" * 500 + "true" + ")" * 500).code == 2


class TestTime:
    def test_a_sleep_takes_its_time_and_no_other(self, typist: Typist) -> None:
        before_us = typist.world.env.now
        assert typist.type("sleep 90").statements[0].duration_us == 90 * SECOND + 10_000
        assert typist.world.env.now - before_us < 100 * SECOND

    def test_the_clock_is_the_worlds(self, typist: Typist) -> None:
        start, end = (int(word) for word in typist.out("date +%s; sleep 60; date +%s").split())
        assert end - start == 60
        assert typist.out("date -u +%F") == "2026-03-10\n"
        assert typist.out("date +%Z") == "EDT\n"

    def test_what_never_ends_is_looked_at_for_a_while(self, typist: Typist) -> None:
        outcome = typist.type("tail -f logs/trading.log", observe_us=30 * SECOND)
        statement = outcome.statements[0]
        assert (statement.observed, statement.interrupted, statement.code) == (True, False, 0)
        assert 30 * SECOND <= statement.duration_us < 31 * SECOND

    def test_watch_looks_again_and_again_and_shows_the_last_picture(self, typist: Typist) -> None:
        outcome = typist.type("watch -n 60 'date +%H:%M'", observe_us=5 * MINUTE)
        assert outcome.statements[0].observed
        assert outcome.out == "Every 60.0s: date +%H:%M\n\n10:04\n"

    def test_what_does_not_come_back_is_interrupted(self, typist: Typist) -> None:
        outcome = typist.type("sleep 100000\necho on", patience_us=5 * MINUTE)
        assert [(s.code, s.interrupted) for s in outcome.statements] == [(130, True), (0, False)]
        assert outcome.statements[0].duration_us == 5 * MINUTE

    @pytest.mark.parametrize("text", ["while :; do :; done", "until false; do sleep 1; done", "for ((;;)); do :; done"])
    def test_a_loop_without_end_is_left(self, typist: Typist, text: str) -> None:
        statement = typist.type(text).statements[0]
        assert (statement.observed, statement.code) == (True, 130)

    @pytest.mark.parametrize(
        "text", ["f() { f; }; f", 'bash -c \'f() { bash -c "$0" "$0"; }; f\' x', "eval 'x() { eval x; }; x'"]
    )
    def test_calls_without_end_end(self, typist: Typist, text: str) -> None:
        assert typist.type(text).code != 0

    def test_timeout_ends_a_program_and_says_so(self, typist: Typist) -> None:
        outcome = typist.type("timeout 5 sleep 60; echo $?; timeout 30 tail -f logs/trading.log >/dev/null; echo $?")
        assert outcome.out == "124\n124\n"
        assert sum(s.duration_us for s in outcome.statements) < 36 * SECOND

    def test_the_background_runs_beside(self, typist: Typist) -> None:
        outcome = typist.type("sleep 60 &\nsleep 5; date +%M; wait; date +%M")
        first, second = outcome.out.split()
        assert (int(second) - int(first)) % 60 == 1

    def test_a_background_job_that_needs_more_than_there_is_is_written_down(self, typist: Typist) -> None:
        typist.type("frobnicate &\nwait")
        assert [event.get("why") for event in typist.history.of("shell.not_here")] == [
            "the program frobnicate is not known here"
        ]


class TestHistory:
    def test_each_statement_leaves_what_reports_need(self, typist: Typist) -> None:
        typist.type("echo one | tr a-z A-Z\ncat /nope", context={"step": "halt/1", "line": 12})
        first, second = typist.history.of("shell.command")
        assert (first.subject, first.get("code"), first.get("out"), first.get("effect")) == (
            "echo one | tr a-z A-Z",
            0,
            "ONE",
            "read",
        )
        assert (first.get("place"), first.get("step"), first.get("line")) == ("workstation", "halt/1", 12)
        assert first.get("duration_us") == 20_000
        assert (second.get("code"), second.get("err")) == (1, "cat: /nope: No such file or directory")

    def test_an_action_of_a_program_is_the_on_calls_and_makes_the_statement_a_change(self) -> None:
        def stop(call: Call) -> Result:
            return call.terminal.act("halt")

        typist = Typist(tools={"stop": stop})
        assert typist.out("stop") == "halted\n"
        assert typist.world.trading.halted is not None
        action = typist.history.of("responder.action")[0]
        assert (action.subject, action.get("ok"), action.get("effect")) == ("halt", True, "mutate")
        command = typist.history.of("shell.command")[0]
        assert (command.get("effect"), command.get("changes")) == ("mutate", ["halt"])

    def test_long_output_is_cut_for_the_history_only(self, typist: Typist) -> None:
        assert len(typist.out("seq 1000").split()) == 1000
        assert typist.history.of("shell.command")[0].get("out").endswith("more lines")
        assert shown("a\n" * 3) == "a\na\na"

    @pytest.mark.parametrize(
        ("text", "effect"),
        [("ls -l | head", "read"), ("rm -f state/orders.json", "mutate"), ("echo x > /tmp/x", "read"),
         ("echo '{}' > state/positions.json", "mutate"), ("for f in a b; do echo $f; done", "read")],
    )  # fmt: skip
    def test_the_effect_is_what_was_done(self, typist: Typist, text: str, effect: str) -> None:
        assert typist.type(text).statements[0].effect == effect

    def test_one_seed_has_one_history_and_another_has_another(self) -> None:
        text = "echo $RANDOM; mktemp; seq 3 | while read x; do echo $x $RANDOM; done; sleep 3; tail -3 logs/trading.log"
        digests = []
        for seed in (7, 7, 8):
            typist = Typist(seed=seed)
            typist.type(text)
            digests.append(typist.history.digest())
        assert digests[0] == digests[1] != digests[2]


def test_a_bug_of_ours_is_never_taken_for_a_failing_command() -> None:
    def broken(call: Call) -> Result:
        raise KeyError("ours")

    typist = Typist(tools={"broken": broken})
    with pytest.raises(AssertionError, match="in the simulated shell, running 'broken': KeyError"):
        typist.type("broken")


def test_a_program_that_raises_not_here_is_not_caught_by_or() -> None:
    def nowhere(call: Call) -> Result:
        raise NotHere("no such cluster")

    typist = Typist(tools={"nowhere": nowhere, "echo": lambda call: Result("x\n")})
    assert typist.type("nowhere || echo fallback").out == ""
