"""base64 and checksums of the files of a machine."""

from __future__ import annotations

import base64 as coding
import binascii
import hashlib
import re

from drills.shell.program import Failed, Program, joined, lines_of, options_of, read_source, sources
from drills.shell.tool import Call, NotHere, Result


def base64(call: Call) -> Result:
    """Encode, or decode with -d."""
    options = options_of(call, "di", "w", {"decode": "d", "wrap": "w", "ignore-garbage": "i"})
    texts, problems = sources(call, options.words[:1])
    if problems:
        return Result("", problems, 1)
    data = texts[0][1].encode("utf-8", "surrogateescape")
    if "d" in options:
        try:
            cleaned = re.sub(rb"\s", b"", data)
            return Result(coding.b64decode(cleaned, validate="i" not in options).decode("utf-8", "surrogateescape"))
        except (binascii.Error, ValueError):
            raise Failed("base64: invalid input") from None
    text = coding.b64encode(data).decode()
    width = options.number(call, "w", 76)
    if not width:
        return Result(text)
    return Result(joined([text[place : place + width] for place in range(0, len(text), width)]))


def checksum(call: Call) -> Result:
    """Sums of files, or with -c whether they are still the same."""
    options = options_of(call, "cbtq", "", {"check": "c", "binary": "b", "quiet": "q", "status": "\1"})
    kind = call.name.removesuffix("sum")
    if kind not in ("md5", "sha1", "sha256", "sha512"):
        raise NotHere(f"{call.name} cannot be executed here")
    if "c" in options:
        return _checked(call, kind, options.words)
    texts, problems = sources(call, options.words)
    out = joined([f"{_sum(kind, text)}  {name}" for name, text in texts])
    return Result(out, problems, int(bool(problems)))


def _sum(kind: str, text: str) -> str:
    return hashlib.new(kind, text.encode("utf-8", "surrogateescape"), usedforsecurity=False).hexdigest()


def _checked(call: Call, kind: str, names: list[str]) -> Result:
    out, err, code = "", "", 0
    texts, problems = sources(call, names)
    for _, text in texts:
        for line in lines_of(text):
            wanted, _, name = line.partition("  ")
            try:
                same = _sum(kind, read_source(call, name)) == wanted
            except OSError as error:
                err += f"{call.name}: {name}: {error}\n"
                same = False
            out += f"{name}: {'OK' if same else 'FAILED'}\n"
            code = code or int(not same)
    return Result(out, problems + err, code or int(bool(problems)))


TOOLS = {
    "base64": Program(base64, "-d, -w"),
    "md5sum": Program(checksum, "-c"), "sha1sum": Program(checksum, "-c"), "sha256sum": Program(checksum, "-c"),
    "sha512sum": Program(checksum, "-c"),
}  # fmt: skip
