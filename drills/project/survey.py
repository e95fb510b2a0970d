"""What a repository holds that a drill could use, found by parsing alone: nothing of it is imported or run.

Classes with methods like `halt` or `reset`, functions of the same kind, scripts with a `main` part, emergency
shell scripts, and the runbooks.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from drills.lint.repository import Repository
from drills.project.programs import Program, module_of, programs
from drills.project.verbs import Verb, sounds_like_mitigation, verb_of

_TESTS = re.compile(r"(^|/)(tests?|testing|examples?|migrations)/|(^|/)(test_[^/]*|[^/]*_test|conftest|setup)\.py$")
_EMERGENCY = re.compile(r"kill|stop|halt|flatten|emergenc|close|panic|notaus|reconnect|failover", re.I)
_RUNBOOK = re.compile(r"runbook|incident|playbook|emergenc|notfall|störung|incidente|ops|on-?call|disaster|drill", re.I)
_TASKS = frozenset({"create_task", "ensure_future", "gather", "wait_for", "run", "shield"})
_ENOUGH = 2
"""So many different verbs make a class mitigation code whatever it is called."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a function, `self` left out."""

    name: str
    required: bool
    annotation: str = ""


@dataclass(frozen=True, slots=True)
class Method:
    """Something that can be called."""

    name: str
    verb: Verb
    parameters: tuple[Parameter, ...] = ()
    is_async: bool = False
    is_property: bool = False


@dataclass(frozen=True, slots=True)
class Candidate:
    """A class, or a module's functions (`name` empty), that look like mitigation code."""

    file: str
    line: int
    module: str
    name: str
    methods: tuple[Method, ...]
    init: tuple[Parameter, ...] = ()
    sounds: bool = False
    asked_of: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Per parameter of `__init__`, the methods that the class calls on it: what a broker must offer."""
    awaited: frozenset[str] = frozenset()
    """Those of them whose answers are awaited."""
    uses_alpaca: bool = False
    """Whether something in the repository makes an alpaca-py `TradingClient`."""

    @property
    def verbs(self) -> frozenset[Verb]:
        """What it can do."""
        return frozenset(method.verb for method in self.methods)

    @property
    def weight(self) -> int:
        """How much it looks like the thing itself: the more verbs the better, a telling name counts for two."""
        return len(self.verbs) + 2 * self.sounds + (Verb.HALT in self.verbs) + (Verb.RESET in self.verbs)


@dataclass(frozen=True, slots=True)
class Survey:
    """Everything that was found."""

    root: Path
    candidates: tuple[Candidate, ...] = ()
    """The likeliest first."""
    programs: tuple[Program, ...] = ()
    """What runs by itself and talks to a broker; what is made for a desk first."""
    emergency: tuple[str, ...] = ()
    """Shell scripts that sound like an emergency."""
    runbooks: tuple[str, ...] = ()
    unreadable: tuple[str, ...] = field(default=())
    """Python files that do not parse."""


def survey(root: Path) -> Survey:
    """Look through `root`; BadInput when it is no folder."""
    repository = Repository(root)
    files = sorted(repository.files)
    python = [file for file in files if file.endswith(".py") and not _TESTS.search(file) and not _ours(file)]
    alpaca = any("TradingClient" in repository.text(file) for file in python)
    found = [candidate for file in python for candidate in _candidates(repository, file, alpaca)]
    return Survey(
        root,
        tuple(sorted(found, key=lambda each: (-each.weight, each.file, each.line))),
        tuple(program for program in programs(repository, python) if program.talks),
        tuple(file for file in files if file.endswith(".sh") and _EMERGENCY.search(PurePosixPath(file).name)),
        tuple(file for file in files if file.lower().endswith(".md") and _is_runbook(file, repository)),
        tuple(file for file in python if repository.tree(file) is None),
    )


def _ours(file: str) -> bool:
    return PurePosixPath(file).name.startswith("firedrill_")


def _candidates(repository: Repository, file: str, alpaca: bool) -> Iterator[Candidate]:
    tree = repository.tree(file)
    if tree is None:
        return
    module = module_of(file)
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            methods, sounds = tuple(_methods(node.body)), sounds_like_mitigation(node.name)
            verbs = {method.verb for method in methods}
            if len(verbs) >= _ENOUGH or (sounds and verbs):
                init = _init(node)
                yield Candidate(
                    file, node.lineno, module, node.name, methods, init, sounds, _asked_of(node, init), _awaited(node),
                    alpaca,
                )  # fmt: skip
    functions = tuple(_methods(tree.body))
    if {Verb.HALT, Verb.FLATTEN} & {method.verb for method in functions}:
        first = next(node.lineno for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
        yield Candidate(file, first, module, "", functions)


def _methods(body: list[ast.stmt]) -> Iterator[Method]:
    for node in body:
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) or node.name.startswith("_"):
            continue
        verb = None if _is_endless(node) else verb_of(node.name)
        decorators = {ast.unparse(each) for each in node.decorator_list}
        if verb is not None and not decorators & {"staticmethod", "classmethod"}:
            yield Method(
                node.name, verb, _parameters(node), isinstance(node, ast.AsyncFunctionDef), "property" in decorators
            )


def _is_endless(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether it is a loop of its own that a desk cannot call: it would never come back."""
    loops = [each for each in ast.walk(node) if isinstance(each, ast.While)]
    return any(
        (isinstance(loop.test, ast.Constant) or "is_set" in ast.unparse(loop.test))
        and not any(isinstance(inside, ast.Break | ast.Return) for inside in ast.walk(loop))
        for loop in loops
    )


