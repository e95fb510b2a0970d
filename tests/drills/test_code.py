"""User code is loaded from the user's project, anew for each process, and leaves nothing behind."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from drills.code import code_sha256, load_mitigation
from drills.world_time import time_of
from sim.actors.process import Process
from sim.clock import SECOND
from sim.config import WorldConfig
from sim.errors import BadInput
from sim.world import Mitigation, World

Write = Callable[..., Path]

COUNTER = "starts = []\ndef build(desk):\n    starts.append(desk)\n    return {'every': {1: lambda: list(starts)}}\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "their project"
    folder.mkdir()
    return folder


@pytest.fixture
def write(project: Path) -> Write:
    def write_file(name: str, text: str = COUNTER) -> Path:
        path = project / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    return write_file


def starts(mitigation: Mitigation, count: int = 1) -> list[Any]:
    """What `every[1]` answers in each of several processes, started one after the other in one World."""
    world = World(WorldConfig(monitored=False), 0, mitigation=mitigation)
    answers = []
    with time_of(world):
        for number in range(count):
            process = Process(world.env, world.hub, world.history, f"process {number}")
            desk: Any = SimpleNamespace(_world=world, _process=process)
            hooks: Any = mitigation.build(desk)
            answers.append(hooks["every"][1]())
            process.kill()
    return answers


def seen(spec: str, project: Path | None) -> Any:
    [answer] = starts(load_mitigation(spec, project))
    return answer


def complaint(spec: str | None, project: Path) -> str:
    with pytest.raises(BadInput) as caught:
        load_mitigation(spec, project)
    return caught.value.one_line()


def test_without_a_spec_the_reference_bot_is_loaded(project: Path) -> None:
    assert load_mitigation(None, project).origin == "drills.reference.bot:build"


@pytest.mark.parametrize(
    "spec", ["bots.kill:build", "bots.kill", "bots/kill.py:build", "bots/kill.py", "bots.kill:Kill.make"]
)
def test_all_spellings_lead_to_the_same_code(project: Path, write: Write, spec: str) -> None:
    write("bots/kill.py", COUNTER + "class Kill:\n    make = staticmethod(build)\n")
    mitigation = load_mitigation(spec, project)
    [[desk]] = starts(mitigation)
    assert desk._process.name == "process 0"
    assert mitigation.origin == spec


def test_a_class_is_called_with_the_desk(project: Path, write: Write) -> None:
    write(
        "bot.py",
        "class Bot:\n    def __init__(self, desk):\n        self.every = {1: self.name}\n        self.desk = desk\n"
        "    def name(self):\n        return self.desk._process.name\n",
    )
    assert seen("bot:Bot", project) == "process 0"


@pytest.mark.parametrize("spec", ["script", "script:run", "script.py"])
def test_a_blocking_run_is_given_the_desk_and_started_with_the_process(project: Path, write: Write, spec: str) -> None:
    write("script.py", "def run(desk):\n    desk.log('on the way')\n    desk.sleep(3)\n    desk.log('done')\n")
    world = World(WorldConfig(monitored=False), 0, mitigation=load_mitigation(spec, project))
    with time_of(world):
        world.run(10 * SECOND)
    assert [(e.t_us, e.data["message"]) for e in world.history.of("code.log")] == [
        (0, "on the way"), (3 * SECOND, "done"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "print('here')\n",
        "def run():\n    print('here')\nif __name__ == '__main__':\n    run()\n",
        "def build(parts):\n    print(*parts)\nif __name__ == '__main__':\n    build(['here'])\n",
    ],
)
def test_a_file_with_nothing_for_the_desk_is_a_script(project: Path, write: Write, text: str) -> None:
    write("bot.py", text)
    world = World(WorldConfig(monitored=False), 0, mitigation=load_mitigation("bot.py", project))
    with time_of(world):
        world.run(SECOND)
    assert [e.data["text"] for e in world.history.of("code.output")] == ["here"]


def test_each_process_starts_with_fresh_modules_also_those_it_imports(project: Path, write: Write) -> None:
    write("state.py", "seen = []\n")
    write(
        "bot.py",
        "import state\ndef build(desk):\n    state.seen.append(desk._process.name)\n"
        "    return {'every': {1: lambda: state.seen}}\n",
    )
    assert starts(load_mitigation("bot", project), 2) == [["process 0"], ["process 1"]]


def test_an_installed_package_is_fresh_as_well(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed = tmp_path / "lib" / "site-packages"
    (installed / "vendorbot").mkdir(parents=True)
    (installed / "vendorbot" / "__init__.py").write_text(COUNTER, encoding="utf-8")
    monkeypatch.syspath_prepend(str(installed))
    assert [len(answer) for answer in starts(load_mitigation("vendorbot:build", project), 2)] == [1, 1]


def test_libraries_and_extension_modules_are_left_alone(project: Path, write: Write) -> None:
    import numpy as np

    write("bot.py", "import numpy\ndef build(desk):\n    return {'every': {1: lambda: numpy}}\n")
    assert seen("bot", project) is np


def test_imports_inside_functions_find_the_project(project: Path, write: Write) -> None:
    write("late.py", "answer = 42\n")
    write(
        "bot.py",
        "def build(desk):\n    def ask():\n        import late\n        return late.answer\n"
        "    return {'every': {1: ask}}\n",
    )
    assert seen("bot", project) == 42
    assert "late" not in sys.modules


def test_a_file_in_a_package_may_import_its_neighbours(project: Path, write: Write) -> None:
    write("pkg/__init__.py", "")
    write("pkg/deep/__init__.py", "")
    write("pkg/limits.py", "LIMIT = 7\n")
    write(
        "pkg/deep/bot.py",
        "from ..limits import LIMIT\nfrom pkg import limits\n"
        "def build(desk):\n    return {'every': {1: lambda: (LIMIT, limits.LIMIT)}}\n",
    )
    assert seen("pkg/deep/bot.py", project) == (7, 7)


def test_a_file_named_like_a_library_does_not_replace_it(project: Path, write: Write) -> None:
    import calendar

    write("calendar.py")
    seen("calendar.py", project)
    assert sys.modules["calendar"] is calendar


def test_nothing_is_left_behind_neither_by_success_nor_by_failure(project: Path, write: Write) -> None:
    write("helper.py", "")
    write("good.py", "import helper\n" + COUNTER)
    write("bad.py", "import helper\nimport sys\nsys.path.append('/elsewhere')\nraise ValueError('no')\n")
    before = (list(sys.path), set(sys.modules))
    seen("good", project)
    complaint("bad", project)
    assert (list(sys.path), set(sys.modules)) == before


def test_modules_that_a_test_suite_had_imported_are_given_back(
    project: Path, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("mybot.py")
    monkeypatch.syspath_prepend(str(project))
    import mybot  # type: ignore[import-not-found]

    seen("mybot", project)
    assert sys.modules["mybot"] is mybot
    assert mybot.starts == []
    del sys.modules["mybot"]


def test_the_projects_own_folder_may_have_blanks_and_be_given_relative(
    project: Path, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("bot.py")
    monkeypatch.chdir(project.parent)
    assert len(seen("bot", Path("their project"))) == 1
    assert len(seen("their project/bot.py", None)) == 1


def test_a_file_named_from_anywhere_has_its_own_folder_as_its_project(
    project: Path, write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write("pkg/bot.py")
    write("pkg/__init__.py", "")
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    (here / "unrelated.py").write_text("")
    assert len(seen(f"{path}:build", None)) == 1
    assert code_sha256(f"{path}:build", None) == code_sha256("pkg.bot", project)


# The digest of the source.


def test_the_digest_covers_the_projects_code_and_nothing_that_is_installed_in_it(project: Path, write: Write) -> None:
    write("guard.py", "X = 1\n")
    write("bot.py", "import guard\n" + COUNTER)
    first = code_sha256("bot", project)
    write("notes.txt", "changed")
    write("env/pyvenv.cfg", "")
    write("env/lib/python3.11/site-packages/other.py", "Y = 1\n")
    write(".hidden/x.py", "Y = 1\n")
    write("beside/.git/HEAD", "")
    write("beside/theirs.py", "Y = 1\n")
    assert code_sha256("bot", project) == code_sha256("-m bot", project) == first
    write("guard.py", "X = 22\n")
    assert code_sha256("bot", project) != first


def test_the_digest_is_the_same_wherever_the_project_lies(project: Path, write: Write, tmp_path: Path) -> None:
    write("pkg/__init__.py", "")
    write("pkg/bot.py")
    write("pkg/later.py", "A = 1\n")
    other = tmp_path / "elsewhere"
    project.rename(other)
    moved = code_sha256("pkg.bot", other)
    other.rename(project)
    assert code_sha256("pkg.bot", project) == moved == code_sha256("pkg/bot.py", project)
    write("pkg/later.py", "A = 22\n")
    assert code_sha256("pkg.bot", project) != moved


def test_the_reference_bot_has_a_digest(project: Path) -> None:
    assert code_sha256(None, project) == code_sha256("drills.reference.bot:build", project)


# What the user did wrong, told with the user's own file and line.


def test_unknown_modules(project: Path, write: Write) -> None:
    write("kill_switch.py")
    assert complaint("kil_switch:build", project).endswith(
        "there is no such module (got 'kil_switch:build'); did you mean kill_switch?"
    )
    assert "did you mean kill_switch:build?" in complaint("kill_switch.build", project)
    assert "--project" in complaint("wholly.other:build", project)


def test_unknown_names(project: Path, write: Write) -> None:
    path = write("bot.py", "def build_bot(desk):\n    return {}\n")
    assert complaint("bot:build_bt", project) == (
        f"{path}: --code: the module has nothing of this name (got 'build_bt'); did you mean build_bot?"
    )
    assert "neither build(desk) nor run(desk); name one of build_bot" in complaint("bot", project)
    write("empty.py", "")
    assert "write package.module:build" in complaint("empty", project)


def test_things_that_cannot_be_called_with_a_desk(project: Path, write: Write) -> None:
    path = write("bot.py", "LIMIT = 3\n\ndef build():\n    return {}\n\nasync def make(desk):\n    pass\n")
    assert complaint("bot:LIMIT", project).startswith(f"{path}: LIMIT: is not callable (got 3); ")
    assert (
        complaint("bot:build", project)
        == f"{path}:3: build: must take the desk and nothing else, it takes (); write build(desk)"
    )
    assert complaint("bot:make", project).startswith(f"{path}:6: make: is an async function; ")


def test_syntax_errors_point_at_the_users_line_even_in_an_imported_file(project: Path, write: Write) -> None:
    path = write("guard.py", "x = 1\ndef f(:\n")
    write("bot.py", "import guard\n")
    assert complaint("bot", project).startswith(f"{path}:2: is not valid Python: ")
    assert complaint("guard.py", project).startswith(f"{path}:2: is not valid Python: ")


def test_what_happens_at_import_points_at_the_users_line(project: Path, write: Write) -> None:
    path = write("bot.py", "import os\nos.environ['NO_SUCH_KEY_HERE']\n")
    assert complaint("bot", project).startswith(f"{path}:2: the import fails: KeyError: 'NO_SUCH_KEY_HERE'; ")
    path = write("script.py", "import sys\n\nsys.exit(3)\n")
    assert complaint("script", project).startswith(f"{path}:3: the import ends the program (exit 3); ")


def test_missing_libraries_and_packages_that_we_have_too(project: Path, write: Write) -> None:
    path = write("bot.py", "import nothing_like_this.client\n")
    assert complaint("bot", project) == (
        f"{path}:1: imports nothing_like_this, which is not there; "
        "install nothing_like_this beside Firedrill, or correct the import"
    )
    path = write("bot.py", "from sim.theirs import x\n")
    assert complaint("bot", project).startswith(
        f"{path}:1: imports sim.theirs, which is not there; Firedrill has a package sim"
    )


def test_files_that_are_no_python(project: Path, write: Write) -> None:
    write("notes.txt")
    assert "is not a Python file" in complaint("notes.txt:build", project)
    assert "there is no such file" in complaint("gone.py:build", project)
    (project / "binary.py").write_bytes(b"\x7fELF\0\0\1\2")
    assert "is not valid Python" in complaint("binary.py", project) or "the import fails" in complaint(
        "binary.py", project
    )
    (project / "huge.py").write_bytes(b"#\n" * 5_000_000)
    assert "is larger than 2 MB" in complaint("huge.py:build", project)
    assert "there is no such folder" in complaint("bot", project / "gone")


@pytest.mark.parametrize("spec", ["", " ", ":", ":build", "a b", "..", "bot:", "bot:1x", "bot.:build", "\0", "/"])
def test_nonsense_is_told_in_one_line(project: Path, write: Write, spec: str) -> None:
    write("bot.py")
    if not spec:
        assert load_mitigation(spec, project).origin == "drills.reference.bot:build"
    else:
        assert "\n" not in complaint(spec, project)
