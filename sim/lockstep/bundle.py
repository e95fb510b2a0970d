"""The agent as one file: a zip that any Python imports from, or runs.

As a file for the interpreter it runs what the World calls for; on PYTHONPATH its `sitecustomize` takes every Python
that starts into the World's time.
"""

from __future__ import annotations

import zipfile
from pathlib import Path

_HERE = Path(__file__).with_name("agent")
PACKAGE = "firedrill_agent"
"""What it is called in the child: a name that no package of a user has."""

_MAIN = f"from {PACKAGE}.main import main\nmain()\n"


def write_agent(folder: Path) -> Path:
    """Write the agent into `folder`; the file's path."""
    file = folder / f"{PACKAGE}.pyz"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as bundle:
        for source in sorted(_HERE.glob("*.py")):
            text = source.read_text("utf-8").replace("sim.lockstep.agent", PACKAGE)
            place = source.name if source.name == "sitecustomize.py" else f"{PACKAGE}/{source.name}"
            bundle.writestr(zipfile.ZipInfo(place), text)
        bundle.writestr(zipfile.ZipInfo("__main__.py"), _MAIN)
    return file
