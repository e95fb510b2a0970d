"""Programs of a repository that run by themselves and talk to a broker: they can be drilled as they are.

Found by parsing alone. What a program does may stand in any file that it imports of the repository, so those are
read too: a `cli.py` of three lines is the way into the whole package.
"""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from drills.lint.repository import Repository
from drills.project.layout import Layout, layout_of

_TALKS = re.compile(
    r"\b(alpaca|alpaca_trade_api|ib_insync|ib_async|ibapi|ccxt|requests|httpx|aiohttp|urllib|http\.client|websockets?)\b"
)
_ANSWERED = re.compile(
    r"^\s*(from|import)\s+alpaca(_trade_api)?\b|\bapi\.alpaca\.markets|paper-api\.alpaca|api\.broker\.example\.com|APCA_",
    re.M,
)
"""Brokers that answer in a drill."""
_STAYS = re.compile(
    r"^\s*while\b|\b(run_forever|serve_forever|start_polling|BlockingScheduler|run_pending|ensure_future)\b", re.M
)
_ONCE = re.compile(r"emergenc|flatten|kill_?(all|switch)|panic|close_|reset|notaus|liquidat", re.I)
"""Tools that somebody types once, with arguments: no bot that goes on."""
_NO_BOT = re.compile(
    r"dashboard|back_?test|optimi[sz]|train|verify|demo|example|plot|report|download|fetch|migrat|analy|scan|debug"
    r"|setup|install|export|visuali|bench|notebook|simulat|check_|generate|seed_|diagnos|audit|compare|smoke"
    r"|streamlit|telegram|discord|^test_|_test$|^(test|create|show|list|get|view|print|inspect|validate)_", re.I
)
"""Programs beside the bot, by the name of their file."""
_SCREEN = re.compile(r"^\s*(?:from|import)\s+(?:streamlit|gradio|dash|tkinter|textual)\b", re.M)
_WORDS = re.compile(
    r"add_subparsers\(|add_argument\(\s*[\"'][a-z]|@\w+\.command\b|click\.group|typer\.Typer\(|fire\.Fire\(|docopt\("
    r"|sys\.argv\[1\]|required=True"
)
"""Signs of a program that does nothing, or another thing, until it is told what."""
_LIKE_A_BOT = re.compile(r"main|bot|live|trad|run|engine|runner|app|worker|daemon|watch|monitor|guard|agent", re.I)
_AS_DESK = ("build", "run", "main")


@dataclass(frozen=True, slots=True)
class Program:
    """A way to start something."""

    file: str
    code: str
    """What `--code` takes for it."""
    reads: frozenset[str]
    """The files of the repository that it imports, itself included."""
    talks: bool
    """It calls something over HTTP, or a broker's library."""
    whole: bool
    """It goes on by itself and its broker answers in a drill: nothing needs to be wired."""
    answered: bool = True
    """Its broker answers in a drill."""
    wordy: bool = False
    """It wants to be told on its command line what to do."""
    root: str = ""
    """The folder that it is imported from."""


def programs(repository: Repository, python: list[str]) -> Iterator[Program]:
    """The programs among the files `python`: those made for a desk first, then in the order of the files."""
    entries = _entry_points(repository)
    for file in python:
        name = _made_for_a_desk(repository.tree(file))
        if name is not None:
            reads = closure(repository, file)
            module, root = layout_of(repository).module_of(file), layout_of(repository).root_of(file)
            yield Program(file, f"{module}:{name}", reads, talks=True, whole=True, root=root)
    found = []
    for file in python:
        starts = PurePosixPath(file).name == "__main__.py" or "__main__" in repository.text(file) or file in entries
        if starts and not (_NO_BOT.search(_called(file)) or _SCREEN.search(repository.text(file))):
            found.append(_program(repository, file, entries))
    yield from sorted(found, key=lambda each: (not each.whole, each.wordy, not _LIKE_A_BOT.search(_called(each.file))))


