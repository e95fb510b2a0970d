"""How a runner installs what a repository needs, and with which Python."""

from __future__ import annotations

from pathlib import Path

import pytest

from drills.project.installing import installs, python_version

POETRY = "pip install poetry && poetry config virtualenvs.create false && poetry install --no-root"


@pytest.mark.parametrize(
    ("files", "commands"),
    [
        ({}, []),
        ({"requirements.txt": "requests", "setup.py": ""}, ["pip install -r requirements.txt"]),
        ({"setup.py": "", "setup.cfg": ""}, ["pip install -e ."]),
        ({"pyproject.toml": '[build-system]\nrequires = ["hatchling"]'}, ["pip install -e ."]),
        ({"pyproject.toml": "[tool.ruff]\nline-length = 100"}, []),
        ({"pyproject.toml": "[tool.poetry]\npackage-mode = false"}, [POETRY]),
        ({"pyproject.toml": '[project]\nname = "x"\ndependencies = ["httpx>=0.27"]'}, ['pip install "httpx>=0.27"']),
        ({"pyproject.toml": "not toml at all ["}, []),
        ({"requirements/base.txt": "", "requirements/dev.txt": ""}, ["pip install -r requirements/base.txt"]),
        ({"requirements_panic.txt": ""}, ["pip install -r requirements_panic.txt"]),
        ({"Pipfile": ""}, ["pip install pipenv && pipenv install --system"]),
    ],
)
def test_the_files_in_the_root_say_how(tmp_path: Path, files: dict[str, str], commands: list[str]) -> None:
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    assert list(installs(tmp_path)) == commands


@pytest.mark.parametrize(
    ("wanted", "version"),
    [("", "3.12"), (">=3.9", "3.12"), (">=3.13", "3.13"), (">=3.11,<3.12", "3.11"), ("==3.11.*", "3.11"),
     (">=3.8,<3.10", "3.11"), (">=3.15", "3.13")],
)  # fmt: skip
def test_the_python_is_one_that_both_run_on(tmp_path: Path, wanted: str, version: str) -> None:
    (tmp_path / "pyproject.toml").write_text(f'[project]\nname = "x"\nrequires-python = "{wanted}"\n')
    assert python_version(tmp_path) == version


def test_poetry_says_its_python_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.poetry.dependencies]\npython = "^3.13"\n')
    assert python_version(tmp_path) == "3.13"
