"""Begins in the child, and runs the user's code when the World calls."""

from __future__ import annotations

import faulthandler
import functools
import importlib
import importlib.util
import os
import signal
import sys
import threading
import types
from collections.abc import Callable, Mapping
from typing import Any

from sim.lockstep.agent import (
    clock,
    failures,
    family,
    files,
    machine,
    net,
    patching,
    places,
    selecting,
    signals,
    stdio,
    threads,
    tls,
)
from sim.lockstep.agent.awaiting import Awaiting
from sim.lockstep.agent.desk import desk, foresee
from sim.lockstep.agent.library_chance import LibraryChance
from sim.lockstep.agent.values import back, out
from sim.lockstep.agent.wire import Finished, Line, World, mine, note

HOOKS = ("on_tick", "on_bar", "on_order", "on_fill", "on_disconnect", "on_alert", "run")
TABLES = ("every", "commands", "endpoints")
_built: dict[str, Any] = {}
_awaiting = Awaiting()
_kept: list[Any] = []


def begin() -> None:
    """Say hello, wait for the World to let this process run, and replace what belongs to the machine."""
    World.path = os.environ["FIREDRILL_HUB"]
    World.key = os.environ.get("FIREDRILL_KEY") or f"pid{os.getpid()}"
    if os.environ.get("FIREDRILL_STACKS"):
        _kept.append(open(os.environ["FIREDRILL_STACKS"], "w"))  # noqa: SIM115
        faulthandler.register(signal.SIGUSR2, file=_kept[0], all_threads=True)
    failures.install()
    mine.line = Line("")
    World.settings = mine.line.wait()
    World.epoch_ns = World.settings["epoch_ns"]
    clock.install()
    threads.install(World.settings["ident"])
    signals.install()
    net.install()
    selecting.install()
    tls.install()
    if World.settings.get("spawn"):  # what a shell starts writes where the shell has it write
        family.install()
    else:
        stdio.install()
        files.install()
    machine.install()
    machine.scrub_own()
    patching.exchange()
    sys.meta_path[:0] = [patching.Refuser, LibraryChance, patching.Finder]
    World.calls.update(run=_run, build=_build, hook=_hook, hooks=_hooks, worker=_worker, stack=places.stack)


def main() -> None:
    """The first thread of a process that the World started: it does what it is called for until the end."""
    begin()
    machine.die_with_parent()
    try:
        mine.line.ask(["ready"])
    except Finished:
        pass


# A program that runs by itself.


def _run() -> None:
    settings = World.settings
    sys.argv[:] = settings["argv"]
    sys.path[:] = settings["path"] + [entry for entry in sys.path[1:] if entry not in settings["path"]]
    _leave(_exit_code(World.now_us))


def _exit_code(began_us: int) -> int:
    try:
        answer = _body(World.settings["target"])
        if isinstance(answer, str):
            note("answer", answer)
    except SystemExit as leaving:
        if leaving.code is None or isinstance(leaving.code, int):
            return int(leaving.code or 0)
        sys.stderr.write(f"{leaving.code}\n")
        return 1
    except KeyboardInterrupt as interrupt:
        _report(interrupt)
        return 130
    except BaseException as error:
        if isinstance(error, (ImportError, SyntaxError)) and World.now_us == began_us:
            _unusable(error)
        _report(error)
        return 1
    return 0


def _report(error: BaseException) -> None:
    note("error", World.settings["target"], f"{type(error).__name__}: {error}", places.of_error(error))
    if sys.excepthook is not sys.__excepthook__:
        try:
            sys.excepthook(type(error), error, error.__traceback__)
        except Exception:
            pass
    from traceback import format_exception_only

    sys.stderr.write("".join(format_exception_only(type(error), error)))


def _unusable(error: BaseException) -> None:
    """Tell that the code cannot be imported; the World ends the run, and this process with it."""
    at = places.of_error(error)
    file, line = _file_of(error)
    text = f"{type(error).__name__}: {error.msg if isinstance(error, SyntaxError) else error}"
    missing = error.name if isinstance(error, ModuleNotFoundError) else None
    note("unusable", {"text": text, "at": at, "file": file, "line": line, "missing": missing})
    mine.line.ask(["sync"])


def _file_of(error: BaseException) -> Any:
    if isinstance(error, SyntaxError) and error.filename:
        return error.filename, error.lineno
    trace, found = error.__traceback__, (None, None)
    while trace is not None:
        filename = trace.tb_frame.f_code.co_filename
        if places.is_project(filename):
            found = (filename, trace.tb_lineno)  # type: ignore[assignment]
        trace = trace.tb_next
    return found


