"""The reader against the world: bad files, hostile text, stable ids, time that grows with the text."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from drills.runbook.bindings import bind
from drills.runbook.model import Runbook
from drills.runbook.reader import MAX_BYTES, read_runbook, read_text
from sim.clock import wall_seconds
from sim.errors import BadInput

GOOD = "# Broker down\n1. Halt trading\n2. Reconnect\n"


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "empty"),
        (b" \n\t\n", "empty"),
        (b"\x7fELF\x00\x01\x02" * 50, "binary"),
        (b"\xff\xfe\x00", "not text"),
        (b"\x81\x8d\x01\x02" * 20, "UTF-8"),
        (b"# Only a title\n\nAnd a sentence about the weather.\n", "no step"),
        (b"x" * (MAX_BYTES + 1), "too large"),
    ],
)
def test_a_file_that_is_no_runbook_is_one_line_with_a_mend(tmp_path: Path, content: bytes, problem: str) -> None:
    path = tmp_path / "bad.md"
    path.write_bytes(content)
    with pytest.raises(BadInput, match=problem) as caught:
        read_runbook(path)
    assert caught.value.exit_code == 2
    assert caught.value.mend
    assert "\n" not in str(caught.value)


def test_a_path_that_is_not_there_or_is_a_directory(tmp_path: Path) -> None:
    for path in (tmp_path / "absent.md", tmp_path):
        with pytest.raises(BadInput):
            read_runbook(path)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_encodings_that_editors_write(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "störung.md"
    path.write_bytes("# Störung\n1. Handel stoppen\n2. Prüfen\n".encode(encoding))
    assert [step.title for step in read_runbook(path).walk()] == ["Handel stoppen", "Prüfen"]


@pytest.mark.parametrize(
    "text",
    [
        GOOD.replace("\n", "\r\n"),
        GOOD.replace("\n", "\r"),
        "\ufeff" + GOOD,
        "# Broker down\n1.\tHalt trading\n2.\tReconnect\n",
        "<h1>Broker down</h1>\n\n<ol>\n<li>Halt trading</li>\n<li>Reconnect</li>\n</ol>\n",
        "# \u202eBroker down\u202c\n1. \u200fHalt trading\n2. Reconnect\n",
        "> # quoted\n\n" + GOOD,
    ],
    ids=["crlf", "cr", "bom", "tabs", "html", "right-to-left", "quote"],
)
def test_the_same_steps_however_the_file_was_saved(text: str) -> None:
    assert [bind(step).actions for step in read_text(text).walk()] == [("halt",), ("reconnect",)]


def test_an_unclosed_fence_is_read_to_the_end_and_reported() -> None:
    runbook = read_text("# Broker down\n1. Halt trading\n\n```bash\nkubectl get pods\n")
    assert [(finding.rule, finding.line) for finding in runbook.findings] == [("unclosed-fence", 4)]
    assert [command.line for step in runbook.walk() for command in step.commands] == [5]


def test_a_line_of_a_megabyte_is_cut_and_reported() -> None:
    runbook = read_text(f"# Broker down\n1. Halt trading {'x' * 1_000_000}\n2. Reconnect\n")
    assert [(finding.rule, finding.line) for finding in runbook.findings] == [("long-line", 2)]
    assert len(list(runbook.walk())) == 2


def test_every_node_knows_its_file_and_line(read: Callable[[str], Runbook]) -> None:
    runbook = read(GOOD)
    assert [(step.file, step.line, step.end) for step in runbook.walk()] == [("test.md", 2, 2), ("test.md", 3, 3)]
    assert runbook.procedures[0].step("broker-down/reconnect") is runbook.procedures[0].steps[1]


def test_the_tree_is_frozen_and_survives_json(read: Callable[[str], Runbook]) -> None:
    runbook = read(GOOD)
    with pytest.raises(ValueError, match="frozen"):
        runbook.title = "other"
    assert Runbook.model_validate_json(runbook.model_dump_json()) == runbook


def test_reading_twice_gives_the_same_tree() -> None:
    assert read_text(GOOD) == read_text(GOOD)


TITLES = st.sampled_from(["Halt trading", "Check logs", "Cancel orders", "Reconcile", "Reset", "Verify flat"])


@given(st.lists(TITLES, min_size=2, max_size=6, unique=True), TITLES, st.integers(0, 6))
def test_ids_do_not_change_when_something_is_inserted_elsewhere(titles: list[str], added: str, at: int) -> None:
    def ids(names: list[str]) -> dict[str, str]:
        text = "# H\n## Broker down\n" + "".join(f"{n}. {name}\n" for n, name in enumerate(names, 1))
        return {
            step.title: step.id for step in read_text(text + "\n## Data stale\n1. Halt trading\n").procedures[0].walk()
        }

    before = ids(titles)
    edited = [*titles[:at], f"{added} of the new kind", *titles[at:]]
    assert {title: step_id for title, step_id in ids(edited).items() if title in before} == before


PIECES = """
# |## |### 1. |1. |- |   - |* [ ] |```bash
|```
|~~~|**|**If x:**
|__|`|[|](|<!--|-->|<!-- id: x -->|<pod>|<li>|&amp;|> |If a → b|halt trading|within 5 min|(2 min)|(Level 2+)|SEV1|$(|'|"
|kubectl get pods|├── x|└── y → z|│|🚨|# 1. a
|# Option A: x
|# TODO: y
|# Or z
|see P0 step 4|Symptoms|Severity Levels
|Contacts
|Escalation
|0-15 min|---
|a: b
|Schritt 2: |Wenn x → y|    code|cat <<EOF
|EOF
|if true; then|RTO: 5 min
|only after approval
"""
OTHERS = ["\\", "\t", "\r\n", "\n", "\n\n", "\u202e", "\ufeff", "\x00", "\ud800"]
TABLES = ["| a | b |\n|--|--|\n| x | `y z` |\n", "| Step | Command |\n|--|--|\n| halt | `x y` |\n"]
FRAGMENTS = st.sampled_from([*PIECES.strip("\n").split("|"), *OTHERS, *TABLES])


def read_or_refuse(text: str) -> Runbook | None:
    """The runbook, or None for a document that is refused in one line; anything else is a failure."""
    try:
        return read_text(text, "fuzz.md")
    except BadInput as error:
        if not error.mend or "\n" in error.one_line():
            raise
        return None


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(FRAGMENTS, max_size=60).map("".join))
@example("- a\n" * 50 + "  - b\n" * 50)
@example("> " * 500 + "1. halt")
@example("".join("  " * n + "- a\n" for n in range(60)))
@example("1. " + "[" * 5000 + "\n2. " + "*_`" * 2000)
def test_no_document_breaks_the_reader(text: str) -> None:
    runbook = read_or_refuse(text)
    if runbook is None:
        return
    ids = [step.id for step in runbook.walk()]
    assert len(ids) == len(set(ids))
    last = runbook.end
    for step in runbook.walk():
        bind(step)
        assert 1 <= step.line <= step.end <= last
    runbook.model_dump_json()


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=400))
def test_no_text_breaks_the_reader(text: str) -> None:
    read_or_refuse(text)


def page(number: int) -> str:
    return f"""
## Incident {number}: broker down
### Symptoms
- No session {number}
### Response
1. Halt trading in book {number}
2. **Check logs of gateway {number}**
   ```bash
   # Read log {number}
   tail -50 logs/gateway-{number}.log | grep ERROR
   ```
3. If loss exceeds limit {number} → escalate to lead {number}
4. Reconcile book {number} before restarting strategy {number}
"""


def seconds_to_read(pages: int) -> float:
    text = "# Handbook\n" + "".join(page(n) for n in range(pages))
    begin = wall_seconds()
    assert len(read_text(text).procedures) == pages
    return wall_seconds() - begin


def test_time_grows_with_the_text_and_not_with_its_square() -> None:
    """10,000 lines against 1,250: eight times the text may take at most twenty-five times as long."""
    seconds_to_read(10)
    small = min(seconds_to_read(90) for _ in range(3))
    large = min(seconds_to_read(720) for _ in range(2))
    assert large < 25 * small
