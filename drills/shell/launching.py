"""From a name to what runs: a program of the firm, a script of the repository, or nothing."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from drills.shell.files import absolute
from drills.shell.program import Failed
from drills.shell.streams import Buffer, Descriptors, Reader
from drills.shell.tool import Call, NotHere, Result, Tool

if TYPE_CHECKING:
    from drills.shell.console import Console

BIN = "/usr/bin"
_BINS = frozenset(["/bin", "/sbin", "/usr/bin", "/usr/sbin", "/usr/local/bin", "/opt/bin"])
_SHELLS = frozenset(["bash", "sh", "dash", "zsh", "ksh"])


def launch(
    console: Console, words: tuple[str, ...], env: Mapping[str, str], cwd: str, stdin: Reader | None,
) -> Result | None:  # fmt: skip
    """Run what the first word names; None when the machine would say `command not found`."""
    name = words[0]
    tools = console.firm.tools
    if "/" not in name:
        if name in tools:
            console.called(words)
            console.spend(name)
            return _run(tools[name], Call(words, console, stdin, env, cwd))
        if not name:
            return None
        raise NotHere(f"the program {name} is not known here")
    path = absolute(name, cwd)
    folder, base = posixpath.split(path)
    if folder in _BINS and base in tools and not console.files.is_file(path):
        console.called((base, *words[1:]))
        console.spend(base)
        return _run(tools[base], Call((base, *words[1:]), console, stdin, env, cwd))
    return _script(console, words, path, env, cwd, stdin)


def _run(tool: Tool, call: Call) -> Result:
    """Call a program; one that ends at once says how."""
    try:
        return tool(call)
    except Failed as end:
        return end.result
    except OSError as error:
        return Result("", f"{call.name}: {error}\n", 1)


def _script(
    console: Console, words: tuple[str, ...], path: str, env: Mapping[str, str], cwd: str, stdin: Reader | None,
) -> Result:  # fmt: skip
    if console.files.is_folder(path):
        return Result("", f"\0{words[0]}: Is a directory\n", 126)
    try:
        text = console.read(path)
    except FileNotFoundError:
        must_be_known(console, words[0], path)
        return Result("", f"\0{words[0]}: No such file or directory\n", 127)
    if not console.files.stat(path).executable:
        console.finding("not_executable", f"{words[0]} is there, but it is not executable")
        return Result("", f"\0{words[0]}: Permission denied\n", 126)
    return run_script(console, text, words, env, cwd, stdin)


def must_be_known(console: Console, name: str, path: str) -> None:
    """NotHere for a missing file of the project while no repository was given: it may well be in theirs."""
    if console.repo is None and path.startswith(console.project.rstrip("/") + "/"):
        raise NotHere(f"the file {name} is not here: name its repository with --repo")
    console.missing(path)


def run_script(
    console: Console, text: str, words: tuple[str, ...], env: Mapping[str, str], cwd: str, stdin: Reader | None,
) -> Result:  # fmt: skip
    """Run the text of a script by what its first line says."""
    interpreter = _interpreter(text)
    if interpreter in _SHELLS:
        return run_shell_script(console, text, words[0], words[1:], env, cwd, stdin)
    if interpreter in console.firm.tools:
        console.spend(interpreter)
        return _run(console.firm.tools[interpreter], Call((interpreter, *words), console, stdin, env, cwd))
    raise NotHere(f"{words[0]} is a script for {interpreter}, which is not known here")


def _interpreter(text: str) -> str:
    match = re.match(r"#!\s*(\S+)(?:[ \t]+(.*))?", text)
    if match is None:
        return "bash"
    program = posixpath.basename(match.group(1))
    if program == "env":
        arguments = [word for word in (match.group(2) or "").split() if not word.startswith("-")]
        program = arguments[0] if arguments else "env"
    return "python3" if re.fullmatch(r"python3?(\.\d+)?", program) else program


def run_shell_script(
    console: Console, text: str, name: str, arguments: tuple[str, ...], env: Mapping[str, str], cwd: str,
    stdin: Reader | None, options: tuple[str, ...] = (),
) -> Result:  # fmt: skip
    """Run shell text as a script called `name`, with `set` options."""
    from drills.shell.interpreter import Shell

    inner = Shell(console, env, cwd, name=name, arguments=arguments)
    inner.options.update(dict.fromkeys(options, True))
    out, err = Buffer(), Buffer()
    streams: Descriptors = {1: out, 2: err} if stdin is None else {0: stdin, 1: out, 2: err}
    with console.deeper():
        code = inner.run_whole(text, streams)
    return Result(out.text(), err.text(), code)


def which(console: Console, name: str, cwd: str) -> str | None:
    """Where a program lies, as `command -v` tells; None when there is none."""
    if "/" in name:
        path = absolute(name, cwd)
        there = console.files.is_file(path) and console.files.stat(path).executable
        known = posixpath.dirname(path) in _BINS and posixpath.basename(path) in console.firm.tools
        return name if there or known else None
    return f"{BIN}/{name}" if name in console.firm.tools else None