def _leave(code: int) -> None:
    """What the interpreter does at its exit: wait for threads that are not daemons, then the atexit handlers."""
    pool = sys.modules.get("concurrent.futures.thread")
    if pool is not None:
        for thread in [each for each in threads.alive if each in pool._threads_queues]:
            executor = thread._args[0]() if getattr(thread, "_args", None) else None
            if executor is not None:
                executor._shutdown = True
            pool._threads_queues[thread].put(None)
    while True:
        waiting = [thread for thread in threads.alive if thread is not mine.thread and not thread.daemon]
        if not waiting:
            break
        threading.Thread.join(waiting[0])
    World.settings["ending"] = True
    import atexit

    try:
        atexit._run_exitfuncs()
    except BaseException:  # it was printed
        pass
    mine.line.ask(["exit", code, ""])
    World.leaving = True
    raise Finished


def _body(target: str) -> Any:
    if target.startswith("-m "):
        return _run_module(target[3:].strip())
    name, _, function = target.partition(":")
    root = World.settings["root"]
    if not function:
        return _run_script(os.path.join(root, name))
    return _call(_attribute(_load(name), function), desk())


def _run_script(file: str, spec: Any = None) -> None:
    module = types.ModuleType("__main__")
    vars(module).update(__file__=file, __builtins__=__builtins__, __cached__=None)
    if spec is not None:  # as `python -m` runs it: it may import relative to its package
        vars(module).update(__spec__=spec, __package__=spec.parent, __loader__=spec.loader)
    sys.modules["__main__"] = module
    with open(file, "rb") as source:
        code = compile(source.read(), file, "exec", dont_inherit=True)
    exec(code, vars(module))


def _run_module(name: str) -> None:
    spec = importlib.util.find_spec(name)
    if spec is not None and spec.submodule_search_locations is not None:
        spec = importlib.util.find_spec(f"{name}.__main__")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)
    sys.argv[0] = spec.origin
    _run_script(spec.origin, spec)


def _load(name: str) -> Any:
    if not name.endswith(".py"):
        return importlib.import_module(name)
    module_name = os.path.splitext(name)[0].replace(os.sep, ".")
    spec: Any = importlib.util.spec_from_file_location(module_name, os.path.join(World.settings["root"], name))
    module = importlib.util.module_from_spec(spec)
    sys.modules[module_name] = module
    spec.loader.exec_module(module)
    return module


def _attribute(module: Any, dotted: str) -> Any:
    return functools.reduce(getattr, dotted.split("."), module)


def _call(function: Callable[..., Any], firm: Any) -> Any:
    """Call it, with the desk when it takes one; a coroutine is run to its end."""
    import inspect  # only here: it is slow to load

    parameters = inspect.signature(function).parameters.values()
    takes = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD, p.VAR_POSITIONAL)]
    takes_desk = firm is not None and takes and (takes[0].name == "desk" or takes[0].default is inspect.Parameter.empty)
    answer = function(firm) if takes_desk else function()
    if inspect.iscoroutine(answer):
        import asyncio

        return asyncio.run(answer)
    return answer


# Hooks.


def _build() -> Any:
    """Import, build, and say which hooks there are."""
    settings = World.settings
    sys.argv[:] = settings["argv"]
    sys.path[:] = settings["path"] + [entry for entry in sys.path[1:] if entry not in settings["path"]]
    name, _, function = settings["target"].partition(":")
    try:
        build = _attribute(_load(name), function)
    except (ImportError, AttributeError, SyntaxError) as error:
        _unusable(error)
        raise
    built = build(desk())

    def take(key: str) -> Any:
        return built.get(key) if isinstance(built, Mapping) else getattr(built, key, None)

    said: dict[str, Any] = {"shown": repr(built)}
    for key in HOOKS:
        hook = take(key)
        if hook is not None:
            _built[key] = hook
            said[key] = callable(hook) or repr(hook)
    for key in TABLES:
        table = take(key)
        if table is None:
            continue
        if not hasattr(table, "items"):
            said[key] = repr(table)
            continue
        said[key] = []
        for number, (name, hook) in enumerate(table.items()):
            _built[f"{key}/{number}"] = hook
            said[key].append([out(name), callable(hook) or repr(hook)])
    return said


def _hook(key: str, arguments: Any, foreseen: Any) -> Any:
    foresee(foreseen)
    return out(_awaiting.result(_built[key](*back(arguments))))


def _hooks(key: str, rows: Any, foreseen: Any) -> int:
    """Call a hook for row after row until it has waited; how many rows were done."""
    foresee(foreseen)
    hook, waits = _built[key], mine.waits
    for done, row in enumerate(rows, start=1):
        _awaiting.result(hook(back(row)))
        if mine.waits != waits:
            return done
    return len(rows)


def _worker(number: int) -> None:
    """A further thread for calls that come while the first one waits; to the user's code it is the main thread."""
    ident, thread = mine.ident, mine.thread

    def body() -> None:
        mine.ident, mine.thread = ident, thread
        mine.line.ask(["ready"])

    threads.run_connected(f"/w{number}", body)
