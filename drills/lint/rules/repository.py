"""What the runbook names and the repository does not have (`--repo DIR`)."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from drills.lint.page import Entry, Page
from drills.lint.problem import Hit, Severity
from drills.lint.python_names import members_of, names_of
from drills.lint.registry import rule
from drills.lint.repository import Repository, matches_route
from drills.lint.rules.code import Source, sources
from drills.lint.statements import Call, Word

_INTERPRETERS = frozenset({"python", "python3", "bash", "sh", "zsh", "source", ".", "node", "ruby", "perl"})
_SCRIPT = re.compile(r"(?:\./|[\w.-]+/)?[\w./-]+\.(?:sh|py|pl|rb|js|bash|ps1)|(?:\./)[\w./-]+")
_OTHERS = re.compile(
    r"prometheus|grafana|alertmanager|jaeger|kibana|elastic|loki|vault|consul|pagerduty|slack|:9090|:9093|:3000"
)
_OWN_HOST = re.compile(
    r"^(?:localhost|127\.0\.0\.1|[a-z0-9][a-z0-9-]*|"
    r"[\w.-]+\.(?:local|internal|svc|cluster\.local|lan|example\.(?:com|org)))(?::\d+)?$"
)
_EXPORTERS = re.compile(
    r"^(?:node|kube|container|process|python|go|prometheus|alertmanager|pg|redis|up|probe|machine|kubelet|apiserver|ALERTS|"
    r"histogram_quantile|label_replace|label_join|[a-z]+_over_time|sum_|count_|group_(?:left|right)|absent_)(?:_|$)"
)
_PROMQL_WORDS = frozenset(
    {"histogram_quantile", "group_left", "group_right", "count_values", "label_replace", "label_join"}
)
_PARAMETER = re.compile(
    r"\b(?P<name>[A-Za-z][A-Za-z0-9]*(?:_[A-Za-z0-9]+)+)\b[\"'`]?\s*(?:=|:|\bis\b|\bof\b|\()\s*(?P<value>\d+(?:\.\d+)?)\s*(?P<percent>%)?"
)


@rule("RB301", Severity.ERROR, "script that the repository does not have")
def missing_script(page: Page) -> Iterator[Hit]:
    """The runbook runs a script of the repository that is not there.

    It was renamed, moved, or never written. Correct the path, or add the script.
    """
    repository = _repository(page)
    for entry, call in _calls(page):
        word = _script(call)
        if word is not None and not repository.has_path(word.value) and not _made_here(page, word.value):
            yield _at(
                page, entry, word, f"{word.value} is not in the repository", "correct the path, or add the script"
            )


@rule("RB302", Severity.ERROR, "make target that the repository does not have")
def missing_target(page: Page) -> Iterator[Hit]:
    """No makefile of the repository has the target."""
    repository = _repository(page)
    targets = repository.make_targets
    if targets is None:
        return
    for entry, call in _calls(page):
        if call.program != "make" or call.has("-f", "--file"):
            continue
        skip = False
        for word in call.words[1:]:
            option, skip = skip or word.value.startswith("-"), word.value in {"-C", "-j", "--directory"}
            if not option and "=" not in word.value and "$" not in word.value and word.value not in targets:
                mend = "correct the name, or add the target"
                yield _at(page, entry, word, f"no makefile has the target {word.value}", mend)


@rule("RB303", Severity.ERROR, "Python module that the repository does not have")
def missing_module(page: Page) -> Iterator[Hit]:
    """The runbook imports or runs a module that is neither in the repository nor declared as a dependency."""
    repository = _repository(page)
    for entry, call in _calls(page):
        for option, word in zip(call.words, call.words[1:], strict=False):
            if re.fullmatch(r"python[\d.]*", call.program) and option.value == "-m" and _absent(repository, word.value):
                yield _at(
                    page, entry, word, f"module {word.value} is not in the repository", "correct its name, or add it"
                )
    for entry, source, tree in _python(page):
        for node, name in _imports(tree):
            if _absent(repository, name):
                yield _in_source(page, entry, source, node, name, f"module {name} is not in the repository")


@rule("RB304", Severity.ERROR, "function, class or method that the repository does not have")
def missing_name(page: Page) -> Iterator[Hit]:
    """The module is there; the name that the runbook takes from it, or calls on it, is not."""
    repository = _repository(page)
    for entry, source, tree in _python(page):
        classes: dict[str, tuple[str, str]] = {}
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.module and not node.level:
                yield from _imported_names(page, entry, source, node, repository, classes)
        yield from _missing_methods(page, entry, source, tree, repository, classes)


@rule("RB305", Severity.WARNING, "endpoint that the repository does not have")
def missing_endpoint(page: Page) -> Iterator[Hit]:
    """The runbook calls the firm's own API on a path that no code of the repository serves.

    Routes are found as texts such as "/api/status", with parameters in braces; a prefix before them is accepted.
    """
    repository = _repository(page)
    for entry, call in _calls(page, inside=True):
        word = next((w for w in call.words[1:] if re.match(r"(?:https?://)?[\w.-]+(?::\d+)?/", w.value)), None)
        if call.program not in {"curl", "wget", "http"} or word is None:
            continue
        host, _, rest = re.sub(r"^https?://", "", word.value).partition("/")
        path = "/" + re.split(r"[?#]", rest)[0]
        own = _OWN_HOST.match(host) is not None and not _OTHERS.search(host) and not path.startswith("/api/v1/query")
        if own and path != "/" and "$" not in path and repository.routes and not matches_route(path, repository.routes):
            yield _at(
                page, entry, word, f"no code in the repository serves {path}", "correct the path, or add the route"
            )


@rule("RB306", Severity.WARNING, "metric that the repository does not have")
def missing_metric(page: Page) -> Iterator[Hit]:
    """The runbook queries a metric that the repository neither exports nor records: the answer is always empty."""
    repository = _repository(page)
    if not repository.metrics:
        return
    for entry, call in _calls(page, inside=True):
        for word in call.words[1:]:
            match = re.search(r"query=(?P<promql>[^&]+)", word.value)
            for name in _metric_names(match.group("promql")) if match else ():
                bare = re.sub(r"_(?:bucket|sum|count|total|created|info)$", "", name)
                known = {name, bare} & repository.metrics or repository.mentions(name) or repository.mentions(bare)
                if not known:
                    mend = "correct the name, or export the metric"
                    yield _at(page, entry, word, f"the repository has no metric {name}", mend, name)


@rule("RB307", Severity.ERROR, "namespace or workload that no manifest has")
def missing_workload(page: Page) -> Iterator[Hit]:
    """The manifests of the repository define other names than the runbook uses: kubectl answers NotFound."""
    repository = _repository(page)
    if not repository.manifests or repository.templated:
        return
    spaces = {str(m["metadata"].get("namespace")) for m in repository.manifests if m["metadata"].get("namespace")}
    spaces |= {str(m["metadata"].get("name")) for m in repository.manifests if m.get("kind") == "Namespace"}
    kinds = {"Deployment": "deployment", "StatefulSet": "statefulset"}
    loads = {(kinds[m["kind"]], str(m["metadata"].get("name"))) for m in repository.manifests if m.get("kind") in kinds}
    for entry, call in _calls(page):
        if call.program not in {"kubectl", "oc"}:
            continue
        for word, kind, name in _workloads(call):
            if "$" not in name and loads and kind in {k for k, _ in loads} and (kind, name) not in loads:
                yield _at(page, entry, word, f"no manifest defines the {kind} {name}", "correct the name", name)
        for option, word in zip(call.words, call.words[1:], strict=False):
            plain = "$" not in word.value and word.value not in {"default", "kube-system", "monitoring"}
            if option.value in {"-n", "--namespace"} and spaces and plain and word.value not in spaces:
                yield _at(page, entry, word, f"no manifest names the namespace {word.value}", "correct the name")


@rule("RB308", Severity.WARNING, "threshold that differs from the repository's, or is not there")
def other_threshold(page: Page) -> Iterator[Hit]:
    """The runbook states a parameter with its value; the repository sets it to another value, or does not have it.

    Only parameters written with their own name (`max_drawdown: 0.15`) are compared; 15 % equals 0.15.
    """
    repository = _repository(page)
    told: set[str] = set()
    inside = {n for f in page.fences for n in range(f.line, f.end + 1)}
    for number, text in enumerate(page.lines, 1):
        for match in _PARAMETER.finditer(text) if number in inside or "`" in text else ():
            name = match.group("name")
            if name in told or not re.search(
                r"max|min|limit|threshold|risk|pct|bps|seconds|timeout|retries|attempts", name, re.I
            ):
                continue
            told.add(name)
            values = _values_of(repository, name)
            if values is None:
                message = f"the repository has no parameter {name}"
            elif values and not _equal(float(match.group("value")), match.group("percent"), values):
                message = f"{name} is {match.group('value')} here and {', '.join(sorted(values))} in the repository"
            else:
                continue
            if values is None or not _is_setting(text, match):
                yield page.in_line(number, name, message, "correct the one that is out of date")


def _repository(page: Page) -> Repository:
    assert page.repository is not None
    return page.repository


def _calls(page: Page, inside: bool = False) -> Iterator[tuple[Entry, Call]]:
    """The calls that run on the reader's machine or, for `inside`, also those in a container."""
    for entry in page.entries:
        for call in entry.shell.calls:
            if inside or not any(w in {"ssh"} for w in call.wrappers):
                yield entry, call


