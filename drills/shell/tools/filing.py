"""ls, find, stat, mkdir, cp, mv, rm and their like, on the machine's virtual files."""

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
        if not _there(call, name):
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


def _there(call: Call, name: str) -> bool:
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
        if not _there(call, start):
            problems += f"find: '{start}': No such file or directory\n"
            code = 1
            continue
        for name, depth in _walk(files, start, call.cwd, 0, tests):
            if not _holds(call, name, depth, tests):
                continue
            result = _act(call, name, actions)
            out, problems = out + result.out, problems + result.err
    return Result(out, problems, code)


_VALUED = frozenset(["-name", "-iname", "-path", "-type", "-maxdepth", "-mindepth", "-mmin", "-mtime", "-size", "-newer",
                     "-wholename"])  # fmt: skip


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
        if not _there(call, name):
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


def mkdir(call: Call) -> Result:
    """Make folders."""
    options = options_of(call, "pv", "m", {"parents": "p", "mode": "m", "verbose": "v"})
    if not options.words:
        raise Failed("mkdir: missing operand\nTry 'mkdir --help' for more information.")
    files, problems = files_of(call), ""
    for name in options.words:
        path = absolute(name, call.cwd)
        if "p" in options:
            parts = path.strip("/").split("/")
            for place in range(1, len(parts) + 1):
                above = "/" + "/".join(parts[:place])
                if files.is_file(above):
                    problems += f"mkdir: cannot create directory '{name}': Not a directory\n"
                    break
                if not files.is_folder(above):
                    files.make_folder(above)
            continue
        try:
            files.make_folder(path)
        except FileExistsError:
            problems += f"mkdir: cannot create directory '{name}': File exists\n"
        except FileNotFoundError:
            problems += f"mkdir: cannot create directory '{name}': No such file or directory\n"
    return Result("", problems, int(bool(problems)))


def rmdir(call: Call) -> Result:
    """Remove empty folders."""
    options = options_of(call, "pv")
    files, problems = files_of(call), ""
    for name in options.words:
        path = absolute(name, call.cwd)
        if not files.exists(path):
            problems += f"rmdir: failed to remove '{name}': No such file or directory\n"
        elif files.is_file(path):
            problems += f"rmdir: failed to remove '{name}': Not a directory\n"
        elif files.names(path):
            problems += f"rmdir: failed to remove '{name}': Directory not empty\n"
        else:
            files.remove(path)
    return Result("", problems, int(bool(problems)))


def rm(call: Call) -> Result:
    """Remove."""
    options = options_of(call, "rRfivd", long={"recursive": "r", "force": "f", "interactive": "i", "verbose": "v"})
    if not options.words and "f" not in options:
        raise Failed("rm: missing operand\nTry 'rm --help' for more information.")
    files, problems, out = files_of(call), "", ""
    recursive = "r" in options or "R" in options
    for name in options.words:
        path = absolute(name, call.cwd)
        if path == "/":
            problems += "rm: it is dangerous to operate recursively on '/'\n"
        elif not files.exists(path):
            if "f" not in options:
                may_be_theirs(call, name)
                problems += f"rm: cannot remove '{name}': No such file or directory\n"
        elif files.is_folder(path) and not recursive:
            problems += f"rm: cannot remove '{name}': Is a directory\n"
        else:
            _remove(files, path)
            _touches(call, path)
            out += f"removed '{name}'\n" if "v" in options else ""
    return Result(out, problems, int(bool(problems)))


def _remove(files: Files, path: str) -> None:
    if files.is_folder(path):
        for name in files.names(path):
            _remove(files, f"{path}/{name}")
    files.remove(path)


def _touches(call: Call, path: str) -> None:
    """A change below the trading system's folder is a change of the firm."""
    project = call.terminal.project.rstrip("/") + "/"
    if path.startswith(project):
        call.terminal.changed(path.removeprefix(project))


def cp(call: Call) -> Result:
    """Copy."""
    return _transfer(call, "cp", "copy")


def mv(call: Call) -> Result:
    """Move or rename."""
    return _transfer(call, "mv", "move")


def _transfer(call: Call, name: str, verb: str) -> Result:
    options = options_of(call, "rRaipfvnudL", "t", {"recursive": "r", "archive": "a", "force": "f", "verbose": "v",
                         "no-clobber": "n", "interactive": "i", "preserve": "p"})  # fmt: skip
    words = options.words
    if not words:
        raise Failed(f"{name}: missing file operand\nTry '{name} --help' for more information.")
    if len(words) == 1:
        raise Failed(f"{name}: missing destination file operand after '{words[0]}'\n"
                     f"Try '{name} --help' for more information.")  # fmt: skip
    *names, target = words
    files, problems = files_of(call), ""
    goal = absolute(target, call.cwd)
    if len(names) > 1 and not files.is_folder(goal):
        raise Failed(f"{name}: target '{target}' is not a directory")
    recursive = name == "mv" or any(letter in options for letter in "rRa")
    out = ""
    for one in names:
        path = absolute(one, call.cwd)
        end = posixpath.join(goal, posixpath.basename(path)) if files.is_folder(goal) else goal
        if not _there(call, one):
            problems += f"{name}: cannot stat '{one}': No such file or directory\n"
        elif files.is_folder(path) and not recursive:
            problems += f"{name}: -r not specified; omitting directory '{one}'\n"
        elif path == end:
            problems += f"{name}: '{one}' and '{target}' are the same file\n"
        elif not files.is_folder(posixpath.dirname(end)):
            problems += f"{name}: cannot create regular file '{target}': No such file or directory\n"
        elif "n" in options and files.exists(end):
            continue
        else:
            _copy(call, path, end)
            if name == "mv":
                _remove(files, path)
            _touches(call, end)
            out += f"'{one}' -> '{target}'\n" if "v" in options else ""
    return Result(out, problems, int(bool(problems)))


