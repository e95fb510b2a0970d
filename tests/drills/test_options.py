"""Options survive the way into the record and back, and the replay command is one that a shell understands."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drills.human import PRESETS
from drills.options import RESPONDERS, RunOptions
from sim.errors import BadInput

words = st.text(min_size=1, max_size=12).filter(lambda text: "\0" not in text)
paths = words.map(Path)
options = st.builds(
    RunOptions,
    seed=st.integers(0, 2**64),
    runbook=st.none() | words,
    code=st.none() | words,
    responder=st.sampled_from(RESPONDERS),
    cases=st.none() | st.lists(words, min_size=1, max_size=3).map(tuple),
    project=st.none() | paths,
    drill=st.none() | words,
)


@given(options)
def test_options_read_back_as_they_were(chosen: RunOptions) -> None:
    assert RunOptions.from_text(chosen.as_text()) == chosen


@given(options)
def test_the_replay_command_is_plain_words_to_a_shell(chosen: RunOptions) -> None:
    typed = shlex.split(chosen.replay_command("q1"))
    assert typed[:2] == ["firedrill", "run"]
    assert typed[2] == (chosen.drill or "q1")
    for flag, value in (("--seed", str(chosen.seed)), ("--runbook", chosen.runbook), ("--code", chosen.code)):
        if value is not None:
            assert typed[typed.index(flag, 3) + 1] == value
    for case in chosen.cases or ():
        assert case in typed


def test_the_command_names_only_what_differs_from_the_default() -> None:
    assert RunOptions(seed=7).replay_command("q1") == "firedrill run q1 --seed 7"
    assert RunOptions().replay_command("q1", "q2") == "firedrill run q1 q2 --seed 0"
    given_all = RunOptions(3, "a b.md#x", "m:build", "none", ("c1", "c2"), Path("../bot"))
    assert given_all.replay_command("q1") == (
        "firedrill run q1 --seed 3 --runbook 'a b.md#x' --code m:build --project ../bot "
        "--responder none --case c1 --case c2"
    )


def test_responders_are_nobody_and_the_presets() -> None:
    assert set(RESPONDERS) == {"none", *PRESETS}


@pytest.mark.parametrize("text", [{"seed": "x"}, {"seed": "-1"}, {"cases": "'"}, {"responder": "bob"}])
def test_a_record_with_options_that_nobody_wrote_is_bad_input(text: dict[str, str]) -> None:
    with pytest.raises(BadInput):
        RunOptions.from_text(text)
