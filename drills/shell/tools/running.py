"""Programs that run other programs: bash, env, xargs, sudo, nohup, ssh and their like."""

from __future__ import annotations

import posixpath
import re
import shlex

from drills.shell.console import Console
from drills.shell.files import absolute
from drills.shell.launching import must_be_known, run_shell_script
from drills.shell.program import Failed, Options, Program, keyboard, options_of
from drills.shell.streams import Reader
from drills.shell.tool import Call, NotHere, Result


def console_of(call: Call) -> Console:
    """The terminal with all its abilities."""
    assert isinstance(call.terminal, Console)
    return call.terminal


def _input(call: Call) -> Reader | None:
    source = call.input
    if isinstance(source, Reader):
        return source
    return None if call.stdin is None else Reader(call.stdin)


def bash(call: Call) -> Result:
    """A shell of its own: -c TEXT, a script with its arguments, or what is piped in."""
    words = list(call.args)
    flags: list[str] = []
    while words and re.match(r"[-+][A-Za-z]|--", words[0]):
        word = words.pop(0)
        if word == "--":
            break
        if word in ("-o", "+o") and words:
            flags += [word, words.pop(0)]
        elif not word.startswith("--"):
            flags.append(word)
    letters = "".join(flag[1:] for flag in flags if flag[0] == "-")
    console = console_of(call)
    if "n" in letters and "c" not in letters:
        return _checked(call, words)
    if "c" in letters:
        if not words:
            raise Failed(f"{call.name}: -c: option requires an argument", 2)
        name = words[1] if len(words) > 1 else call.name
        return _run(console, call, words[0], name, tuple(words[2:]), letters, flags)
    if not words or "s" in letters:
        return _run(console, call, keyboard(call), call.name, tuple(words), letters, flags)
    path = absolute(words[0], call.cwd)
    if console.files.is_folder(path):
        raise Failed(f"{words[0]}: {words[0]}: Is a directory", 126)
    try:
        text = console.read(path)
    except FileNotFoundError:
        must_be_known(console, words[0], path)
        raise Failed(f"{call.name}: {words[0]}: No such file or directory", 127) from None
    return _run(console, call, text, words[0], tuple(words[1:]), letters, flags)


def _run(
    console: Console, call: Call, text: str, name: str, arguments: tuple[str, ...], letters: str, flags: list[str]
) -> Result:  # fmt: skip
    options = {"e": "errexit", "u": "nounset", "x": "xtrace", "f": "noglob"}
    wanted = [options[letter] for letter in letters if letter in options]
    wanted += [flags[place + 1] for place, flag in enumerate(flags) if flag == "-o"]
    return run_shell_script(console, text, name, arguments, call.env, call.cwd, _input(call), options=tuple(wanted))


def _checked(call: Call, words: list[str]) -> Result:
    from drills.shell.lexer import ShellSyntaxError
    from drills.shell.parser import parse

    for name in words:
        try:
            parse(call.read(name))
        except ShellSyntaxError as error:
            raise Failed(f"{name}: line {error.line}: {error.problem}", 2) from None
    return Result()


def env(call: Call) -> Result:
    """Show the variables, or run a program with others."""
    variables, words = dict(call.env), list(call.args)
    while words:
        if words[0] in ("-i", "-", "--ignore-environment"):
            variables.clear()
            words.pop(0)
        elif words[0] in ("-u", "--unset") and len(words) > 1:
            variables.pop(words[1], None)
            words = words[2:]
        elif re.match(r"[A-Za-z_]\w*=", words[0]):
            name, _, value = words.pop(0).partition("=")
            variables[name] = value
        elif words[0].startswith("-"):
            raise NotHere(f"env: the option {words[0]} cannot be executed here")
        else:
            break
    if words:
        return _called(call, tuple(words), variables)
    return Result("".join(f"{name}={value}\n" for name, value in variables.items()))


def _called(call: Call, words: tuple[str, ...], variables: dict[str, str] | None = None) -> Result:
    """Run a program with the input of this one."""
    console = console_of(call)
    result = console.launch(words, call.env if variables is None else variables, call.cwd, _input(call))
    if result is None:
        return Result("", f"{call.name}: '{words[0]}': No such file or directory\n", 127)
    if result.err.startswith("\0"):
        return Result(result.out, f"{call.name}: {result.err[1:]}", result.code)
    return result


