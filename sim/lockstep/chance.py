"""`uuidgen` and `mktemp`: names by the run's chance, so that they are the same in each run of a seed."""

from __future__ import annotations

import re
import shlex

from sim.lockstep.requests import Request

_XS = re.compile(r"X{3,}(?=[^X/]*$)")
_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"


def uuid(request: Request) -> None:
    """A random one."""
    drawn = request.session.random_bytes(16)
    digits = bytearray(drawn)
    digits[6], digits[8] = digits[6] & 0x0F | 0x40, digits[8] & 0x3F | 0x80
    text = digits.hex()
    request.finish(0, f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}\n".encode())


def mktemp(request: Request) -> None:
    """A name of the run's chance; the file or folder is made by the shim."""
    folder, flags, words, given = "", set(), [], iter(request.args)
    suffix = ""
    for word in given:
        if word in ("-p", "--suffix"):
            value = next(given, "")
            folder, suffix = (value, suffix) if word == "-p" else (folder, value)
        elif word.startswith(("--tmpdir", "--suffix=")):
            value = word.partition("=")[2]
            folder, suffix = (folder, value) if word.startswith("--suffix") else (value or "$", suffix)
        elif word.startswith("--"):
            flags.add({"--directory": "d", "--quiet": "q", "--dry-run": "u"}.get(word, "?"))
        elif word.startswith("-"):
            flags |= set(word[1:])
        else:
            words.append(word)
    template = words[0] if words else "tmp.XXXXXXXXXX"
    if flags - set("dqut") or len(words) > 1 or _XS.search(template) is None:
        request.finish(1, err=f"mktemp: too few X's in template ‘{template}’\n".encode())
        return
    if not folder and (not words or "t" in flags):
        folder = "$"
    if folder == "$":
        folder = request.variable("TMPDIR", "/tmp")
    drawn = request.session.random_bytes(32)
    name = _XS.sub(lambda xs: "".join(_LETTERS[byte % 62] for byte in drawn[: len(xs[0])]), template) + suffix
    place = shlex.quote(f"{folder.rstrip('/')}/{name}" if folder else name)
    make = f"mkdir -m 700 -- {place}" if "d" in flags else f"( umask 077; set -C; : >{place} )"
    make = ":" if "u" in flags else make
    request.shell(f"{make} || exit 1\nprintf '%s\\n' {place}\nexit 0\n")
