"""The Python that the user named: whether it is one, and whether it will do."""

from __future__ import annotations

import os
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import NamedTuple

from sim.errors import BadInput

OLDEST = (3, 8)
_ASK_S = 60.0
_ASK = (
    "import sys, platform, json\n"
    "try:\n    import ctypes\n    missing = ''\n"
    "except ImportError as error:\n    missing = str(error)\n"
    "print(json.dumps(['firedrill', list(sys.version_info[:3]), platform.python_implementation(), missing]))"
)


class Interpreter(NamedTuple):
    """A Python that can run the user's code."""

    path: Path
    """As it is started: a link into an environment is not followed, for it is what names the environment."""
    version: str
    """Such as `CPython 3.9.18`."""


@cache
def interpreter(given: str, field: str = "--python") -> Interpreter:
    """The interpreter that `given` names, a path or a name on PATH; BadInput when it cannot be used."""
    path = _find(given, field)
    try:
        asked = subprocess.run([path, "-S", "-E", "-c", _ASK], capture_output=True, timeout=_ASK_S, check=False)
    except subprocess.TimeoutExpired as error:
        raise _no_python(field, given, f"said nothing for {_ASK_S:g} s") from error
    except OSError as error:
        raise _no_python(field, given, error.strerror or "cannot be started") from error
    version, implementation, missing = _answer(asked, field, given)
    if version < OLDEST:
        raise BadInput(
            f"is Python {_dotted(version)}, which is too old", field=field, value=given,
            mend=f"use an environment of Python {_dotted(OLDEST)} or later",
        )  # fmt: skip
    if implementation != "CPython":
        raise BadInput(
            f"is {implementation}, whose clocks cannot be replaced", field=field, value=given,
            mend="use an environment of CPython",
        )  # fmt: skip
    if missing:
        raise BadInput(
            f"has no ctypes, by which clocks are replaced: {missing}", field=field, value=given,
            mend="use a complete build of Python",
        )  # fmt: skip
    return Interpreter(path, f"{implementation} {_dotted(version)}")


def _find(given: str, field: str) -> Path:
    found = given if os.sep in given else shutil.which(given)
    path = Path(os.path.abspath(found or given))
    if path.is_dir():
        inside = path / "bin" / "python"
        mend = f"did you mean {given.rstrip(os.sep)}/bin/python?" if inside.exists() else "name the interpreter itself"
        raise BadInput("is a folder", field=field, value=given, mend=mend)
    if not path.exists():
        broken = path.is_symlink()
        mend = "the environment's own Python is gone: make it anew" if broken else "give the path of its bin/python"
        raise BadInput("there is no such file", field=field, value=given, mend=mend)
    if not os.access(path, os.X_OK):
        raise BadInput("cannot be executed", field=field, value=given, mend="give the path of its bin/python")
    return path


def _answer(asked: subprocess.CompletedProcess[bytes], field: str, given: str) -> tuple[tuple[int, ...], str, str]:
    import json

    try:
        name, version, implementation, missing = json.loads(asked.stdout)
        if name != "firedrill":
            raise ValueError(name)
        return tuple(map(int, version)), str(implementation), str(missing)
    except (ValueError, TypeError) as error:
        said = (asked.stderr or asked.stdout).decode("utf-8", "replace").strip().splitlines()
        raise _no_python(field, given, said[-1] if said else f"ended with {asked.returncode}") from error


def _no_python(field: str, given: str, why: str) -> BadInput:
    return BadInput(
        f"is no Python interpreter: {why}",
        field=field,
        value=given,
        mend="give the path of an environment's bin/python",
    )


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))
