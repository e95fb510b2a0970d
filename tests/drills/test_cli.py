"""The command line: what it says, what it writes, how it ends. Runs are faked here, save for the last tests."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from drills import cli
from drills.commands import replay as replay_module
from drills.commands import run as run_module
from drills.drill import Drill
from drills.options import RunOptions
from drills.reference.defects import DEFECTS
from drills.runner import Finished
from drills.selftest import Catch, FalseAlarm, SelftestReport
from results.record import CaseRecord, RunRecord, Verdict
from results.store import Store
from sim.clock import VirtualTime
from sim.errors import BadInput
from sim.history import History
from tests.results.builders import passed_case, passing_run, run_of

Cli = Callable[..., tuple[int, str, str]]
FIREDRILL = Path(sys.executable).with_name("firedrill")


@pytest.fixture
def cli_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Cli:
    """`firedrill` in an empty folder: exit code, stdout, stderr."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")

    def call(*words: str) -> tuple[int, str, str]:
        code = cli.main(words)
        out, err = capfd.readouterr()
        return code, out, err

    return call


def files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def history(*subjects: str) -> History:
    made = History(VirtualTime())
    for subject in subjects:
        made.emit("order.new", subject, qty=5)
    return made


class FakeRunner:
    """Stands for `drills.runner.run_drill`: every case passes, unless its drill is listed otherwise."""

    def __init__(self) -> None:
        self.verdicts: dict[str, Verdict] = {}
        self.subjects: tuple[str, ...] = ("a", "b")
        self.asked: list[RunOptions] = []
        self.fails_with: BaseException | None = None

    def __call__(self, drill: Drill, options: RunOptions, on_case: Any) -> Finished:
        self.asked.append(options)
        if self.fails_with is not None:
            raise self.fails_with
        names = [case for case in drill.cases if options.cases is None or case in options.cases]
        sys.stdout.write("the user's code says hello\n")
        made = {name: history(name, *self.subjects) for name in names}
        cases = [self.case(drill, name, made[name]) for name in names]
        record = run_of(
            *cases, drill=drill.name, title=drill.title, seed=options.seed,
            replay=options.replay_command(drill.name), options=options.as_text(),
        )  # fmt: skip
        return Finished(record, made)

    def case(self, drill: Drill, name: str, made: History) -> CaseRecord:
        verdict = self.verdicts.get(drill.name, Verdict.PASS)
        return passed_case(name, verdict=verdict, digest=made.digest(), history_events=len(made))


@pytest.fixture
def runner(monkeypatch: pytest.MonkeyPatch) -> FakeRunner:
    fake = FakeRunner()
    monkeypatch.setattr(run_module, "run_drill", fake)
    return fake


# What a newcomer sees.


def test_bare_firedrill_shows_the_way(cli_in: Cli) -> None:
    code, out, err = cli_in()
    assert (code, err) == (0, "")
    assert "firedrill run q1 --seed 7" in out


@pytest.mark.parametrize("words", [("run",), ("show",), ("replay",), ("selftest",), ("runbook", "show")])
def test_each_command_teaches_by_example(cli_in: Cli, words: tuple[str, ...]) -> None:
    code, out, _ = cli_in(*words, "--help")
    assert code == 0
    assert "Examples:" in out
    assert f"  firedrill {' '.join(words)}" in out