def _script(call: Call) -> Word | None:
    """The script of the repository that a call runs."""
    if not call.words:
        return None
    first = call.words[0]
    remote = any(wrapper.endswith(" exec") for wrapper in call.wrappers)
    if call.program in _INTERPRETERS and not remote:
        if any(value in {"-c", "-m", "-s", "-"} for value in call.values[1:]):
            return None
        return next((w for w in call.words[1:] if not w.value.startswith("-") and _relative_script(w)), None)
    return first if not remote and "/" in first.value and _relative_script(first) else None


def _relative_script(word: Word) -> bool:
    return _SCRIPT.fullmatch(word.value) is not None and not word.value.startswith(("/", "~", "../"))


def _made_here(page: Page, path: str) -> bool:
    """Whether a command of the runbook writes the file itself."""
    name = re.escape(path.removeprefix("./"))
    return re.search(rf"(?:>\s*|-o\s+|cp \S+ |mv \S+ |tee )(?:\./)?{name}", page.source) is not None


def _python(page: Page) -> Iterator[tuple[Entry, Source, ast.Module]]:
    for entry in page.entries:
        for source in sources(entry):
            if source.lang == "python":
                try:
                    yield entry, source, ast.parse(_dedented(source.text))
                except (SyntaxError, ValueError, RecursionError):
                    continue


