"""Traces in every form that people hand in, and the complaint about what is none."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drills.actions import Effect
from drills.score.entries import Written, read_trace
from sim.errors import BadInput

WANTED = [(1, 52320.0, "stop new orders"), (2, 52330.0, "2b")]


def trace(folder: Path, name: str, text: str) -> Written:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return read_trace(path)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("t.yaml", "- {time: 14:32, step: stop new orders}\n- {time: '14:32:10', step: 2b}\n"),
        ("t.yml", "- [14:32, stop new orders]\n- [14:32:10, 2b, said so]\n"),
        ("t.yaml", "- 14:32 stop new orders\n- '14:32:10: 2b'\n"),
        ("t.yaml", "14:32: stop new orders\n14:32:10: 2b\n"),
        ("t.yaml", "- 14:32: stop new orders\n- 14:32:10: {step: 2b, note: x}\n"),
        ("t.csv", "14:32,stop new orders\n14:32:10,2b,with a note, of two parts\n"),
        ("t.csv", "14:32;stop new orders\n14:32:10;2b\n"),
        ("t.tsv", "14:32\tstop new orders\n14:32:10\t2b\n"),
        ("t.txt", "14:32 stop new orders\n14:32:10 - 2b\n"),
        ("t.md", "* 14:32 stop new orders\n* 14:32:10 2b\n"),
        ("t.json", '[{"time": "14:32", "step": "stop new orders"},\n {"time": "14:32:10", "step": "2b"}]'),
        ("t.jsonl", '{"time": "14:32", "step": "stop new orders"}\n{"time": "14:32:10", "step": "2b"}\n'),
        ("t.csv", "\ufeff14:32,stop new orders\n14:32:10,2b\n"),
    ],
)
def test_one_trace_in_many_forms(tmp_path: Path, name: str, text: str) -> None:
    found = trace(tmp_path, name, text)
    assert [(e.instant.seconds, e.text) for e in found.entries] == [entry[1:] for entry in WANTED]


@pytest.mark.parametrize("header", ["time,step,note", "Zeit,Schritt,Notiz", "hora,paso,nota", "Time,Who,Action"])
def test_csv_with_a_header(tmp_path: Path, header: str) -> None:
    rows = "14:32,Ann,stop new orders" if "Who" in header else "14:32,stop new orders,Ann"
    (entry,) = trace(tmp_path, "t.csv", f"{header}\n{rows}\n").entries
    assert (entry.line, entry.text, entry.note) == (2, "stop new orders", "Ann")


def test_what_else_a_trace_may_say(tmp_path: Path) -> None:
    found = trace(
        tmp_path, "t.yaml",
        "detected: 14:30\nrestored: 15:10\nseverity: SEV1\ncauses: [slippage, manual]\nentries:\n"
        "  - {time: +5m, step: halt, note: by phone, forbidden: yes, effect: mutate}\n",
    )  # fmt: skip
    assert found.detected is not None
    assert found.restored is not None
    assert (found.detected.seconds, found.restored.seconds) == (52200, 54600)
    assert found.facts == {"severity": "SEV1", "causes": "slippage, manual"}
    (entry,) = found.entries
    assert (entry.line, entry.note, entry.forbidden, entry.effect) == (6, "by phone", True, Effect.MUTATE)


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("t.txt", "14:32 stop\nwho knows\n", ":2: not an entry (got 'who knows')"),
        ("t.txt", "14:32\n", ":1: not an entry"),
        ("t.csv", "14:32,stop\nsoon,flatten\n", ":2: time: not a time (got 'soon')"),
        ("t.csv", "time,step\n14:32,\n", ":2: step: an entry without a step"),
        ("t.yaml", "- {time: 14:32}\n", ":1: step: an entry without a step"),
        ("t.yaml", "- {step: halt}\n", ":1: time: an entry without a time"),
        ("t.yaml", "- {time: 14:32, step: halt, mood: good}\n", ":1: mood: unknown field"),
        ("t.yaml", "- {time: 14:32, step: halt, effect: big}\n", ":1: effect: not an effect (got 'big')"),
        ("t.yaml", "- {time: 14:32, step: halt, forbidden: perhaps}\n", ":1: forbidden: neither yes nor no"),
        ("t.yaml", "entries: [[14:32, halt]]\nmood: good\n", ":2: mood: unknown field"),
        ("t.yaml", "- [[14:32], [halt]]\n", ":1:"),
        ("t.yaml", "just words\n", "is no list of entries"),
        ("t.yaml", "entries: []\n", "holds no entry"),
        ("t.yaml", "a: [\n", ":2: is not YAML"),
        ("t.json", '{"time": "14:32"\n', "is not JSON"),
        ("t.ndjson", '{"kind": "responder.done"}\n', ":1: t_us: an event without a time"),
        ("t.ndjson", '{"kind": "alert.firing", "t_us": 5}\n', "records no step that anybody did"),
        ("t.csv", "", "is empty"),
        ("t.txt", "# nothing\n", "holds no entry"),
    ],
)
def test_what_is_no_trace_is_named_with_its_line(tmp_path: Path, name: str, text: str, said: str) -> None:
    with pytest.raises(BadInput) as caught:
        trace(tmp_path, name, text)
    assert said in str(caught.value)
    assert "; " in str(caught.value), "the mend"


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    for path, said in ((tmp_path / "no.yaml", "no such file"), (tmp_path, "is a folder")):
        with pytest.raises(BadInput, match=said):
            read_trace(path)
    (tmp_path / "b.csv").write_bytes(b"14:32,h\xff\xfealt\n")
    with pytest.raises(BadInput, match="UTF-8"):
        read_trace(tmp_path / "b.csv")


@settings(deadline=None, max_examples=60)
@given(st.sampled_from(["yaml", "csv", "txt", "json", "ndjson"]), st.text(max_size=200) | st.binary(max_size=200))
def test_any_file_gives_a_trace_or_one_complaint(suffix: str, content: str | bytes) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"t.{suffix}"
        path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8", "replace"))
        with contextlib.suppress(BadInput):
            assert read_trace(path).entries


KEYS = st.sampled_from(["time", "step", "kind", "t_us", "entries", "history", "data", "x"])


@settings(deadline=None, max_examples=40)
@given(
    st.recursive(
        st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(max_size=9),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner),
    )
)
def test_any_json_gives_a_trace_or_one_complaint(data: object) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "t.json"
        path.write_text(json.dumps(data))
        with contextlib.suppress(BadInput):
            read_trace(path)
