"""What in a repository's code will not be as in production, found by parsing: packages, hosts, processes.

Each is something that was tried: it is refused in a drill, or lives in real time, or is not there.
"""

from __future__ import annotations

import ast
import importlib.util
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from drills.lint.repository import Repository
from sim.lockstep.agent.libraries import PAST_PYTHON

BELOW_PYTHON: Mapping[str, str] = {name: instead for name, (_, instead) in PAST_PYTHON.items()}
"""Packages whose sockets or sleeps are made in C, out of the World's reach -> what can be drilled."""
NO_SUCH_SYSTEM: Mapping[str, str] = {
    "ib_insync": "TWS", "ib_async": "TWS", "ibapi": "TWS", "ccxt": "the crypto exchanges", "redis": "Redis",
    "pymongo": "MongoDB", "sqlalchemy": "a database server", "asyncpg": "PostgreSQL", "pg8000": "PostgreSQL",
    "boto3": "AWS", "kafka": "Kafka", "aiokafka": "Kafka", "MetaTrader5": "MetaTrader", "binance": "Binance",
    "kiteconnect": "Kite", "oandapyV20": "OANDA", "eodhd": "EODHD", "polygon": "Polygon",
}  # fmt: skip
"""Packages that talk to a system which does not exist in the simulated firm -> that system."""
_URL = re.compile(r"\b(?:https?|wss?)://(?P<host>[A-Za-z0-9.-]+)")
_EXAMPLES = ("example.com", "schemas.", "www.w3.org", "github.com", "docs.")
_PROCESSES = {"multiprocessing": "multiprocessing", "os.fork": "os.fork", "ProcessPoolExecutor": "a pool of processes"}


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands in the code."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True)
class Facts:
    """What the code of a repository refers to, each with its first place."""

    packages: Mapping[str, Place]
    """Packages that are neither its own nor the standard library's."""
    needed: frozenset[str]
    """Those of them without which the code cannot be imported: at the top of a file, and not tried for."""
    hosts: Mapping[str, Place]
    processes: Mapping[str, Place]
    """Ways of starting processes that a drill refuses."""


def facts(repository: Repository, files: list[str]) -> Facts:
    """Read `files` of the repository."""
    packages: dict[str, Place] = {}
    hosts: dict[str, Place] = {}
    processes: dict[str, Place] = {}
    tops = [PurePosixPath(file.removeprefix("src/")).parts[0] for file in repository.files]
    own = {name.removesuffix(".py") for name in tops} | set(repository.modules)
    needed: set[str] = set()
    for file in files:
        tree = repository.tree(file)
        needed |= {name for node in _at_once(tree.body if tree is not None else []) for name in _imported(node)}
        prose = {id(text) for text in _docstrings(tree)}
        for node in ast.walk(tree) if tree is not None else ():
            place = Place(file, getattr(node, "lineno", 1))
            for name in _imported(node):
                if name not in sys.stdlib_module_names and name not in own:
                    packages.setdefault(name, place)
            for host in _hosts(node) if id(node) not in prose else ():
                hosts.setdefault(host, place)
            process = _process(node)
            if process is not None:
                processes.setdefault(process, place)
    return Facts(packages, frozenset(needed & packages.keys()), hosts, processes)


def installed(package: str) -> bool:
    """Whether the package can be imported by this interpreter; it is not imported."""
    try:
        return importlib.util.find_spec(package) is not None
    except (ImportError, ValueError):
        return False


def _at_once(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements that an import of the file runs in any case; what is only tried, or only typed, is left out."""
    for node in body:
        if isinstance(node, ast.If):
            if "TYPE_CHECKING" not in ast.unparse(node.test) and "__name__" not in ast.unparse(node.test):
                yield from _at_once(node.body)
        elif isinstance(node, ast.With | ast.ClassDef):
            yield from _at_once(node.body)
        elif not isinstance(node, ast.Try):
            yield node


def _docstrings(tree: ast.Module | None) -> Iterator[ast.AST]:
    """Strings that stand for themselves: they describe, and nothing is done with them."""
    for node in ast.walk(tree) if tree is not None else ():
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            yield node.value


def _imported(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name.partition(".")[0] for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
        yield node.module.partition(".")[0]


def _hosts(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        for match in _URL.finditer(node.value):
            host = match["host"].lower().rstrip(".")
            if "." in host and not any(example in host for example in _EXAMPLES):
                yield host


def _process(node: ast.AST) -> str | None:
    if isinstance(node, ast.Import | ast.ImportFrom):
        names = {*_imported(node), *(alias.name for alias in node.names)}
        return next((text for name, text in _PROCESSES.items() if name in names), None)
    return _PROCESSES["os.fork"] if isinstance(node, ast.Attribute) and ast.unparse(node) == "os.fork" else None
