"""What is wrong with the user's mitigation code, in one line that points into the user's own file."""

from __future__ import annotations

import inspect
import traceback
from difflib import get_close_matches
from pathlib import Path
from types import ModuleType
from typing import Any

from drills.fresh_imports import OURS, is_user_file
from sim.errors import BadInput

_SHAPE = "write package.module:build, where build(desk) returns the hooks"


def not_importable(
    spec: str, module: str, file: Path | None, roots: tuple[Path, ...], error: BaseException
) -> BadInput:
    """The complaint about a module whose import ended with `error`."""
    where, line = _place(error, file, roots)
    if isinstance(error, SyntaxError):
        where, line = error.filename or where, error.lineno or line
        return BadInput(f"is not valid Python: {error.msg}", mend="correct the syntax", file=_short(where), line=line)
    if isinstance(error, ModuleNotFoundError) and error.name is not None:
        if where is None and (module == error.name or module.startswith(f"{error.name}.")):
            return _no_such_module(spec, module, roots, error)
        return _missing_import(error.name, where, line)
    if isinstance(error, SystemExit):
        problem, mend = f"the import ends the program (exit {error.code})", "put the work into a function"
    else:
        problem, mend = f"the import fails: {_said(error)}", "make the module import on its own"
    return BadInput(problem, mend=mend, file=_short(where) or spec, line=line)


def no_such_name(spec: str, module: ModuleType, owner: Any, name: str, asked: bool) -> BadInput:
    """The complaint about a module that does not hold `name`."""
    file = _short(getattr(module, "__file__", None)) or spec
    offered = [n for n in dir(owner) if not n.startswith("_") and _is_own(owner, n)]
    if not asked:
        mend = f"name one of {', '.join(offered[:6])} after a colon" if offered else _SHAPE
        return BadInput("the module has neither build(desk) nor run(desk)", mend=mend, file=file)
    near = get_close_matches(name.rpartition(".")[2], offered, n=1)
    mend = f"did you mean {near[0]}?" if near else f"it has {', '.join(offered[:6])}" if offered else _SHAPE
    return BadInput("the module has nothing of this name", mend=mend, file=file, field="--code", value=name)


def check_callable(spec: str, module: ModuleType, name: str, found: Any) -> None:
    """BadInput unless `found` can be called with the desk and nothing else."""
    file = _short(getattr(module, "__file__", None)) or spec
    line = getattr(getattr(found, "__code__", None), "co_firstlineno", None)
    if not callable(found):
        raise BadInput("is not callable", mend=_SHAPE, file=file, field=name, value=found)
    if inspect.iscoroutinefunction(found):
        mend = "make it a plain function that returns the hooks"
        raise BadInput("is an async function", mend=mend, file=file, line=line, field=name)
    try:
        signature = inspect.signature(found)
    except (TypeError, ValueError):
        return  # a builtin that does not tell: calling it will show
    try:
        signature.bind("desk")
    except TypeError:
        raise BadInput(
            f"must take the desk and nothing else, it takes {signature}",
            mend=f"write {name}(desk)",
            file=file,
            line=line,
            field=name,
        ) from None


def _no_such_module(spec: str, module: str, roots: tuple[Path, ...], error: ModuleNotFoundError) -> BadInput:
    parent, _, last = module.rpartition(".")
    if "is not a package" in str(error):
        mend = f"did you mean {parent}:{last}?"
    else:
        near = get_close_matches(module, [name for root in roots for name in _modules_in(root)], n=1)
        mend = f"did you mean {near[0]}?" if near else "check the name, or name its folder with --project"
    return BadInput("there is no such module", mend=mend, field="--code", value=spec)


def _missing_import(name: str, where: str | None, line: int | None) -> BadInput:
    top = name.partition(".")[0]
    if top in OURS:
        mend = f"Firedrill has a package {top} of its own: give yours another name, or put it into a package"
    else:
        mend = f"install {top} beside Firedrill, or correct the import"
    return BadInput(f"imports {name}, which is not there", mend=mend, file=_short(where), line=line)


def _modules_in(root: Path) -> list[str]:
    """Dotted names of the modules in and one folder below `root`."""
    files = (*sorted(root.glob("*.py")), *sorted(root.glob("*/*.py")))
    return [".".join(file.relative_to(root).with_suffix("").parts).removesuffix(".__init__") for file in files]


def _place(error: BaseException, file: Path | None, roots: tuple[Path, ...]) -> tuple[str | None, int | None]:
    """The innermost frame in a file of the user's, else the file itself."""
    own = None if file is None else str(file)
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if frame.filename == own or is_user_file(frame.filename, roots):
            return frame.filename, frame.lineno
    return own, None


def _is_own(owner: Any, name: str) -> bool:
    found = getattr(owner, name, None)
    home = owner.__name__ if isinstance(owner, ModuleType) else getattr(owner, "__module__", None)
    return callable(found) and getattr(found, "__module__", None) == home


def _short(file: str | None) -> str | None:
    """The path as seen from here, where it lies below."""
    if file is None:
        return None
    path = Path(file)
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else file


def _said(error: BaseException) -> str:
    text = str(error).strip()
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