def _copy(call: Call, path: str, end: str) -> None:
    files = files_of(call)
    if not files.is_folder(path):
        executable = files.exists(path) and files.stat(path).executable
        files.write(end, call.read(path))
        files.set_executable(end, executable)
        return
    if not files.is_folder(end):
        files.make_folder(end)
    for name in files.names(path):
        _copy(call, f"{path}/{name}", f"{end}/{name}")


def touch(call: Call) -> Result:
    """Create, or set the time of last change to now."""
    options = options_of(call, "acm", "drt", unsupported="h")
    problems = ""
    for name in options.words:
        try:
            if "c" not in options or call.terminal.exists(call.path(name)):
                files_of(call).touch(absolute(name, call.cwd))
        except FileNotFoundError:
            problems += f"touch: cannot touch '{name}': No such file or directory\n"
    return Result("", problems, int(bool(problems)))


def chmod(call: Call) -> Result:
    """Only whether a file may be run makes a difference here."""
    words = [word for word in call.args if not re.fullmatch(r"-[RvfcR]+|--recursive", word)]
    if len(words) < 2:
        raise Failed("chmod: missing operand\nTry 'chmod --help' for more information.")
    mode, *names = words
    problems = ""
    for name in names:
        path = absolute(name, call.cwd)
        if not _there(call, name):
            problems += f"chmod: cannot access '{name}': No such file or directory\n"
        elif re.fullmatch(r"[0-7]{3,4}", mode):
            files_of(call).set_executable(path, int(mode[-3]) % 2 == 1)
        elif "x" in mode:
            files_of(call).set_executable(path, "-" not in mode)
    return Result("", problems, int(bool(problems)))


def chown(call: Call) -> Result:
    """Owners make no difference here, but the files must be there."""
    words = [word for word in call.args if not word.startswith("-")]
    problems = "".join(
        f"{call.name}: cannot access '{name}': No such file or directory\n"
        for name in words[1:]
        if not _there(call, name)
    )
    return Result("", problems, int(bool(problems)))


def basename(call: Call) -> Result:
    """The last part of a path."""
    options = options_of(call, "a", "s", {"multiple": "a", "suffix": "s"})
    words, suffix = options.words, options.value("s")
    if not words:
        raise Failed("basename: missing operand\nTry 'basename --help' for more information.")
    if "a" not in options and "s" not in options:
        words, suffix = words[:1], words[1] if len(words) > 1 else ""
    names = []
    for word in words:
        name = posixpath.basename(word.rstrip("/")) or ("/" if word.startswith("/") else "")
        names.append(name.removesuffix(suffix) if name != suffix else name)
    return Result(joined(names))


def dirname(call: Call) -> Result:
    """All but the last part of a path."""
    words = options_of(call).words
    if not words:
        raise Failed("dirname: missing operand\nTry 'dirname --help' for more information.")
    return Result(
        joined([posixpath.dirname(word.rstrip("/")) or ("/" if word.startswith("/") else ".") for word in words])
    )


def realpath(call: Call) -> Result:
    """The absolute path."""
    options = options_of(call, "femsqnz")
    return Result(joined([absolute(word, call.cwd) for word in options.words]))


def mktemp(call: Call) -> Result:
    """A new file or folder below /tmp."""
    options = options_of(call, "dqut", "p", {"directory": "d"})
    assert isinstance(call.terminal, Console)
    number = f"{call.terminal.firm.next_pid():010d}"
    path = absolute(options.words[0], call.cwd) if options.words else "/tmp/tmp.XXXXXXXXXX"
    path = re.sub(r"X{3,}", lambda match: number[-len(match.group()) :], path)
    if "d" in options:
        files_of(call).make_folder(path)
    else:
        files_of(call).write(path, "")
    return Result(f"{path}\n")


def du(call: Call) -> Result:
    """Disk use."""
    options = options_of(call, "shakcmxb", "d", {"summarize": "s", "human-readable": "h", "max-depth": "d"})
    out, problems = [], ""
    for name in options.words or ["."]:
        if not _there(call, name):
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
    "mkdir": Program(mkdir, "-p"), "rmdir": Program(rmdir, "empty folders"), "rm": Program(rm, "-r -f -v"),
    "cp": Program(cp, "-r -a -n -v"), "mv": Program(mv, "-n -v"), "touch": Program(touch, "-c"),
    "chmod": Program(chmod, "whether a file may be run"), "chown": Program(chown, "changes nothing here"),
    "basename": Program(basename, "with a suffix, -a, -s"), "dirname": Program(dirname, "several paths"),
    "realpath": Program(realpath, "absolute paths"), "readlink": Program(realpath, "-f"),
    "mktemp": Program(mktemp, "-d, a template"), "du": Program(du, "-s -h"),
}  # fmt: skip
