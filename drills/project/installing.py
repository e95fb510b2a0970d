"""How the packages that a repository needs are installed, by the files in its root."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_DEFAULT = "3.12"
_OLDEST, _NEWEST = 11, 13
"""What Firedrill itself runs on, and what runners have."""


def installs(root: Path) -> Iterator[str]:
    """The commands, in order; none when the repository names no packages."""
    if (root / "requirements.txt").is_file():
        yield "pip install -r requirements.txt"
        return
    if (root / "setup.py").is_file() or _can_be_built(root):
        yield "pip install -e ."
        return
    project = _pyproject(root)
    poetry = project.get("tool", {}).get("poetry", {})
    if poetry or (root / "poetry.lock").is_file():
        yield "pip install poetry && poetry config virtualenvs.create false && poetry install --no-root"
        return
    if project.get("project", {}).get("dependencies"):
        needed = " ".join(f'"{each}"' for each in project["project"]["dependencies"])
        yield f"pip install {needed}"
        return
    for name in ("requirements/base.txt", "requirements/prod.txt", "requirements/requirements.txt", "requirements.in"):
        if (root / name).is_file():
            yield f"pip install -r {name}"
            return
    if (root / "Pipfile").is_file():
        yield "pip install pipenv && pipenv install --system"
    else:
        others = sorted(root.glob("requirements*.txt"))
        if others:
            yield f"pip install -r {others[0].name}"


def python_version(root: Path) -> str:
    """The Python for a runner: one that the repository takes and Firedrill runs on."""
    project = _pyproject(root)
    wanted = str(project.get("project", {}).get("requires-python", ""))
    wanted = wanted or str(project.get("tool", {}).get("poetry", {}).get("dependencies", {}).get("python", ""))
    below = re.search(r"<\s*3\.(\d+)|<=\s*3\.(\d+)", wanted)
    exact = re.search(r"(?:==|~=)\s*3\.(\d+)", wanted)
    least = re.search(r">=?\s*3\.(\d+)|\^3\.(\d+)", wanted)
    minor = int(_DEFAULT.partition(".")[2])
    if exact:
        minor = int(exact[1])
    elif below:
        minor = min(minor, int(below[1]) - 1 if below[1] else int(below[2]))
    elif least:
        minor = max(minor, int(least[1] or least[2]))
    return f"3.{min(max(minor, _OLDEST), _NEWEST)}"


def _can_be_built(root: Path) -> bool:
    """Whether `pip install -e .` finds a package here: not where pyproject.toml only holds settings of tools."""
    project = _pyproject(root)
    if project.get("tool", {}).get("poetry", {}).get("package-mode") is False:
        return False
    if "build-system" in project:
        return True
    if "project" in project:
        tops = [each for each in root.iterdir() if (each / "__init__.py").is_file()]
        return (root / "src").is_dir() or len(tops) == 1
    return False


def _pyproject(root: Path) -> dict[str, Any]:
    try:
        return tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError):
        return {}