def printenv(call: Call) -> Result:
    """The value of variables."""
    if not call.args:
        return env(Call(("env",), call.terminal, None, call.env, call.cwd))
    found = [call.env[name] for name in call.args if name in call.env]
    return Result("".join(f"{value}\n" for value in found), "", int(len(found) < len(call.args)))


def xargs(call: Call) -> Result:
    """Run a program with arguments from its input."""
    long = {
        "null": "0", "no-run-if-empty": "r", "max-args": "n", "replace": "I", "max-procs": "P", "delimiter": "d",
        "max-lines": "L",
    }  # fmt: skip
    options = options_of(call, "0rtx", "nIPLd", long, mixed=False, unsupported="pEsaei")
    command = options.words or ["echo"]
    batches = _batches(call, options, keyboard(call))
    out, err, code = "", "", 0
    for batch in batches:
        if "I" in options:
            words = tuple(word.replace(options.value("I"), batch[0]) for word in command)
        else:
            words = (*command, *batch)
        result = console_of(call).call(words, "", call.env, call.cwd)
        out, err = out + result.out, err + result.err
        if result.code == 127:
            return Result(out, err, 127)
        if result.code:
            code = 123
    return Result(out, err, code)


def _batches(call: Call, options: Options, text: str) -> list[list[str]]:
    if "0" in options:
        items = [part for part in text.split("\0") if part]
    elif "d" in options:
        mark = options.value("d").replace("\\n", "\n").replace("\\t", "\t")
        items = text.removesuffix(mark).split(mark) if text else []
    elif "I" in options or "L" in options:
        items = [line.strip() for line in text.split("\n") if line.strip()]
    else:
        try:
            items = shlex.split(text)
        except ValueError:
            raise Failed(
                "xargs: unmatched quote; by default quotes are special to xargs unless you use the -0 option"
            ) from None
    if "I" in options:
        return [[item] for item in items]
    size = options.number(call, "L" if "L" in options else "n", 0) if "n" in options or "L" in options else 0
    if "L" in options:
        return [[word for line in items[p : p + size] for word in line.split()] for p in range(0, len(items), size)]
    if not items:
        return [] if "r" in options else [[]]
    return [items[place : place + size] for place in range(0, len(items), size)] if size else [items]


def sudo(call: Call) -> Result:
    """Run as somebody else: the firm asks for no password."""
    words = list(call.args)
    while words and words[0].startswith("-"):
        word = words.pop(0)
        if word in ("-u", "-g", "-h", "-p") and words:
            words.pop(0)
        elif word in ("-i", "-s", "-l", "-e") and word in ("-l", "-e"):
            raise NotHere(f"sudo {word} cannot be executed here")
    variables = dict(call.env)
    while words and re.match(r"[A-Za-z_]\w*=", words[0]):
        name, _, value = words.pop(0).partition("=")
        variables[name] = value
    if not words:
        raise (
            Failed("usage: sudo -h | -K | -k | -V", 1)
            if not call.args
            else NotHere("sudo opens a root shell, in which nobody types anything")
        )
    result = console_of(call).launch(tuple(words), variables, call.cwd, _input(call))
    if result is None:
        return Result("", f"sudo: {words[0]}: command not found\n", 1)
    return Result(result.out, result.err.replace("\0", "sudo: ", 1), result.code)


def nohup(call: Call) -> Result:
    """Run on when the terminal closes."""
    if not call.args:
        raise Failed("nohup: missing operand\nTry 'nohup --help' for more information.", 125)
    return _called(call, call.args)


def nice(call: Call) -> Result:
    """Priorities make no difference here."""
    options = options_of(call, "t", "nc", {"adjustment": "n"}, mixed=False)
    return _called(call, tuple(options.words)) if options.words else Result("0\n")


def timed(call: Call) -> Result:
    """The `time` program, where it is not the shell's own word."""
    words = [word for word in call.args if word not in ("-p", "-v")]
    console = console_of(call)
    began_us = console.now_us
    result = _called(call, tuple(words)) if words else Result()
    spent = f"real {(console.now_us - began_us) / 1e6:.2f}\nuser 0.00\nsys 0.00\n"
    return Result(result.out, result.err + spent, result.code)