def _dedented(text: str) -> str:
    """The body in the first column: a wrong indent is RB106's business."""
    lines = text.split("\n")
    margin = min((len(line) - len(line.lstrip()) for line in lines[1:] if line.strip()), default=0)
    return "\n".join([lines[0], *(line[margin:] for line in lines[1:])]) if not lines[0].strip() else text


def _imports(tree: ast.Module) -> Iterator[tuple[ast.stmt, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node, node.module


def _absent(repository: Repository, dotted: str) -> bool:
    plain = re.fullmatch(r"[A-Za-z_][\w.]*", dotted) is not None
    return plain and not repository.is_foreign(dotted) and repository.module_file(dotted) is None


def _imported_names(
    page: Page, entry: Entry, source: Source, node: ast.ImportFrom, repository: Repository,
    classes: dict[str, tuple[str, str]],
) -> Iterator[Hit]:  # fmt: skip
    file = repository.module_file(node.module or "")
    names = names_of(repository, file) if file else None
    for alias in node.names:
        if file and names is not None and alias.name not in names and not _submodule(repository, node, alias.name):
            yield _in_source(page, entry, source, node, alias.name, f"{node.module} has no {alias.name}")
        elif file:
            classes[alias.asname or alias.name] = (file, alias.name)


def _submodule(repository: Repository, node: ast.ImportFrom, name: str) -> bool:
    return name == "*" or repository.module_file(f"{node.module}.{name}") is not None


def _missing_methods(
    page: Page, entry: Entry, source: Source, tree: ast.Module, repository: Repository,
    classes: dict[str, tuple[str, str]],
) -> Iterator[Hit]:  # fmt: skip
    objects: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call) and isinstance(node.value.func, ast.Name):
            for target in node.targets:
                if isinstance(target, ast.Name) and node.value.func.id in classes:
                    objects[target.id] = node.value.func.id
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in objects:
            name = objects[node.value.id]
            members = members_of(repository, *classes[name])
            if members is not None and node.attr not in members:
                yield _in_source(page, entry, source, node, node.attr, f"{name} has no {node.attr}")


def _metric_names(promql: str) -> Iterator[str]:
    text = re.sub(r"\\(.)", r"\1", promql)
    text = re.sub(r"\{[^}]*\}|\[[^\]]*\]|\b(?:by|without|on|ignoring)\s*\([^)]*\)", " ", text)
    for match in re.finditer(r"[a-zA-Z_:][\w:]*", text):
        name, behind = match.group(0), text[match.end() : match.end() + 1]
        if behind != "(" and "_" in name and name not in _PROMQL_WORDS and not _EXPORTERS.match(name):
            yield name


def _workloads(call: Call) -> Iterator[tuple[Word, str, str]]:
    """The deployments and stateful sets that a kubectl call names."""
    short = {"deploy": "deployment", "deployment": "deployment", "deployments": "deployment", "sts": "statefulset",
        "statefulset": "statefulset"}  # fmt: skip
    for word, following in zip(call.words[1:], [*call.words[2:], None], strict=True):
        if word.value == "--":
            return
        kind, slash, name = word.value.partition("/")
        if slash and kind in short:
            yield word, short[kind], name
        elif word.value in short and following is not None and not following.value.startswith("-"):
            yield following, short[word.value], following.value


def _values_of(repository: Repository, name: str) -> set[str] | None:
    """The numbers that the repository sets a parameter to; None when it does not know the parameter at all."""
    pattern = re.compile(
        rf"(?<!\w){re.escape(name)}(?!\w)[\"']?\s*(?::\s*\w+\s*)?[=:]\s*(?P<value>\d+(?:\.\d+)?)", re.I
    )
    found: set[str] = set()
    seen = False
    for file in sorted(repository.files):
        if file.endswith((".md", ".lock")) or "test" in file:
            continue
        text = repository.text(file)
        if name.lower() in text.lower():
            seen = True
            found |= {match.group("value") for match in pattern.finditer(text)}
    return found if seen else None


def _equal(stated: float, percent: str | None, values: set[str]) -> bool:
    wanted = [stated, stated / 100] if percent else [stated]
    return any(abs(float(value) - number) < 1e-9 for value in values for number in wanted)


def _is_setting(text: str, match: re.Match[str]) -> bool:
    """Whether the line sends a new value (a request body): then it is meant to differ."""
    return re.search(r"\s-d\s|--data|-p\s|--patch|\bset\b|export ", text[: match.start()]) is not None


def _at(page: Page, entry: Entry, word: Word, message: str, mend: str, part: str = "") -> Hit:
    shift = max(word.text.find(part), 0) if part else 0
    return page.in_command(entry, word.row, word.column + shift, len(part or word.value), message, mend)


def _in_source(page: Page, entry: Entry, source: Source, node: ast.stmt | ast.expr, name: str, message: str) -> Hit:
    row = source.row + node.lineno - 1
    lines = entry.command.text.split("\n")
    column = max(lines[row].find(name), 0) if row < len(lines) else 0
    return page.in_command(entry, row, column, len(name), message, "correct the name, or add it to the code")
