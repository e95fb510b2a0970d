"""The grammar at its edges: what other parsers get wrong, and what no text may do to ours."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drills.shell.catalogue import builtin_names, listing
from drills.shell.lexer import ShellSyntaxError
from drills.shell.parser import parse
from drills.shell.syntax import Placeholder, Simple


def only(text: str) -> Simple:
    (item,) = parse(text, placeholders=True)
    body = item.first.commands[0].body
    assert isinstance(body, Simple)
    return body


def test_a_redirection_belongs_to_the_last_command_of_a_list() -> None:
    (item,) = parse("a && b > f")
    assert item.first.commands[0].redirects == ()
    assert [r.op for r in item.rest[0][1].commands[0].redirects] == [">"]


def test_a_negation_turns_the_whole_pipeline_round() -> None:
    (item,) = parse("! a | b")
    assert (item.first.negated, len(item.first.commands)) == (True, 2)


def test_a_pipe_after_a_here_document_joins_the_command_not_the_document() -> None:
    items = parse("cat <<EOF | grep a && c\ntext\nEOF\nd")
    assert [len(item.first.commands) for item in items] == [2, 1]
    assert items[0].rest[0][0] == "&&"


def test_a_placeholder_is_a_word_and_a_redirection_none() -> None:
    assert (Placeholder("pod-name"),) in only("kubectl logs <pod-name> -n trading").words
    (item,) = parse("sort <in", placeholders=True)
    assert item.first.commands[0].redirects[0].op == "<"


def test_lines_are_counted_for_messages() -> None:
    assert [item.line for item in parse("a\n\n# note\nb; c\n")] == [1, 4, 4]
    with pytest.raises(ShellSyntaxError) as error:
        parse("a\nb )\n")
    assert (error.value.line, error.value.problem) == (2, "syntax error near unexpected token `)'")


@settings(max_examples=300)
@given(st.text(alphabet=st.sampled_from("ab $'\"`\\(){}[]<>|&;#!=*?\n~-@0:/%^,"), max_size=60))
def test_no_text_does_anything_but_parse_or_be_refused(text: str) -> None:
    problems: list[ShellSyntaxError] = []
    try:
        parse(text, placeholders=True)
    except ShellSyntaxError as error:
        problems.append(error)
    assert all(error.problem and 1 <= error.line <= text.count("\n") + 2 for error in problems)


@pytest.mark.parametrize(
    "text", ["(" * 3000, "$(" * 3000, "`" * 3001, "{ " * 3000, "${x:-" * 3000, "if " * 3000, '"$(' * 2000]
)
def test_deep_nesting_is_refused(text: str) -> None:
    with pytest.raises(ShellSyntaxError):
        parse(text)


def test_everything_that_is_known_is_listed_with_a_line() -> None:
    programs = dict(listing())
    assert {"grep", "awk", "jq", "python", "date", "ssh"} <= set(programs)
    assert all(about and len(about) < 130 for about in programs.values())
    assert {"cd", "export", "set"} <= set(builtin_names())
