"""The classes of a repository by name: their bases, fields, parameters, and what makes one without being asked."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from drills.lint.repository import Repository
from drills.project.candidates import Parameter
from drills.project.layout import layout_of

_DEEPEST = 6
_FIELDS_ARE_PARAMETERS = re.compile(r"\b(BaseModel|BaseSettings|NamedTuple|Struct|SQLModel)$")
_MAKER = re.compile(r"(get|create|build|make|default|load|from_env|setup|init)\w*")
_NO_CODE = re.compile(r"\b(Enum|IntEnum|StrEnum|Flag|Exception|\w*Error|Protocol|TypedDict)$")


@dataclass(frozen=True, slots=True)
class Known:
    """A class of the repository."""

    name: str
    file: str
    node: ast.ClassDef
    instance: str = ""
    """A variable of its module that holds one."""
    maker: str = ""
    """A function of `maker_module` that needs no argument and returns one."""
    maker_module: str = ""
    module: str = ""
    """What it is imported from."""

    @property
    def bases(self) -> list[str]:
        """Names of its bases, their modules left out."""
        return [ast.unparse(base).partition("[")[0].rpartition(".")[2] for base in self.node.bases]

    @property
    def is_no_code(self) -> bool:
        """Whether it is a set of names, an error or a promise: nothing that does anything."""
        return any(_NO_CODE.search(base) for base in self.bases)


@dataclass
class Classes:
    """All of them."""

    by_name: dict[str, list[Known]] = field(default_factory=dict)

    @classmethod
    def of(cls, repository: Repository, files: list[str]) -> Classes:
        """Read `files`; what does not parse is left out."""
        found = cls()
        trees = [(file, tree) for file in files if (tree := repository.tree(file)) is not None]
        layout = layout_of(repository)
        makers = {name: (each, layout.module_of(file)) for file, tree in trees for each, name in _makers(tree)}
        for file, tree in trees:
            held = _instances(tree)
            for node in tree.body:
                if isinstance(node, ast.ClassDef):
                    maker, place = makers.get(node.name, ("", ""))
                    instance, module = held.get(node.name, ""), layout.module_of(file)
                    known = Known(node.name, file, node, instance, maker, place, module)
                    found.by_name.setdefault(node.name, []).append(known)
        return found

    def find(self, annotation: str, file: str = "") -> Known | None:
        """The class that an annotation names, the one in `file` or nearest to it first."""
        fit = self.by_name.get(bare(annotation), [])
        return max(fit, key=lambda known: _shared(known.file, file), default=None)

    def in_file(self, file: str) -> list[Known]:
        """The classes that one file holds, in its order."""
        found = [known for same in self.by_name.values() for known in same if known.file == file]
        return sorted(found, key=lambda known: known.node.lineno)

    def lineage(self, known: Known) -> list[Known]:
        """The class and its bases as far as they are the repository's, itself first."""
        found, todo = [known], [known]
        while todo and len(found) < _DEEPEST:
            here = todo.pop(0)
            for base in here.bases:
                above = self.find(base, here.file)
                if above is not None and above not in found:
                    found.append(above)
                    todo.append(above)
        return found

    def body(self, known: Known) -> list[ast.stmt]:
        """Its statements and those it inherits, a method once, as the class that is used has it."""
        seen: set[str] = set()
        body: list[ast.stmt] = []
        for each in self.lineage(known):
            for node in each.node.body:
                name = getattr(node, "name", None)
                if name is None or name not in seen:
                    body.append(node)
                if name is not None:
                    seen.add(name)
        return body

    def is_abstract(self, known: Known) -> bool:
        """Whether it cannot be made: something in it is left to whoever derives from it."""
        functions = [n for n in self.body(known) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]
        return any("abstract" in ast.unparse(mark) for n in functions for mark in n.decorator_list)

    def init(self, known: Known) -> tuple[Parameter, ...]:
        """What it must be given when it is made."""
        for each in self.body(known):
            if isinstance(each, ast.FunctionDef) and each.name == "__init__":
                return parameters(each)
        line = self.lineage(known)
        marks = [ast.unparse(mark) for each in line for mark in each.node.decorator_list]
        made = any(re.search(r"\b(dataclass|define|attrs|attr\.s)\b", mark) for mark in marks)
        if not made and not any(_FIELDS_ARE_PARAMETERS.search(base) for each in line for base in each.bases):
            return ()
        fields: dict[str, Parameter] = {}
        for node in (each for one in reversed(line) for each in one.node.body):
            if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                fields |= {parameter.name: parameter for parameter in _field(node.target.id, node)}
        return tuple(fields.values())

    def names(self, name: str) -> frozenset[str] | None:
        """Fields and properties of a class; None when it is not the repository's."""
        known = self.find(name)
        if known is None:
            return None
        body = self.body(known)
        fields = {n.target.id for n in body if isinstance(n, ast.AnnAssign) and isinstance(n.target, ast.Name)}
        return frozenset(fields | {n.name for n in body if isinstance(n, ast.FunctionDef) and _is_property(n)})


