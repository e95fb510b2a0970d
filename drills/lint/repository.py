"""A repository to compare a runbook with: its files, make targets, Python names, routes, metrics and manifests.

Nothing is imported or run. Python is parsed, the rest is read as text. What cannot be known for certain (a star
import, a templated manifest, a class with a foreign base) counts as present: a missing name is only reported
when the repository really does not have it.
"""

from __future__ import annotations

import ast
import re
import sys
import warnings
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any

from sim.errors import BadInput

MAX_FILES = 20_000
MAX_BYTES = 1_000_000
_SKIPPED = frozenset(
    {".git", ".venv", "venv", "node_modules", "__pycache__", "site-packages", ".tox", "dist", "build", ".mypy_cache"}
)
_TARGET = re.compile(r"^(?P<names>(?:[\w./%-]|\\:|\s(?=\S))+?)\s*::?(?!=)", re.M)
_ROUTE_FILES = frozenset({".py", ".js", ".ts", ".go", ".java", ".kt", ".rs", ".rb", ".yaml", ".yml", ".json"})
_ROUTE = re.compile(r"[\"'`](?P<route>/[A-Za-z0-9_\-./{}<>:$*]*)[\"'`]")
_METRIC_CLASSES = frozenset({"Counter", "Gauge", "Histogram", "Summary", "Info", "Enum"})
_RECORD = re.compile(r"^\s*-?\s*record:\s*[\"']?(?P<name>[\w:]+)", re.M)
_FOREIGN_NAMES = frozenset(
    ["yaml", "dateutil", "dotenv", "sklearn", "cv2", "psycopg2", "psycopg", "alpaca", "alpaca_trade_api", "ibapi",
        "ib_insync", "ib_async", "redis", "requests", "httpx", "aiohttp", "pandas", "numpy", "scipy", "sqlalchemy",
        "ccxt", "prometheus_client", "boto3", "kafka", "confluent_kafka", "pymongo", "pytz", "websocket", "websockets",
        "polars", "django", "flask", "fastapi", "celery", "pydantic", "matplotlib", "pyarrow", "grpc", "google",
        "azure", "aiohttp"]
)  # fmt: skip


