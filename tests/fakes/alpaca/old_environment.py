"""The environment of alpaca-trade-api 3.2, which cannot live beside alpaca-py: made once by pip, then kept.

It needs websockets below 11 and urllib3 below 2; every wheel that it pulls in exists for Python 3.11 to 3.13, so
nothing is compiled. Run this file to make it beforehand; the tests make it when it is not there.
"""

from __future__ import annotations

import fcntl
import shutil
import subprocess
import sys
from pathlib import Path

PACKAGE = "alpaca-trade-api==3.2.0"
_CHECKOUT = Path(__file__).parents[3]


def python_of_old_client() -> Path:
    """The interpreter that has it; several test processes at once make it once."""
    base = _CHECKOUT / ".venv" if (_CHECKOUT / ".venv").is_dir() else _CHECKOUT / ".pytest_cache"
    base.mkdir(exist_ok=True)
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    folder = base / f"{PACKAGE.replace('==', '-')}-py{version}"
    python, done = folder / "bin" / "python", folder / "complete"
    with (base / f"{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            shutil.rmtree(folder, ignore_errors=True)
            _run(sys.executable, "-m", "venv", str(folder))
            _run(str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", PACKAGE)
            done.touch()
    return python


def _run(*command: str) -> None:
    ran = subprocess.run(command, capture_output=True, text=True)
    if ran.returncode:
        raise RuntimeError(f"{' '.join(command)} failed:\n{ran.stdout}{ran.stderr}")


if __name__ == "__main__":
    sys.stdout.write(f"{python_of_old_client()}\n")
