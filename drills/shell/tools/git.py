"""git: log, show, diff, status, tag, branch, checkout, revert, reset, pull, fetch, stash on the firm's code."""

from __future__ import annotations

import re
from collections.abc import Callable

from drills.shell.program import Program
from drills.shell.tool import Call, NotHere, Result
from drills.shell.tools.durations import extra_us
from drills.shell.tools.firm import effect, firm_of
from drills.shell.tools.versions import Commit, WorkTree, earlier_version, has_history, read_git, simulated

_READS = frozenset(
    [
        "log",
        "show",
        "diff",
        "status",
        "tag",
        "branch",
        "rev-parse",
        "describe",
        "blame",
        "shortlog",
        "ls-files",
        "reflog",
        "rev-list",
        "remote",
        "config",
    ]
)
_DANGEROUS = re.compile(r"^--(?:output|exec-path|upload-pack|ext-diff|textconv|open-files-in-pager)|^-O")


def git(call: Call) -> Result:
    """Run one git command."""
    words = list(call.args)
    while words and words[0] in ("-C", "-c", "--no-pager", "--git-dir", "--work-tree"):
        words = words[1:] if words[0] == "--no-pager" else words[2:]
    if not words:
        return Result("usage: git [--version] [--help] [-C <path>] <command> [<args>]\n", code=1)
    verb, rest = words[0], words[1:]
    call.wait_us(extra_us("git", verb))
    writes_tag = verb in ("tag", "branch") and any(not word.startswith("-") for word in rest) and "-l" not in rest
    if writes_tag or (verb in ("remote", "config") and len(rest) > 1):
        raise NotHere(f"git {verb} {' '.join(rest)}: the repository is only read here")
    if verb in _READS:
        return _read(call, verb, rest)
    if verb not in _CHANGES:
        raise NotHere(f"git {verb} is not known here")
    return _CHANGES[verb](call, rest)


def _read(call: Call, verb: str, rest: list[str]) -> Result:
    repo = call.terminal.repo
    if repo is not None and has_history(repo):
        if any(_DANGEROUS.match(word) for word in rest):
            raise NotHere(f"git {verb} {' '.join(rest)}: the repository is only read here")
        tree = call.terminal.keep(WorkTree, WorkTree)
        head = [tree.head] if tree.head and verb == "log" and not any(not word.startswith("-") for word in rest) else []
        out, err, code = read_git(repo, [verb, *rest, *head])
        return Result(out, err, code)
    shown = _SIMULATED.get(verb)
    if shown is None:
        raise NotHere(f"git {verb}: name the repository with --repo")
    return shown(call, rest)


# The simulated history


def _head(call: Call) -> list[Commit]:
    commits = simulated(firm_of(call.terminal))
    tree = call.terminal.keep(WorkTree, WorkTree)
    at = next((n for n, commit in enumerate(commits) if tree.head in (commit.tag, commit.hash, commit.hash[:7])), 0)
    return commits[at:] if tree.head else commits


def _log(call: Call, rest: list[str]) -> Result:
    commits, world = _head(call), call.terminal.world
    number = next(
        (re.sub(r"\D", "", word) for word in rest if re.fullmatch(r"-(?:n\s*)?\d+|--max-count=\d+", word)), ""
    )
    if "-n" in rest[:-1]:
        number = rest[rest.index("-n") + 1]
    commits = commits[: int(number)] if number.isdigit() else commits
    if "--oneline" in rest or any(word.startswith("--pretty=oneline") for word in rest):
        return Result(
            "".join(
                f"{c.hash[:7]} {f'(tag: {c.tag}) ' if c.tag and '--decorate' in rest else ''}{c.subject}\n"
                for c in commits
            )
        )
    if any(word.startswith(("--format", "--pretty=format")) for word in rest):
        raise NotHere("git log --format on the simulated history: name the repository with --repo")
    lines = []
    for commit in commits:
        at = world.clock.utc(commit.at_us)
        lines.append(
            f"commit {commit.hash}\nAuthor: Trading Team <team@example.com>\nDate:   {at:%a %b %d %H:%M:%S %Y} "
                f"+0000\n\n    {commit.subject}\n"
        )
    return Result("\n".join(lines))


def _status(call: Call, rest: list[str]) -> Result:
    tree = call.terminal.keep(WorkTree, WorkTree)
    if "-s" in rest or "--short" in rest or "--porcelain" in rest:
        return Result()
    where = f"HEAD detached at {tree.head}" if tree.head else "On branch main"
    return Result(f"{where}\nnothing to commit, working tree clean\n")


def _tags(call: Call, rest: list[str]) -> Result:
    return Result("".join(f"{commit.tag}\n" for commit in reversed(simulated(firm_of(call.terminal))) if commit.tag))


def _show(call: Call, rest: list[str]) -> Result:
    names = [word for word in rest if not word.startswith("-")]
    commits = simulated(firm_of(call.terminal))
    for commit in commits:
        if not names or names[0] in (commit.tag, commit.hash, commit.hash[:7], "HEAD"):
            return Result(f"commit {commit.hash}\n\n    {commit.subject}\n")
    return Result(
        err=f"fatal: ambiguous argument '{names[0]}': unknown revision or path not in the working tree.\n", code=128
    )


