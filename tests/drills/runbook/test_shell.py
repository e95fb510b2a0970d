"""Shell fences: statements, the comments above them, placeholders that the shell would take for redirections."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from drills.runbook.commands import simple_commands
from drills.runbook.shell import mask, parses, pieces, placeholders, transcript


def test_a_placeholder_is_masked_so_that_it_is_no_redirection() -> None:
    command = "kubectl logs <pod-name> -n trading --previous"
    assert placeholders(command) == ("pod-name",)
    assert simple_commands(command) == [["kubectl", "logs", "PPPPPPPPPP", "-n", "trading", "--previous"]]


def test_real_redirections_heredocs_and_comparisons_are_no_placeholders() -> None:
    assert placeholders("sort <in >out && cat <<EOF\nx\nEOF\n[ 1 -lt 2 ]") == ()


def test_placeholders_in_other_languages_keep_the_line_in_place() -> None:
    text = "docker restart <Dienstname-für-Börse>"
    assert placeholders(text) == ("Dienstname-für-Börse",)
    assert len(mask(text)) == len(text.encode())


def test_statements_and_comments_come_with_their_lines() -> None:
    fence = "# Check pods\nkubectl get pods \\\n  -n desk\n\n# note\n# Delete it\nkubectl delete pod x; sleep 5\n"
    assert [(piece.what, piece.line, piece.end) for piece in pieces(fence)] == [
        ("comment", 0, 0),
        ("statement", 1, 2),
        ("comment", 4, 4),
        ("comment", 5, 5),
        ("statement", 6, 6),
        ("statement", 6, 6),
    ]


def test_a_heredoc_and_a_multi_line_python_are_one_statement_each() -> None:
    heredoc = "kubectl apply -f - <<EOF\nkind: Rule\nEOF\n"
    python = 'python -c "\nimport x\nx.y()\n"\n'
    assert [len([p for p in pieces(text) if p.what == "statement"]) for text in (heredoc, python)] == [1, 1]


def test_text_the_grammar_rejects_is_still_taken_line_by_line() -> None:
    broken = "echo 'open\n# still here\nls )\n"
    assert pieces(broken)
    assert not parses("if true; then")


def test_a_console_session_is_split_into_commands_and_output() -> None:
    assert transcript("$ posctl list\nAAPL 100\n$ date\n") == ("posctl list\n\ndate\n", "AAPL 100")
    assert transcript("ls -l\n") is None


def test_simple_commands_of_a_script_with_comments_pipes_and_substitution() -> None:
    script = '#!/bin/bash\n# stop it\nset -e\nsudo systemctl stop bot | tee log && echo "$(date)"\n'
    assert simple_commands(script) == [
        ["set", "-e"], ["sudo", "systemctl", "stop", "bot"], ["tee", "log"], ["echo", "$(date)"],
    ]  # fmt: skip


@given(st.text(alphabet="abc \n\"'`$(){}<>|&;#\\", max_size=200))
def test_no_text_breaks_the_splitters(text: str) -> None:
    pieces(text)
    simple_commands(text)
