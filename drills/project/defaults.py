"""What a run is made with: the options that were typed, and for the rest the folder's `firedrill.yaml`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from drills.options import RunOptions
from drills.project.settings import NAME, Settings, placed, read_settings
from sim.errors import BadInput

_CODE = ("code", "exec", "exec_on", "python", "project")
"""Options that together say what is tested: the settings' own count only where none of the first two was typed."""


class Chosen(NamedTuple):
    """A run as it will be made."""

    drills: list[str]
    options: RunOptions
    settings: Path | None
    """The file that filled what was not typed."""


def chosen(drills: Sequence[str], typed: Mapping[str, Any]) -> Chosen:
    """Fill what was not `typed` (None) from the settings of the project's folder, else of the working directory.

    BadInput when no drill is named anywhere, or the settings cannot be used.
    """
    folder = typed["project"] if typed["project"] is not None and (typed["project"] / NAME).is_file() else Path()
    settings = read_settings(folder)
    given = {name: value for name, value in typed.items() if value is not None}
    words = list(drills)
    if settings is not None:
        given = {**_of_settings(settings, folder, given), **given}
        words = words or list(settings.drills)
    if not words:
        mend = f"name one, as in firedrill run q1, or list them in {NAME}: firedrill init"
        raise BadInput("no drill was named", mend=mend, field="DRILL")
    return Chosen(words, RunOptions(**given), None if settings is None else folder / NAME)


def _of_settings(settings: Settings, folder: Path, given: Mapping[str, Any]) -> dict[str, Any]:
    """The settings as options, their paths as seen from the working directory."""
    values: dict[str, Any] = settings.model_dump(exclude={"drills", "unmodified"}, exclude_none=True)
    if "code" in given or "exec" in given:
        values = {name: value for name, value in values.items() if name not in _CODE}
    elif "code" in values or "exec" in values:
        values["project"] = Path(placed(folder, values.get("project", "."))) if folder != Path() else _path(values)
    if "runbook" in values:
        values["runbook"] = placed(folder, values["runbook"])
    if "python" in values:
        values["python"] = Path(placed(folder, values["python"]))
    return {name: value for name, value in values.items() if value is not None}


def _path(values: Mapping[str, Any]) -> Path | None:
    return Path(values["project"]) if "project" in values else None
