"""What a sub-command takes beyond the start of its program (`drills.shell.durations`), when nothing is wrong.

Round figures of an ordinary setup: a database of some gigabytes, a container that gets ten seconds to stop.
They are assumptions. What a fault adds (a slow database, a black hole) comes on top.
"""

from __future__ import annotations

from sim.clock import MS, SECOND

EXTRA_US: dict[str, int] = {
    "kubectl logs": 500 * MS, "kubectl exec": 600 * MS, "kubectl apply": 700 * MS, "kubectl cp": 2 * SECOND,
    "kubectl top": 200 * MS, "docker stats": 2 * SECOND, "docker compose": 1 * SECOND, "docker stop": 3 * SECOND,
    "docker restart": 3 * SECOND, "pg_dump": 15 * SECOND, "git pull": 3 * SECOND, "git fetch": 2 * SECOND,
    "git push": 3 * SECOND, "aws": 1 * SECOND, "aws s3": 6 * SECOND, "top": 1 * SECOND, "lsof": 300 * MS,
    "traceroute": 5 * SECOND, "systemctl stop": 2 * SECOND, "systemctl restart": 2 * SECOND,
}  # fmt: skip
"""By program and sub-command, or by program; microseconds."""

STOP_GRACE_US = 2 * SECOND
"""What a well-behaved service takes to stop once it is told to."""
ROLLOUT_PATIENCE_US = 600 * SECOND
"""`progressDeadlineSeconds`: how long a roll-out may make no progress."""
POLL_US = 100 * MS
"""How often a waiting command looks again."""


def extra_us(program: str, verb: str = "") -> int:
    """What `program verb` takes beyond its start; 0 for what is not in the table."""
    own = f"{program} {verb}"
    return EXTRA_US[own] if own in EXTRA_US else EXTRA_US.get(program, 0)
