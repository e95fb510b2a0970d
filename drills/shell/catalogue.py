"""What the simulated firm knows: for people who want to see why a command was not executed."""

from __future__ import annotations

from drills.shell.builtins import BUILTINS
from drills.shell.tools import programs

LANGUAGE = (
    "quotes, variables, ${x:-default} and kin, arrays, $(...), backticks, <(...), $((...)), {a,b}, names with * ? [ ]",
    "pipes, && || ; ! &, redirections, here-documents, if for while until case, functions, [ ] and [[ ]], ( ) and { }",
    "set -e -u -x -f -o pipefail, trap EXIT and ERR, local, read, getopts, source, eval, exec",
    "not: aliases, associative arrays, >( ), select, coproc, shopt, /dev/tcp",
)
"""The language, line by line."""


def listing() -> list[tuple[str, str]]:
    """Every program with what of it works, by name."""
    return [(name, program.about) for name, program in programs().items()]


def builtin_names() -> list[str]:
    """What the shell does itself."""
    return sorted(BUILTINS)
