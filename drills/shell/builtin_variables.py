"""Builtins that set variables: export, local, declare, read, unset, getopts."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from drills.shell.streams import Descriptors, Reader
from drills.shell.tool import NotHere

if TYPE_CHECKING:
    from drills.shell.interpreter import Shell

_NAME = re.compile(r"[A-Za-z_]\w*")


def _split(word: str) -> tuple[str, str, str | None]:
    """Name, `+` or nothing, and value of `name=value`; no value when there is no equals sign."""
    match = re.match(r"([^=+]*)(\+?)=(.*)", word, re.S)
    return (match.group(1), match.group(2), match.group(3)) if match else (word, "", None)


def _declare(shell: Shell, words: list[str], io: Descriptors) -> int:
    """`export`, `readonly`, `declare`, `typeset` and `local`."""
    name = words[0]
    flags = "".join(w[1:] for w in words[1:] if re.fullmatch(r"[-+][A-Za-z]+", w))
    if name == "local" and not shell.variables.in_function:
        shell.complain(io, "local: can only be used in a function")
        return 1
    if "A" in flags or ("n" in flags and name != "export"):
        raise NotHere(f"{name} -{flags}: associative arrays and references cannot be executed here")
    status = 0
    targets = [w for w in words[1:] if not re.fullmatch(r"[-+][A-Za-z]+", w) and w != "--"]
    if not targets or "p" in flags:
        return _listed(shell, words, io, targets)
    for word in targets:
        target, plus, value = _split(word)
        if not _NAME.fullmatch(target):
            shell.complain(io, f"{name}: `{word}': not a valid identifier")
            status = 1
            continue
        _set(shell, name, flags, target, plus, value)
    return status


def _set(shell: Shell, builtin: str, flags: str, name: str, plus: str, value: str | None) -> None:
    before = shell.variables.text(name) or ""
    if builtin == "local" or (builtin in ("declare", "typeset") and shell.variables.in_function and "g" not in flags):
        shell.variables.make_local(name)
    if "a" in flags and value is None and shell.variables.get(name) is None:
        shell.variables.set(name, [])
    if value is not None:
        if "i" in flags:
            value = str(shell.calculate(value))
        shell.assign(name, before + value if plus else value)
    if builtin == "export":
        shell.variables.export(name, "n" not in flags)
    elif "x" in flags:
        shell.variables.export(name)
    if (builtin == "readonly" or "r" in flags) and value is not None:
        shell.variables.protect(name)


def _listed(shell: Shell, words: list[str], io: Descriptors, names: list[str]) -> int:
    exported = shell.variables.environment()
    shown = names or (sorted(exported) if words[0] == "export" else shell.variable_names())
    for name in shown:
        value = shell.variables.text(name)
        flag = "x" if name in exported else "-"
        if value is None:
            shell.complain(io, f"{words[0]}: {name}: not found")
            return 1
        shell.write(io, 1, f'declare -{flag} {name}="{value}"\n')
    return 0


def _unset(shell: Shell, words: list[str], io: Descriptors) -> int:
    status = 0
    only_functions = "-f" in words[1:]
    for name in [w for w in words[1:] if w not in ("-f", "-v")]:
        if only_functions:
            shell.functions.pop(name, None)
        elif shell.variables.is_readonly(name):
            shell.complain(io, f"unset: {name}: cannot unset: readonly variable")
            status = 1
        elif shell.variables.get(name) is None:
            shell.functions.pop(name, None)
        else:
            shell.variables.unset(name)
    return status


def _read(shell: Shell, words: list[str], io: Descriptors) -> int:
    options, names = _read_options(words)
    source = io.get(0)
    if options.get("p") and not isinstance(source, Reader):
        shell.write(io, 2, options["p"])
    if not isinstance(source, Reader):
        raise NotHere("`read' waits for somebody to type, and nothing says what: pipe the answer in")
    line, ended = _line(source, "r" in options, options.get("d", "\n"), options.get("n"))
    if "a" in options:
        fields = _fields(line, shell.expander.splitters(), None)
        shell.variables.unset(options["a"])
        shell.variables.set(options["a"], list(fields))
    else:
        values = _fields(line, shell.expander.splitters(), len(names)) if names else [line]
        for place, name in enumerate(names or ["REPLY"]):
            shell.assign(name, values[place] if place < len(values) else "")
    return int(not ended)


def _read_options(words: list[str]) -> tuple[dict[str, str], list[str]]:
    options: dict[str, str] = {}
    place = 1
    while place < len(words) and words[place].startswith("-") and len(words[place]) > 1:
        word, place = words[place], place + 1
        if word == "--":
            break
        for position, letter in enumerate(word[1:], 1):
            if letter in "pdnatuiN":
                rest = word[position + 1 :]
                if not rest and place < len(words):
                    rest, place = words[place], place + 1
                options[letter] = rest
                break
            options[letter] = ""
    return options, words[place:]


def _line(source: Reader, raw: bool, end: str, most: str | None) -> tuple[str, bool]:
    """The next line and whether it had an end; a backslash joins lines unless `raw`."""
    text = ""
    while True:
        piece = source.line()
        if piece is None:
            return text, False
        ended = piece.endswith("\n")
        piece = piece.removesuffix("\n")
        if not raw:
            if ended and re.search(r"(?<!\\)(?:\\\\)*\\$", piece):
                text += piece[:-1]
                continue
            piece = re.sub(r"\\(.)", "\0\\1", piece)
        text += piece
        if most is not None and most.isdigit():
            text = text[: int(most)]
        return text, ended


def _fields(line: str, ifs: str, count: int | None) -> list[str]:
    """A line cut into at most `count` fields; the last one takes what is left. A NUL marks a character as plain."""
    blanks = "".join(c for c in ifs if c in " \t\n")
    line = _strip(line, blanks)
    found: list[str] = []
    while line:
        if count is not None and len(found) == count - 1:
            found.append(_last(line, ifs, blanks))
            break
        place = 0
        while place < len(line) and line[place] not in ifs:
            place += 2 if line[place] == "\0" else 1
        found.append(line[:place])
        rest = line[place:].lstrip(blanks) if blanks else line[place:]
        if rest and rest[0] in ifs and rest[0] not in blanks:
            rest = rest[1:].lstrip(blanks) if blanks else rest[1:]
        line = rest
    return [text.replace("\0", "") for text in found]


def _strip(line: str, blanks: str) -> str:
    if not blanks:
        return line
    line = line.lstrip(blanks)
    while line and line[-1] in blanks and not line[:-1].endswith("\0"):
        line = line[:-1]
    return line


def _last(line: str, ifs: str, blanks: str) -> str:
    """The last field keeps separators inside it; a single one at its very end goes."""
    others = [c for c in ifs if c not in blanks]
    if line and line[-1] in others and not any(c in ifs for c in line[:-1]):
        return line[:-1]
    return line


def _getopts(shell: Shell, words: list[str], io: Descriptors) -> int:
    if len(words) < 3:
        shell.complain(io, "getopts: usage: getopts optstring name [arg ...]")
        return 2
    letters, name = words[1], words[2]
    arguments = words[3:] or shell.arguments
    index = int(shell.variables.text("OPTIND") or "1")
    inside = shell.option_at
    shell.variables.unset("OPTARG")
    word = arguments[index - 1] if index <= len(arguments) else ""
    if not inside and (not word.startswith("-") or word == "-"):
        shell.assign(name, "?")
        return 1
    if word == "--":
        shell.assign("OPTIND", str(index + 1))
        shell.assign(name, "?")
        return 1
    place = inside or 1
    letter = word[place]
    place += 1
    silent = letters.startswith(":")
    known = letters.find(letter)
    if known < 0 or letter == ":":
        if silent:
            shell.assign("OPTARG", letter)
        else:
            shell.write(io, 2, f"{shell.name}: illegal option -- {letter}\n")
        letter = "?"
    elif letters[known + 1 : known + 2] == ":":
        if place < len(word):
            shell.assign("OPTARG", word[place:])
        elif index < len(arguments):
            index += 1
            shell.assign("OPTARG", arguments[index - 1])
        else:
            if silent:
                shell.assign("OPTARG", letter)
            else:
                shell.write(io, 2, f"{shell.name}: option requires an argument -- {letter}\n")
            letter = ":" if silent else "?"
        place = len(word)
    if place >= len(word):
        index, place = index + 1, 0
    shell.option_at = place
    shell.assign("OPTIND", str(index))
    shell.assign(name, letter)
    return 0


VARIABLE_BUILTINS: dict[str, Callable[[Shell, list[str], Descriptors], int]] = {
    "export": _declare, "readonly": _declare, "declare": _declare, "typeset": _declare, "local": _declare,
    "unset": _unset, "read": _read, "getopts": _getopts,
}  # fmt: skip
