"""`curl -F`: a form with parts, as multipart/form-data."""

from __future__ import annotations

import mimetypes
from collections.abc import Callable, Iterable
from pathlib import PurePosixPath

from sim.lockstep.curl_options import Wrong

BOUNDARY = "------------------------d74496d66958873e"
_GUESSED = {".log": "text/plain", ".txt": "text/plain"}
_PLAIN = "application/octet-stream"


def multipart(parts: Iterable[tuple[str, str]], read: Callable[[str], bytes]) -> bytes:
    """The body; each of `parts` is the option (`form`, `form-string`) and what was given. OSError from `read`."""
    body = bytearray()
    for kind, given in parts:
        name, equals, value = given.partition("=")
        if not equals:
            raise Wrong("Illegally formatted input field!")
        head, content = (f'name="{name}"', value.encode()) if kind == "form-string" else _field(name, value, read)
        head, _, type_line = head.partition("\n")
        body += f"--{BOUNDARY}\r\nContent-Disposition: form-data; {head}\r\n".encode()
        body += f"Content-Type: {type_line}\r\n".encode() if type_line else b""
        body += b"\r\n" + content + b"\r\n"
    return bytes(body) + f"--{BOUNDARY}--\r\n".encode()


def _field(name: str, value: str, read: Callable[[str], bytes]) -> tuple[str, bytes]:
    """What stands after `form-data; `, on a second line the type, and the content."""
    value, options = _options(value)
    kind = options.get("type", "")
    if not value.startswith(("@", "<")):
        return f'name="{name}"\n{kind}', value.encode()
    path = value[1:]
    content = read(path)
    if value[0] == "<":
        return f'name="{name}"\n{kind}', content
    file = options.get("filename", PurePosixPath(path).name)
    suffix = PurePosixPath(path).suffix
    kind = kind or _GUESSED.get(suffix) or mimetypes.types_map.get(suffix, _PLAIN)
    return f'name="{name}"; filename="{file}"\n{kind}', content


def _options(value: str) -> tuple[str, dict[str, str]]:
    """The value, and what follows it after semicolons: `@report.txt;type=text/plain;filename=r`."""
    if value.startswith('"'):
        text, _, rest = value[1:].partition('"')
        pieces = [text, *rest.split(";")[1:]]
    else:
        pieces = value.split(";")
    found: dict[str, str] = {}
    while len(pieces) > 1 and pieces[-1].strip().partition("=")[0] in ("type", "filename", "headers", "encoder"):
        key, _, text = pieces.pop().strip().partition("=")
        found[key] = text.strip('"')
    return ";".join(pieces), found