def _init(node: ast.ClassDef) -> tuple[Parameter, ...]:
    for each in node.body:
        if isinstance(each, ast.FunctionDef) and each.name == "__init__":
            return _parameters(each)
    if any("dataclass" in ast.unparse(decorator) for decorator in node.decorator_list):
        fields = [each for each in node.body if isinstance(each, ast.AnnAssign) and isinstance(each.target, ast.Name)]
        return tuple(
            Parameter(each.target.id, each.value is None, ast.unparse(each.annotation))
            for each in fields if isinstance(each.target, ast.Name) and "ClassVar" not in ast.unparse(each.annotation)
        )  # fmt: skip
    return ()


def _asked_of(node: ast.ClassDef, init: tuple[Parameter, ...]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """What is called on each parameter, directly or through the attribute that it is kept in."""
    kept = {parameter.name: {parameter.name, f"self.{parameter.name}", f"self._{parameter.name}"} for parameter in init}
    for each in ast.walk(node):
        if isinstance(each, ast.Assign) and isinstance(each.value, ast.Name) and each.value.id in kept:
            kept[each.value.id] |= {ast.unparse(target) for target in each.targets}
    called = [each.func for each in ast.walk(node) if isinstance(each, ast.Call)]
    calls = [each for each in called if isinstance(each, ast.Attribute)]
    found = []
    for name, places in kept.items():
        asked = dict.fromkeys(call.attr for call in calls if ast.unparse(call.value) in places)
        if asked:
            found.append((name, tuple(asked)))
    return tuple(found)


def _awaited(node: ast.ClassDef) -> frozenset[str]:
    """Names of methods whose calls are awaited, at once or as a task."""
    found: set[str] = set()
    for each in ast.walk(node):
        calls: list[ast.AST] = []
        if isinstance(each, ast.Await):
            calls = [each.value]
        elif isinstance(each, ast.Call) and ast.unparse(each.func).rpartition(".")[2] in _TASKS:
            calls = list(each.args)
        called = [call.func for call in calls if isinstance(call, ast.Call)]
        found |= {function.attr for function in called if isinstance(function, ast.Attribute)}
    return frozenset(found)


def _parameters(node: ast.FunctionDef | ast.AsyncFunctionDef) -> tuple[Parameter, ...]:
    given = [*node.args.posonlyargs, *node.args.args]
    defaults = [None] * (len(given) - len(node.args.defaults)) + list(node.args.defaults)
    plain = [(arg, default) for arg, default in zip(given, defaults, strict=True) if arg.arg not in ("self", "cls")]
    keyword = list(zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True))
    return tuple(
        Parameter(arg.arg, default is None, "" if arg.annotation is None else ast.unparse(arg.annotation))
        for arg, default in [*plain, *keyword]
    )


def _is_runbook(file: str, repository: Repository) -> bool:
    if PurePosixPath(file).name.lower() in {"readme.md", "changelog.md", "contributing.md", "license.md"}:
        return False
    headed = re.search(r"^#.*\b(runbook|incident)", repository.text(file), re.I | re.M)
    return bool(_RUNBOOK.search(file)) or headed is not None
