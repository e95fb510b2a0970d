"""python: lines, modules and scripts, run for real in virtual time; what cannot be run is said.

Every program runs in a process of its own: fresh memory, the firm's files, the firm's hosts. It is compiled first,
so that what Python itself would refuse is refused in Python's words.
"""

from __future__ import annotations

import json
import posixpath
import re
from pathlib import Path

from drills.shell.console import Console
from drills.shell.files import absolute
from drills.shell.launching import must_be_known
from drills.shell.program import Failed, Program, keyboard
from drills.shell.python_process import run_program
from drills.shell.python_reading import acts_on_new_object, foreign, imported, syntax_problem
from drills.shell.tool import Call, NotHere, Result
from sim.actors.user_program import UserProgram

VERSION = "3.11"
"""The version that the firm's machines show."""
_NOT_RUN = {
    "http.server": "it serves until somebody stops it",
    "pdb": "it waits for somebody to type",
    "pip": "nothing is installed during a drill",
    "venv": "nothing is installed during a drill",
    "idlelib": "it opens a window",
    "cProfile": "it measures the machine, not the firm",
    "timeit": "it measures the machine, not the firm",
}


def python(call: Call) -> Result:
    """Run Python."""
    words = list(call.args)
    while words and words[0].startswith("-") and words[0] not in ("-c", "-m", "-"):
        word = words.pop(0)
        if word in ("-V", "--version", "-VV"):
            return Result(f"Python {VERSION}.0\n")
        match = re.fullmatch(r"-[uBEIsSOqbvx]*([cm]?)", word)
        if word in ("-W", "-X") and words:
            words.pop(0)
        elif match is None and not word.startswith(("-W", "-X")):
            raise Failed(
                f"Unknown option: {word}\nusage: {call.name} [option] ... [-c cmd | -m mod | file | -] [arg] ...", 2
            )
        elif match is not None and match.group(1):
            words.insert(0, f"-{match.group(1)}")
            break
    if words[:1] == ["-c"]:
        if len(words) < 2:
            raise Failed(f"Argument expected for the -c option\nusage: {call.name} [option] ... [-c cmd]", 2)
        return _code(call, words[1], tuple(words[2:]))
    if words[:1] == ["-m"]:
        if len(words) < 2:
            raise Failed(f"Argument expected for the -m option\nusage: {call.name} [option] ... [-m mod]", 2)
        return _module(call, words[1], tuple(words[2:]))
    if not words or words[0] == "-":
        return _code(call, keyboard(call), tuple(words[1:]), "<stdin>")
    return _script(call, words[0], tuple(words[1:]))


def console_of(call: Call) -> Console:
    """The terminal with all its abilities."""
    assert isinstance(call.terminal, Console)
    return call.terminal


def _code(call: Call, code: str, arguments: tuple[str, ...], name: str = "<string>") -> Result:
    problem = syntax_problem(code, name)
    if problem is not None:
        call.terminal.finding("python_does_not_compile", problem.strip().split("\n")[-1])
        return Result("", problem, 1)
    _read_effect(call, code)
    _must_have(call, foreign(imported(code)))
    return run_program(call, UserProgram("-c", arguments, _folder(call), dict(call.env), code=code))


def _read_effect(call: Call, code: str) -> None:
    acts = acts_on_new_object(code)
    if acts is not None:
        call.terminal.finding(
            "new_object",
            f"{acts.kind}().{acts.method} acts on an object that is built in a new process: it cannot reach the "
            "running system, unless it goes through a file or an endpoint",
        )


def _must_have(call: Call, modules: list[str]) -> None:
    """NotHere for modules of a repository that was not given."""
    if modules and call.terminal.repo is None:
        raise NotHere(f"the python module {modules[0]} is not here: name its repository with --repo")


def _folder(call: Call) -> Path:
    """The project in which a program runs: the repository, or nothing but the run's own folder."""
    from sim.actors.runtime import lives_in_virtual_time, runtime_of

    world = call.terminal.world
    if not lives_in_virtual_time(world):
        raise NotHere(
            f"{call.name}: programs run only while the firm lives in virtual time (drills.shell.firm.time_of)"
        )
    return call.terminal.repo or runtime_of(world).directory


