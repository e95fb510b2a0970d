"""The working copy of a project: whole, apart from what is large or of no use, and never the project itself."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from sim.errors import BadInput
from sim.lockstep import project_copy
from sim.lockstep.project_copy import copy_project


def test_files_modes_and_links_are_kept(tmp_path: Path) -> None:
    project, copy = tmp_path / "project", tmp_path / "copy"
    (project / "lib").mkdir(parents=True)
    (project / "lib" / "common.sh").write_text("x=1\n")
    (project / "stop.sh").write_text("#!/bin/sh\n")
    (project / "stop.sh").chmod(0o750)
    (project / "current").symlink_to("lib")
    (project / "conf").symlink_to("/etc/hostname")
    os.mkfifo(project / "pipe")
    copy_project(project, copy, "/original")
    assert (copy / "lib" / "common.sh").read_text() == "x=1\n"
    assert (copy / "stop.sh").stat().st_mode & 0o777 == 0o750
    assert os.readlink(copy / "current") == "lib"
    assert os.readlink(copy / "conf") == "/etc/hostname"
    assert not (copy / "pipe").exists()


def test_environments_are_linked_and_histories_left_out(tmp_path: Path) -> None:
    project, copy = tmp_path / "project", tmp_path / "copy"
    for name in (".venv/bin", "sub/node_modules/x", ".git/objects", "sub/__pycache__"):
        (project / name).mkdir(parents=True)
    copy_project(project, copy, "/original")
    assert os.readlink(copy / ".venv") == "/original/.venv"
    assert os.readlink(copy / "sub" / "node_modules") == "/original/sub/node_modules"
    assert not (copy / ".git").exists()
    assert not (copy / "sub" / "__pycache__").exists()


def test_a_project_that_is_too_large_is_told_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(project_copy, "LIMIT_BYTES", 1 << 20)
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "ticks.bin").write_bytes(bytes(1 << 21))
    with pytest.raises(BadInput, match=r"holds more than 1 MB.*name the folder that holds the script"):
        copy_project(tmp_path / "project", tmp_path / "copy", "/original")
