"""File names as a code host wants them: relative to the working directory, with forward slashes."""

from __future__ import annotations

import os
from pathlib import Path


def relative_path(file: str) -> str:
    """`file` seen from the working directory; unchanged when there is no way to it (another drive)."""
    try:
        return Path(os.path.relpath(file)).as_posix()
    except ValueError:
        return Path(file).as_posix()