def test_help_imports_nothing_heavy() -> None:
    heavy = ("pandas", "numpy", "simpy", "pydantic", "matplotlib", "pyarrow", "rich", "yaml")
    script = (
        f"import sys; from drills.cli import main; main(['--help']);print([m for m in {heavy} if m in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert ran.stdout.splitlines()[-1] == "[]"


def test_list_fits_a_terminal_and_names_every_case(cli_in: Cli) -> None:
    code, out, _ = cli_in("list")
    assert code == 0
    assert max(len(line) for line in out.splitlines()) <= 80
    head = next(line for line in out.splitlines() if line.startswith("q1 "))
    assert " ".join(head.split()) == "q1 Kill switch, runbook kill-switch.md RTO"
    assert "  q2-blip-5s                The broker link is gone for five seconds          2m" in out.splitlines()
    drills = json.loads(cli_in("list", "--json")[1])
    assert {case["name"] for drill in drills for case in drill["cases"]} <= set(out.split())


def test_version_and_schema(cli_in: Cli) -> None:
    assert cli_in("--version")[1].startswith("firedrill ")
    assert json.loads(cli_in("schema")[1])["properties"]["schema_version"]["const"] == 1


# A run.


def test_seed_options_and_replay_command_come_first(cli_in: Cli, runner: FakeRunner) -> None:
    code, out, err = cli_in("run", "q1", "--seed", "7", "--responder", "trained", "--case", "q1-manual")
    assert code == 0
    head = out.split("\n\n")[0].splitlines()
    assert "  seed       7" in head
    assert "  responder  trained" in head
    assert "  replay     firedrill run q1 --seed 7 --responder trained --case q1-manual" in head
    assert "hello" not in out
    assert err == "the user's code says hello\n"


def test_a_run_is_stored_with_its_reports(cli_in: Cli, runner: FakeRunner, tmp_path: Path) -> None:
    _, out, _ = cli_in("run", "q1", "--case", "q1-manual", "--store", "here")
    names = {Path(name).name for name in files(tmp_path)}
    papers = {"drill-record.md", "messages.md", "post-mortem.md"}
    assert names == {"record.json", "report.html", "report.md", "history-q1-manual.parquet"} | papers
    assert out.splitlines()[-1].startswith("Report")
    assert (tmp_path / out.split()[-1]).is_file()


def test_without_report_nothing_is_written(cli_in: Cli, runner: FakeRunner, tmp_path: Path) -> None:
    assert cli_in("run", "q1", "--no-report")[0] == 0
    assert files(tmp_path) == []


def test_all_ends_with_one_line_for_each_drill_and_the_reports(cli_in: Cli, runner: FakeRunner) -> None:
    _, out, _ = cli_in("run", "all", "q1", "--seed", "7")
    table = out[out.index("Drill ") :].splitlines()
    assert [line.split()[:3] for line in table[1:5]] == [[q, "7", "pass"] for q in ("q1", "q2", "q3", "q4")]
    assert table[5] == "4 of 4 drills passed"
    assert [line.split()[0] for line in table[7:]] == ["q1", "q2", "q3", "q4"]
    assert all(Path(line.split()[1]).is_file() for line in table[7:])


@pytest.mark.parametrize(
    ("verdicts", "code"),
    [
        ({}, 0),
        ({"q2": Verdict.INCONCLUSIVE}, 5),
        ({"q1": Verdict.FAIL}, 1),
        ({"q1": Verdict.INCONCLUSIVE, "q2": Verdict.FAIL}, 1),
    ],
)
def test_the_exit_code_is_that_of_the_worst_drill(
    cli_in: Cli, runner: FakeRunner, verdicts: dict[str, Verdict], code: int
) -> None:
    runner.verdicts = verdicts
    assert cli_in("run", "q1", "q2", "--no-report")[0] == code


def test_the_last_line_of_a_failure_is_the_command_that_repeats_it(
    cli_in: Cli, runner: FakeRunner, tmp_path: Path
) -> None:
    book = tmp_path / "our runbook, of the trading desk in New York, for incidents of every kind.md"
    book.write_text("# Book\n\n## Kill switch\n\n1. Halt trading.\n", encoding="utf-8")
    runner.verdicts = {"q1": Verdict.FAIL}
    _, out, _ = cli_in("run", "q1", "q2", "--seed", "3", "--runbook", book.name)
    last = out.splitlines()[-1]
    assert last == f"firedrill run q1 --seed 3 --runbook '{book.name}'"


def test_json_and_junit_hold_every_run_and_leave_stdout_clean(cli_in: Cli, runner: FakeRunner, tmp_path: Path) -> None:
    code, out, err = cli_in("run", "q1", "q4", "--json", "-", "--junit", "junit.xml")
    assert code == 0
    records = [RunRecord.model_validate(data) for data in json.loads(out)]
    assert [record.drill for record in records] == ["q1", "q4"]
    assert "replay     firedrill run q1 q4 --seed 0" in err
    assert ElementTree.parse(tmp_path / "junit.xml").getroot().tag == "testsuites"


def test_a_drill_of_ones_own_is_repeated_by_its_path(cli_in: Cli, runner: FakeRunner, tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text(
        "name: mine\ntitle: Mine\ntopic: kill-switch\nrunbook: kill-switch.md\ncases: [q1-manual]\n", encoding="utf-8"
    )
    _, out, _ = cli_in("run", "./own.yaml", "--no-report")
    assert "firedrill run ./own.yaml --seed 0" in out


def test_a_scenario_is_a_drill_of_one_case_by_the_runbook_of_its_topic(
    cli_in: Cli, runner: FakeRunner, tmp_path: Path
) -> None:
    (tmp_path / "blip.yaml").write_text(
        "name: blip\ntitle: Blip\nstory: Gone.\ntopic: broker-connection\nfaults: [{kind: manual_kill}]\n",
        encoding="utf-8",
    )
    assert "runbook    broker-connection-lost.md" in cli_in("run", "q2-blip-5s", "--no-report")[1]
    assert "runbook    broker-connection-lost.md" in cli_in("run", "blip.yaml", "--no-report")[1]
    (tmp_path / "blip.yaml").write_text(
        "name: blip\ntitle: Blip\nstory: Gone.\ntopic: fish\nfaults: [{kind: manual_kill}]\n", encoding="utf-8"
    )
    assert "name one with --runbook" in cli_in("run", "blip.yaml")[2]


# How it ends when something is wrong.


BAD = {
    "unknown drill": (["run", "q11"], "did you mean q1"),
    "unknown command": (["rum"], "No such command"),
    "unknown option": (["run", "q1", "--sed", "7"], "--seed"),
    "seed in words": (["run", "q1", "--seed", "seven"], "--seed"),
    "negative seed": (["run", "q1", "--seed", "-7"], "must be 0 or more"),
    "unknown responder": (["run", "q1", "--responder", "trainde"], "did you mean trained?"),
    "unknown case": (["run", "q1", "--case", "q1-manuel"], "did you mean q1-manual?"),
    "case of another drill": (["run", "q1", "--case", "q2-refused"], "drill q1 has no such case"),
    "runbook not there": (["run", "q1", "--runbook", "gone.md"], "gone.md: no such file"),
    "procedure not there": (["run", "q1", "--runbook", "book.md#fish"], "no such procedure (got 'fish')"),
    "runbook is binary": (["run", "q1", "--runbook", "binary.md"], "binary.md: is a binary file"),
    "runbook of 10 MB": (["run", "q1", "--runbook", "huge.md"], "too large for a runbook"),
    "runbook is a folder": (["run", "q1", "--runbook", "."], "is a directory"),
    "runbook without a step": (["run", "q1", "--runbook", "prose.md"], "holds no step"),
    "drill not there": (["run", "./gone.yaml"], "gone.yaml: there is no such file"),
    "drill is binary": (["run", "./binary.yaml"], "binary.yaml"),
    "drill of 10 MB": (["run", "./huge.yaml"], "is larger than 256 KiB"),
    "code not there": (["run", "q1", "--code", "nobody:build"], "there is no such module"),
    "code is broken": (["run", "q1", "--code", "broken:build"], "broken.py:1: is not valid Python"),
    "project not there": (["run", "q1", "--project", "gone"], "there is no such folder"),
    "json into a missing folder": (["run", "q1", "--json", "gone/runs.json"], "create gone first"),
    "json onto a folder": (["run", "q1", "--json", "."], "is a folder"),
    "two documents on stdout": (["run", "q1", "--json", "-", "--junit", "-"], "only one of them"),
    "store is a file": (["run", "q1", "--store", "book.md"], "book.md is a file"),
    "store below a file": (["run", "q1", "--store", "book.md/runs"], "book.md is a file"),
    "no run to show": (["show"], "run a drill first"),
    "no run of that name": (["replay", "q1-seed7", "--store", "gone"], "no such run"),
    "unknown format": (["show", "latest", "--format", "jsn"], "did you mean json?"),
    "runbook to show not there": (["runbook", "show", "gone.md"], "no such file"),
    "selftest of a drill that is none": (["selftest", "--drill", "q5"], "use one of q1, q2, q3, q4"),
    "selftest without seeds": (["selftest", "--seeds", "0"], "--seeds"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_one_line_with_the_mend_and_writes_nothing(
    cli_in: Cli, runner: FakeRunner, tmp_path: Path, case: str
) -> None:
    (tmp_path / "book.md").write_text("# Book\n\n## Kill switch\n\n1. Halt trading.\n", encoding="utf-8")
    (tmp_path / "prose.md").write_text("# Book\n\nNothing to do here.\n", encoding="utf-8")
    (tmp_path / "broken.py").write_text("def build(desk:\n", encoding="utf-8")
    for ending in ("md", "yaml"):
        (tmp_path / f"binary.{ending}").write_bytes(b"\x7fELF\0\1\2\xff")
        (tmp_path / f"huge.{ending}").write_bytes(b"- step one\n" * 1_000_000)
    before = files(tmp_path)
    words, said = BAD[case]
    code, out, err = cli_in(*words)
    assert code == 2
    assert out == ""
    assert err.startswith("firedrill: ")
    assert err.count("\n") == 1
    assert said in err
    assert files(tmp_path) == before
    assert runner.asked == []


def test_an_error_of_ours_is_one_line_with_a_way_to_report_it(cli_in: Cli, runner: FakeRunner) -> None:
    runner.fails_with = KeyError("a bug\nof ours")
    code, _, err = cli_in("run", "q1")
    assert code == 4
    assert err.count("\n") == 1
    assert "internal error, please report it: KeyError" in err
    assert err.endswith("for details: firedrill --debug run q1\n")
    assert "Traceback" in cli_in("run", "q1", "--debug")[2]


def test_ctrl_c_ends_with_130_and_keeps_what_was_whole(cli_in: Cli, runner: FakeRunner, tmp_path: Path) -> None:
    runner.fails_with = KeyboardInterrupt()
    code, _, err = cli_in("run", "q1", "--json", "runs.json")
    assert code == 130
    assert err.startswith("firedrill: interrupted")
    assert files(tmp_path) == []


def test_user_code_that_is_found_bad_during_the_run_is_bad_input(cli_in: Cli, runner: FakeRunner) -> None:
    runner.fails_with = BadInput("build(desk) returned no hook", mend="return a dict", file="bot:build")
    code, _, err = cli_in("run", "q1")
    assert (code, err) == (2, "firedrill: bot:build: build(desk) returned no hook; return a dict\n")


# The drills themselves under test.


@pytest.mark.parametrize(
    ("case", "alarms", "code", "last"),
    [("q1-manual", 0, 0, "caught 1/1, false 0/3"), (None, 0, 1, "caught 0/1, false 0/3"),
     ("q1-manual", 2, 1, "caught 1/1, false 2/3")],
)  # fmt: skip
def test_selftest_ends_with_the_count_and_passes_only_when_it_is_full(
    cli_in: Cli, monkeypatch: pytest.MonkeyPatch, case: str | None, alarms: int, code: int, last: str
) -> None:
    asked = []

    def fake(seeds: int, jobs: int, only: tuple[str, ...], progress: Any) -> SelftestReport:
        asked.append((seeds, jobs, only))
        found = Catch("reset-elsewhere", "the story", case, "still halted")
        return SelftestReport((found,), seeds, tuple(FalseAlarm(n, "q1-manual", "fail") for n in range(alarms)))

    monkeypatch.setattr("drills.selftest.selftest", fake)
    ended, out, _ = cli_in("selftest", "--seeds", "3", "--jobs", "2", "--drill", "q1")
    assert ended == code
    assert asked == [(3, 2, ("q1",))]
    assert "reset-elsewhere" in out
    assert out.splitlines()[-1] == last


def test_selftest_lists_the_planted_defects(cli_in: Cli) -> None:
    lines = cli_in("selftest", "--list")[1].splitlines()
    assert len(lines) == len(DEFECTS) >= 15
    assert lines[0].split()[:2] == [DEFECTS[0].drill, DEFECTS[0].name]


# Stored runs.


def stored(folder: Path, record: RunRecord | None = None) -> RunRecord:
    record = record or passing_run()
    Store(folder / "results" / "runs").save(record)
    return record


def test_show_prints_a_run_in_each_form(cli_in: Cli, runner: FakeRunner) -> None:
    cli_in("run", "q1", "--seed", "7")
    assert cli_in("show")[1].startswith("PASS  q1: Kill switch  (seed 7)")
    assert cli_in("show", "q1", "--format", "markdown")[1].startswith("### ")
    assert json.loads(cli_in("show", "--format", "json")[1])["seed"] == 7
    assert json.loads(cli_in("show", "--format", "json", "--case", "q1-manual")[1])["name"] == "q1-manual"
    lines = cli_in("show", "--format", "history", "--case", "q1-manual")[1].splitlines()
    assert lines[0].split() == ["0", "0.000000", "order.new", "q1-manual", '{"qty":', "5}"]
    assert cli_in("show", "--case", "q1-manual")[1].startswith(f"PASS  q1: {passed_case().title}  (seed 7)")


def test_a_corrupt_store_is_told_and_left_as_it_is(cli_in: Cli, tmp_path: Path) -> None:
    record = stored(tmp_path)
    file = tmp_path / "results" / "runs" / record.run_id / "record.json"
    file.write_text(file.read_text(encoding="utf-8")[:500], encoding="utf-8")
    code, out, err = cli_in("show", record.run_id)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "record.json" in err


def test_replay_says_identical(cli_in: Cli, runner: FakeRunner, replayable: None) -> None:
    cli_in("run", "q1", "--seed", "7", "--case", "q1-manual")
    code, out, _ = cli_in("replay")
    assert code == 0
    assert out.splitlines()[-1].startswith("identical: 1 case, ")
    assert runner.asked[0] == runner.asked[1]


def test_replay_shows_the_first_event_that_differs(cli_in: Cli, runner: FakeRunner, replayable: None) -> None:
    cli_in("run", "q1", "--case", "q1-manual")
    runner.subjects = ("a", "c")
    code, out, _ = cli_in("replay", "latest")
    assert code == 1
    assert "q1-manual: first difference at event 2" in out
    assert '  stored  0.000000 s  order.new  b  {"qty": 5}' in out
    assert '  now     0.000000 s  order.new  c  {"qty": 5}' in out
    runner.subjects = ("a",)
    assert "  now     (no event)" in cli_in("replay", "latest")[1]


def test_replay_refuses_when_code_or_runbook_changed(cli_in: Cli, runner: FakeRunner, tmp_path: Path) -> None:
    cli_in("run", "q1", "--case", "q1-manual")  # the fake run's record has digests of nothing real
    asked = len(runner.asked)
    code, _, err = cli_in("replay")
    assert code == 2
    assert "the runbook" in err
    assert "the code" in err
    assert "--anyway" in err
    assert len(runner.asked) == asked
    assert cli_in("replay", "--anyway")[0] == 0


@pytest.fixture
def replayable(monkeypatch: pytest.MonkeyPatch) -> None:
    """The fake run's record names a runbook and code by digests of nothing real: take them as unchanged."""
    monkeypatch.setattr(replay_module, "changes", lambda record, target, options: [])
