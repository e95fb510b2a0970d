"""The history of the firm's code: the user's repository where one is given, else one commit per deployment.

The real repository is only read. A checkout or a revert happens in the simulated working tree: it decides which
version the trading system runs from its next start on.
"""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, NamedTuple
from zlib import crc32

from sim.config import TRADING_SYSTEM

if TYPE_CHECKING:
    from pathlib import Path

    from drills.shell.tools.firm import Firm

_PATIENCE_S = 20


class Commit(NamedTuple):
    """One commit of the simulated history."""

    hash: str
    tag: str
    subject: str
    at_us: int


class WorkTree:
    """What has been checked out in the simulation; kept by the terminal."""

    def __init__(self) -> None:
        """On the main branch, unchanged."""
        self.head = ""
        """The ref that was checked out; "" while on the branch."""
        self.reverted: list[str] = []
        self.fetched_us: int | None = None


def simulated(firm: Firm) -> list[Commit]:
    """A commit for each deployed version, newest first, on top of a few older ones."""
    older = [Commit(_hash(text), tag, text, -day * 86_400_000_000) for day, tag, text in (
        (9, "", "Tighten the daily loss limit"), (16, "v0.9.0", "Release 0.9.0"))]  # fmt: skip
    seen: dict[str, Commit] = {}
    for revision in firm.cluster[TRADING_SYSTEM].revisions:
        version = revision.version
        if version not in seen:
            at = revision.created_us or -3 * 86_400_000_000
            seen[version] = Commit(_hash(version), f"v{version}", f"Release {version}", at)
    return [*sorted(seen.values(), key=lambda commit: -commit.at_us), *older]


def _hash(text: str) -> str:
    return f"{crc32(text.encode()):08x}{crc32(text[::-1].encode()):08x}"


def has_history(repo: Path | None) -> bool:
    """Whether the user's repository has a git history that can be read."""
    return repo is not None and (repo / ".git").exists()


def read_git(repo: Path, arguments: list[str]) -> tuple[str, str, int]:
    """Ask the real git about the real repository, without writing anything: output, errors, exit code."""
    environment = {"GIT_OPTIONAL_LOCKS": "0", "GIT_PAGER": "cat", "LC_ALL": "C.UTF-8", "TZ": "UTC",
    "HOME": "/nonexistent",
                   "GIT_CONFIG_NOSYSTEM": "1", "PATH": "/usr/local/bin:/usr/bin:/bin",
                   "GIT_TERMINAL_PROMPT": "0"}  # fmt: skip
    try:
        done = subprocess.run(
            ["git", "--no-pager", "-c", f"safe.directory={repo}", "-c", "core.fsmonitor=false", "-C", str(repo),
            *arguments],
            capture_output=True, env=environment, timeout=_PATIENCE_S, check=False, stdin=subprocess.DEVNULL,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        return "", f"git: {error}\n", 128
    return done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace"), done.returncode


def earlier_version(firm: Firm) -> str | None:
    """The version that ran before the present one; None when there was no other."""
    deployment = firm.cluster[TRADING_SYSTEM]
    older = [revision.version for revision in deployment.revisions if revision.version != deployment.revision.version]
    return older[-1] if older else None


def deploy_checked_out(firm: Firm) -> None:
    """A start of the trading system runs what is checked out."""
    version, firm.checked_out = firm.checked_out, None
    if version is not None and version != firm.cluster[TRADING_SYSTEM].revision.version:
        firm.cluster.deploy(TRADING_SYSTEM, version)