def ssh(call: Call) -> Result:
    """Run a command on another machine of the firm."""
    options = options_of(call, "tTqxXvACNfn46", "iploJFLRDEcbm", mixed=False, code=255)
    words = list(options.words)
    if not words:
        raise Failed("usage: ssh [options] destination [command [argument ...]]", 255)
    user, _, host = words.pop(0).rpartition("@")
    terminal = _machine(call, host)
    if not words:
        raise NotHere(f"ssh {host} opens a shell there, in which nobody types anything: write the command behind it")
    folder = "/root" if (user or terminal.user) == "root" else terminal.environment()["HOME"]
    return terminal.run(" ".join(words), call.stdin or "", terminal.environment(), folder)


def _machine(call: Call, host: str) -> Console:
    """A known machine; NotHere when the firm has none of that name."""
    console = console_of(call)
    name = host.split(".")[0]
    if name not in console.firm.host_names():
        raise NotHere(f"the machine {host} is none of the simulated firm's: {', '.join(console.firm.host_names())}")
    console.wait_us(0)
    there = console.at(name)
    assert isinstance(there, Console)
    return there


def scp(call: Call) -> Result:
    """Copy a file to or from another machine of the firm."""
    options = options_of(call, "rpqCv346BT", "iPloFJcS", code=1)
    if len(options.words) < 2:
        raise Failed("usage: scp [options] source ... target")
    *names, target = options.words
    for name in names:
        console, path = _place(call, name)
        try:
            text = console.read(path)
        except FileNotFoundError:
            raise Failed(f"scp: {path}: No such file or directory") from None
        other, goal = _place(call, target)
        if other.files.is_folder(goal):
            goal = posixpath.join(goal, posixpath.basename(path))
        try:
            other.files.write(goal, text)
        except FileNotFoundError:
            raise Failed(f"scp: {goal}: No such file or directory") from None
    return Result()


def _place(call: Call, name: str) -> tuple[Console, str]:
    match = re.match(r"(?:[\w.-]+@)?([\w.-]+):(.*)", name)
    if match is None:
        return console_of(call), absolute(name, call.cwd)
    there = _machine(call, match.group(1))
    return there, absolute(match.group(2) or ".", there.environment()["HOME"])


def mail(call: Call) -> Result:
    """Mail leaves the firm's queue, and the History keeps that it did."""
    options = options_of(call, "vnEi", "srcbaAqf", mixed=True)
    text = keyboard(call)
    call.terminal.world.history.emit(
        "shell.mail", ",".join(options.words), title=options.value("s"), text=text[:400], place=call.terminal.place
    )
    return Result()


def _never(call: Call) -> Result:
    """Full-screen programs wait for keys that nobody presses."""
    raise NotHere(f"{call.name} waits for keys that nobody presses")


_KEYS = "waits for keys that nobody presses"
TOOLS = {
    "bash": Program(bash, "-c TEXT, scripts with arguments, text that is piped in, -n, -e, -u, -x, -o"),
    "sh": Program(bash, "as bash"),
    "zsh": Program(bash, "as bash"),
    "dash": Program(bash, "as bash"),
    "env": Program(env, "shows variables, runs with others; -i, -u"),
    "printenv": Program(printenv, "values of variables"),
    "xargs": Program(xargs, "-n -I -0 -r -d -L -P"),
    "sudo": Program(sudo, "runs the command; -u makes no difference"),
    "nohup": Program(nohup, "runs the command"),
    "nice": Program(nice, "runs the command"),
    "ionice": Program(nice, "runs the command"),
    "time": Program(timed, "the virtual time that a command takes"),
    "ssh": Program(ssh, "a command on another machine of the firm"),
    "scp": Program(scp, "files between machines of the firm"),
    "mail": Program(mail, "kept in the History"),
    "mailx": Program(mail, "kept in the History"),
    **{name: Program(_never, _KEYS) for name in ("vim", "vi", "nano", "screen", "tmux", "k9s")},
}
