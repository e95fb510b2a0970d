"""What is installed is this checkout, and what would be built holds the five packages with their data."""

from __future__ import annotations

import importlib
import subprocess
import sys
import tomllib
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("sim", "fakes", "scenarios", "results", "drills")
DATA = (".yaml", ".json", ".css", ".j2", ".md", ".typed")


def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("package", PACKAGES)
def test_packages_come_from_this_checkout_and_are_typed(package: str) -> None:
    module = importlib.import_module(package)
    assert module.__file__ is not None, f"{package}/__init__.py is missing: a folder of that name elsewhere would do"
    assert Path(module.__file__).resolve() == ROOT / package / "__init__.py"
    assert (ROOT / package / "py.typed").is_file()


def test_every_folder_with_code_is_a_package() -> None:
    folders = {path.parent for package in PACKAGES for path in (ROOT / package).rglob("*.py")}
    assert not [str(folder) for folder in folders if not (folder / "__init__.py").is_file()]


def test_a_folder_of_runs_in_the_working_directory_does_not_hide_the_package(tmp_path: Path) -> None:
    (tmp_path / "results" / "runs").mkdir(parents=True)
    (tmp_path / "drills").mkdir()
    script = "import results.store, drills.options; print(results.__file__)"
    ran = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert Path(ran.stdout.strip()).resolve() == ROOT / "results" / "__init__.py"


def test_the_console_script_is_the_command_line() -> None:
    assert project()["project"]["scripts"] == {"firedrill": "drills.cli:main"}


def test_a_wheel_holds_the_five_packages_and_their_data() -> None:
    target = project()["tool"]["hatch"]["build"]["targets"]
    assert target == {"wheel": {"packages": list(PACKAGES)}}
    data = [path for package in PACKAGES for path in (ROOT / package).rglob("*") if path.suffix in DATA]
    assert {path.suffix for path in data} == set(DATA)
    ignored = [p for p in (ROOT / ".gitignore").read_text(encoding="utf-8").split() if p != "/results/runs/"]
    for path in data:  # the build leaves out whatever git ignores
        name = path.relative_to(ROOT).as_posix()
        assert not [pattern for pattern in ignored if fnmatch(path.name, pattern) or f"/{name}".startswith(pattern)]


def test_the_store_is_ignored_by_git_and_not_part_of_the_package() -> None:
    from results.store import DEFAULT_STORE

    assert f"/{DEFAULT_STORE.as_posix()}/" in (ROOT / ".gitignore").read_text(encoding="utf-8").split()