_SIMULATED: dict[str, Callable[[Call, list[str]], Result]] = {
    "log": _log, "status": _status, "tag": _tags, "show": _show, "diff": lambda call, rest: Result(),
    "branch": lambda call, rest: Result("* main\n"),
    "rev-parse": lambda call, rest: Result(f"{_head(call)[0].hash}\n"),
    "describe": lambda call, rest: Result(f"{next((c.tag for c in _head(call) if c.tag), 'v0.9.0')}\n"),
}  # fmt: skip


# What changes the working tree


def _known(call: Call, ref: str) -> bool:
    """Whether a ref exists. Without a repository, a name that says it is a release is taken for one."""
    repo = call.terminal.repo
    if repo is not None and has_history(repo):
        return read_git(repo, ["rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}"])[2] == 0
    commits = simulated(firm_of(call.terminal))
    if any(ref in (commit.tag, commit.hash, commit.hash[:7]) for commit in commits):
        return True
    return bool(
        re.match(r"(?:HEAD[~^]|v?\d|release|stable|main$|master$|prod)|.*(?:stable|release|last|good)", ref, re.I)
    )


def _checkout(call: Call, rest: list[str]) -> Result:
    names = [word for word in rest if not word.startswith("-")]
    if "--" in rest or (len(names) > 1 and "-b" not in rest):
        raise NotHere("git checkout of single files: files of the repository are only read here")
    if not names:
        return Result()
    ref = names[0]
    tree = call.terminal.keep(WorkTree, WorkTree)
    if "-b" in rest or "-c" in rest:
        return Result(err=f"Switched to a new branch '{ref}'\n")
    if not _known(call, ref):
        call.terminal.finding("missing_ref", f"git knows no {ref}")
        return Result(err=f"error: pathspec '{ref}' did not match any file(s) known to git\n", code=1)
    tree.head = "" if ref in ("main", "master", "-") else ref
    if tree.head:
        _go_back(call, ref)
        return Result(err=f"Note: switching to '{ref}'.\n\nYou are in 'detached HEAD' state.\nHEAD is now at {ref}\n")
    firm_of(call.terminal).checked_out = None
    return Result(err=f"Switched to branch '{ref}'\n")


def _go_back(call: Call, what: str) -> None:
    """An earlier state of the code: the next start of the system runs the version before."""
    firm = firm_of(call.terminal)
    exact = next((commit for commit in simulated(firm) if what in (commit.tag, commit.hash, commit.hash[:7])), None)
    versions = {f"v{revision.version}": revision.version for revision in firm.cluster["trading-system"].revisions}
    version = versions.get(exact.tag) if exact is not None else None
    firm.checked_out = version or earlier_version(firm)
    effect(call, "rollback", f"{what} checked out: the next start runs {firm.checked_out or 'the same version'}")


def _revert(call: Call, rest: list[str]) -> Result:
    names = [word for word in rest if not word.startswith("-")]
    if not names:
        return Result(err="usage: git revert [--[no-]edit] [-n] <commit>...\n", code=129)
    if not _known(call, names[0]):
        return Result(err=f"fatal: bad revision '{names[0]}'\n", code=128)
    if "--no-edit" not in rest and "-n" not in rest and "--no-commit" not in rest:
        raise NotHere("git revert without --no-edit opens an editor and waits for a person")
    _go_back(call, names[0])
    return Result(f'[main] Revert "{names[0]}"\n')


def _reset(call: Call, rest: list[str]) -> Result:
    names = [word for word in rest if not word.startswith("-")]
    ref = names[0] if names else "HEAD"
    if ref != "HEAD" and not _known(call, ref):
        return Result(
            err=f"fatal: ambiguous argument '{ref}': unknown revision or path not in the working tree.\n", code=128
        )
    if ref != "HEAD" and "--hard" in rest:
        _go_back(call, ref)
    return Result(f"HEAD is now at {ref}\n")


def _pull(call: Call, rest: list[str]) -> Result:
    tree = call.terminal.keep(WorkTree, WorkTree)
    if tree.head:
        return Result(
            err="You are not currently on a branch.\nPlease specify which branch you want to merge with.\n", code=1
        )
    return Result("Already up to date.\n")


def _push(call: Call, rest: list[str]) -> Result:
    raise NotHere("git push: the remote repository is not part of the simulated firm")


_CHANGES: dict[str, Callable[[Call, list[str]], Result]] = {
    "checkout": _checkout, "switch": _checkout, "revert": _revert, "reset": _reset, "pull": _pull,
    "fetch": lambda call, rest: Result(), "push": _push,
    "stash": lambda call, rest: Result("No local changes to save\n"),
}  # fmt: skip

TOOLS = {
    "git": Program(
        git,
        "log show diff status tag on the real repository, read-only; checkout revert reset take effect at the next "
            "start",
    )
}
