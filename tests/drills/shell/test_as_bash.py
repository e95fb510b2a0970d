"""What bash 5.2 and GNU's programs said to three hundred texts is what ours says; and to random ones, where bash is.

`said/` holds their output and exit codes, recorded from the real programs on Debian 12 (jq 1.6, mawk).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st

from drills.shell.tool import NotHere
from tests.drills.shell.twins import BASH, Twin

SAID = Path(__file__).with_name("said")


def recorded(name: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads((SAID / name).read_text())
    return rows


@pytest.mark.parametrize("name", ["language.json", "programs.json"])
def test_every_recorded_text_prints_and_ends_as_it_did_in_bash(twin: Twin, name: str) -> None:
    wrong = []
    for row in recorded(name):
        twin.reset()
        ours = twin.ours(row["text"])
        if (ours.out, ours.code) != (row["out"], row["code"]):
            wrong.append((row["text"], row["out"], row["code"], ours))
    assert wrong == []


def test_the_records_are_what_bash_says(twin: Twin) -> None:
    """A spot check that the records are real, where the same programs are installed."""
    if BASH is None:
        pytest.skip("no bash on this machine")
    for row in recorded("language.json")[::9]:
        twin.reset()
        real = twin.real(row["text"])
        assert (real.out, real.code) == (row["out"], row["code"]), row["text"]


# A safe grammar: everything that can be written here only prints, and only touches variables.

WORD = st.sampled_from(
    [
        "a", "bc", "$x", "$y", "'$x'", '"$x"', '"$y z"', "${x:-d}", "${z:-'q r'}", '"${z:-a b}"', "${x#a}", "${x%c}",
        "${x/b/_}", "${#y}", "$((n+1))", "$((n*3-1))", '"$(echo $y)"', "$(echo $y)", "`echo $x`", "{1..3}", "{a,b}c",
        "\\$x", '"\\$x"', "a\\ b", "$'t\\tu'", "$?", "${x^^}", "${y:1:2}", '"$@"', "$*", '""', "''", "$z", '"$z"',
        "${z+set}", "${x+set}", "~", "x=y", "*.txt", '"*"', "[ab].txt", "-n", "--", "#c", "a#c",
    ]
)  # fmt: skip
ARGS = st.lists(WORD, max_size=4).map(" ".join)
SIMPLE = st.one_of(
    ARGS.map(lambda words: f"printf '<%s>' {words}; echo"),
    ARGS.map(lambda words: f"echo {words}"),
    WORD.map(lambda word: f"x={word}"),
    WORD.map(lambda word: f"y={word}"),
    WORD.map(lambda word: f"set -- {word} {word}"),
    st.sampled_from(
        ["true", "false", ":", "n=$((n+1))", "(exit 3)", "x='a b'", "IFS=:", "unset IFS", "y=a:b::c", "read x <<< $y"]
    ),
    st.tuples(WORD, WORD).map(lambda pair: f"[ {pair[0]} = {pair[1]} ]"),
    st.tuples(WORD.filter(lambda word: word != "-n"), WORD).map(lambda pair: f"[[ {pair[0]} == {pair[1]} ]]"),
    WORD.map(lambda word: f"cat <<< {word}"),
)
JOIN = st.sampled_from(["; ", " && ", " || ", "\n", " | cat; ", " > /dev/null; ", " 2>&1 | tr a-c x-z; "])


def compound(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    several = st.lists(st.tuples(inner, JOIN), min_size=1, max_size=3).map(
        lambda parts: "".join(a + b for a, b in parts) + "true"
    )
    return st.one_of(
        several,
        st.tuples(inner, inner, inner).map(lambda t: f"if {t[0]}; then {t[1]}; else {t[2]}; fi"),
        st.tuples(ARGS, inner).map(lambda t: f"for v in {t[0]}; do {t[1]}; echo $v; done"),
        inner.map(lambda body: f"( {body} )"),
        inner.map(lambda body: f"{{ {body}; }}"),
        inner.map(lambda body: f"f() {{ {body}; }}; f p 'q r'; f"),
        st.tuples(WORD, inner, inner).map(lambda t: f"case {t[0]} in a*) {t[1]};; *) {t[2]};; esac"),
        inner.map(lambda body: f"i=0; while [ $i -lt 2 ]; do i=$((i+1)); {body}; done"),
        inner.map(lambda body: f'v=$( {body} ); echo "[$v]"'),
        inner.map(lambda body: f"! {body}"),
        inner.map(lambda body: f"set -e; {body}; echo still"),
    )


TEXTS = st.recursive(SIMPLE, compound, max_leaves=6)


@pytest.mark.skipif(BASH is None, reason="no bash on this machine")
@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(text=TEXTS)
def test_any_text_of_a_safe_grammar_prints_and_ends_as_in_bash(twin: Twin, text: str) -> None:
    whole = f"x=abc; y='  p  q '; n=4; set -- one 'two three'\n{text}"
    try:
        ours = twin.ours(whole)
    except NotHere as finding:  # a function that was never defined: bash would look for a program of that name
        if str(finding) != "the program f is not known here":
            raise
        reject()
    real = twin.real(whole)
    assert (ours.out, ours.code) == (real.out, real.code), (real.err, ours.err)
