"""Where a command's output goes: checked before the work, and written whole or not at all."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from sim.errors import BadInput

if TYPE_CHECKING:
    from rich.console import Console

STDOUT = "-"


def console(to_stderr: bool = False) -> Console:
    """A console that keeps to what was said: no markup, no highlighting, no emoji."""
    from rich.console import Console

    return Console(stderr=to_stderr, markup=False, highlight=False, emoji=False)


def check_file(option: str, file: str | None) -> None:
    """BadInput when `file` cannot be written, found out before an hour of work and not after it."""
    if file is None or file == STDOUT:
        return
    path = Path(file)
    if path.is_dir():
        raise BadInput("is a folder", mend="name a file in it", field=option, value=file)
    if not path.parent.is_dir():
        raise BadInput("its folder is not there", mend=f"create {path.parent} first", field=option, value=file)
    if not os.access(path.parent, os.W_OK):
        raise BadInput("its folder is read-only", mend="name a file elsewhere", field=option, value=file)


def check_store(folder: Path) -> None:
    """BadInput when no run could be stored under `folder`."""
    nearest = next((path for path in (folder, *folder.absolute().parents) if path.exists()), folder)
    if not nearest.is_dir():
        mend = f"{nearest} is a file: name a folder"
        raise BadInput("no run can be stored there", mend=mend, field="--store", value=str(folder))
    if not os.access(nearest, os.W_OK):
        mend = "make it writable, or name another folder"
        raise BadInput("no run can be stored there", mend=mend, field="--store", value=str(folder))


def write_file(option: str, file: str, text: str) -> None:
    """Write `text` to `file` as a whole, or to stdout for `-`."""
    if file == STDOUT:
        sys.stdout.write(text)
        return
    path = Path(file)
    fresh = path.with_name(f".{path.name}.new")
    try:
        try:
            fresh.write_text(text, encoding="utf-8")
            fresh.replace(path)
        finally:
            fresh.unlink(missing_ok=True)
    except OSError as error:
        mend = "free some space or name a file elsewhere"
        raise BadInput(f"cannot be written: {error.strerror or error}", mend=mend, field=option, value=file) from error
