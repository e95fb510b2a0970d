"""What a command expects to find: a folder, a variable, a path on somebody's own machine."""

from __future__ import annotations

import re
from collections.abc import Iterator

from drills.lint.page import Entry, Page
from drills.lint.problem import Hit, Severity
from drills.lint.registry import rule
from drills.lint.statements import Call, statement

_ALWAYS = frozenset(
    ["HOME", "USER", "PWD", "OLDPWD", "PATH", "SHELL", "HOSTNAME", "TMPDIR", "EDITOR", "LANG", "LC_ALL", "TERM", "TZ",
        "RANDOM", "SECONDS", "UID", "EUID", "PPID", "IFS", "LOGNAME", "BASH_SOURCE", "LINENO", "FUNCNAME", "OSTYPE",
        "COLUMNS", "LINES", "BASHPID", "REPLY", "OPTARG", "PIPESTATUS", "KUBECONFIG", "VIRTUAL_ENV", "USERNAME"]
)  # fmt: skip
_SETUP = re.compile(
    r"set ?up|prerequisit|environment|vorbereit|voraussetzung|umgebung|prepara|requisito|entorno|before you", re.I
)
_HOME = re.compile(
    r"(?P<path>(?:/home/|/Users/|[A-Z]:\\+Users\\+)(?P<user>[A-Za-z][\w.-]*))(?P<rest>[/\\][^\s\"'`)]*)?"
)
_SERVICE_USERS = frozenset(
    ["ubuntu", "app", "trader", "trading", "tradebot", "bot", "deploy", "deployer", "runner", "ec2-user", "admin",
        "service", "svc", "ops", "debian", "centos", "user", "username", "you", "youruser", "jenkins", "git", "prod",
        "node", "airflow", "postgres", "public", "default", "shared", "operator", "oncall", "quant", "desk", "algo"]
)  # fmt: skip


@rule("RB110", Severity.WARNING, "state carried from one code block to another")
def carried_state(page: Page) -> Iterator[Hit]:
    """`cd` and variables last as long as the shell in which they were typed.

    Whoever takes over at step 4, or opens a second terminal, is in another folder and has other variables.

    Make each block work on its own: absolute paths or a `cd` at the top of each, and variables set where they are
    used. A variable meant for the system belongs in its configuration, not in somebody's shell.
    """
    yield from _folders(page)
    yield from _exports(page)


@rule("RB114", Severity.WARNING, "variable that is set nowhere")
def undefined_variable(page: Page) -> Iterator[Hit]:
    """The command uses a variable that the runbook neither sets nor mentions.

    Empty, it makes another command: a request without its token, a path that begins at the root.

    Say where the value comes from, or let the shell stop: `${ADMIN_TOKEN:?see the vault, entry trading-api}`.
    """
    known = set(_ALWAYS)
    for text in (*(e.command.text for e in page.entries if e.is_shell), *(f.text for f in page.shell_fences)):
        known |= statement(text).assigned.keys() | statement(text).exported.keys()
    prose = "\n".join(text for _, text in page.prose)
    seen: set[str] = set()
    for entry in page.entries:
        for variable in entry.shell.variables:
            name = variable.name
            if name in known or name in seen or variable.defaulted or len(name) < 2 or name.isdigit():
                continue
            seen.add(name)
            if not re.search(rf"(?<!\w){re.escape(name)}(?!\w)", prose):
                yield page.in_command(
                    entry, variable.row, variable.column, len(name) + 1, f"${name} is set nowhere in this runbook",
                    f"say where it comes from, or write ${{{name}:?where to get it}}",
                )  # fmt: skip


@rule("RB117", Severity.WARNING, "path on one person's machine")
def personal_path(page: Page) -> Iterator[Hit]:
    """The path begins in somebody's home folder: for everybody else the command fails.

    Name the installed place, or a variable that the team sets (`cd "$TRADERUNNER_HOME"`).
    """
    for number, text in enumerate(page.lines, 1):
        match = _HOME.search(text)
        if match is not None and match.group("user").lower() not in _SERVICE_USERS:
            path = match.group("path") + (match.group("rest") or "")
            yield page.in_line(
                number, path, f"only {match.group('user')} has this folder",
                "name the installed place, or a variable that the team sets",
            )  # fmt: skip


def _folders(page: Page) -> Iterator[Hit]:
    """A `cd` in one block, and relative paths in later blocks of the same procedure that need it."""
    for procedure in page.runbook.procedures:
        entries = [e for step in procedure.walk() for e in page.of_step.get(id(step), []) if e.fence is not None]
        for entry in entries:
            call = next((c for c in entry.shell.calls if c.program == "cd" and not c.wrappers), None)
            if call is None or len(call.words) < 2 or call.values[1] in {"-", ".."}:
                continue
            later = [e for e in entries if e.fence is not None and entry.fence is not None and e.fence > entry.fence]
            returns = next((e.fence for e in later if any(c.program == "cd" for c in e.shell.calls)), None)
            needing = [e for e in later if (returns is None or (e.fence or 0) < returns) and _relative(e)]
            if needing:
                lines = ", ".join(str(e.command.line) for e in needing[:3])
                yield page.in_command(
                    entry, call.row, call.column, 2, f"this cd ends with the shell; line {lines} needs it too",
                    "use absolute paths, or repeat the cd in each block",
                )  # fmt: skip


def _exports(page: Page) -> Iterator[Hit]:
    """Variables set in one block: used in another, or exported in a block that runs nothing."""
    used = {v.name for e in page.entries for v in e.shell.variables}
    where: dict[str, tuple[Entry, tuple[int, int]]] = {}
    told: set[str] = set()
    for entry in page.entries:
        if entry.fence is None or _SETUP.search(" ".join([entry.step.title, entry.procedure.title])):
            continue
        for variable in entry.shell.variables:
            home = where.get(variable.name)
            if home is not None and home[0].fence != entry.fence and variable.name not in told:
                told.add(variable.name)
                yield page.in_command(
                    entry, variable.row, variable.column, len(variable.name) + 1,
                    f"${variable.name} was set in another block (line {home[0].command.line}), maybe in another shell",
                    "set it again in this block",
                )  # fmt: skip
        for name, place in {**entry.shell.assigned, **entry.shell.exported}.items():
            where[name] = (entry, place)
        yield from _lonely(page, entry, used)


def _lonely(page: Page, entry: Entry, used: set[str]) -> Iterator[Hit]:
    if not entry.shell.exported or entry.shell.calls:
        return
    together = page.in_fence(page.fences[entry.fence or 0])
    runs = [e for e in together if e.shell.calls and e.command.line >= entry.command.line]
    for name, (row, column) in entry.shell.exported.items():
        if not runs and name not in used:
            yield page.in_command(
                entry, row, column, len(name), f"{name} is set in this shell only: no running process sees it",
                "change the system's configuration, or restart it with the variable set",
            )  # fmt: skip


def _relative(entry: Entry) -> bool:
    return any(_relative_path(call) for call in entry.shell.calls if not call.wrappers)


def _relative_path(call: Call) -> bool:
    if call.program in {"make", "just"} and "-C" not in call.values:
        return True
    return any(
        re.fullmatch(r"(?:\./|[\w.-]+/)[\w./*-]+", word.value)
        and "://" not in word.value
        and not word.value.startswith("-")
        for word in call.words
        if call.program not in {"kubectl", "docker", "helm", "curl", "systemctl", "git", "sed", "awk"}
    )
