"""What is on disk is a whole run or none, and damage is said in one line with its mend."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from results import store as store_module
from results.history_file import history_file
from results.record import RunRecord
from results.store import HTML, MARKDOWN, RECORD, Store
from sim.errors import BadInput
from sim.history import Row
from tests.results.builders import exhibit, passing_run, q1_run

ROWS: list[Row] = [
    (0, "run.start", "", {"seed": 7}),
    (1_800_000_000, "fault.injected", "daily-loss", {"share": -0.024, "proof": ["equity 97600"]}),
    (1_800_000_000, "order.sent", "o-1", {"side": "sell", "qty": 190}),
]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "runs")


@pytest.fixture(autouse=True)
def _without_drawing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The reports have their own tests; here they only need to be files."""
    monkeypatch.setattr("results.html.html_report", lambda record: f"<p>{record.run_id}")


def test_a_saved_run_comes_back_the_same_with_its_reports_and_events(store: Store) -> None:
    record = q1_run(exhibits=[exhibit()])
    folder = store.save(record, {"daily-loss-unacked": ROWS, "odd / name": ROWS[:1]})
    assert folder == store.folder / record.run_id
    assert sorted(p.name for p in folder.iterdir()) == sorted(
        [RECORD, HTML, MARKDOWN, exhibit().file, history_file("daily-loss-unacked"), history_file("odd / name")]
    )
    assert store.load(record.run_id) == record
    events = store.history(record.run_id, "daily-loss-unacked")
    assert [(e.seq, e.t_us, e.kind, e.subject, e.data) for e in events] == [(i, *row) for i, row in enumerate(ROWS)]
    assert len(store.history("latest", "odd / name")) == 1


def test_a_run_is_found_by_id_prefix_path_and_as_latest(store: Store) -> None:
    older = q1_run(started_at="2026-01-30T10:00:00+00:00", run_id="q1-seed7-aaaaaaaa")
    newer = q1_run(started_at="2026-01-30T11:00:00+00:00", run_id="q1-seed7-aabbbbbb")
    other = q1_run(started_at="2026-01-29T11:00:00+00:00", run_id="q2-seed7-cccccccc")
    folders = [store.save(record) for record in (newer, older, other)]
    assert store.load("q2") == other
    assert store.load("q1-seed7-aab") == newer
    assert store.load("latest") == newer
    assert store.load(folders[1]) == older
    assert store.load(folders[1] / RECORD) == older
    assert [run.run_id for run in store.runs()] == [other.run_id, older.run_id, newer.run_id]


def test_an_id_that_begins_another_is_taken_exactly(store: Store) -> None:
    store.save(q1_run(run_id="q1-seed7-aa"))
    store.save(q1_run(run_id="q1-seed7-aab"))
    assert store.load("q1-seed7-aa").run_id == "q1-seed7-aa"


@pytest.mark.parametrize(
    ("name", "says"),
    [("q1-seed", "2 runs begin with that"), ("q9", "no such run"), ("", "no such run")],
)
def test_an_unclear_name_lists_what_there_is(store: Store, name: str, says: str) -> None:
    store.save(q1_run(run_id="q1-seed7-aaaaaaaa"))
    store.save(q1_run(run_id="q1-seed8-bbbbbbbb"))
    with pytest.raises(BadInput, match=says) as caught:
        store.load(name)
    assert "q1-seed8-bbbbbbbb" in caught.value.one_line()


def test_an_empty_store_says_to_run_a_drill_first(store: Store) -> None:
    assert store.runs() == []
    for name in ("latest", "q1"):
        with pytest.raises(BadInput, match="run a drill first"):
            store.load(name)


def test_repeating_a_run_replaces_it_whole(store: Store) -> None:
    record = q1_run()
    store.save(record, {"daily-loss-unacked": ROWS})
    folder = store.save(record)
    assert not (folder / history_file("daily-loss-unacked")).exists()
    assert [p.name for p in store.folder.iterdir()] == [record.run_id]


