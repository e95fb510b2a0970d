"""ls, find, stat, du: what lies in the machine's virtual folders."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from drills.shell.console import Console
from drills.shell.files import Files, Stat, absolute, matches
from drills.shell.program import Failed, Options, Program, joined, may_be_theirs, options_of
from drills.shell.tool import Call, NotHere, Result


def files_of(call: Call) -> Files:
    """The files of the machine on which a program runs."""
    assert isinstance(call.terminal, Console)
    return call.terminal.files


def ls(call: Call) -> Result:
    """List folders."""
    long = {"all": "a", "almost-all": "A", "human-readable": "h", "recursive": "R", "reverse": "r", "directory": "d",
            "color": "\4", "full-time": "\5"}  # fmt: skip
    options = options_of(call, "alAhtrR1dFSpinGgo\4\5", "", long, code=2)
    files = files_of(call)
    problems, plain, folders = "", [], []
    for name in options.words or ["."]:
        path = absolute(name, call.cwd)
        if not is_there(call, name):
            problems += f"ls: cannot access '{name}': No such file or directory\n"
        elif files.is_folder(path) and "d" not in options:
            folders.append(name)
        else:
            plain.append(name)
    out = _listing(call, options, "", plain)
    several = len(options.words) > 1 or "R" in options
    blocks = [out] if plain else []
    for folder in folders:
        for name, names in _folders(call, options, folder):
            header = f"{name}:\n" if several else ""
            total = f"total {4 * len(names)}\n" if "l" in options else ""
            blocks.append(header + total + _listing(call, options, name, names))
    return Result("\n".join(blocks), problems, 2 if problems else 0)


def is_there(call: Call, name: str) -> bool:
    """Whether a file or folder is there, under this name or by its meaning."""
    path = absolute(name, call.cwd)
    if call.terminal.exists(path):
        return True
    may_be_theirs(call, name)
    return False


def _folders(call: Call, options: Options, name: str) -> Iterator[tuple[str, list[str]]]:
    files = files_of(call)
    names = files.names(absolute(name, call.cwd))
    if "a" not in options and "A" not in options:
        names = [one for one in names if not one.startswith(".")]
    yield name, names
    if "R" in options:
        for one in names:
            inner = f"{name}/{one}"
            if files.is_folder(absolute(inner, call.cwd)):
                yield from _folders(call, options, inner)


def _listing(call: Call, options: Options, folder: str, names: list[str]) -> str:
    files = files_of(call)

    def path(name: str) -> str:
        return absolute(posixpath.join(folder, name), call.cwd)

    def stat(name: str) -> Stat:
        return files.stat(path(name)) if files.exists(path(name)) else Stat(False, len(call.read(path(name))), 0)

    names = sorted(names)
    if "t" in options:
        names.sort(key=lambda name: -stat(name).modified_us)
    if "S" in options:
        names.sort(key=lambda name: -stat(name).size)
    if "r" in options:
        names.reverse()
    if folder and "a" in options:
        names = [".", "..", *names]
    lines = []
    for name in names:
        shown = name + ("/" if ("F" in options or "p" in options) and stat(name).folder else "")
        lines.append(_long(call, options, stat(name), shown) if "l" in options else shown)
    return joined(lines)


def _long(call: Call, options: Options, stat: Stat, name: str) -> str:
    mode = "drwxr-xr-x" if stat.folder else "-rwxr-xr-x" if stat.executable else "-rw-r--r--"
    when = call.terminal.world.clock.local(stat.modified_us)
    size = human(stat.size) if "h" in options else str(stat.size)
    user = call.terminal.user
    return f"{mode} 1 {user} {user} {size:>7} {when:%b} {when.day:2d} {when:%H:%M} {name}"


def human(size: float) -> str:
    """Bytes as `-h` prints them."""
    for unit in ("", "K", "M", "G", "T"):
        if size < 1024 or unit == "T":
            if not unit:
                return str(int(size))
            return f"{size:.1f}{unit}" if size < 10 else f"{size:.0f}{unit}"
        size /= 1024
    raise AssertionError(size)


def find(call: Call) -> Result:
    """Walk folders."""
    words = list(call.args)
    starts = []
    while words and not words[0].startswith(("-", "(", "!")):
        starts.append(words.pop(0))
    tests, actions = _find_tests(words)
    files, out, problems, code = files_of(call), "", "", 0
    for start in starts or ["."]:
        if not is_there(call, start):
            problems += f"find: '{start}': No such file or directory\n"
            code = 1
            continue
        for name, depth in _walk(files, start, call.cwd, 0, tests):
            if not _holds(call, name, depth, tests):
                continue
            result = _act(call, name, actions)
            out, problems = out + result.out, problems + result.err
    return Result(out, problems, code)


_VALUED = frozenset(
    ["-name", "-iname", "-path", "-type", "-maxdepth", "-mindepth", "-mmin", "-mtime", "-size", "-newer", "-wholename"]
)


def _find_tests(words: list[str]) -> tuple[list[tuple[str, str, bool]], list[list[str]]]:
    tests: list[tuple[str, str, bool]] = []
    actions: list[list[str]] = []
    negated = False
    while words:
        word = words.pop(0)
        if word in ("!", "-not"):
            negated = True
            continue
        if word in _VALUED:
            if not words:
                raise Failed(f"find: missing argument to `{word}'")
            tests.append((word, words.pop(0), negated))
        elif word in ("-print", "-delete", "-empty", "-ls", "-print0"):
            if word == "-empty":
                tests.append((word, "", negated))
            elif word in ("-ls", "-print0"):
                raise NotHere(f"find: {word} cannot be executed here")
            else:
                actions.append([word])
        elif word in ("-exec", "-execdir"):
            command = []
            while words and words[0] not in (";", "+"):
                command.append(words.pop(0))
            if not words:
                raise Failed("find: missing argument to `-exec'")
            words.pop(0)
            actions.append([word, *command])
        elif word == "-a":
            continue
        elif word in ("-o", "-or", "(", ")", "-prune"):
            raise NotHere(f"find: {word} cannot be executed here")
        else:
            raise Failed(f"find: unknown predicate `{word}'")
        negated = False
    return tests, actions or [["-print"]]


def _walk(
    files: Files, name: str, cwd: str, depth: int, tests: list[tuple[str, str, bool]]
) -> Iterator[tuple[str, int]]:
    yield name, depth
    deepest = min((int(value) for test, value, _ in tests if test == "-maxdepth" and value.isdigit()), default=99)
    path = absolute(name, cwd)
    if depth >= deepest or not files.is_folder(path):
        return
    for child in files.names(path):
        yield from _walk(files, f"{name.rstrip('/')}/{child}", cwd, depth + 1, tests)


def _holds(call: Call, name: str, depth: int, tests: list[tuple[str, str, bool]]) -> bool:
    files, path = files_of(call), absolute(name, call.cwd)
    base = posixpath.basename(name.rstrip("/")) or name
    stat = files.stat(path) if files.exists(path) else Stat(False, 0, 0)
    age_us = call.terminal.world.env.now - stat.modified_us
    for test, value, negated in tests:
        if test == "-name":
            holds = matches(base, value)
        elif test == "-iname":
            holds = matches(base.lower(), value.lower())
        elif test in ("-path", "-wholename"):
            holds = matches(name, value)
        elif test == "-type":
            holds = stat.folder == (value == "d") and value in "fd"
        elif test == "-mindepth":
            holds = depth >= int(value)
        elif test == "-maxdepth":
            holds = True
        elif test == "-empty":
            holds = not files.names(path) if stat.folder else stat.size == 0
        elif test == "-size":
            holds = _compared(_sized(stat.size, value), value)
        elif test == "-newer":
            other = absolute(value, call.cwd)
            holds = files.exists(other) and stat.modified_us > files.stat(other).modified_us
        else:
            holds = _compared(age_us // (60_000_000 if test == "-mmin" else 86_400_000_000), value)
        if holds == negated:
            return False
    return True


def _sized(size: int, value: str) -> int:
    unit = {"c": 1, "k": 1024, "M": 1024**2, "G": 1024**3}.get(value[-1], 512)
    return -(-size // unit)


def _compared(number: int, value: str) -> bool:
    match = re.fullmatch(r"([-+]?)(\d+)[ckMGb]?", value)
    if match is None:
        raise Failed(f"find: invalid argument `{value}'")
    wanted = int(match.group(2))
    return {"+": number > wanted, "-": number < wanted, "": number == wanted}[match.group(1)]


def _act(call: Call, name: str, actions: list[list[str]]) -> Result:
    out, err = "", ""
    for action, *command in actions:
        if action == "-print":
            out += f"{name}\n"
        elif action == "-delete":
            files_of(call).remove(absolute(name, call.cwd))
        else:
            words = tuple(word.replace("{}", name) for word in command)
            result = call.terminal.call(words, "", call.env, call.cwd)
            out, err = out + result.out, err + result.err
            if result.code:
                break
    return Result(out, err)


def stat(call: Call) -> Result:
    """What is known of a file."""
    options = options_of(call, "Lt", "c", {"format": "c", "printf": "c"}, unsupported="f")
    out, problems = "", ""
    for name in options.words:
        path = absolute(name, call.cwd)
        if not is_there(call, name):
            problems += f"stat: cannot statx '{name}': No such file or directory\n"
            continue
        known = files_of(call).stat(path) if files_of(call).exists(path) else Stat(False, len(call.read(path)), 0)
        out += _stat_text(call, options.value("c"), name, known)
    return Result(out, problems, int(bool(problems)))


def _stat_text(call: Call, form: str, name: str, known: Stat) -> str:
    when = call.terminal.world.clock.local(known.modified_us)
    stamp = f"{when:%Y-%m-%d %H:%M:%S}.{when.microsecond:06d}000 {when:%z}"
    mode = "755" if known.folder or known.executable else "644"
    kind = "directory" if known.folder else "regular file" if known.size else "regular empty file"
    values = {"n": name, "N": f"'{name}'", "s": str(known.size), "y": stamp, "Y": str(int(when.timestamp())), "a": mode,
              "F": kind, "U": call.terminal.user, "G": call.terminal.user}  # fmt: skip
    if form:
        unknown = [letter for letter in re.findall(r"%(.)", form) if letter not in values and letter != "%"]
        if unknown:
            raise NotHere(f"stat: %{unknown[0]} cannot be executed here")
        return re.sub(r"%(.)", lambda match: values.get(match.group(1), "%"), form) + "\n"
    return f"  File: {name}\n  Size: {known.size}\t{kind}\nAccess: (0{mode})\nModify: {stamp}\n"


def du(call: Call) -> Result:
    """Disk use."""
    options = options_of(call, "shakcmxb", "d", {"summarize": "s", "human-readable": "h", "max-depth": "d"})
    out, problems = [], ""
    for name in options.words or ["."]:
        if not is_there(call, name):
            problems += f"du: cannot access '{name}': No such file or directory\n"
            continue
        size = _size(files_of(call), absolute(name, call.cwd))
        out.append(f"{human(size) if 'h' in options else -(-size // 1024)}\t{name}")
    return Result(joined(out), problems, int(bool(problems)))


def _size(files: Files, path: str) -> int:
    if files.is_folder(path):
        return 4096 + sum(_size(files, f"{path}/{name}") for name in files.names(path))
    return files.stat(path).size if files.exists(path) else 0


TOOLS = {
    "ls": Program(ls, "-l -a -A -h -t -S -r -R -d -1 -F"),
    "find": Program(find, "-name -type -maxdepth -mmin -mtime -size -newer -empty, -exec, -delete"),
    "stat": Program(stat, "-c with %n %s %y %Y %a %F"),
    "du": Program(du, "-s -h"),
}  # fmt: skip
