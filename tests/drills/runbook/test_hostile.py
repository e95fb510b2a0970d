"""Documents made to hurt: they are read, or refused in one line, and never end in a crash."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drills.runbook.dialects import plain_markdown
from drills.runbook.html_blocks import html_blocks
from drills.runbook.reader import read_text


@pytest.mark.parametrize("wrapper", ["sudo ", "sudo env ", "nice timeout 5 "])
def test_thousands_of_wrapped_wrappers_are_read_and_not_followed_to_the_bottom(wrapper: str) -> None:
    text = f"# Runbook\n\n1. Do it\n\n   ```bash\n   {wrapper * 3000}ls\n   ```\n"
    assert [step.title for step in read_text(text, "x.md", {}).walk()] == ["Do it"]


HOSTILE = {
    "items never closed": "<ul>\n" + "<li>stop\n" * 2000,
    "lists in lists": "<ul><li>" * 2000,
    "comments never closed": "<div>" + "<!--" * 4000,
    "tags never closed": "<div>\n" + "<a <b <p\n" * 1000,
    "rows without a table": "<div>" + "<tr><td>x" * 1000 + "</div>",
    "code never closed": "<div>" + "<pre>x" * 1000,
    "nested admonitions": "\n".join("    " * min(n, 30) + "!!! note" for n in range(1000)),
    "tabs": '=== "A"\n\n    ```bash\n    ls\n    ```\n\n' * 300,
    "colons": ":::note\nx\n:::\n" * 1000,
    "definitions": "**Stop.** press it\n\n" * 1000,
    "dotted numbers": "1.1 Stop it\n\n" * 1000,
    "a matrix": "| | SEV0 | SEV1 |\n|---|---|---|\n" + "| a | b | c |\n" * 1000,
    "an open PowerShell block": "```powershell\n" + "if (x) {\n" * 1000 + "```\n",
    "bounds": ">10bps: stop\n>25bps: halt\n\n" * 500,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_shapes_of_other_dialects_without_end(name: str) -> None:
    assert read_text(f"# X\n\n1. Halt trading\n\n{HOSTILE[name]}", "x.md").procedures


TAGS = "<ul> </ul> <ol> <li> </li> <table> <tr> <td> <th> </table> <pre> </pre> <h2> </h2> <b> </b> <p> <br/>"
ODDS = "<!-- --> < > &amp; <details> <summary> stop `ls -la` </div> <![CDATA[ <?x"
PIECES = st.lists(st.sampled_from([*TAGS.split(" "), *ODDS.split(" "), "\n"]), max_size=40).map("".join)
MARKS = ["!!! note", '=== "A"', "    x", ":::", ":::tip T", "> [!NOTE]", "<aside>", "```", ">9%: x", "", "a"]


@settings(deadline=None, max_examples=150)
@given(PIECES)
def test_any_html_becomes_blocks_on_its_own_lines(text: str) -> None:
    last = 10 + text.count("\n")
    for block in html_blocks(text, 10):
        assert 10 <= block.line <= last
        assert block.line <= block.end


@settings(deadline=None, max_examples=150)
@given(st.lists(st.sampled_from(MARKS), max_size=30).map("\n".join))
def test_marks_of_other_dialects_keep_every_line_where_it_is(text: str) -> None:
    assert plain_markdown(text).count("\n") == text.count("\n")
    assert plain_markdown("just words\n> and a quote\n") == "just words\n> and a quote\n"
