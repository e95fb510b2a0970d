"""The working directory of a run: a copy of the user's repository, so that the repository is never written to."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from sim.errors import BadInput

LINKED = (".venv", "venv", "env", "node_modules", "vendor", ".tox", "target")
"""Large folders that are linked, not copied; they are read from."""
LEFT_OUT = (".git", ".hg", ".svn", "__pycache__", ".mypy_cache", ".pytest_cache", ".ruff_cache")
LIMIT_BYTES = 200 << 20


def copy_project(project: Path, target: Path, linked_from: str) -> None:
    """Copy `project` to `target`; BadInput when it is too large. `linked_from` is where links lead to."""
    total = 0
    for folder, names, files in os.walk(project):
        here = Path(folder)
        place = target / here.relative_to(project)
        place.mkdir(parents=True, exist_ok=True)
        for name in [name for name in sorted(names) if name in LINKED or (here / name).is_symlink()]:
            inside = (here / name).relative_to(project)
            if (here / name).is_symlink():
                (place / name).symlink_to(os.readlink(here / name))
            else:
                (place / name).symlink_to(f"{linked_from}/{inside}")
        names[:] = sorted(n for n in names if n not in LINKED and n not in LEFT_OUT and not (here / n).is_symlink())
        for file in sorted(files):
            source = here / file
            if source.is_symlink():
                (place / file).symlink_to(os.readlink(source))
                continue
            if not source.is_file():
                continue  # sockets and pipes
            total += source.stat().st_size
            if total > LIMIT_BYTES:
                raise BadInput(
                    f"holds more than {LIMIT_BYTES >> 20} MB, and a run works in a copy of it", field="--project",
                    value=str(project), mend="name the folder that holds the script",
                )  # fmt: skip
            shutil.copy2(source, place / file)