def bare(annotation: str) -> str:
    """The one name in an annotation: `Optional["risk.Limits"]` and `Limits | None` are `Limits`."""
    text = annotation.strip().strip("'\"")
    inner = re.fullmatch(r"(?:\w+\.)?(?:Optional|Annotated|Final)\[([^,]*)(?:,.*)?\]", text)
    if inner:
        return bare(inner[1])
    parts = [part.strip() for part in text.split("|") if part.strip() not in ("None", "")]
    return parts[0].strip("'\"").rpartition(".")[2] if len(parts) == 1 else ""


def parameters(node: ast.FunctionDef | ast.AsyncFunctionDef) -> tuple[Parameter, ...]:
    """The parameters of a function, without `self`, `*args` and `**named`."""
    given = [*node.args.posonlyargs, *node.args.args]
    defaults = [None] * (len(given) - len(node.args.defaults)) + list(node.args.defaults)
    plain = [(arg, default) for arg, default in zip(given, defaults, strict=True) if arg.arg not in ("self", "cls")]
    keyword = list(zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True))
    return tuple(
        Parameter(arg.arg, default is None, _text(arg.annotation), _text(default))
        for arg, default in [*plain, *keyword]
    )


def _field(name: str, node: ast.AnnAssign) -> Iterator[Parameter]:
    annotation, value = ast.unparse(node.annotation), _text(node.value)
    if "ClassVar" in annotation or name.startswith("_") or name == "model_config" or "init=False" in value:
        return
    needed = node.value is None or re.match(r"(pydantic\.)?Field\(\.\.\.", value) is not None
    if re.match(r"[\w.]*[fF]ield\(", value) and "default" not in value and not needed:
        first = node.value.args[0] if isinstance(node.value, ast.Call) and node.value.args else None
        needed = first is None
        value = _text(first)
    named = re.search(r"\bdefault=([^,)]+)", value)
    yield Parameter(name, needed, annotation, named[1] if named else value)


def _text(node: ast.AST | None) -> str:
    return "" if node is None else ast.unparse(node)


def _is_property(node: ast.FunctionDef) -> bool:
    return any("property" in ast.unparse(mark) for mark in node.decorator_list)


def _makers(tree: ast.Module) -> Iterator[tuple[str, str]]:
    for node in tree.body:
        if not isinstance(node, ast.FunctionDef) or node.returns is None or not _MAKER.fullmatch(node.name):
            continue
        if not any(parameter.required for parameter in parameters(node)):
            yield node.name, bare(ast.unparse(node.returns))


def _instances(tree: ast.Module) -> dict[str, str]:
    found: dict[str, str] = {}
    for node in tree.body:
        target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
        value = getattr(node, "value", None)
        if isinstance(target, ast.Name) and isinstance(value, ast.Call) and not target.id.startswith("_"):
            found.setdefault(ast.unparse(value.func), target.id)
    return found


def _shared(one: str, other: str) -> int:
    """How many folders two files have in common, the file itself counting too."""
    pairs = zip(one.split("/"), other.split("/"), strict=False)
    return next((at for at, (mine, theirs) in enumerate(pairs) if mine != theirs), 99)
