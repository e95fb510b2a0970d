"""Nothing in a document makes the linter fail: broken shell, broken Python, odd characters, deep nesting."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.drills.lint.pages import page_of, problems

PIECES = st.sampled_from([
    "kubectl exec -it p -- bash -c '", "kubectl exec", "python -c \"", "$(", ")", "'", '"', "<pod>", "`",
    "psql -c \"SELECT (", "| grep x", "ps aux", "&& ", "watch ", "ssh h ", "timeout", "sudo -u", "rm -rf $X", "${A:-",
    "}", "<<EOF", "EOF", "\n", "\\", "curl 'http://a/b?c={d=[e]}'", "tail -f", "\u202e", "ü", "# TODO: x", "export A=",
    "cd ", "for i in ; do", "done", "docker exec", "xargs", "env A=1", "if [ x ]; then", "{{.Names}}", "*", "&b=c",
])  # fmt: skip


@given(st.lists(PIECES, max_size=14))
@settings(max_examples=150, deadline=None)
def test_any_mix_of_shell_is_linted(pieces: list[str]) -> None:
    text = page_of(" ".join(pieces).replace("```", ""))
    lines = text.count("\n") + 1
    for problem in problems(text):
        assert 1 <= problem.line <= lines
        assert problem.column >= 1


@pytest.mark.parametrize(
    "commands",
    [
        "(" * 3000,
        "bash -c " * 500,
        "sudo " * 100 + "ls",
        "kubectl exec p -- " * 100 + "ls",
        "python -c '" + "(" * 2000 + "'",
        "$(" * 1000,
        "x=" + "'" * 999,
    ],
)  # fmt: skip
def test_deep_nesting_is_linted(commands: str) -> None:
    problems(page_of(commands))