def _called(file: str) -> str:
    """What a program is called: its file, or the package that `__main__.py` is in."""
    path = PurePosixPath(file)
    return path.parent.name if path.stem == "__main__" else path.stem


def _program(repository: Repository, file: str, entries: dict[str, str]) -> Program:
    reads = closure(repository, file)
    text = "\n".join(repository.text(each) for each in sorted(reads))
    talks, answered = bool(_TALKS.search(text)), bool(_ANSWERED.search(text))
    stays = bool(_STAYS.search(text)) and not _ONCE.search(PurePosixPath(file).stem)
    wordy, root = bool(_WORDS.search(repository.text(file))), layout_of(repository).root_of(file)
    whole = talks and answered and stays and not wordy
    return Program(file, entries.get(file) or _code(repository, file), reads, talks, whole, answered, wordy, root)


def _code(repository: Repository, file: str) -> str:
    """A script by its path; what imports relative to its package as a module."""
    module = layout_of(repository).module_of(file)
    if PurePosixPath(file).name == "__main__.py" and len(PurePosixPath(file).parts) > 1:
        return f"-m {module.removesuffix('.__main__')}"
    tree = repository.tree(file)
    relative = tree is not None and any(isinstance(node, ast.ImportFrom) and node.level for node in ast.walk(tree))
    return f"-m {module}" if relative else file


def _made_for_a_desk(tree: ast.Module | None) -> str | None:
    """The name of a function that takes the desk and nothing else."""
    for node in tree.body if tree is not None else ():
        if (
            isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name in _AS_DESK
            and [arg.arg for arg in node.args.args] == ["desk"] and not node.args.kwonlyargs
        ):  # fmt: skip
            return node.name
    return None


def _entry_points(repository: Repository) -> dict[str, str]:
    """File -> `module:function` of the commands that pyproject.toml installs, where a drill can call them so."""
    try:
        project = tomllib.loads(repository.text("pyproject.toml")) if "pyproject.toml" in repository.files else {}
        scripts = {
            **dict(project.get("tool", {}).get("poetry", {}).get("scripts", {})),
            **dict(project.get("project", {}).get("scripts", {})),
        }
    except (tomllib.TOMLDecodeError, AttributeError, TypeError, ValueError):
        return {}
    layout = layout_of(repository)
    found: dict[str, str] = {}
    for entry in scripts.values():
        module, _, function = str(entry).partition(":")
        file = layout.file_of(module)
        if function in ("main", "run") and file is not None:
            found.setdefault(file, f"{module}:{function}")
    return found


def closure(repository: Repository, file: str) -> frozenset[str]:
    """The files of the repository that `file` imports, directly or not, itself included."""
    layout = layout_of(repository)
    seen, todo = {file}, [file]
    while todo:
        here = todo.pop()
        tree = repository.tree(here)
        for name in _imports(tree, _package(layout, here)) if tree is not None else ():
            for target in filter(None, (layout.file_of(each, here) for each in _with_packages(name))):
                if target not in seen:
                    seen.add(target)
                    todo.append(target)
    return frozenset(seen)


def _with_packages(name: str) -> Iterator[str]:
    """A module and the packages around it, which are imported with it."""
    parts = name.split(".")
    yield from (".".join(parts[: at + 1]) for at in range(len(parts)))


def _package(layout: Layout, file: str) -> str:
    """The package that a file is in, for its relative imports."""
    module = layout.module_of(file)
    return module if PurePosixPath(file).name == "__init__.py" else module.rpartition(".")[0]


def _imports(tree: ast.Module, package: str) -> Iterator[str]:
    """Dotted names that the file imports, each name of a `from` import as a module of its own too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parts = package.split(".") if package else []
                kept = parts[: len(parts) - node.level + 1]
                base = ".".join([*kept, *([base] if base else [])])
            yield base
            yield from (f"{base}.{alias.name}" if base else alias.name for alias in node.names)
