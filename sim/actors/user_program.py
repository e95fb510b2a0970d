"""The user's code as it is: a script, a module, a blocking or async function, started as often as its process is.

Three shapes, told apart by how they are written:

    bot.py                 a script, run as `python bot.py` would
    -m package.bot         a module, run as `python -m` would
    package.bot:run        a function (blocking or `async def`), given the desk when it takes an argument
    path/to/bot.py:main    the same, by path
"""

from __future__ import annotations

import asyncio
import importlib
import importlib.util
import inspect
import os
import shutil
import sys
import types
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import Any

from sim.actors.environment import scrubbed
from sim.actors.modules import Interpreter
from sim.actors.process import Process
from sim.actors.program import Program
from sim.actors.runtime import runtime_of
from sim.errors import BadInput

_COPIED = (".yaml", ".yml", ".toml", ".ini", ".cfg", ".conf", ".json", ".csv", ".txt")
_NOT_COPIED = ("node_modules", "__pycache__", "build", "dist", "site-packages")
_COPY_LIMIT = 1 << 20


@dataclass(frozen=True)
class UserProgram:
    """What to run, and with what around it."""

    target: str
    """Script, `-m module`, or `module:function`; relative to `project`."""
    argv: tuple[str, ...] = ()
    project: Path = field(default_factory=Path.cwd)
    """The user's repository: what is imported from it is loaded anew at each start."""
    environ: Mapping[str, str] = field(default_factory=dict)
    """Variables given to the program beside those of the machine."""
    code: str | None = None
    """The program itself, as `python -c` takes it; the target then only names it."""
    copy_files: bool = True
    """Whether small data files of the project are found in the working directory."""

    def build(self, desk: Any) -> dict[str, Any]:
        """As a mitigation of a World: the one hook `run`, which starts the program in the desk's process."""
        return {"run": lambda: self.start(desk._world, desk._process, desk)}

    def check(self) -> None:
        """BadInput when there is nothing to run where the target says."""
        if self.code is not None or self.target.startswith("-m "):
            return
        name, _, function = self.target.partition(":")
        if name.endswith(".py"):
            file = self.root / name
            if not file.is_file():
                raise BadInput("no such file", file=file, mend="give a script or module:function of the project")
        elif not function:
            raise BadInput(
                "neither a script nor module:function", field="code", value=self.target,
                mend="write path/to/script.py, '-m module' or package.module:function",
            )  # fmt: skip

    @property
    def root(self) -> Path:
        """The project's directory, without symbolic links."""
        return Path(self.project).resolve()

    def start(
        self, world: Any, process: Process, desk: Any = None, on_exit: Callable[[int], None] | None = None
    ) -> Program:
        """Start it in `process`, now; `on_exit` is told its exit status."""
        program = self.prepare(world, process)
        if on_exit is not None:
            program.on_exit.append(on_exit)
        program.start(lambda: self._body(desk))
        return program

    def prepare(self, world: Any, process: Process) -> Program:
        """A program with its environment, files and interpreter state, that runs nothing yet."""
        self.check()
        runtime = runtime_of(world)
        runtime.add_root(str(self.root))
        runtime.add_root(os.path.abspath(self.project))
        program = Program(runtime, process, self.target)
        program.environ = self._environ(runtime.directory, world.clock.zone.key)
        if self.copy_files:
            self._copy_files(runtime.directory)
        seed = int.from_bytes(program.random_bytes(8), "big")
        runtime.add(
            program, Interpreter(runtime.loaded, self._arguments(), self.search_path, str(runtime.directory), seed)
        )
        return program

    @property
    def search_path(self) -> list[str]:
        """What comes first in `sys.path`; a project with `src/` is installed before it runs."""
        source = self.root / "src"
        return [str(self._script_folder), str(self.root), *([str(source)] if source.is_dir() else [])]

    @property
    def _script_folder(self) -> Path:
        name = self.target.partition(":")[0]
        return (self.root / name).parent if name.endswith(".py") else self.root

    def _arguments(self) -> list[str]:
        if self.code is not None:
            return ["-c", *self.argv]
        name = self.target.removeprefix("-m ").partition(":")[0]
        return [str(self.root / name) if name.endswith(".py") else name, *self.argv]

    def _environ(self, directory: Path, zone: str) -> dict[bytes, bytes]:
        """`TZ` is set because libraries such as tzlocal would else read the machine's /etc/localtime."""
        values = scrubbed(os.environ, {"TZ": zone, **self.environ}) | {"PWD": str(directory)}
        values.setdefault("TMPDIR", str(directory))
        return {name.encode(): value.encode("utf-8", "surrogateescape") for name, value in values.items()}

    def _copy_files(self, directory: Path) -> None:
        """Put the project's small data files where a program started in the project would find them."""
        for folder, names, files in os.walk(self.root):
            depth = len(Path(folder).relative_to(self.root).parts)
            names[:] = sorted(n for n in names if depth < 3 and not n.startswith(".") and n not in _NOT_COPIED)
            if any((Path(folder) / name / "pyvenv.cfg").exists() for name in names):
                names[:] = [name for name in names if not (Path(folder) / name / "pyvenv.cfg").exists()]
            for file in sorted(files):
                source = Path(folder) / file
                place = directory / source.relative_to(self.root)
                if file.endswith(_COPIED) and not place.exists() and source.stat().st_size <= _COPY_LIMIT:
                    place.parent.mkdir(parents=True, exist_ok=True)
                    shutil.copy(source, place)

    # In the program.

    def _body(self, desk: Any) -> Any:
        if self.code is not None:
            _run_code(compile(self.code, "<string>", "exec", dont_inherit=True), "<string>")
            return None
        if self.target.startswith("-m "):
            return _run_module(self.target[3:].strip())
        name, _, function = self.target.partition(":")
        if not function:
            _run_script(self.root / name)
            return None
        module = self.load(name) if name.endswith(".py") else importlib.import_module(name)
        return _call(_attribute(module, function), desk)

    def load(self, path: str) -> types.ModuleType:
        """Import a file of the project by its path."""
        file = self.root / path
        name = ".".join(file.relative_to(self.root).with_suffix("").parts)
        spec = importlib.util.spec_from_file_location(name, file)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
        return module


