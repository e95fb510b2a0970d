"""Lines as real runbooks have them: what the shell hands to a program is what bash hands to it, traps included."""

from __future__ import annotations

from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from drills.shell.firm import project_in, time_of
from drills.shell.session import Statement
from drills.shell.tool import Call, Result, Tool
from drills.shell.tools import all_tools
from tests.drills.shell.terminals import Typist

SHARED = Path(__file__).resolve().parents[4] / "shared" / "runbooks"


class Recorder:
    """A program that only remembers how it was called."""

    def __init__(self) -> None:
        self.words: list[tuple[str, ...]] = []
        self.stdin: list[str | None] = []

    def __call__(self, call: Call) -> Result:
        self.words.append(call.args)
        self.stdin.append(call.stdin)
        return Result("ok\n")


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
def typist(recorder: Recorder) -> Typist:
    tools: dict[str, Tool] = {**all_tools(), "kubectl": recorder, "curl": recorder, "psql": recorder}
    return Typist(tools=tools)


def test_a_substitution_in_single_quotes_stays_literal_text(typist: Typist, recorder: Recorder) -> None:
    """A configuration map gets the text `$(cat ...)`, not the file."""
    typist.out("""kubectl patch configmap c --patch '{"data":{"a.toml":"$(cat a.toml | base64 -w 0)"}}'""")
    assert recorder.words[0][-1] == '{"data":{"a.toml":"$(cat a.toml | base64 -w 0)"}}'


def test_nested_single_quotes_fall_apart_into_words(typist: Typist, recorder: Recorder) -> None:
    """The same with quotes inside the quotes: the patch ends at the second one, and the rest becomes words."""
    typist.type("""kubectl patch cm f --patch '{"x":"$(echo 'flags:\\n  mode:\\n    on: true' | base64 -w 0)"}'""")
    assert recorder.words[0][4:] == ('{"x":"$(echo flags:n', "mode:n", "on:", 'true | base64 -w 0)"}'), "as bash does"


def test_a_substitution_in_double_quotes_is_made(typist: Typist, recorder: Recorder) -> None:
    typist.out("""curl -s "http://p:9090/q?start=$(date -d '4 hours ago' +%s)&end=$(date +%s)&step=60" > out.json""")
    url = recorder.words[0][-1]
    start, end = (int(part.split("=")[1]) for part in url.split("?")[1].split("&")[:2])
    assert end - start == 4 * 3600
    assert typist.out("cat out.json") == "ok\n"


def test_what_single_quotes_mean_inside_double_ones(typist: Typist, recorder: Recorder) -> None:
    typist.out("""kubectl exec pod -- python -c "
a.report('drawdown', '$(date -d '4 hours ago' --iso-8601)')
" """)
    assert recorder.words[0][-1] == "\na.report('drawdown', '2026-03-10')\n"


def test_escaped_parentheses_and_a_range_reach_the_program_as_typed(typist: Typist, recorder: Recorder) -> None:
    """What then fails is curl's own globbing of `[5m]`."""
    typist.out(r"curl -s localhost:9090/api/v1/query?query=quantile\(0.99,rate\(seconds_bucket[5m]\)\)")
    assert recorder.words[0][-1] == "localhost:9090/api/v1/query?query=quantile(0.99,rate(seconds_bucket[5m]))"


def test_an_unquoted_ampersand_cuts_an_address_and_runs_it_in_the_background(
    typist: Typist, recorder: Recorder
) -> None:
    typist.type("curl http://p/q?a=1&b=2\nwait")
    assert recorder.words == [("http://p/q?a=1",)]


def test_a_here_document_is_what_is_applied(typist: Typist, recorder: Recorder) -> None:
    typist.out('kubectl apply -f - <<EOF\nexpr: rate(x[5m]) > 5\nsummary: "up $((1+1))"\nEOF')
    assert recorder.stdin == ['expr: rate(x[5m]) > 5\nsummary: "up 2"\n']


def test_a_statement_over_many_lines_is_one_word(typist: Typist, recorder: Recorder) -> None:
    typist.out('kubectl exec -it db-0 -- \\\n  psql -c "\n    SELECT 1\n    FROM t;"')
    assert recorder.words[0] == ("exec", "-it", "db-0", "--", "psql", "-c", "\n    SELECT 1\n    FROM t;")


def test_an_unset_token_is_an_empty_one(typist: Typist, recorder: Recorder) -> None:
    typist.out('curl -X POST https://api/pause -H "Authorization: Bearer $ADMIN_TOKEN"')
    assert recorder.words[0][-1] == "Authorization: Bearer "


def test_null_is_what_an_unquoted_path_prints_when_nothing_is_there(typist: Typist) -> None:
    assert typist.out('echo \'{"data":{"result":[]}}\' | jq .data.result[0].value[1]') == "null\n"


def test_counting_errors_by_file_as_an_operator_does(typist: Typist) -> None:
    typist.hands.do("halt")
    assert typist.out('grep -r "halt" logs/ | cut -d: -f1 | sort | uniq -c') == (
        "      1 logs/audit.csv\n      1 logs/trading.log\n"
    )


def test_fields_of_a_comparison_decide_a_branch(typist: Typist) -> None:
    compared = "diff -q state/expected_positions.json state/actual_positions.json > /dev/null"
    text = f"if {compared}; then echo same; else echo differ; fi"
    assert typist.out(text) == "same\n"
    typist.world.book.adopt({"SPY": 1}, 0.0, "a fill was missed")
    assert typist.out(text) == "differ\n"


@pytest.mark.skipif(not SHARED.is_dir(), reason="the five runbooks are not beside this checkout")
def test_all_fences_of_the_five_runbooks_can_be_typed_and_twice_alike() -> None:
    def typed() -> tuple[list[Statement], list[str]]:
        statements, digests = [], []
        for file in sorted(SHARED.glob("*.md")):
            tokens = MarkdownIt("commonmark").enable("table").parse(file.read_text())
            fences = [token.content for token in tokens if token.type == "fence" and token.info.strip() == "bash"]
            typist = Typist(monitored=True, project=project_in(fences) or "/srv/trading")
            with time_of(typist.world):
                for fence in fences:
                    statements += typist.type(fence, observe_us=5_000_000).statements
            digests.append(typist.history.digest())
        return statements, digests

    first, second = typed(), typed()
    assert first[1] == second[1]
    statements = first[0]
    assert len(statements) == 108, "top-level statements of the 52 fences, counted by hand"
    unread = [s.text for s in statements if s.code == 2 and "syntax error" in s.err]
    assert unread == []
    assert all(s.not_here for s in statements if s.code == 126)
