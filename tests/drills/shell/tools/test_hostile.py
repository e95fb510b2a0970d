"""Whatever is typed, a program answers, refuses in words, or says that it is not here; it never breaks the drill."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from drills.shell.console import TimeUp
from drills.shell.tool import Call, NotHere, Result
from drills.shell.tools import acting
from sim.clock import SECOND
from tests.drills.shell.tools.naming_desk import typist

PROGRAMS = {name: program for family in acting.families() for name, program in family.items()}
WORDS = (
    "get", "describe", "logs", "top", "scale", "patch", "rollout", "restart", "undo", "status", "exec", "delete",
    "apply",
    "set", "image", "wait", "pods", "pod", "deploy/bot", "deployment", "bot", "bot-0", "nodes", "cm", "-n", "prod",
    "-A",
    "-l", "app=bot", "-o", "json", "jsonpath={.items[?(@.a==1)]}", "--sort-by=.x", "--tail", "-f", "-p", "--replicas=0",
    "--replicas=x", "--type=json", '{"spec":5}', "[]", "null", "--", "-", "ps", "inspect", "compose", "--format",
    "{{.State}}", "http://prometheus:9090/api/v1/query?query=up", "http://[::1", "-X", "POST", "-d", "@x", "-w", "-m",
    "x",
    "--since", "yesterday", "-u", "-9", "1", "99999", "-c", "SELECT now() - interval '1 day'", "SELEC", "INFO",
    "CONFIG",
    "log", "checkout", "revert", "rollback", "s3", "cp", "", "ä", "'", '"', "[", "]", "{", "%", "\n", "$(x)", "\\d",
    "*",
)  # fmt: skip
INPUTS = (None, "", "select 1;", "kind: Deployment\napiVersion: x\nmetadata: {name: bot}\nspec: {replicas: 1}", "a: [")

Calls = st.lists(
    st.tuples(st.sampled_from(sorted(PROGRAMS)), st.lists(st.sampled_from(WORDS), max_size=7), st.sampled_from(INPUTS)),
    min_size=20, max_size=60,
)  # fmt: skip


@settings(max_examples=8, suppress_health_check=list(HealthCheck))
@given(Calls)
def test_no_words_break_a_program(calls: list[tuple[str, list[str], str | None]]) -> None:
    who = typist("kubectl exec bot-0 -n prod -- ls", "systemctl status bot")
    console, ended = who.session.console, []
    console.sitting.observe_us = 1000

    def body() -> None:
        for name, words, stdin in calls:
            try:
                with console.limited(5 * SECOND):
                    result = PROGRAMS[name].run(Call((name, *words), console, stdin, {}, "/srv/trading"))
                assert isinstance(result, Result)
                assert 0 <= result.code <= 255
            except (NotHere, TimeUp):
                pass
        ended.append(True)

    who.hands.firm.soon(lambda: who.firm.start(body, "hostile"))
    for _ in itertools.repeat(None, 60):
        if ended:
            break
        who.hands.firm.run(10)
    assert ended


@pytest.mark.parametrize("name", sorted(PROGRAMS))
def test_a_program_without_words_answers_or_says_why_not(name: str) -> None:
    outcome = typist().type(name, observe_us=SECOND)
    assert outcome.statements[0].code != 0 or outcome.out or outcome.err or outcome.not_here
