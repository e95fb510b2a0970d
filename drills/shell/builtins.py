"""What the shell does itself: folders, variables, options, control of its own flow."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from drills.shell.builtin_variables import VARIABLE_BUILTINS
from drills.shell.compound import facts_of
from drills.shell.conditions import ConditionProblem, judge
from drills.shell.files import absolute
from drills.shell.parameters import ShellFailure
from drills.shell.streams import Buffer, Descriptors, Reader
from drills.shell.tool import NotHere

if TYPE_CHECKING:
    from drills.shell.interpreter import Shell

Builtin = Callable[["Shell", list[str], Descriptors], int]
_GLOBBING = frozenset(
    ["nullglob", "extglob", "globstar", "dotglob", "failglob", "nocasematch", "nocaseglob", "lastpipe"]
)
KEEPS_ASSIGNMENTS = frozenset([":", "exec", "export", "readonly", "declare", "local", "typeset"])
SIGNALS = ("EXIT", "HUP", "INT", "QUIT", "ABRT", "KILL", "USR1", "USR2", "PIPE", "ALRM", "TERM", "CHLD", "CONT", "STOP",
           "ERR", "DEBUG", "RETURN")  # fmt: skip


def _nothing(shell: Shell, words: list[str], io: Descriptors) -> int:
    return 0


def _false(shell: Shell, words: list[str], io: Descriptors) -> int:
    return 1


def _cd(shell: Shell, words: list[str], io: Descriptors) -> int:
    targets = [w for w in words[1:] if w not in ("-L", "-P", "--")]
    if len(targets) > 1:
        shell.complain(io, "cd: too many arguments")
        return 1
    target = targets[0] if targets else shell.variables.text("HOME")
    if target is None:
        shell.complain(io, "cd: HOME not set")
        return 1
    if target == "-":
        target = shell.variables.text("OLDPWD") or ""
        if not target:
            shell.complain(io, "cd: OLDPWD not set")
            return 1
        shell.write(io, 1, target + "\n")
    return _go(shell, target, io)


def _go(shell: Shell, target: str, io: Descriptors, name: str = "cd") -> int:
    path = absolute(target, shell.cwd)
    if not shell.files.is_folder(path):
        problem = "Not a directory" if shell.files.is_file(path) else "No such file or directory"
        shell.complain(io, f"{name}: {target}: {problem}")
        return 1
    shell.variables.set("OLDPWD", shell.cwd)
    shell.cwd = path
    shell.variables.set("PWD", path)
    return 0


def _pwd(shell: Shell, words: list[str], io: Descriptors) -> int:
    shell.write(io, 1, shell.cwd + "\n")
    return 0


def _pushd(shell: Shell, words: list[str], io: Descriptors) -> int:
    stack = shell.folders
    if words[0] == "dirs":
        pass
    elif words[0] == "popd":
        if not stack:
            shell.complain(io, "popd: directory stack empty")
            return 1
        if _go(shell, stack.pop(0), io, "popd"):
            return 1
    else:
        if len(words) < 2 and not stack:
            shell.complain(io, "pushd: no other directory")
            return 1
        before = shell.cwd
        target = words[1] if len(words) > 1 else stack.pop(0)
        if _go(shell, target, io, "pushd"):
            return 1
        stack.insert(0, before)
    shell.write(io, 1, " ".join([shell.cwd, *stack]) + "\n")
    return 0


def _exit(shell: Shell, words: list[str], io: Descriptors) -> int:
    from drills.shell.interpreter import Exit

    raise Exit(_status(shell, words, io))


def _return(shell: Shell, words: list[str], io: Descriptors) -> int:
    from drills.shell.interpreter import Return

    if not shell.variables.in_function and not shell.sourcing:
        shell.complain(io, "return: can only `return' from a function or sourced script")
        return 2
    raise Return(_status(shell, words, io))


def _status(shell: Shell, words: list[str], io: Descriptors) -> int:
    if len(words) < 2:
        return shell.status
    if not re.fullmatch(r"[-+]?\d+", words[1]):
        shell.complain(io, f"{words[0]}: {words[1]}: numeric argument required")
        return 2
    return int(words[1]) & 0xFF


def _break(shell: Shell, words: list[str], io: Descriptors) -> int:
    from drills.shell.interpreter import Break, Continue

    if shell.loops == 0:
        shell.complain(io, f"{words[0]}: only meaningful in a `for', `while', or `until' loop")
        return 0
    levels = int(words[1]) if len(words) > 1 and words[1].isdigit() else 1
    raise (Break if words[0] == "break" else Continue)(0, max(levels, 1))


def _eval(shell: Shell, words: list[str], io: Descriptors) -> int:
    with shell.console.deeper():
        text = " ".join(words[1:])
        return shell.run_text(text, io) if text.strip() else 0


def _source(shell: Shell, words: list[str], io: Descriptors) -> int:
    from drills.shell.interpreter import Return

    if len(words) < 2:
        shell.complain(io, f"{words[0]}: filename argument required")
        return 2
    path = absolute(words[1], shell.cwd)
    try:
        text = shell.console.read(path)
    except (FileNotFoundError, IsADirectoryError):
        shell.console.missing(path)
        shell.complain(io, f"{words[1]}: No such file or directory")
        return 1
    before, interactive = shell.arguments, shell.interactive
    placeholders, shell.placeholders = shell.placeholders, False
    if words[2:]:
        shell.arguments = words[2:]
    shell.sourcing += 1
    shell.status = 0
    try:
        with shell.console.deeper():
            return shell.run_text(text, io)
    except Return as leaving:
        return leaving.code
    finally:
        shell.sourcing -= 1
        shell.arguments, shell.interactive, shell.placeholders = before, interactive, placeholders


def _exec(shell: Shell, words: list[str], io: Descriptors) -> int:
    from drills.shell.interpreter import Exit

    if len(words) == 1:
        shell.base.clear()
        shell.base.update(io)
        return 0
    raise Exit(shell.program(words[1:], shell.variables.environment(), io))


def _test(shell: Shell, words: list[str], io: Descriptors) -> int:
    arguments = words[1:]
    if words[0] == "[":
        if not arguments or arguments[-1] != "]":
            shell.complain(io, "[: missing `]'")
            return 2
        arguments = arguments[:-1]
    try:
        return int(not judge(arguments, facts_of(shell)))
    except ConditionProblem as problem:
        shell.complain(io, f"{words[0]}: {problem}")
        return 2


def _command(shell: Shell, words: list[str], io: Descriptors) -> int:
    arguments = words[1:]
    if arguments[:1] and arguments[0] in ("-v", "-V"):
        return _which(shell, [words[0], arguments[0], *arguments[1:]], io)
    if arguments[:1] == ["-p"] or arguments[:1] == ["--"]:
        arguments = arguments[1:]
    if not arguments:
        return 0
    if arguments[0] in BUILTINS:
        return BUILTINS[arguments[0]](shell, arguments, io)
    return shell.program(arguments, shell.variables.environment(), io)


def _builtin(shell: Shell, words: list[str], io: Descriptors) -> int:
    if len(words) < 2:
        return 0
    if words[1] not in BUILTINS:
        shell.complain(io, f"builtin: {words[1]}: not a shell builtin")
        return 1
    return BUILTINS[words[1]](shell, words[1:], io)


def _which(shell: Shell, words: list[str], io: Descriptors) -> int:
    """`command -v`, `command -V` and `type`."""
    long = words[0] == "type" or "-V" in words[1:2]
    status = 0
    for name in [w for w in words[1:] if not w.startswith("-")]:
        place = shell.console.which(name, shell.cwd)
        if name in shell.functions:
            said = f"{name} is a function" if long else name
        elif name in BUILTINS:
            said = f"{name} is a shell builtin" if long else name
        elif place is not None:
            said = f"{name} is {place}" if long else place
        else:
            status = 1
            if long:
                shell.complain(io, f"{words[0]}: {name}: not found")
            continue
        shell.write(io, 1, said + "\n")
    return status


def _set(shell: Shell, words: list[str], io: Descriptors) -> int:
    letters = {"e": "errexit", "u": "nounset", "x": "xtrace", "f": "noglob", "a": "allexport", "C": "noclobber",
               "n": "noexec", "v": "verbose", "m": "monitor", "b": "notify", "h": "hashall", "E": "errtrace",
               "T": "functrace", "B": "braceexpand", "P": "physical", "k": "keyword", "t": "onecmd"}  # fmt: skip
    place = 1
    while place < len(words) and words[place][:1] in "-+" and len(words[place]) > 1:
        word = words[place]
        place += 1
        if word == "--":
            break
        if word[1:] in ("o", "eo", "euo", "uo", "xo", "eux", "exo", "euxo", "Eeuo", "eEuo", "Eeuxo") or "o" in word[1:]:
            for letter in word[1:].replace("o", ""):
                if letter not in letters:
                    return _no_option(shell, io, f"set: {word}: invalid option")
                shell.options[letters[letter]] = word[0] == "-"
            if place < len(words):
                shell.options[words[place]] = word[0] == "-"
                place += 1
            continue
        for letter in word[1:]:
            if letter not in letters:
                return _no_option(shell, io, f"set: {word}: invalid option")
            shell.options[letters[letter]] = word[0] == "-"
    else:
        if place == len(words):
            if len(words) == 1:
                lines = (f"{n}={shell.variables.text(n)}\n" for n in shell.variable_names())
                shell.write(io, 1, "".join(lines))
            return 0
    shell.arguments = words[place:]
    return 0


def _no_option(shell: Shell, io: Descriptors, message: str) -> int:
    shell.complain(io, message)
    return 2


def _shopt(shell: Shell, words: list[str], io: Descriptors) -> int:
    names = [w for w in words[1:] if not w.startswith("-")]
    for name in names:
        if "-s" in words[1:] and name in _GLOBBING:
            raise NotHere(f"shopt -s {name} cannot be executed here")
    return 0


def _shift(shell: Shell, words: list[str], io: Descriptors) -> int:
    count = int(words[1]) if len(words) > 1 and words[1].isdigit() else 1
    if count > len(shell.arguments):
        return 1
    shell.arguments = shell.arguments[count:]
    return 0


def _trap(shell: Shell, words: list[str], io: Descriptors) -> int:
    arguments = [w for w in words[1:] if w != "--"]
    if not arguments or arguments[0] == "-p":
        for name, text in shell.traps.items():
            shell.write(io, 1, f"trap -- '{text}' {name}\n")
        return 0
    if arguments[0] == "-l":
        return 0
    action, names = (arguments[0], arguments[1:]) if len(arguments) > 1 else ("-", arguments)
    status = 0
    for name in names:
        signal = "EXIT" if name == "0" else name.upper().removeprefix("SIG")
        if signal not in SIGNALS and not name.isdigit():
            shell.complain(io, f"trap: {name}: invalid signal specification")
            status = 1
        elif action == "-":
            shell.traps.pop(signal, None)
        else:
            shell.traps[signal] = action
    return status


def _wait(shell: Shell, words: list[str], io: Descriptors) -> int:
    wanted = [w for w in words[1:] if not w.startswith("-")]
    status = 0
    pids = [shell.job_of(w) for w in wanted] if wanted else list(shell.jobs)
    for pid, word in zip(pids, wanted or [str(p) for p in pids], strict=True):
        if pid is None or pid not in shell.jobs:
            shell.complain(io, f"wait: pid {word} is not a child of this shell")
            status = 127
            continue
        status = shell.console.wait_for(shell.jobs[pid])
    return status if wanted else 0


def _jobs(shell: Shell, words: list[str], io: Descriptors) -> int:
    for pid, job in shell.jobs.items():
        if "-p" in words[1:]:
            shell.write(io, 1, f"{pid}\n")
        elif job.status is None:
            shell.write(io, 1, f"[{job.number}]   Running                 {job.text} &\n")
    return 0


def _foreground(shell: Shell, words: list[str], io: Descriptors) -> int:
    running = [job for job in shell.jobs.values() if job.status is None]
    if not running:
        shell.complain(io, f"{words[0]}: no current job" if words[0] == "fg" else "bg: no current job")
        return 1
    return shell.console.wait_for(running[-1]) if words[0] == "fg" else 0


def _times(shell: Shell, words: list[str], io: Descriptors) -> int:
    shell.write(io, 1, "0m0.000s 0m0.000s\n0m0.000s 0m0.000s\n")
    return 0


def _let(shell: Shell, words: list[str], io: Descriptors) -> int:
    value = 0
    try:
        for word in words[1:]:
            value = shell.calculate(word)
    except ShellFailure as failure:
        shell.complain(io, f"let: {failure.message}")
        return 1
    return int(value == 0)


def _umask(shell: Shell, words: list[str], io: Descriptors) -> int:
    if len(words) == 1:
        shell.write(io, 1, "0022\n")
    return 0


def _history(shell: Shell, words: list[str], io: Descriptors) -> int:
    lines = (f"{number:5d}  {text}\n" for number, text in enumerate(shell.typed, 1))
    shell.write(io, 1, "".join(lines))
    return 0


def _alias(shell: Shell, words: list[str], io: Descriptors) -> int:
    for word in words[1:]:
        name, equals, _text = word.partition("=")
        if equals:
            raise NotHere(f"alias {name} cannot be executed here: write the command out, or make it a function")
        shell.complain(io, f"alias: {name}: not found")
    return int(len(words) > 1)


def _read_all(shell: Shell, words: list[str], io: Descriptors) -> int:
    """`mapfile` and `readarray`."""
    arguments = words[1:]
    strip = "-t" in arguments
    names = [w for w in arguments if not w.startswith("-")]
    source = io.get(0)
    lines: list[str] = []
    while isinstance(source, Reader) and (line := source.line()) is not None:
        lines.append(line.rstrip("\n") if strip else line)
    name = names[0] if names else "MAPFILE"
    shell.variables.unset(name)
    shell.variables.set(name, lines)
    return 0


def _printf(shell: Shell, words: list[str], io: Descriptors) -> int:
    """The program of that name; with -v into a variable."""
    if words[1:2] != ["-v"] or len(words) < 4:
        return shell.program(words, shell.variables.environment(), io)
    out = Buffer()
    status = shell.program([words[0], *words[3:]], shell.variables.environment(), {**io, 1: out})
    shell.assign(words[2], out.text())
    return status


def _kill(shell: Shell, words: list[str], io: Descriptors) -> int:
    """End background jobs of this shell, or itself; anything else is for the program of that name."""
    from drills.shell.console import ENDED
    from drills.shell.interpreter import Exit

    targets = [word for word in words[1:] if not word.startswith("-")]
    pids = [shell.job_of(word) for word in targets]
    if pids == [shell.console.pid]:
        if words[1] == "-0":
            return 0
        raise Exit(ENDED)
    own = [pid in shell.jobs or word.startswith("%") for pid, word in zip(pids, targets, strict=True)]
    if not any(own):
        return shell.program(words, shell.variables.environment(), io)
    status = 0
    for pid, word in zip(pids, targets, strict=True):
        if pid is None or pid not in shell.jobs:
            shell.complain(io, f"kill: {word}: no such job")
            status = 1
        elif not words[1].startswith("-0"):
            shell.console.end(shell.jobs[pid])
    return status


BUILTINS: dict[str, Builtin] = {
    ":": _nothing, "true": _nothing, "false": _false, "cd": _cd, "pwd": _pwd, "pushd": _pushd, "popd": _pushd,
    "dirs": _pushd, "exit": _exit, "logout": _exit, "return": _return, "break": _break, "continue": _break,
    "eval": _eval, "source": _source, ".": _source, "exec": _exec, "test": _test, "[": _test, "command": _command,
    "builtin": _builtin, "type": _which, "set": _set, "shopt": _shopt, "shift": _shift, "trap": _trap, "wait": _wait,
    "jobs": _jobs, "fg": _foreground, "bg": _foreground, "times": _times, "let": _let, "umask": _umask,
    "history": _history, "hash": _nothing, "disown": _nothing, "ulimit": _nothing, "alias": _alias,
    "unalias": _nothing, "printf": _printf, "kill": _kill, "mapfile": _read_all, "readarray": _read_all,
    **VARIABLE_BUILTINS,
}  # fmt: skip
"""What each is called and does; `echo` is a program of the machine, and costs as little."""
