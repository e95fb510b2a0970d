"""Which classes and functions of a repository stop trading, close positions, reconcile or reconnect: by parsing."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import replace

from drills.lint.repository import Repository
from drills.project.answers import RAISES, UNKNOWN, YES, answer_of, means_stop, negated, tells_by_itself
from drills.project.candidates import Candidate, Method, Parameter
from drills.project.classes import Classes, Known, parameters
from drills.project.layout import layout_of
from drills.project.verbs import Verb, goes_on, sounds_like_mitigation, stops_by_itself, verb_of

_TASKS = frozenset({"create_task", "ensure_future", "gather", "wait_for", "run", "shield"})
_ENOUGH = 2
"""So many different verbs make a class mitigation code whatever it is called."""
_NOT_CALLED = re.compile(r"\b(command|group|route|get|post|put|delete|patch|websocket|tool|fixture|task|callback)\b")
"""Marks that make a function something else than what its name says: a command line's, a web server's."""
_WAITS = re.compile(r"\b(sleep|wait|wait_for|join|get|recv|select)\b")
_LOOPS = re.compile(r"(run|start|monitor|watch|loop|serve|run_forever|main)(_\w*)?|\w+_loop|\w+_forever")
_Function = ast.FunctionDef | ast.AsyncFunctionDef


def candidates(repository: Repository, file: str, classes: Classes, alpaca: bool) -> Iterator[Candidate]:
    """What in one file looks like mitigation code."""
    tree = repository.tree(file)
    if tree is None:
        return
    layout = layout_of(repository)
    for known in classes.in_file(file):
        found = None if known.is_no_code else _of_class(known, classes, alpaca)
        if found is not None:
            yield replace(found, root=layout.root_of(file))
    functions = tuple(_methods(tree.body, classes, ""))
    if {Verb.HALT, Verb.FLATTEN} & {method.verb for method in functions}:
        names = {method.name for method in functions}
        first = next(n.lineno for n in tree.body if isinstance(n, _Function) and n.name in names)
        yield Candidate(file, first, layout.module_of(file), "", functions, root=layout.root_of(file))


def _of_class(known: Known, classes: Classes, alpaca: bool) -> Candidate | None:
    body = classes.body(known)
    methods, sounds = tuple(_methods(body, classes, known.name)), sounds_like_mitigation(known.name)
    verbs = {method.verb for method in methods} - {Verb.BEGIN, Verb.ROLL}
    loop = next(_loops(body), None)
    if not (len(verbs) >= _ENOUGH or (sounds and (verbs or loop))) or classes.is_abstract(known):
        return None
    init = classes.init(known)
    whole = ast.Module(body, [])
    names = {each.name for each in body if isinstance(each, _Function)}
    kept = _kept(whole, init)
    return Candidate(
        known.file, known.node.lineno, known.module, known.name, methods, init, sounds, _asked_of(whole, kept),
        _awaited(whole), alpaca, _state(body, known.name), _keys(whole, kept), loop, known.instance,
        guards_calls=bool(names & {"record_failure", "record_success", "call", "__call__"}) and Verb.HALT not in verbs,
    )  # fmt: skip


def _methods(body: list[ast.stmt], classes: Classes, class_name: str) -> Iterator[Method]:
    for node in body:
        if not isinstance(node, _Function) or node.name.startswith("_"):
            continue
        verb = verb_of(node.name, class_name)
        marks = " ".join(ast.unparse(each) for each in node.decorator_list)
        if verb is Verb.HALT and "property" in marks:
            verb = Verb.BLOCKED  # `breaker.open` is looked at, not called
        if verb is None or _is_endless(node, verb) or (not class_name and _NOT_CALLED.search(marks)):
            continue
        if "setter" in marks or "overload" in marks:
            continue
        answer = answer_of(node, classes.names)
        if answer == RAISES and verb not in (Verb.ALLOWED, Verb.RECONCILE):
            answer = UNKNOWN
        elif verb is Verb.LOOK:
            stop = False if tells_by_itself(answer) else means_stop(node)
            answer = UNKNOWN if stop is None else answer if stop else negated(answer)
        elif verb is Verb.BLOCKED and answer == UNKNOWN and "property" in marks:
            answer = YES
        is_property = "property" in marks
        yield Method(node.name, verb, parameters(node), isinstance(node, ast.AsyncFunctionDef), is_property, answer)


def _is_endless(node: _Function, verb: Verb) -> bool:
    """Whether it is a loop of its own that a desk cannot call: it would never come back."""
    loops = [each for each in ast.walk(node) if isinstance(each, ast.While)]
    if any(
        (isinstance(loop.test, ast.Constant) or "is_set" in ast.unparse(loop.test))
        and not any(isinstance(inside, ast.Break | ast.Return) for inside in ast.walk(loop))
        for loop in loops
    ):
        return True
    if verb in (Verb.RECONNECT, Verb.FLATTEN, Verb.CANCEL):
        return False  # they wait for something to come true, and end
    return any(_runs_on(loop) and _WAITS.search(ast.unparse(loop)) for loop in loops)


def _runs_on(loop: ast.While) -> bool:
    """`while self.running`, `while not self.stopped`, `while True`: nothing is counted."""
    test = loop.test.operand if isinstance(loop.test, ast.UnaryOp) else loop.test
    return isinstance(test, ast.Constant | ast.Attribute | ast.Name) or "is_set" in ast.unparse(test)


def _loops(body: list[ast.stmt]) -> Iterator[Method]:
    """The endless loops that can be started without being told anything."""
    for node in body:
        if isinstance(node, _Function) and _LOOPS.fullmatch(node.name) and node.name[0] != "_":
            needed = any(parameter.required for parameter in parameters(node))
            if not needed and any(
                _runs_on(loop) and _WAITS.search(ast.unparse(loop))
                for loop in ast.walk(node) if isinstance(loop, ast.While)
            ):  # fmt: skip
                yield Method(node.name, Verb.LOOK, (), isinstance(node, ast.AsyncFunctionDef))


def _state(body: list[ast.stmt], class_name: str) -> Method | None:
    """The attribute that is true (or a reason) while trading is stopped."""
    found: dict[str, str] = {}
    for target, value in (pair for statement in body for pair in _assignments(statement)):
        name = _attribute(target)
        if name is not None and isinstance(value, ast.Constant) and value.value in (True, False, None):
            if stops_by_itself(name, class_name):
                found.setdefault(name, "bool({})")
            elif goes_on(name) and value.value is not None:
                found.setdefault(name, "not {}")
    ranked = sorted(found, key=lambda name: (found[name] != "bool({})", name.startswith("_")))
    return next((Method(name, Verb.BLOCKED, is_property=True, answer=found[name]) for name in ranked), None)


def _assignments(whole: ast.AST) -> Iterator[tuple[ast.expr, ast.expr]]:
    """Everything that is assigned in it, `self.a, self.b = a, b` one by one."""
    for node in ast.walk(whole):
        if isinstance(node, ast.AnnAssign) and node.value is not None:
            yield node.target, node.value
        if not isinstance(node, ast.Assign):
            continue
        for target in node.targets:
            if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
                yield from zip(target.elts, node.value.elts, strict=False)
            else:
                yield target, node.value


def _attribute(target: ast.AST | None) -> str | None:
    """`self.halted`, or a field of a dataclass."""
    if isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name) and target.value.id in ("self", "cls"):
        return target.attr
    return target.id if isinstance(target, ast.Name) else None


def _kept(whole: ast.Module, init: tuple[Parameter, ...]) -> dict[str, set[str]]:
    """Per parameter, the expressions that stand for it: itself, and the attributes that it is kept in."""
    kept = {parameter.name: {parameter.name, f"self.{parameter.name}", f"self._{parameter.name}"} for parameter in init}
    for target, value in _assignments(whole):
        if isinstance(value, ast.BoolOp):
            value = value.values[0]  # self.config = config or {}
        if isinstance(value, ast.Name) and value.id in kept:
            kept[value.id].add(ast.unparse(target))
    return kept


def _asked_of(whole: ast.Module, kept: dict[str, set[str]]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """What is called on each parameter, directly or through the attribute that it is kept in."""
    called = [each.func for each in ast.walk(whole) if isinstance(each, ast.Call)]
    calls = [each for each in called if isinstance(each, ast.Attribute)]
    found = []
    for name, places in kept.items():
        asked = dict.fromkeys(call.attr for call in calls if ast.unparse(call.value) in places)
        if asked:
            found.append((name, tuple(asked)))
    return tuple(found)


def _keys(whole: ast.Module, kept: dict[str, set[str]]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """The names that each parameter must hold when it is a mapping: those that are taken without a default."""
    found = []
    for name, places in kept.items():
        keys = dict.fromkeys(
            each.slice.value for each in ast.walk(whole)
            if isinstance(each, ast.Subscript) and isinstance(each.slice, ast.Constant)
            and isinstance(each.slice.value, str) and ast.unparse(each.value) in places
        )  # fmt: skip
        if keys:
            found.append((name, tuple(keys)))
    return tuple(found)


def _awaited(whole: ast.Module) -> frozenset[str]:
    """Names of methods whose calls are awaited, at once or as a task."""
    found: set[str] = set()
    for each in ast.walk(whole):
        calls: list[ast.AST] = []
        if isinstance(each, ast.Await):
            calls = [each.value]
        elif isinstance(each, ast.Call) and ast.unparse(each.func).rpartition(".")[2] in _TASKS:
            calls = list(each.args)
        called = [call.func for call in calls if isinstance(call, ast.Call)]
        found |= {function.attr for function in called if isinstance(function, ast.Attribute)}
        found |= {function.id for function in called if isinstance(function, ast.Name)}
    return frozenset(found)
