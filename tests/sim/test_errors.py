"""What a user is told when his input cannot be used: one line, with the place and the mend."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.errors import BadInput, FiredrillError


def test_a_misspelt_field_is_told_with_its_place_and_the_mend() -> None:
    error = BadInput(
        "unknown field", mend="did you mean horizon?", file=Path("library/q1.yaml"), line=12, field="horizont", value=3
    )
    assert str(error) == "library/q1.yaml:12: horizont: unknown field (got 3); did you mean horizon?"


def test_a_problem_without_a_place_is_still_one_sentence() -> None:
    assert str(BadInput("no procedure is named", mend="name one")) == "no procedure is named; name one"


def test_a_file_without_a_line_is_named_alone() -> None:
    assert str(BadInput("is empty", mend="write steps", file="runbook.md")) == "runbook.md: is empty; write steps"


@pytest.mark.parametrize("value", ["a\nb", "x" * 5_000, {"deep": ["structure"] * 100}])
def test_whatever_the_value_was_it_stays_one_line_of_readable_length(value: object) -> None:
    text = str(BadInput("two\nlines\t of trouble", mend="say it  once", field="f", value=value))
    assert "\n" not in text
    assert "\t" not in text
    assert "two lines of trouble" in text
    assert len(text) < 150


def test_a_falsy_value_is_shown_and_a_missing_one_is_not() -> None:
    assert "(got 0)" in str(BadInput("must be above 0", mend="give 1", value=0))
    assert "(got '')" in str(BadInput("is empty", mend="fill it", value=""))
    assert "got" not in str(BadInput("is missing", mend="add it"))


def test_exit_codes_tell_the_users_fault_from_ours() -> None:
    assert BadInput.exit_code == 2
    assert FiredrillError.exit_code == 4
    assert issubclass(BadInput, FiredrillError)


def test_the_parts_stay_readable_for_whoever_adds_to_them() -> None:
    error = BadInput("is no number", mend="write 3", file=Path("a.yaml"), line=4, field="kills", value="three")
    assert (error.problem, error.mend, error.file, error.line, error.field, error.value) == (
        "is no number", "write 3", "a.yaml", 4, "kills", "three",
    )  # fmt: skip
