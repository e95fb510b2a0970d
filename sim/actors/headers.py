"""Reading response headers quickly: the standard library runs a mail parser over each answer.

That parser is a fifth of what an API call costs. What services of a drill send is plain `Name: value` lines; for
a strand they are split here, with the same result, and anything unusual is left to the standard library.
"""

from __future__ import annotations

import http.client
import io
from typing import Any

from sim.actors.patching import Patches
from sim.actors.strand import current

_real_parse = http.client.parse_headers


def _parse_headers(fp: Any, _class: Any = http.client.HTTPMessage) -> Any:
    if current() is None or _class is not http.client.HTTPMessage:
        return _real_parse(fp, _class)
    lines = []
    while True:
        line = fp.readline(65537)
        lines.append(line)
        if line in (b"\r\n", b"\n", b""):
            break
    message: Any = _class()
    for line in lines[:-1]:
        name, colon, value = line.decode("iso-8859-1").partition(":")
        if not colon or name[:1] in " \t" or name != name.strip():
            return _real_parse(io.BytesIO(b"".join(lines)), _class)
        message._headers.append((name, value.strip("\r\n").lstrip(" \t")))
    return message


def add_patches(patches: Patches) -> None:
    """Replace the parser of response headers."""
    patches.name(http.client, "parse_headers", _parse_headers)
