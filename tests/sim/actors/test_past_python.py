"""A library in C that connects by itself would reach the real broker: no program in a drill gets it."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

from tests.sim.actors.kit import run, write


def test_the_program_is_told_why_and_what_to_use_in_its_place(tmp_path: Path) -> None:
    world = run(tmp_path, "try: import pycurl\nexcept ImportError as error: print(error)")
    assert world.lines() == [
        "pycurl is not available in a drill: it opens connections by itself, in C; use requests or httpx"
    ]
    refused = world.only("code.refused")
    assert (refused["refused"], refused["what"], refused["at"]) == ("library", "pycurl", "bot.py:1")


def test_one_that_somebody_else_has_imported_is_not_there_either_and_is_given_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs = {name: ModuleType(name) for name in ("zmq", "zmq.asyncio")}
    for name, module in theirs.items():
        monkeypatch.setitem(sys.modules, name, module)
    world = run(tmp_path, "try: import zmq.asyncio\nexcept ImportError as error: print(error.name)")
    assert world.lines() == ["zmq"]
    assert {name: sys.modules[name] for name in theirs} == theirs


def test_what_a_library_tries_and_can_do_without_is_not_told(tmp_path: Path) -> None:
    write(
        tmp_path / "env" / "lib" / "site-packages", "try:\n    import uvloop\nexcept ImportError:\n    uvloop = None\n",
        "fast.py",
    )  # fmt: skip
    world = run(tmp_path, "import sys\nsys.path.append(sys.path[0] + '/env/lib/site-packages')\nimport fast\n"
                "print(fast.uvloop)")  # fmt: skip
    assert world.lines() == ["None"]
    assert world.history.of("code.refused") == []


def test_nothing_is_in_the_way_afterwards(tmp_path: Path) -> None:
    finders = list(sys.meta_path)
    run(tmp_path, "pass")
    assert sys.meta_path == finders
    importlib.util.find_spec("pycurl")  # None or a spec, and no complaint of ours