def test_a_writer_that_fails_half_way_leaves_the_old_run_and_nothing_else(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = q1_run()
    store.save(record)
    write = store_module._write_through

    def full_disk(file: Path, content: bytes) -> None:
        if file.name == MARKDOWN:
            raise OSError(28, "No space left on device")
        write(file, content)

    monkeypatch.setattr(store_module, "_write_through", full_disk)
    with pytest.raises(BadInput, match="No space left on device") as caught:
        store.save(record.model_copy(update={"seed": 8}))
    assert "--store" in caught.value.mend
    assert store.load("latest") == record
    assert [p.name for p in store.folder.iterdir()] == [record.run_id]


def test_a_folder_left_behind_by_a_killed_writer_is_not_a_run(store: Store) -> None:
    folder = store.save(q1_run())
    shutil.copytree(folder, store.folder / ".writing-x" / "new")
    assert [run.run_id for run in store.runs()] == [folder.name]


def test_two_writers_of_one_run_end_with_one_of_them(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    record = q1_run()
    rename = Path.rename
    beaten: list[Path] = []

    def rename_after_a_rival(self: Path, target: Path) -> Path:
        if target.name == record.run_id and not beaten:
            beaten.append(target)
            shutil.copytree(self, target)
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", rename_after_a_rival)
    assert store.load(store.save(record)) == record
    assert beaten


def _cut_short(file: Path) -> None:
    file.write_text(file.read_text(encoding="utf-8")[:5000], encoding="utf-8")


def _binary(file: Path) -> None:
    file.write_bytes(b"\x89PNG\xff\xfe\x00" * 100)


def _empty(file: Path) -> None:
    file.write_text("", encoding="utf-8")


def _gone(file: Path) -> None:
    file.unlink()


def _a_folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


def _a_list(file: Path) -> None:
    file.write_text("[1]", encoding="utf-8")


def _deep(file: Path) -> None:
    file.write_text("[" * 200_000, encoding="utf-8")


def _edited(**update: object) -> Callable[[Path], None]:
    def edit(file: Path) -> None:
        document = json.loads(file.read_text(encoding="utf-8")) | update
        file.write_text(json.dumps(document), encoding="utf-8")

    return edit


DAMAGE = {
    "cut short": (_cut_short, "not JSON, perhaps cut short"),
    "binary": (_binary, "cannot be read"),
    "empty": (_empty, "not JSON"),
    "a folder": (_a_folder, "cannot be read"),
    "a list": (_a_list, "not a JSON object"),
    "nested without end": (_deep, "not JSON"),
    "of a later version": (_edited(schema_version=2), "another format than version 1.*got 2"),
    "of no version": (_edited(schema_version=None), "another format"),
    "field of a wrong kind": (_edited(seed="seven"), "seed: the record is damaged"),
    "unknown field": (_edited(extra=1), "extra: the record is damaged"),
    "another verdict's case": (_edited(case="elsewhere"), "the record is damaged"),
    "digest that is not its own": (_edited(digest="0" * 64), "was changed"),
}


@pytest.mark.parametrize("damage", DAMAGE, ids=str)
def test_a_damaged_record_is_one_line_with_file_and_mend(store: Store, damage: str) -> None:
    spoil, says = DAMAGE[damage]
    good = store.save(q1_run(run_id="q1-seed7-aaaaaaaa"))
    bad = store.save(q1_run(run_id="q1-seed8-bbbbbbbb"))
    spoil(bad / RECORD)
    with pytest.raises(BadInput, match=says) as caught:
        store.load("q1-seed8")
    line = caught.value.one_line()
    assert "\n" not in line
    assert str(bad / RECORD) in line
    assert caught.value.mend in line
    assert store.load("latest").run_id == good.name, "damage to one run must not hide the others"
    listed = {run.run_id: run for run in store.runs()}
    assert listed[good.name].record is not None
    assert listed[bad.name].problem is not None


def test_a_run_without_record_is_named(store: Store) -> None:
    folder = store.save(q1_run())
    _gone(folder / RECORD)
    with pytest.raises(BadInput, match="has no record"):
        store.load(folder.name)


@pytest.mark.parametrize("spoil", [_cut_short, _empty, _a_folder], ids=lambda f: f.__name__.strip("_"))
def test_damaged_events_are_named(store: Store, spoil: Callable[[Path], None]) -> None:
    file = store.save(q1_run(), {"manual": ROWS}) / history_file("manual")
    if spoil is _cut_short:
        file.write_bytes(file.read_bytes()[:200])
    else:
        spoil(file)
    with pytest.raises(BadInput, match="stored events cannot be read"):
        store.history("latest", "manual")


def test_events_that_were_never_stored_are_named(store: Store) -> None:
    store.save(q1_run())
    with pytest.raises(BadInput, match="no events are stored"):
        store.history("latest", "manual")


def test_a_store_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("", encoding="utf-8")
    for folder in (blocked, blocked / "below"):
        with pytest.raises(BadInput, match="cannot be stored") as caught:
            Store(folder).save(passing_run())
        assert "--store" in caught.value.one_line()
    with pytest.raises(BadInput, match="cannot be read"):
        Store(blocked).runs()


@pytest.mark.parametrize("drill", ["../escape", "a/b", ".hidden", "quarter one", "naïve", "con\n"])
def test_a_drill_whose_name_is_no_folder_name_is_refused(store: Store, drill: str) -> None:
    with pytest.raises(BadInput, match="letters, digits"):
        store.save(q1_run(run_id=f"{drill}-seed7-aaaaaaaa"))
    assert not store.folder.exists() or os.listdir(store.folder) == []


def test_the_default_store_lies_under_the_working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    record: RunRecord = passing_run()
    Store().save(record)
    assert (tmp_path / "results" / "runs" / record.run_id / RECORD).is_file()
