"""A YAML file that cannot be used costs its author one line to read."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scenarios.loader import load_scenario, load_yaml_model, parse_yaml_model
from scenarios.scenario import Scenario
from scenarios.yaml_lines import MAX_BYTES, parse_document
from sim.errors import BadInput

GOOD = """\
# An outage.
name: outage
title: The broker is away
story: It went and came back.

faults:
  - kind: broker_refused
    at: 30s
    for: 5m
  - kind: bad_bars
    at: 1m
    fault: spike
    symbols: [SPY]
"""


def complaint(text: str) -> BadInput:
    with pytest.raises(BadInput) as caught:
        parse_yaml_model(text, Scenario, "outage.yaml")
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith("outage.yaml:")
    return caught.value


def test_a_good_file_loads(tmp_path: Path) -> None:
    path = tmp_path / "outage.yaml"
    path.write_text(GOOD, encoding="utf-8")
    assert [fault.kind for fault in load_scenario(path).faults] == ["broker_refused", "bad_bars"]


@pytest.mark.parametrize(
    ("old", "new", "line", "field", "problem", "mend"),
    [
        ("for: 5m", "fro: 5m", 9, "faults[0].fro", "unknown field", "did you mean for?"),
        ("for: 5m", "colour: red", 9, "faults[0].colour", "unknown field", "use one of kind, at, for, note"),
        ("story:", "strory:", 2, "name", "", ""),
        ("broker_refused", "broker_refussed", 7, "faults[0].kind", "allowed", "did you mean broker_refused?"),
        ("kind: broker_refused", "note: x", 7, "faults[0]", "has no kind", "one of adverse_move"),
        ("fault: spike", "fault: spyke", 12, "faults[1].fault", "allowed", "did you mean spike?"),
        ("    fault: spike\n", "", 10, "faults[1]", "fault is missing", "add fault"),
        ("at: 30s", "at: soon", 8, "faults[0].at", "not a duration", "such as 90s"),
        ("at: 30s", "at: -5s", 8, "faults[0].at", "not a duration", "such as 90s"),
        ("at: 30s", "at: -5", 8, "faults[0].at", "not a duration", "such as 90s"),
        ("at: 30s", "at: true", 8, "faults[0].at", "not a duration", "such as 90s"),
        ("at: 30s", "at: 500d", 8, "faults[0].at", "usable duration", "400d"),
        ("at: 30s", "at: 9999999999999999999999999999999999999999999999d", 8, "faults[0].at", "duration", "400d"),
        ("at: 30s", "at: 1e999", 8, "faults[0].at", "not a duration", "such as 90s"),
        ("at: 30s", "at: 30s\n    at: 40s", 9, "at", "given twice, first on line 8", "keep one"),
        ("symbols: [SPY]", "symbols: SPY", 13, "faults[1].symbols", "not a list", "[a, b]"),
        ("symbols: [SPY]", "symbols: [SPY, 7]", 13, "faults[1].symbols[1]", "not text", "quotes"),
        ("symbols: [SPY]", "bars: 0", 13, "faults[1].bars", "out of range", "a number from 1"),
        ("symbols: [SPY]", "bars: true", 13, "faults[1].bars", "not a whole number", "write a number"),
        ("symbols: [SPY]", "factor: .nan", 13, "faults[1].factor", "not a number", "write a number"),
        ("symbols: [SPY]", "factor: 1e999", 13, "faults[1].factor", "not a finite number", "ordinary"),
        ("title: The broker is away", "title: 7", 3, "title", "not text", "quotes"),
        ("title: The broker is away", "title: ''", 3, "title", "is empty", "some text"),
        ("name: outage", "name: The Outage", 2, "name", "as a name must be", "match"),
        ("name: outage\n", "", 2, None, "name is missing", "add name"),
        ("faults:", "world: 3\nfaults:", 6, "world", "not a mapping", "name: value"),
        ("faults:", "expect: {resume: yes}\nfaults:", 6, "expect.resume", "neither true nor false", "true or false"),
        ("faults:", "expect: {halt: maybe}\nfaults:", 6, "expect.halt", "allowed", "required, forbidden, either"),
        ("faults:", "truth:\n  severity: P0\nfaults:", 7, "truth.severity", "allowed", "critical"),
        ("faults:", "truth:\n  conditions:\n    loss_over_limt: true\nfaults:", 8,
         "truth.conditions.loss_over_limt", "unknown condition", "did you mean loss_over_limit?"),
        ("faults:", "world:\n  epoch: tomorrow\nfaults:", 7, "world.epoch", "not a date and time", "2026-03-10 10:00"),
        ("faults:", "world:\n  epoch: 2026-03-08 02:30\nfaults:", 7, "world.epoch", "skip this hour", "outside"),
        ("faults:", "world:\n  zone: Mars/Base\nfaults:", 7, "world.zone", "no time zone", "IANA"),
        ("faults:", "world:\n  symbols: 99\nfaults:", 7, "world.symbols", "10 stock symbols", "from 1 to 10"),
        ("faults:", "world:\n  symbols: []\nfaults:", 7, "world.symbols", "trades nothing", "at least one"),
        ("faults:", "world:\n  symbols: [SPY, SPY]\nfaults:", 7, "world.symbols[1]", "listed twice", "remove"),
        ("faults:", "world:\n  symbols:\n    - name: SPY\n      price: 3\nfaults:", 9,
         "world.symbols[0].price", "unknown field", "did you mean price_usd?"),
        ("faults:", "world:\n  bar_minutes: [1]\n  tick: 7s\nfaults:", 8, "world.tick", "whole number of ticks", "5s"),
        ("faults:", "world:\n  limits:\n    daily_los_pct: 2\nfaults:", 8,
         "world.limits.daily_los_pct", "unknown limit", "did you mean daily_loss_pct?"),
        ("faults:", "world:\n  workloads: [redis]\nfaults:", 7, "world.workloads", "nothing would", "list"),
        ("faults:", "world:\n  scrape: 0s\nfaults:", 7, "world.scrape", "never ends", "more than 0s"),
    ],
)  # fmt: skip
def test_each_mistake_is_shown_where_it_stands(
    old: str, new: str, line: int, field: str | None, problem: str, mend: str
) -> None:
    if new == "strory:":
        line, field, problem, mend = 2, None, "story is missing", "add story (1 more after it)"
    error = complaint(GOOD.replace(old, new))
    assert (error.line, error.field) == (line, field)
    assert problem in error.problem
    assert mend in error.mend


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        ("", 1, "is empty"),
        ("# only a comment\n", 1, "is empty"),
        ("- a\n- b\n", 1, "a scenario is a mapping of fields"),
        ("\n\njust words\n", 3, "a scenario is a mapping of fields"),
        ("name: x\ntitle: {a: b\n", 3, "is not YAML"),
        ("name: x\n\tstory: y\n", 2, "is not YAML"),
        ("name: x\nstory: *gone\n", 2, "undefined alias"),
        ("name: x\n---\nname: y\n", 2, "another document"),
        ("name: x\nstory: !!python/name:os.system\n", 2, "uses the tag"),
        ("name: x\n? [a]\n: b\n", 2, "a key is not plain text"),
        ("name: x\n<<: 3\n", 2, "merges something that is no mapping"),
        ("name: x\nstory: \x00\n", 2, "a character that is no text"),
        ("[" * 1_200, None, "nested too deeply"),
        ("a: &a [*a]\n", 1, "unfolds to deeper than 40"),
        ("x: " + "[" * 60 + "]" * 60, 1, "unfolds to deeper than 40"),
    ],
)
def test_what_is_no_usable_yaml_is_refused(text: str, line: int | None, problem: str) -> None:
    error = complaint(text)
    assert error.line == line
    assert problem in error.problem


def test_a_billion_laughs_stay_a_few_thousand() -> None:
    levels = ["a0: &a0 [ha, ha, ha, ha, ha, ha, ha, ha, ha]"]
    levels += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 10)]
    assert "unfolds to more values than" in complaint("\n".join(levels)).problem


def test_anchors_and_merges_serve_those_who_repeat_themselves() -> None:
    data = parse_document("base: &b {for: 5m, at: 1s}\nfault: {<<: *b, at: 2s}\nagain: *b\n").data
    assert data == {
        "base": {"for": "5m", "at": "1s"},
        "fault": {"at": "2s", "for": "5m"},
        "again": {"for": "5m", "at": "1s"},
    }


def test_words_that_yaml_likes_to_misread_stay_text() -> None:
    data = parse_document("a: [NO, on, 1:30, 2026-03-10, 0x1F, 1_000, ~, 'null', 12, -1.5, 1e3, true]").data
    assert data["a"] == [
        "NO", "on", "1:30", "2026-03-10", "0x1F", "1_000", None, "null", 12, -1.5, 1000.0, True,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"\x89PNG\r\n\x1a\n\x00\x00", "not text in UTF-8"),
        (b"\x7fELF\x02\x01\x01\x00", "a character that is no text"),
        (GOOD.encode("utf-16"), "not text in UTF-8"),
        (b"name: x\n" + b"# " + b"x" * 10_000_000, "larger than 256 KiB"),
        (b"", "is empty"),
    ],
)
def test_files_that_are_no_scenario_are_refused(tmp_path: Path, content: bytes, problem: str) -> None:
    path = tmp_path / "file.yaml"
    path.write_bytes(content)
    with pytest.raises(BadInput, match=problem):
        load_yaml_model(path, Scenario)


def test_missing_files_and_folders_are_named(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"none\.yaml: there is no such file; check the path"):
        load_scenario(tmp_path / "none.yaml")
    with pytest.raises(BadInput, match="this is a folder"):
        load_scenario(f"{tmp_path}/")
    with pytest.raises(BadInput, match="cannot be read"):
        load_scenario("folder/\x00.yaml")


def test_a_byte_order_mark_and_windows_line_ends_do_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "windows.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode())
    assert load_scenario(path).name == "outage"


def test_a_file_of_the_greatest_size_is_read(tmp_path: Path) -> None:
    path = tmp_path / "long.yaml"
    path.write_text(GOOD + "#" * (MAX_BYTES - len(GOOD)), encoding="utf-8")
    assert load_scenario(path).name == "outage"


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=80))
def test_whatever_is_typed_gets_one_line_and_no_traceback(text: str) -> None:
    with pytest.raises(BadInput) as caught:
        parse_yaml_model(text, Scenario)
    assert "\n" not in str(caught.value)


@given(
    st.integers(0, len(GOOD) - 1),
    st.text(alphabet="abz:-[]{}#&*!|>'\"%@`,0.~ \n\t", min_size=1, max_size=4),
)
def test_a_slip_of_the_keyboard_gets_one_line_and_no_traceback(position: int, slip: str) -> None:
    message = ""
    try:
        parse_yaml_model(GOOD[:position] + slip + GOOD[position + 1 :], Scenario)
    except BadInput as error:
        message = str(error)
    assert "\n" not in message
