"""`firedrill`: the commands, their options, their help, and what becomes of errors.

Each module here says how some commands are called; what they do lives in `drills.commands` and is imported when
they are called, so that `--help` costs little more than Typer itself. Whatever goes wrong is told in one line on
stderr; the exit code says which kind it was.
"""

from __future__ import annotations

import shlex
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path

import typer

from drills.cli import runs, setting_up, texts
from drills.cli.root import app
from sim.errors import FiredrillError

__all__ = ["app", "main", "runs", "setting_up", "texts"]

INTERRUPTED, BROKEN_PIPE, INTERNAL = 130, 141, 4


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    words = [word for word in given if word != "--debug"]  # taken at any place, unlike Typer's own options
    try:
        code = app(words, prog_name="firedrill", standalone_mode=False)
    except (KeyboardInterrupt, typer.Abort):
        code = INTERRUPTED
    except SystemExit:  # Typer leaves so when nobody reads stdout any more
        return BROKEN_PIPE
    except Exception as error:
        if "--debug" in given:
            traceback.print_exc()
        return _complain(error, words)
    if code == INTERRUPTED:
        typer.echo("firedrill: interrupted; what was stored before is whole", err=True)
    return code if isinstance(code, int) else 0


def _complain(error: Exception, words: list[str]) -> int:
    """One line on stderr; returns the exit code."""
    usage = getattr(error, "format_message", None)  # Typer's own complaints; their class differs by version
    if isinstance(error, FiredrillError):
        line, code = str(error), error.exit_code
    elif usage is not None:
        path = getattr(getattr(error, "ctx", None), "command_path", "firedrill")
        line, code = f"{usage().rstrip('.')}; see {path} --help", 2
    else:
        frame = traceback.extract_tb(error.__traceback__)[-1]
        at = f"{Path(frame.filename).name}:{frame.lineno}"
        again = shlex.join(["firedrill", "--debug", *words])
        line = f"internal error, please report it: {type(error).__name__}: {error} at {at}; for details: {again}"
        code = INTERNAL
    typer.echo("firedrill: " + " ".join(line.split()), err=True)
    return code
