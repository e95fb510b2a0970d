"""User code is loaded from the user's project, anew for each process, and leaves nothing behind."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from drills.code import code_in_reach, code_sha256, load_mitigation
from sim.errors import BadInput

Write = Callable[..., Path]

COUNTER = "starts = []\ndef build(desk):\n    starts.append(desk)\n    return {'every': {1: lambda: list(starts)}}\n"


@pytest.fixture(autouse=True)
def _modules_as_before() -> Iterator[None]:
    """`build` is called here outside `code_in_reach`, which would take the user's modules out again."""
    before = dict(sys.modules)
    yield
    for name in [name for name in sys.modules if name not in before]:
        file = getattr(sys.modules[name], "__file__", None)
        if file is not None and "pytest-of-" in file:
            del sys.modules[name]


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


def seen(hooks: Any) -> Any:
    return hooks["every"][1]()


def load(spec: str | None, project: Path | None) -> Any:
    return load_mitigation(spec, project)


def complaint(spec: str | None, project: Path) -> str:
    with pytest.raises(BadInput) as caught:
        load(spec, project)
    return caught.value.one_line()


def test_without_a_spec_the_reference_bot_is_loaded(project: Path) -> None:
    assert load(None, project).origin == "drills.reference.bot:build"


@pytest.mark.parametrize(
    "spec", ["bots.kill:build", "bots.kill", "bots/kill.py:build", "bots/kill.py", "bots.kill:Kill.make"]
)
def test_all_spellings_lead_to_the_same_code(project: Path, write: Write, spec: str) -> None:
    write("bots/kill.py", COUNTER + "class Kill:\n    make = staticmethod(build)\n")
    mitigation = load(spec, project)
    assert seen(mitigation.build("desk")) == ["desk"]
    assert mitigation.origin == spec


def test_a_class_is_called_with_the_desk(project: Path, write: Write) -> None:
    write("bot.py", "class Bot:\n    def __init__(self, desk):\n        self.desk = desk\n")
    assert load("bot:Bot", project).build("desk").desk == "desk"


@pytest.mark.parametrize("spec", ["script", "script:run", "script.py"])
def test_a_blocking_run_becomes_a_hook_and_is_not_called_by_build(project: Path, write: Write, spec: str) -> None:
    write("script.py", "calls = []\ndef run(desk):\n    calls.append(desk)\n    return calls\n")
    hooks: Any = load(spec, project).build("desk")
    assert hooks["run"]() == ["desk"]


def test_each_process_starts_with_fresh_modules_also_those_it_imports(project: Path, write: Write) -> None:
    write("state.py", "seen = []\n")
    write(
        "bot.py",
        "import state\ndef build(desk):\n    state.seen.append(desk)\n    return {'every': {1: lambda: state.seen}}\n",
    )
    mitigation = load("bot", project)
    first, second = mitigation.build("first"), mitigation.build("second")
    assert (seen(first), seen(second)) == (["first"], ["second"])


def test_an_installed_package_is_fresh_as_well(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed = tmp_path / "lib" / "site-packages"
    (installed / "vendorbot").mkdir(parents=True)
    (installed / "vendorbot" / "__init__.py").write_text(COUNTER, encoding="utf-8")
    monkeypatch.syspath_prepend(str(installed))
    mitigation = load("vendorbot:build", project)
    assert [seen(mitigation.build(n)) for n in (1, 2)] == [[1], [2]]


def test_libraries_and_extension_modules_are_left_alone(project: Path, write: Write) -> None:
    import numpy as np

    write("bot.py", "import numpy\ndef build(desk):\n    return {'every': {1: lambda: numpy}}\n")
    assert seen(load("bot", project).build("desk")) is np


def test_imports_inside_functions_find_the_project_while_it_is_in_reach(project: Path, write: Write) -> None:
    write("late.py", "answer = 42\n")
    write(
        "bot.py",
        "def build(desk):\n    def ask():\n        import late\n        return late.answer\n"
        "    return {'every': {1: ask}}\n",
    )
    with code_in_reach("bot", project):
        assert seen(load("bot", project).build("desk")) == 42
    with pytest.raises(ModuleNotFoundError):
        seen(load("bot", project).build("desk"))


def test_a_file_in_a_package_may_import_its_neighbours(project: Path, write: Write) -> None:
    write("pkg/__init__.py", "")
    write("pkg/deep/__init__.py", "")
    write("pkg/limits.py", "LIMIT = 7\n")
    write(
        "pkg/deep/bot.py",
        "from ..limits import LIMIT\nfrom pkg import limits\n"
        "def build(desk):\n    return {'every': {1: lambda: (LIMIT, limits.LIMIT)}}\n",
    )
    assert seen(load("pkg/deep/bot.py", project).build("desk")) == (7, 7)


def test_a_file_named_like_a_library_does_not_replace_it(project: Path, write: Write) -> None:
    import calendar

    write("calendar.py")
    load("calendar.py", project).build("desk")
    assert sys.modules["calendar"] is calendar


def test_nothing_is_left_behind_neither_by_success_nor_by_failure(project: Path, write: Write) -> None:
    write("helper.py", "")
    write("good.py", "import helper\n" + COUNTER)
    write("bad.py", "import helper\nimport sys\nsys.path.append('/elsewhere')\nraise ValueError('no')\n")
    before = (list(sys.path), set(sys.modules))
    with code_in_reach("good", project):
        load("good", project).build("desk")
    complaint("bad", project)
    assert (list(sys.path), set(sys.modules)) == before


def test_modules_that_a_test_suite_had_imported_are_given_back(
    project: Path, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("mybot.py")
    monkeypatch.syspath_prepend(str(project))
    import mybot  # type: ignore[import-not-found]

    with code_in_reach("mybot", project):
        load("mybot", project).build("desk")
    assert sys.modules["mybot"] is mybot
    assert mybot.starts == []
    del sys.modules["mybot"]


def test_the_projects_own_folder_may_have_blanks_and_be_given_relative(
    project: Path, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("bot.py")
    monkeypatch.chdir(project.parent)
    assert seen(load("bot", Path("their project")).build(1)) == [1]
    assert seen(load("their project/bot.py", None).build(1)) == [1]


# The digest of the source.


def test_the_digest_covers_the_package_and_what_is_imported_and_nothing_else(project: Path, write: Write) -> None:
    write("guard.py", "X = 1\n")
    write("bot.py", "import guard\n" + COUNTER)
    write("unrelated.py", "")
    first = code_sha256("bot", project)
    write("unrelated.py", "changed = 1\n")
    assert code_sha256("bot", project) == first
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
    path = write("bot.py", "LIMIT = 3\n\ndef build():\n    return {}\n\nasync def run(desk):\n    pass\n")
    assert complaint("bot:LIMIT", project).startswith(f"{path}: LIMIT: is not callable (got 3); ")
    assert (
        complaint("bot:build", project)
        == f"{path}:3: build: must take the desk and nothing else, it takes (); write build(desk)"
    )
    assert complaint("bot:run", project).startswith(f"{path}:6: run: is an async function; ")


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
        assert load(spec, project).origin == "drills.reference.bot:build"
    else:
        assert "\n" not in complaint(spec, project)
