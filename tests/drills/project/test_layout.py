"""Where files are imported from, in the layouts that repositories have."""

from __future__ import annotations

from pathlib import Path

import pytest

from drills.lint.repository import Repository
from drills.project.layout import layout_of
from drills.project.programs import closure
from drills.project.tested import entry
from tests.drills.project.repositories import repository


def seen(root: Path, files: dict[str, str]) -> Repository:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return Repository(root)


@pytest.mark.parametrize(
    ("files", "file", "root", "module"),
    [
        ({"bot/risk.py": ""}, "bot/risk.py", "", "bot.risk"),
        ({"src/bot/risk.py": ""}, "src/bot/risk.py", "src", "bot.risk"),
        ({"src/risk.py": "", "src/main.py": "from src.risk import x"}, "src/risk.py", "", "src.risk"),
        ({"svc/risk/pyproject.toml": "", "svc/risk/app/b.py": ""}, "svc/risk/app/b.py", "svc/risk", "app.b"),
        ({"svc/risk/setup.py": "", "svc/risk/src/app/b.py": ""}, "svc/risk/src/app/b.py", "svc/risk/src", "app.b"),
        ({"risk-engine/app/b.py": ""}, "risk-engine/app/b.py", "risk-engine", "app.b"),
        ({"bot/main.py": "import risk", "bot/risk.py": ""}, "bot/main.py", "bot", "main"),
        ({"bot/__init__.py": "", "bot/main.py": "import requests"}, "bot/main.py", "", "bot.main"),
        ({"kill-switch.py": ""}, "kill-switch.py", "", "kill-switch"),
    ],
)
def test_a_file_has_a_root_and_a_name(tmp_path: Path, files: dict[str, str], file: str, root: str, module: str) -> None:
    layout = layout_of(seen(tmp_path, files))
    assert (layout.root_of(file), layout.module_of(file)) == (root, module)


def test_two_services_with_the_same_names_are_kept_apart(tmp_path: Path) -> None:
    files = {
        f"{service}/{name}": text
        for service in ("api", "risk")
        for name, text in (("requirements.txt", ""), ("app/__init__.py", ""), ("app/core.py", ""),
                           ("app/main.py", "from app.core import x"))
    }  # fmt: skip
    found = seen(tmp_path, files)
    assert closure(found, "risk/app/main.py") == {"risk/app/main.py", "risk/app/core.py", "risk/app/__init__.py"}


def test_the_entry_of_each_kind_of_code(tmp_path: Path) -> None:
    found = Repository(repository(tmp_path, bot____init__="", bot____main__="", bot__kill="", run=""))
    asked = ("bot.kill:build", "-m bot", "run.py", "./run.py", "run.py:Class", "bot.kill", "nothing:build", "no.py")
    assert [entry(found, code) for code in asked] == [
        "bot/kill.py", "bot/__main__.py", "run.py", "run.py", "run.py", "bot/kill.py", None, None,
    ]  # fmt: skip
