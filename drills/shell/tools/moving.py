"""mkdir, cp, mv, rm and their like: changes of the machine's virtual files, and the parts of a path."""

from __future__ import annotations

import posixpath
import re

from drills.shell.console import Console
from drills.shell.files import Files, absolute
from drills.shell.program import Failed, Program, joined, may_be_theirs, options_of
from drills.shell.tool import Call, Result
from drills.shell.tools.filing import files_of, is_there


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
        if not is_there(call, one):
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
        if not is_there(call, name):
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
        if not is_there(call, name)
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


TOOLS = {
    "mkdir": Program(mkdir, "-p"), "rmdir": Program(rmdir, "empty folders"), "rm": Program(rm, "-r -f -v"),
    "cp": Program(cp, "-r -a -n -v"), "mv": Program(mv, "-n -v"), "touch": Program(touch, "-c"),
    "chmod": Program(chmod, "whether a file may be run"), "chown": Program(chown, "changes nothing here"),
    "basename": Program(basename, "with a suffix, -a, -s"), "dirname": Program(dirname, "several paths"),
    "realpath": Program(realpath, "absolute paths"), "readlink": Program(realpath, "-f"),
    "mktemp": Program(mktemp, "-d, a template"),
}  # fmt: skip