class Repository:
    """The index of one repository, each part made when it is first asked for."""

    def __init__(self, root: Path) -> None:
        """Take the folder; BadInput when it is none."""
        if not root.is_dir():
            raise BadInput("is no folder", mend="name the root of a repository", field="--repo", value=str(root))
        self.root = root
        self._trees: dict[str, ast.Module | None] = {}

    @cached_property
    def files(self) -> frozenset[str]:
        """Paths of all files from the root, with forward slashes."""
        return frozenset(self._walk())

    @cached_property
    def folders(self) -> frozenset[str]:
        """Paths of all folders that hold a file."""
        return frozenset(str(parent) for file in self.files for parent in PurePosixPath(file).parents)

    @cached_property
    def by_name(self) -> dict[str, list[str]]:
        """Paths by the bare file name."""
        found: dict[str, list[str]] = {}
        for file in sorted(self.files):
            found.setdefault(file.rsplit("/", 1)[-1], []).append(file)
        return found

    @cached_property
    def make_targets(self) -> frozenset[str] | None:
        """Targets of the makefiles; None when a pattern or an include may add any target."""
        found: set[str] = set()
        for file in self.files:
            name = file.rsplit("/", 1)[-1]
            if name in {"Makefile", "makefile", "GNUmakefile"} or name.endswith(".mk"):
                for match in _TARGET.finditer(self.text(file)):
                    found |= {target.replace("\\:", ":") for target in match.group("names").split()}
        return None if any("%" in name for name in found) else frozenset(found - {".PHONY"})

    @cached_property
    def modules(self) -> dict[str, list[str]]:
        """Python files by the last part of their dotted name."""
        found: dict[str, list[str]] = {}
        for file in sorted(self.files):
            if file.endswith(".py"):
                path = PurePosixPath(file)
                found.setdefault(path.parent.name if path.name == "__init__.py" else path.stem, []).append(file)
        return found

    @cached_property
    def routes(self) -> frozenset[tuple[str, ...]]:
        """Paths that look like HTTP routes, cut at the slashes, parameters as `*`."""
        found = set()
        for file in self.files:
            if PurePosixPath(file).suffix in _ROUTE_FILES and "/test" not in f"/{file}":
                for match in _ROUTE.finditer(self.text(file)):
                    found.add(_parts(match.group("route")))
        return frozenset(found - {()})

    @cached_property
    def metrics(self) -> frozenset[str]:
        """Names of the metrics that the code defines and the rules record."""
        found: set[str] = set()
        for file in self.files:
            if file.endswith(".py"):
                found |= set(_metrics_in(self.tree(file)))
            elif file.endswith((".yml", ".yaml", ".rules")):
                found |= {match.group("name") for match in _RECORD.finditer(self.text(file))}
        return frozenset(found)

    @cached_property
    def manifests(self) -> list[dict[str, Any]]:
        """Kubernetes objects found in YAML files."""
        return list(self._manifests())

    @cached_property
    def templated(self) -> bool:
        """Whether manifests are made by a template, so that names in them cannot be read."""
        return any(
            f.rsplit("/", 1)[-1] in {"Chart.yaml", "kustomization.yaml", "kustomization.yml"} for f in self.files
        )

    @cached_property
    def dependencies(self) -> frozenset[str]:
        """Names of declared Python packages, as module names would be written."""
        found: set[str] = set()
        for file in self.files:
            name = file.rsplit("/", 1)[-1]
            if re.fullmatch(r"requirements.*\.txt|pyproject\.toml|setup\.(?:py|cfg)|Pipfile|environment\.ya?ml", name):
                words = re.findall(r"[A-Za-z][\w.-]+", self.text(file))
                found |= {word.lower().replace("-", "_") for word in words}
        return frozenset(found)

    def has_path(self, path: str) -> bool:
        """Whether a file or folder of that relative path is there, seen from the root or from any folder."""
        path = re.sub(r"^(?:\./)+", "", path).rstrip("/")
        if path in self.files or path in self.folders:
            return True
        last = path.rsplit("/", 1)[-1]
        return any(file.endswith(f"/{path}") for file in self.by_name.get(last, []))

    def module_file(self, dotted: str) -> str | None:
        """The file of a module, wherever its top package stands; "" for a package without `__init__`."""
        path = dotted.replace(".", "/")
        for file in self.modules.get(dotted.rsplit(".", 1)[-1], []):
            for ending in (f"{path}.py", f"{path}/__init__.py"):
                if file == ending or file.endswith(f"/{ending}"):
                    return file
        return "" if any(f == path or f.endswith(f"/{path}") for f in self.folders) else None

    def is_foreign(self, dotted: str) -> bool:
        """Whether a module belongs to Python itself or to a package that others write."""
        top = dotted.split(".")[0]
        if top in sys.stdlib_module_names or top in _FOREIGN_NAMES:
            return True
        return self.module_file(top) is None and any(name.startswith(top.lower()) for name in self.dependencies)

    def tree(self, file: str) -> ast.Module | None:
        """A Python file, parsed; None when it does not parse."""
        if file not in self._trees:
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    self._trees[file] = ast.parse(self.text(file))
            except (SyntaxError, ValueError, RecursionError, MemoryError):
                self._trees[file] = None
        return self._trees[file]

    def complaint(self, file: str) -> tuple[str, int]:
        """Why a Python file does not parse, and in which line; 0 where no line is to blame."""
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                ast.parse(self.text(file))
        except SyntaxError as error:
            return error.msg, error.lineno or 0
        except (ValueError, RecursionError, MemoryError) as error:
            return str(error) or type(error).__name__, 0
        return "", 0

    def text(self, file: str) -> str:
        """The text of a file; empty when it is too large or cannot be read."""
        path = self.root / file
        try:
            return "" if path.stat().st_size > MAX_BYTES else path.read_text(encoding="utf-8", errors="replace")
        except OSError:
            return ""

    def mentions(self, word: str) -> bool:
        """Whether a file other than Markdown holds the word."""
        pattern = re.compile(rf"(?<!\w){re.escape(word)}(?!\w)")
        return any(pattern.search(self.text(f)) for f in self.files if not f.endswith((".md", ".lock")))

    def _walk(self) -> Iterator[str]:
        stack, count = [self.root], 0
        while stack:
            for path in sorted(stack.pop().iterdir()):
                if path.is_symlink() or path.name in _SKIPPED:
                    continue
                if path.is_dir():
                    stack.append(path)
                elif path.is_file() and (count := count + 1) <= MAX_FILES:
                    yield path.relative_to(self.root).as_posix()

    def _manifests(self) -> Iterator[dict[str, Any]]:
        import yaml

        for file in sorted(self.files):
            if not file.endswith((".yml", ".yaml")) or "kind:" not in (text := self.text(file)):
                continue
            try:
                for document in yaml.safe_load_all(text):
                    if isinstance(document, dict) and isinstance(document.get("metadata"), dict):
                        yield document
            except yaml.YAMLError:
                continue


def _parts(route: str) -> tuple[str, ...]:
    """A route as its parts; `{id}`, `<id>`, `:id` and `$id` become `*`."""
    words = [word for word in route.split("/") if word]
    return tuple("*" if re.search(r"[{<$*]|^:", word) else word for word in words)


def matches_route(path: str, routes: frozenset[tuple[str, ...]]) -> bool:
    """Whether a request path is one of the routes, or ends in one that a prefix is put before."""
    asked = tuple(word for word in path.split("/") if word)
    for route in routes:
        if 0 < len(route) <= len(asked):
            tail = asked[len(asked) - len(route) :]
            if all(mine in {"*", other} for mine, other in zip(route, tail, strict=True)) and route != ("*",):
                return True
    return False


def _metrics_in(tree: ast.Module | None) -> Iterator[str]:
    for node in ast.walk(tree) if tree is not None else ():
        if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            if name in _METRIC_CLASSES and isinstance(node.args[0].value, str):
                given = {k.arg: k.value.value for k in node.keywords if isinstance(k.value, ast.Constant)}
                prefix = [str(given[key]) for key in ("namespace", "subsystem") if given.get(key)]
                yield "_".join([*prefix, node.args[0].value])
