"""The mitigation under test, from what the user typed after `--code` to something a World can start.

    package.module:build     a function or class that takes the desk and returns the hooks
    path/to/file.py:Class    the same, by file
    package.module           its `build`, or else its `run(desk)`, which is run as it is

Code is imported from the project folder (`--project`, by default the working directory), anew at each start
of a process, because a restarted bot has forgotten everything. What does not load is the user's to mend, so
it is told with the user's own file and line (`drills.code_complaints`).
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import inspect
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

from drills import code_complaints as complaints
from drills.fresh_imports import is_ours, is_user_file, loaded_files, take_out, user_imports
from drills.unmodified import load_unmodified, unmodified_sha256
from sim.errors import BadInput
from sim.world import Mitigation

REFERENCE = "drills.reference.bot:build"
MAX_BYTES = 2_000_000
_SPEC = re.compile(r"(?P<where>.+?)(?::(?P<name>[^\W\d]\w*(?:\.[^\W\d]\w*)*))?", re.DOTALL)


def load_mitigation(
    spec: str | None, project: Path | None = None, unmodified: bool = False, python: Path | None = None
) -> Mitigation:
    """The mitigation that `spec` names (None: the reference bot), tried once so that complaints come early.

    Its `build` imports the code afresh at each call. Run it inside `code_in_reach`, so that imports inside
    the user's functions find the project too.
    """
    if unmodified:
        return load_unmodified(spec, project, python)
    code = UserCode(spec, project)
    with user_imports(code.roots, code.package):
        code.target()
    return Mitigation(code.build, code.spec)


@contextmanager
def code_in_reach(spec: str | None, project: Path | None = None, unmodified: bool = False) -> Iterator[None]:
    """While this lasts, the user's project can be imported; afterwards nothing of it is left behind."""
    if unmodified:  # it sees to its own imports
        yield
        return
    code = UserCode(spec, project)
    with user_imports(code.roots, code.package):
        yield


def code_sha256(spec: str | None, project: Path | None = None, unmodified: bool = False) -> str:
    """One digest of the user's source: the package that holds the code, and what it imports of the project."""
    if unmodified:
        return unmodified_sha256(project)
    code = UserCode(spec, project)
    with user_imports(code.roots, code.package):
        module = code.module()
        files = set(loaded_files(code.roots, code.package)) | set(code.siblings(module))
    sha = hashlib.sha256()
    for name, file in sorted((code.relative(file), file) for file in files):
        sha.update(f"{name}\n{hashlib.sha256(file.read_bytes()).hexdigest()}\n".encode())
    return sha.hexdigest()


class UserCode:
    """What one `--code` stands for."""

    def __init__(self, spec: str | None, project: Path | None = None) -> None:
        """Take `spec` apart; nothing is imported yet."""
        self.spec = spec or REFERENCE
        self.project = (project or Path()).resolve()
        if not self.project.is_dir():
            raise BadInput("there is no such folder", mend="check the path", field="--project", value=str(project))
        match = _SPEC.fullmatch(self.spec.strip())
        if match is None:
            raise self._bad("names nothing", "write package.module:build or path/to/file.py:build")
        self.where, self.name = match["where"], match["name"]
        self.file = self._find_file()
        self.roots: tuple[Path, ...] = (self.project,)
        self.package: str | None = None
        if self.file is None:
            self.module_name = self.where
            self.package = self.where.partition(".")[0]
        else:
            root, self.module_name = _place_of(self.file)
            self.roots = tuple(dict.fromkeys((root, self.project)))
        if is_ours(self.module_name) and self.file is None:
            self.roots, self.package = (), None

    def build(self, desk: Any) -> object:
        """A new instance of the code, from fresh modules."""
        take_out(self.roots, self.package)
        path = list(sys.path)
        sys.path[:0] = [str(root) for root in self.roots if str(root) not in sys.path[: len(self.roots)]]
        try:
            target = self.target()
        finally:
            sys.path[:] = path
        return target(desk)

    def target(self) -> Callable[[Any], object]:
        """Import the module and pick from it what is to be called with the desk."""
        module = self.module()
        name = self.name or ("build" if hasattr(module, "build") else "run")
        found: Any = module
        for part in name.split("."):
            if not hasattr(found, part):
                raise complaints.no_such_name(self.spec, module, found, name, asked=self.name is not None)
            found = getattr(found, part)
        complaints.check_callable(self.spec, module, name, found)
        return partial(_hooks_of_run, found) if name == "run" else found

    def module(self) -> ModuleType:
        """Import the module; BadInput with the user's file and line when it cannot be."""
        importlib.invalidate_caches()
        try:
            if self.file is None:
                return importlib.import_module(self.module_name)
            return _import_file(self.file, self.module_name)
        except (Exception, SystemExit) as error:
            raise complaints.not_importable(self.spec, self.module_name, self.file, self.roots, error) from error

    def siblings(self, module: ModuleType) -> list[Path]:
        """The Python files of the package that holds `module`; of a lone module just its own."""
        file = inspect.getsourcefile(module)
        if file is None:
            return []
        own = Path(file).resolve()
        if not module.__package__:
            return [own]
        inside = own.parent.rglob("*.py")
        return [own, *(path for path in inside if not self.roots or is_user_file(str(path), self.roots))]

    def relative(self, file: Path) -> str:
        """Name of `file` that is the same on any machine."""
        for root in (*self.roots, Path(__file__).resolve().parents[1]):
            if file.is_relative_to(root):
                return file.relative_to(root).as_posix()
        return "/".join(file.parts[-3:])

    def _find_file(self) -> Path | None:
        where = Path(self.where)
        is_python = where.suffix == ".py"
        found = next((p.resolve() for p in (self.project / where, where) if p.is_file()), None)
        if not is_python and (found is not None or len(where.parts) > 1):
            raise self._bad("is not a Python file", "name a .py file, or a module as package.module:build")
        if not is_python:
            return None
        if found is None:
            raise self._bad("there is no such file", f"give a path from {self.project.name}/ or from here")
        if found.stat().st_size > MAX_BYTES:
            raise self._bad(f"is larger than {MAX_BYTES // 1_000_000} MB", "name the file that holds the mitigation")
        return found

    def _bad(self, problem: str, mend: str) -> BadInput:
        return BadInput(problem, mend=mend, field="--code", value=self.spec)


def _place_of(file: Path) -> tuple[Path, str]:
    """The folder that `file` is imported from, and its module name there."""
    folder, names = file.parent, [file.stem]
    while (folder / "__init__.py").is_file() and folder.name.isidentifier():
        names.insert(0, folder.name)
        folder = folder.parent
    return folder, ".".join(names)


def _import_file(file: Path, name: str) -> ModuleType:
    parent = name.rpartition(".")[0]
    if parent:
        importlib.import_module(parent)
    elif name in sys.modules or not name.isidentifier():
        name = f"mitigation_{file.stem}"  # a file called calendar.py must not become everybody's calendar
    spec = importlib.util.spec_from_file_location(name, file)
    assert spec is not None, file
    assert spec.loader is not None, file
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _hooks_of_run(run: Callable[[Any], object], desk: Any) -> dict[str, Callable[[], object]]:
    """A blocking `run(desk)` as hooks: the World starts it beside everything else."""
    return {"run": partial(run, desk)}
