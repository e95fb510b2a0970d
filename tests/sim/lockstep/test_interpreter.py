"""What is given as an interpreter and is none, or one that will not do, is told in one line."""

from __future__ import annotations

import platform
import sys
from pathlib import Path

import pytest

from sim.errors import BadInput
from sim.lockstep.interpreter import interpreter


def script(folder: Path, text: str, name: str = "python") -> Path:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("#!/bin/sh\n" + text)
    file.chmod(0o755)
    return file


def answering(folder: Path, version: str, kind: str = "CPython", missing: str = "") -> Path:
    return script(folder, f"""echo '["firedrill", [{version}], "{kind}", "{missing}"]'\n""")


def complaint(given: Path | str) -> str:
    with pytest.raises(BadInput) as told:
        interpreter(str(given))
    return str(told.value)


def test_our_own_will_do_by_path_and_by_name() -> None:
    found = interpreter(sys.executable)
    assert found.path == Path(sys.executable)
    assert found.version == f"CPython {platform.python_version()}"
    assert interpreter("python3").path.name == "python3"


def test_a_link_into_an_environment_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "python").symlink_to(sys.executable)
    assert interpreter(str(tmp_path / "python")).path == tmp_path / "python"


def test_what_is_no_interpreter(tmp_path: Path) -> None:
    assert "there is no such file" in complaint(tmp_path / "nothing")
    (tmp_path / "plain").write_text("")
    assert "cannot be executed" in complaint(tmp_path / "plain")
    assert complaint("/bin/ls").startswith("--python: is no Python interpreter: ")
    assert "ended with 3" in complaint(script(tmp_path / "silent", "exit 3\n"))
    (tmp_path / "broken").symlink_to(tmp_path / "gone")
    assert "make it anew" in complaint(tmp_path / "broken")


def test_the_folder_of_an_environment_is_answered_with_its_interpreter(tmp_path: Path) -> None:
    script(tmp_path / "env" / "bin", "")
    assert complaint(tmp_path / "env").endswith(f"did you mean {tmp_path / 'env'}/bin/python?")
    assert complaint(tmp_path).endswith("name the interpreter itself")


def test_what_will_not_do(tmp_path: Path) -> None:
    old = complaint(answering(tmp_path / "old", "3, 7, 16"))
    assert "is Python 3.7.16, which is too old" in old
    assert old.endswith("use an environment of Python 3.8 or later")
    assert "is PyPy" in complaint(answering(tmp_path / "pypy", "3, 10, 12", "PyPy"))
    assert "has no ctypes" in complaint(answering(tmp_path / "bare", "3, 11, 2", missing="No module named '_ctypes'"))
