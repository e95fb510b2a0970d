"""Redirections: which file or text stands behind each descriptor of a command."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drills.shell.files import absolute
from drills.shell.parameters import ShellFailure
from drills.shell.streams import Descriptors, FileOutput, Nowhere, Output, Reader
from drills.shell.syntax import Redirect
from drills.shell.tool import NotHere

if TYPE_CHECKING:
    from drills.shell.interpreter import Shell


class NotOpened(Exception):
    """A redirection that failed; the text is what bash says, and the command is not run."""


def opened(shell: Shell, redirects: tuple[Redirect, ...], io: Descriptors) -> Descriptors:
    """The descriptors after the redirections have been made, in their order."""
    if not redirects:
        return io
    streams = dict(io)
    for redirect in redirects:
        if redirect.op in ("<<", "<<<"):
            text = shell.expander.text(redirect.target)
            streams[0 if redirect.fd is None else redirect.fd] = Reader(text + ("\n" if redirect.op == "<<<" else ""))
        else:
            _open(shell, redirect, streams)
    return streams


def _open(shell: Shell, redirect: Redirect, streams: Descriptors) -> None:
    words = shell.expander.words((redirect.target,))
    if len(words) != 1:
        raise NotOpened(f"{shell.expander.text(redirect.target)}: ambiguous redirect")
    name, op = words[0], redirect.op
    if op in (">&", "<&") and (name.isdigit() or name == "-"):
        _duplicate(redirect, name, streams)
    elif op in ("&>", "&>>", ">&"):
        streams[1] = streams[2] = _output(shell, name, append=op == "&>>")
    elif op == "<":
        streams[redirect.fd or 0] = _input(shell, name)
    elif op in (">", ">>", ">|"):
        fd = 1 if redirect.fd is None else redirect.fd
        if (
            op == ">"
            and shell.options.get("noclobber")
            and shell.files.is_file(shell.resolve(name))
            and name != "/dev/null"
        ):
            raise NotOpened(f"{name}: cannot overwrite existing file")
        streams[fd] = _output(shell, name, append=op == ">>")
    else:
        raise NotHere(f"the redirection `{op}' cannot be executed here: a file is read or written, not both")


def _duplicate(redirect: Redirect, name: str, streams: Descriptors) -> None:
    fd = redirect.fd if redirect.fd is not None else 1 if redirect.op == ">&" else 0
    if name == "-":
        streams.pop(fd, None)
    elif int(name) not in streams and int(name) != 0:
        raise NotOpened(f"{name}: Bad file descriptor")
    elif int(name) in streams:
        streams[fd] = streams[int(name)]


def _input(shell: Shell, name: str) -> Reader:
    if name.startswith(("/dev/tcp/", "/dev/udp/")):
        raise NotHere(f"{name}: the shell's own sockets cannot be used here; curl can")
    path = absolute(name, shell.cwd)
    try:
        return Reader(shell.console.read(path))
    except FileNotFoundError:
        raise NotOpened(f"{name}: No such file or directory") from None
    except IsADirectoryError:
        raise NotOpened(f"{name}: Is a directory") from None


def _output(shell: Shell, name: str, append: bool) -> Output:
    if name in ("/dev/null",):
        return Nowhere()
    if name in ("/dev/stdout", "/dev/stderr"):
        found = shell.base.get(1 if name.endswith("out") else 2)
        return Nowhere() if found is None or isinstance(found, Reader) else found
    if name.startswith(("/dev/tcp/", "/dev/udp/")):
        raise NotHere(f"{name}: the shell's own sockets cannot be used here; curl can")
    if not name:
        raise NotOpened(": No such file or directory")
    try:
        path = absolute(name, shell.cwd)
        if shell.files.is_file(path) and path not in shell.files.written():
            shell.console.changed(path)
        return FileOutput(shell.files, path, append)
    except FileNotFoundError:
        raise NotOpened(f"{name}: No such file or directory") from None
    except IsADirectoryError:
        raise NotOpened(f"{name}: Is a directory") from None
    except ShellFailure as failure:
        raise NotOpened(failure.message) from None
