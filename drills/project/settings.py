"""`firedrill.yaml`: what `firedrill run` runs in a folder when nothing else is said.

    drills: [q1, q2, q3, q4]
    runbook: docs/incident.md
    code: firedrill_adapter:build
    seed: 7
    responder: default

Paths count from the file's own folder. An option on the command line wins over it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, Strict

from scenarios.loader import validate
from scenarios.spec import Spec
from scenarios.yaml_lines import read_document

NAME = "firedrill.yaml"


class Settings(Spec):
    """The file's fields; each is left out where the usual default will do."""

    drills: Annotated[tuple[str, ...], Field(max_length=100)] = ()
    """What `firedrill run` takes for DRILL."""
    runbook: str | None = None
    """`FILE.md` or `FILE.md#procedure`."""
    code: str | None = None
    """`module:name` or a script."""
    project: str | None = None
    """Folder that the code is imported from; default: the file's own."""
    unmodified: Literal[True] | None = None
    """Code always runs as it is; files of earlier versions say so."""
    python: str | None = None
    """Interpreter of the code's own environment."""
    exec: str | None = None
    """Command line of a program to be drilled in place of Python code."""
    exec_on: str | None = None
    """What starts it."""
    seed: Annotated[int, Strict(), Field(ge=0)] | None = None
    """Where all chance comes from."""
    responder: str | None = None
    """Who is on call."""


def read_settings(folder: Path) -> Settings | None:
    """The settings of `folder`; None when it has none, BadInput when they cannot be used."""
    path = folder / NAME
    return validate(read_document(path), Settings) if path.is_file() else None


def placed(folder: Path, path: str) -> str:
    """A path of the settings as seen from the working directory; `FILE#procedure` keeps its end."""
    return path if folder == Path() or Path(path).is_absolute() else (folder / path).as_posix()