def _module(call: Call, name: str, arguments: tuple[str, ...]) -> Result:
    if name == "json.tool":
        return _json_tool(call, arguments)
    top = name.split(".")[0]
    if name in _NOT_RUN or top in _NOT_RUN:
        raise NotHere(f"python -m {name} cannot be executed here: {_NOT_RUN.get(name, _NOT_RUN.get(top))}")
    if not foreign([name]):
        return run_program(call, UserProgram(f"-m {name}", arguments, _folder(call), dict(call.env)))
    _must_have(call, [name])
    missing = _missing_module(call, name)
    if missing is not None:
        call.terminal.finding("missing_module", f"the module {name} is not in the repository")
        return Result("", f"/usr/bin/{call.name}: {missing}\n", 1)
    return run_program(call, UserProgram(f"-m {name}", arguments, _folder(call), dict(call.env)))


def _missing_module(call: Call, name: str) -> str | None:
    """What Python says of a module that is nowhere; None when it is there or a package of others."""
    parts = name.split(".")
    roots = [call.terminal.project, f"{call.terminal.project}/src"]
    files = console_of(call).files
    for root in roots:
        path = "/".join([root, *parts])
        if files.is_file(f"{path}.py") or files.is_file(f"{path}/__main__.py"):
            return None
        if files.is_file(f"{path}/__init__.py"):
            return f"No module named {name}.__main__; '{name}' is a package and cannot be directly executed"
    for count in range(1, len(parts)):
        paths = ["/".join([root, *parts[:count]]) for root in roots]
        if not any(files.is_folder(path) or files.is_file(f"{path}.py") for path in paths):
            return (f"Error while finding module specification for '{name}' "
                    f"(ModuleNotFoundError: No module named '{'.'.join(parts[:count])}')")  # fmt: skip
    if len(parts) == 1 and _installed(name):
        return None
    return f"No module named {name}"


def _installed(name: str) -> bool:
    import importlib.util

    return importlib.util.find_spec(name) is not None


def _script(call: Call, name: str, arguments: tuple[str, ...]) -> Result:
    console = console_of(call)
    path = absolute(name, call.cwd)
    if console.files.is_folder(path):
        path = f"{path}/__main__.py"
    try:
        text = console.read(path)
    except FileNotFoundError:
        must_be_known(console, name, path)
        said = f"{call.name}: can't open file '{path}': [Errno 2] No such file or directory"
        return Result("", f"{said}\n", 2)
    problem = syntax_problem(text, path)
    if problem is not None:
        console.finding("python_does_not_compile", f"{name}: {problem.strip().split(chr(10))[-1]}")
        return Result("", problem, 1)
    relative = path.removeprefix(console.project.rstrip("/") + "/")
    if console.repo is not None and path != relative and (console.repo / relative).is_file():
        return run_program(call, UserProgram(relative, arguments, _folder(call), dict(call.env)))
    _must_have(call, foreign(imported(text)))
    return run_program(call, UserProgram(posixpath.basename(path), arguments, _folder(call), dict(call.env), code=text))


def _json_tool(call: Call, arguments: tuple[str, ...]) -> Result:
    options = [word for word in arguments if word.startswith("--")]
    names = [word for word in arguments if not word.startswith("-")]
    unknown = [word for word in options if word not in ("--sort-keys", "--no-ensure-ascii", "--compact")]
    if unknown or len(names) > 1:
        raise NotHere(f"python -m json.tool {' '.join(unknown or names[1:])} cannot be executed here")
    try:
        text = call.read(names[0]) if names else keyboard(call)
    except FileNotFoundError:
        raise Failed(f"usage: python -m json.tool\npython -m json.tool: error: argument infile: can't open "
                     f"'{names[0]}': [Errno 2] No such file or directory: '{names[0]}'", 2) from None  # fmt: skip
    try:
        value = json.loads(text)
    except ValueError as error:
        raise Failed(str(error)) from None
    compact = "--compact" in options
    shown = json.dumps(
        value, indent=None if compact else 4, sort_keys="--sort-keys" in options,
        ensure_ascii="--no-ensure-ascii" not in options, separators=(",", ":") if compact else None,
    )  # fmt: skip
    return Result(shown + "\n")


_ABOUT = "-c, -m, scripts and what is piped in, in a process of its own in virtual time; modules need --repo"
TOOLS = {"python": Program(python, _ABOUT), "python3": Program(python, _ABOUT), "py": Program(python, _ABOUT)}
