"""Commands that never return, or that want a person at a terminal."""

from __future__ import annotations

import re
from collections.abc import Iterator

from drills.lint.page import Entry, Page
from drills.lint.problem import Hit, Severity
from drills.lint.registry import rule
from drills.lint.statements import Call, Word

_SHELLS = frozenset({"bash", "sh", "zsh", "ash", "dash"})
_REPL = frozenset({"psql", "redis-cli", "mysql", "python", "python3", "ipython", "mongosh"})
_STOP = re.compile(r"ctrl\s*[-+]?\s*c|strg\s*[-+]?\s*c|\^C|interrupt|abbrechen mit|cancel(?:ar)? con", re.I)


@rule("RB107", Severity.WARNING, "command that never returns")
def never_returns(page: Page) -> Iterator[Hit]:
    """The command runs until somebody interrupts it, so the step has no end and nothing unattended gets past it.

    Look at what there is instead of following it, or bound it:

        kubectl logs deploy/api -n trading --tail=200
        timeout 60 tail -f logs/paper_trades.csv

    For a wait, say how long and what to look for.
    """
    for entry in page.entries:
        if _STOP.search(" ".join([entry.command.title or "", *(n.text for n in entry.step.notes)])):
            continue
        for call in entry.shell.calls:
            bounded = "timeout" in call.wrappers or call.background or _in_background(page, entry)
            reason = None if bounded else _endless(call, entry)
            if reason is not None:
                yield page.in_command(
                    entry, call.row, call.column, len(call.program), reason,
                    "bound it (timeout 60, --tail, --no-stream), or say for how long to watch",
                )  # fmt: skip


@rule("RB108", Severity.WARNING, "needs a terminal")
def needs_terminal(page: Page) -> Iterator[Hit]:
    """`-t` asks for a terminal.

    From a script, a chat bot or a pipeline there is none: the command complains, and with docker it fails; the
    output carries control characters.

    Leave `-it` out when the inner command asks nothing:

        kubectl exec deploy/api -n trading -- curl -s localhost:8080/api/status
    """
    for entry in page.entries:
        for call in entry.shell.calls:
            option = _terminal_option(call)
            if option is not None and not _interactive_inside(call, entry):
                yield page.in_command(
                    entry, option.row, option.column, len(option.text),
                    f"{call.program} {option.value} needs a terminal",
                    f"leave {option.value} out: the inner command asks nothing",
                )  # fmt: skip


def _in_background(page: Page, entry: Entry) -> bool:
    lines = entry.command.text.split("\n")
    return re.match(r"\s*&(?!&)", page.behind(entry, len(lines) - 1, len(lines[-1]))) is not None


def _endless(call: Call, entry: Entry) -> str | None:
    program = call.program
    match program:
        case "tail" if call.has("--follow", "--retry") or _letter(call, "fF"):
            return "tail -f never returns"
        case "journalctl" if call.has("--follow") or _letter(call, "f"):
            return "journalctl -f never returns"
        case "kubectl" | "oc":
            return _endless_kubectl(call)
        case "docker" | "docker-compose" | "podman":
            return _endless_docker(call)
        case "watch":
            return "watch never returns"
        case "top" | "htop" | "iotop" if not _letter(call, "b"):
            return f"{program} never returns"
        case "ping" if not any(v.startswith(("-c", "-w")) for v in call.values):
            return "ping without -c never returns"
        case "tcpdump" if not any(v.startswith(("-c", "-r")) for v in call.values):
            return "tcpdump without -c never returns"
        case "stern":
            return "stern never returns"
        case _:
            return _session(call, entry)


def _endless_kubectl(call: Call) -> str | None:
    verb = next((v for v in call.values[1:] if not v.startswith("-")), "")
    words = call.values[: call.values.index("--")] if "--" in call.values else call.values
    if verb == "logs" and any(v in {"-f", "--follow", "--follow=true"} for v in words):
        return "logs -f never returns"
    if verb == "get" and any(v in {"-w", "--watch", "--watch-only"} for v in words):
        return "get -w never returns"
    return f"kubectl {verb} never returns" if verb in {"port-forward", "proxy"} else None


def _endless_docker(call: Call) -> str | None:
    values = call.values
    if "logs" in values[:4] and any(v in {"-f", "--follow"} for v in values):
        return "logs -f never returns"
    return "docker stats never returns" if "stats" in values[:2] and "--no-stream" not in values else None


def _session(call: Call, entry: Entry) -> str | None:
    """A shell or prompt opened inside a container: what the runbook says next is typed elsewhere."""
    if not call.wrappers or not call.wrappers[-1].endswith("exec") or call.heredoc is not None:
        return None
    arguments = [value for value in call.values[1:] if not value.startswith("-")]
    options = [value for value in call.values[1:] if value.startswith("-")]
    opened = (call.program in _SHELLS and not arguments and "-s" not in options) or (
        call.program in {"ipython", "python", "python3"} and len(call.words) == 1
    )
    alone = len(entry.shell.pipelines) == 0
    return f"{call.program} opens a session that waits for somebody to type" if opened and alone else None


def _letter(call: Call, letters: str) -> bool:
    return any(re.fullmatch(rf"-\w*[{letters}]\w*", value) for value in call.values[1:] if not value.startswith("--"))


def _terminal_option(call: Call) -> Word | None:
    values = call.values
    if call.program not in {"kubectl", "oc", "docker", "podman"} or not {"exec", "run"} & set(values[1:6]):
        return None
    stop = values.index("--") if "--" in values else min(len(values), 8)
    for word in call.words[1:stop]:
        if re.fullmatch(r"-[iTdeu]*t[id]*|--tty(?:=true)?", word.value):
            return word
    return None


def _interactive_inside(call: Call, entry: Entry) -> bool:
    """Whether what runs inside is a session, for which a terminal is right."""
    inner = next(
        (c for c in entry.shell.calls if len(c.wrappers) == len(call.wrappers) + 1 and c.row >= call.row), None
    )
    if inner is None:
        return True
    arguments = [value for value in inner.values[1:] if not value.startswith("-")]
    if inner.program in _SHELLS:
        return not any(re.fullmatch(r"-\w*c", value) for value in inner.values) and not arguments
    asks = any(value in {"-c", "-f", "-m", "--command"} for value in inner.values)
    return inner.program in _REPL and not asks and not arguments
