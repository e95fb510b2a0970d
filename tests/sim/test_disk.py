"""Files that survive a crash, whole, cut or out of date."""

from __future__ import annotations

import json

import pytest

from sim.clock import SECOND, VirtualTime
from sim.disk import Disk
from sim.history import History


class Store:
    def __init__(self) -> None:
        self.env = VirtualTime()
        self.history = History(self.env)
        self.disk = Disk(self.env, self.history)


def test_a_file_is_what_was_written_last() -> None:
    disk = Store().disk
    disk.write("a", "one")
    disk.write("a", "two")
    disk.append("a", "three")
    disk.append("new", "line")
    assert disk.read("a") == "twothree\n"
    assert disk.read("new") == "line\n"
    assert disk.paths() == ["a", "new"]


def test_what_is_no_text_is_refused_where_it_is_written() -> None:
    with pytest.raises(TypeError, match="a file holds text, got dict"):
        Store().disk.write("a", {"positions": {}})  # type: ignore[arg-type]


def test_a_missing_file_is_missing() -> None:
    disk = Store().disk
    with pytest.raises(FileNotFoundError, match="no such file: nowhere"):
        disk.read("nowhere")
    assert not disk.exists("nowhere")
    assert disk.age_s("nowhere") is None
    assert disk.modified_us("nowhere") is None
    disk.remove("nowhere")
    disk.freeze("nowhere")
    assert disk.paths() == []


def test_a_file_has_an_age() -> None:
    store = Store()
    store.disk.write("a", "x")
    store.env.set_now(90 * SECOND)
    assert store.disk.age_s("a") == 90.0
    store.disk.append("a", "y")
    assert store.disk.age_s("a") == 0.0
    store.disk.remove("a")
    assert not store.disk.exists("a")


def test_a_mirror_shows_the_running_systems_memory_and_is_always_fresh() -> None:
    store = Store()
    memory = {"SPY": 1}
    store.disk.mirror("positions", lambda: memory)
    memory["SPY"] = 2
    store.env.set_now(90 * SECOND)
    assert json.loads(store.disk.read("positions")) == {"SPY": 2}
    assert store.disk.age_s("positions") == 0.0


def test_a_frozen_mirror_stays_as_it_stood_and_ages() -> None:
    store = Store()
    memory = {"SPY": 1}
    store.disk.mirror("positions", lambda: memory)
    store.disk.freeze("positions")
    memory["SPY"] = 2
    store.env.set_now(60 * SECOND)
    assert json.loads(store.disk.read("positions")) == {"SPY": 1}
    assert store.disk.age_s("positions") == 60.0


@pytest.mark.parametrize("share", [0.0, 0.5, 0.99])
def test_a_truncated_file_keeps_its_first_part_and_says_so(share: float) -> None:
    store = Store()
    text = json.dumps({"positions": {"SPY": 10, "QQQ": -5}})
    store.disk.write("positions", text)
    store.disk.truncate("positions", share)
    assert store.disk.read("positions") == text[: int(len(text) * share)]
    with pytest.raises(ValueError, match=r"Expecting|Unterminated"):
        json.loads(store.disk.read("positions"))
    (event,) = store.history.of("disk.truncated")
    assert (event.subject, event.data) == ("positions", {"kept": int(len(text) * share), "of": len(text)})


def test_truncating_a_mirror_ends_it() -> None:
    store = Store()
    store.disk.mirror("positions", lambda: {"SPY": 1})
    store.disk.truncate("positions", 0.5)
    with pytest.raises(ValueError, match=r"Expecting|Unterminated"):
        json.loads(store.disk.read("positions"))


def test_truncating_a_file_that_was_never_written_leaves_a_damaged_one() -> None:
    store = Store()
    store.disk.truncate("halt", 0.5)
    assert store.disk.read("halt") == "{"
