"""What one `--code` stands for: where it is, what shape it has, and what of it is called with the desk.

Hooks or a program? A name after the colon decides: `run` and `main` are programs. Without one, the text of the
module does: a `build` or `run` for the desk, or else a script.
"""

from __future__ import annotations

import ast
import importlib
import importlib.util
import inspect
import re
import sys
import sysconfig
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

from drills import code_complaints as complaints
from drills.code_shape import Shape, shape_of
from drills.fresh_imports import is_ours, user_imports
from sim.errors import BadInput

REFERENCE = "drills.reference.bot:build"
MAX_BYTES = 2_000_000
_SPEC = re.compile(r"(?P<where>.+?)(?::(?P<name>[^\W\d]\w*(?:\.[^\W\d]\w*)*))?", re.DOTALL)


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
            if project is None and not self.file.is_relative_to(self.project):
                self.project = root  # named from anywhere: the working directory has nothing to do with it
            self.roots = tuple(dict.fromkeys((root, self.project)))
        if self.is_ours:
            self.roots, self.package = (), None

    @property
    def is_ours(self) -> bool:
        """Whether it is one of Firedrill's own bots: those keep no state and use nothing but the desk."""
        return self.file is None and is_ours(self.module_name)

    @property
    def target(self) -> str:
        """The same as a program is named: a file by its path from the project, where it lies there."""
        if self.file is None or (self.project / self.where).is_file():
            return self.spec.strip()
        return f"{self.file}:{self.name}" if self.name else str(self.file)

    def shape(self, ours: bool = True) -> Shape:
        """Whether it is hooks or a program, as far as its text tells; `ours` when our own Python will run it."""
        if self.name is not None:
            return "program" if self.name in ("run", "main") else "hooks"
        source = self._source()
        if source is None:
            return "hooks"
        try:
            shape = shape_of(ast.parse(source.read_bytes()))
        except (SyntaxError, ValueError):
            return "hooks" if ours else "program"  # loading it will tell where it is wrong
        return "hooks" if shape == "program" and self.file is None else shape

    def _source(self) -> Path | None:
        if self.file is not None:
            return self.file
        parts = self.module_name.split(".")
        if not all(part.isidentifier() for part in parts):
            return None
        places = [root.joinpath(*parts) for root in (self.project, self.project / "src")]
        files = [file for place in places for file in (place.with_suffix(".py"), place / "__init__.py")]
        return next((file for file in files if file.is_file()), None)

    def homes(self) -> tuple[Path, ...]:
        """Where the package lies that is named, when that is not in the project: what is installed is theirs too."""
        if self.package is None:
            return ()
        with user_imports(self.roots):
            try:
                found = importlib.util.find_spec(self.package)
            except (ImportError, ValueError, AttributeError):
                return ()
        if found is None:
            return ()
        places = [Path(place).resolve() for place in found.submodule_search_locations or (found.origin or "",)]
        return tuple(p for p in places if p.exists() and not p.is_relative_to(self.project) and not _of_python(p))

    def folder(self) -> Path:
        """The folder that the module lies in."""
        return Path(inspect.getsourcefile(self.module()) or ".").parent

    def build(self, desk: Any) -> object:
        """The hooks of one of our own bots."""
        return self.callable()(desk)

    def found(self) -> Callable[[Any], object]:
        """As `callable`, in the program that is to run it: the project is found from then on."""
        sys.path[:0] = [str(root) for root in self.roots if str(root) not in sys.path]
        return self.callable()

    def callable(self) -> Callable[[Any], object]:
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


def _of_python(place: Path) -> bool:
    """Whether it is the standard library's."""
    library = Path(sysconfig.get_path("stdlib"))
    return place.is_relative_to(library) and "site-packages" not in place.relative_to(library).parts