def _run_module(name: str) -> None:
    """As `python -m` runs it: the package's `__init__` first, then the module, which may import relative to it."""
    spec = importlib.util.find_spec(name)
    if spec is not None and spec.submodule_search_locations is not None:
        spec = importlib.util.find_spec(f"{name}.__main__")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)
    sys.argv[0] = spec.origin
    _run_script(Path(spec.origin), spec)


def _run_script(file: Path, spec: ModuleSpec | None = None) -> None:
    _run_code(compile(file.read_bytes(), str(file), "exec", dont_inherit=True), str(file), spec)


def _run_code(code: types.CodeType, file: str, spec: ModuleSpec | None = None) -> None:
    module = types.ModuleType("__main__")
    vars(module).update(__file__=file, __builtins__=__builtins__, __firedrill__=True, __cached__=None)
    if spec is not None:
        vars(module).update(__spec__=spec, __package__=spec.parent, __loader__=spec.loader)
    sys.modules["__main__"] = module
    exec(code, vars(module))


def _attribute(module: types.ModuleType, dotted: str) -> Callable[..., Any]:
    value: Any = module
    for part in dotted.split("."):
        value = getattr(value, part)
    return value  # type: ignore[no-any-return]


def _call(function: Callable[..., Any], desk: Any) -> Any:
    """Call it, with the desk when it takes one; a coroutine is run to its end."""
    parameters = inspect.signature(function).parameters.values()
    takes = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD, p.VAR_POSITIONAL)]
    takes_desk = desk is not None and takes and (takes[0].name == "desk" or takes[0].default is inspect.Parameter.empty)
    answer = function(desk) if takes_desk else function()
    if inspect.iscoroutine(answer):
        return asyncio.run(answer)
    return answer
