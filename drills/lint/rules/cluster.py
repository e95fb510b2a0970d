"""kubectl: namespaces left out, commands into what was just stopped, base64 where plain text belongs."""

from __future__ import annotations

import re
from collections.abc import Iterator

from drills.lint.page import Entry, Page
from drills.lint.problem import Hit, Severity
from drills.lint.registry import rule
from drills.lint.statements import Call

_NAMESPACED = frozenset(
    ["get", "describe", "logs", "exec", "scale", "patch", "rollout", "delete", "edit", "set", "annotate", "label",
        "top", "port-forward", "cp", "expose", "autoscale", "create", "wait", "attach", "debug"]
)  # fmt: skip
_CLUSTER_WIDE = re.compile(
    r"^(?:nodes?|no|ns|namespaces?|pv|persistentvolumes?|storageclass(?:es)?|sc|crds?|customresourcedefinitions?|"
    r"clusterroles?|clusterrolebindings?|componentstatuses|cs|priorityclass(?:es)?|apiservices?)(?:/|$)"
)
_CONTEXT = re.compile(r"\bkubens\b|set-context\b.*--namespace|\balias k\w*=.*(?:-n|--namespace)")
_ZERO = re.compile(r"--replicas[= ]0\b|[\"']?replicas[\"']?\s*:\s*0\b")
_REPLICAS = re.compile(r"--replicas[= ]\d|[\"']?replicas[\"']?\s*:\s*\d|rollout (?:restart|undo)|\bstart\b")


@rule("RB118", Severity.ERROR, "namespace left out")
def namespace_left_out(page: Page) -> Iterator[Hit]:
    """The other commands of the runbook name one namespace; this one names none.

    It goes to whatever the reader's context holds, usually `default`, and answers NotFound, or reaches another
    deployment of the same name.

    Add `-n`, or set the namespace once at the top and leave it out everywhere.
    """
    with_it: list[tuple[Entry, Call]] = []
    without: list[tuple[Entry, Call]] = []
    for entry in page.entries:
        for call in entry.shell.calls:
            if _needs_namespace(call):
                (with_it if _namespace(call) is not None else without).append((entry, call))
    names = {_namespace(call) for _, call in with_it}
    if len(with_it) < 2 or (len(names) > 1 and len(with_it) < 4 * len(without)) or _CONTEXT.search(page.source):
        return
    name = next(iter(names)) if len(names) == 1 else "NAMESPACE"
    for entry, call in without:
        yield page.in_command(
            entry, call.row, call.column, len(call.program), f"no namespace, although other commands say -n {name}",
            f"add -n {name}",
        )  # fmt: skip


@rule("RB120", Severity.ERROR, "command into what was just stopped")
def into_stopped(page: Page) -> Iterator[Hit]:
    """A step stops a deployment or container, and a later command of the step wants to run inside it.

    There is nothing left to run in: the later command fails, and what it should have done (closing positions, say)
    is not done.

    Do first what needs the process, and stop it last.
    """
    for procedure in page.runbook.procedures:
        for step in procedure.walk():
            yield from _after_stop(page, [e for e in page.of_step.get(id(step), []) if e.command.alt_group is None])


@rule("RB122", Severity.ERROR, "base64 in the data of a ConfigMap")
def encoded_configmap(page: Page) -> Iterator[Hit]:
    """Only Secrets (and `binaryData`) hold base64.

    `data` of a ConfigMap is plain text: the program that reads it gets the encoded characters and rejects the file,
    or falls back to defaults.

    Put the text itself into `data`, for instance with `kubectl create configmap NAME --from-file=...`.
    """
    for entry in page.entries:
        text = entry.command.text
        if re.search(r"\b(?:configmaps?|cm)\b", text) and "base64" in text and "binaryData" not in text:
            call = next((c for c in entry.shell.calls if c.program == "kubectl" and c.has("patch", "create")), None)
            if call is not None and re.search(r"[\"']?data[\"']?\s*:", text) and "base64 -d" not in text:
                at = text.find("base64")
                row = text.count("\n", 0, at)
                yield page.in_command(
                    entry, row, at - (text.rfind("\n", 0, at) + 1), 6, "a ConfigMap's data is plain text, not base64",
                    "put the text itself in, with --from-file",
                )  # fmt: skip


def _positional(call: Call) -> list[str]:
    found, skip = [], False
    for value in call.values[1:]:
        if value == "--":
            break
        if skip:
            skip = False
        elif value.startswith("-"):
            skip = value in {
                "-n",
                "--namespace",
                "-l",
                "-c",
                "-o",
                "--context",
                "-f",
                "--selector",
                "-p",
                "--patch",
                "--type",
            }
        else:
            found.append(value)
    return found


def _needs_namespace(call: Call) -> bool:
    if call.program not in {"kubectl", "oc"} or any(wrapper.endswith(" exec") for wrapper in call.wrappers):
        return False
    words = _positional(call)
    if (
        not words
        or words[0] not in _NAMESPACED
        or (call.has("-A", "--all-namespaces", "-f", "--filename") and words[0] != "logs")
    ):
        return False
    if words[0] in {"cp", "debug"} and any("/" in word and ":" in word for word in words):
        return False
    return not (len(words) > 1 and _CLUSTER_WIDE.match(words[1].lower()))


def _namespace(call: Call) -> str | None:
    values = call.values
    for value, following in zip(values, [*values[1:], ""], strict=True):
        if value == "--":
            return None
        if value in {"-n", "--namespace"}:
            return following
        if value.startswith("--namespace=") or re.fullmatch(r"-n[=\w].*", value):
            return value.removeprefix("--namespace=").removeprefix("-n").lstrip("=")
    return None


def _after_stop(page: Page, entries: list[Entry]) -> Iterator[Hit]:
    stopped: dict[str, int] = {}
    for entry in entries:
        for call in entry.shell.calls:
            name = _stops(call, entry)
            if name is not None:
                stopped[name] = entry.command.line
                continue
            text = " ".join(call.values)
            if _REPLICAS.search(text):
                stopped = {known: line for known, line in stopped.items() if known not in text}
            inside = _enters(call)
            found = next((known for known in stopped if inside and _belongs(inside, known)), None)
            if found is not None:
                yield page.in_command(
                    entry, call.row, call.column, len(call.program),
                    f"line {stopped[found]} has stopped {found}: nothing is left to run this in",
                    "do this before the stop",
                )  # fmt: skip


def _stops(call: Call, entry: Entry) -> str | None:
    words = _positional(call)
    if (
        call.program in {"kubectl", "oc"}
        and words[:1] in (["scale"], ["patch"])
        and _ZERO.search(" ".join(call.values))
    ):
        named = [word for word in words[1:] if word not in {"deployment", "deploy", "statefulset", "sts"}]
        return named[0].rsplit("/", 1)[-1] if named else None
    if call.program in {"docker", "podman"} and words[:1] == ["stop"] and len(words) > 1:
        return words[1]
    return None


def _enters(call: Call) -> str | None:
    words = _positional(call)
    if call.program in {"kubectl", "oc"} and words[:1] == ["exec"] and len(words) > 1:
        return words[1]
    if call.program in {"docker", "podman"} and words[:1] == ["exec"] and len(words) > 1:
        return words[1]
    return None


def _belongs(target: str, name: str) -> bool:
    bare = target.rsplit("/", 1)[-1]
    return bare == name or bare.startswith(f"{name}-")
