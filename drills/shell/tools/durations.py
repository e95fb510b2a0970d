"""How long a command takes from the return key to the prompt, when nothing is wrong.

Round figures of an ordinary setup: a client that asks a nearby API server, a database of some gigabytes, a
container that gets ten seconds to stop. What a fault adds (a slow database, a black hole) comes on top.
"""

from __future__ import annotations

from sim.clock import MS, SECOND

DURATIONS_US: dict[str, int] = {
    "kubectl": 700 * MS, "kubectl top": 900 * MS, "kubectl logs": 1200 * MS, "kubectl exec": 1000 * MS,
    "kubectl apply": 1500 * MS, "kubectl delete": 2 * SECOND, "kubectl cp": 3 * SECOND,
    "curl": 60 * MS, "docker": 300 * MS, "docker stats": 2 * SECOND, "docker compose": 1500 * MS,
    "docker stop": 10 * SECOND, "systemctl": 200 * MS, "journalctl": 500 * MS, "supervisorctl": 400 * MS,
    "psql": 250 * MS, "pg_dump": 20 * SECOND, "redis-cli": 60 * MS, "git": 150 * MS, "git pull": 4 * SECOND,
    "make": 500 * MS, "helm": 1500 * MS, "aws": 1500 * MS, "aws s3": 8 * SECOND, "ps": 60 * MS, "kill": 20 * MS,
    "top": 1 * SECOND, "lsof": 400 * MS, "ss": 50 * MS, "ping": 40 * MS, "dig": 80 * MS, "traceroute": 5 * SECOND,
    "terraform": 20 * SECOND, "df": 40 * MS, "free": 40 * MS,
}  # fmt: skip
"""By program, or by program and sub-command where that takes another time; microseconds."""

STOP_GRACE_US = 2 * SECOND
"""What a well-behaved service takes to stop once it is told to."""
ROLLOUT_PATIENCE_US = 600 * SECOND
"""`progressDeadlineSeconds`: how long a roll-out may make no progress."""
POLL_US = 100 * MS
"""How often a waiting command looks again."""


def duration_us(program: str, verb: str = "") -> int:
    """How long `program verb` takes; 100 ms for what is not in the table."""
    own = f"{program} {verb}"
    return DURATIONS_US[own] if own in DURATIONS_US else DURATIONS_US.get(program, 100 * MS)
