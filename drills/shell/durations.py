"""How long commands take, in one place.

What a person needs to read and to type is the responder's time and not counted here. These are the times of the
machines: order of magnitude, so that a loop of ten thousand calls costs what it would cost and a deadline of
seconds can be missed by a slow chain of calls. They are assumptions, not measurements; a program that waits for
the World (a broker's answer, a pod's start) adds that wait by itself.
"""

from __future__ import annotations

from sim.clock import MS, SECOND

DURATIONS_US: dict[str, int] = {
    # Inside the shell: no process is started.
    "builtin": 1 * MS,
    # One local process that reads a file or a pipe.
    "default": 10 * MS,
    # Start of an interpreter and its imports.
    "python": 150 * MS, "python3": 150 * MS, "bash": 10 * MS, "sh": 10 * MS,
    # A walk over a tree of files.
    "find": 50 * MS, "du": 100 * MS, "tar": 500 * MS,
    # A round trip to another machine of the data centre, with its handshake.
    "curl": 50 * MS, "wget": 50 * MS, "redis-cli": 20 * MS, "psql": 80 * MS, "pg_dump": 5 * SECOND, "ssh": 800 * MS,
    "scp": 1500 * MS, "rsync": 2 * SECOND, "ping": 1 * SECOND, "nc": 50 * MS, "dig": 50 * MS, "nslookup": 50 * MS,
    # kubectl: discovery, TLS and one request; exec opens a stream on top, which is the tool's to add.
    "kubectl": 400 * MS, "helm": 1 * SECOND, "docker": 150 * MS, "docker-compose": 1 * SECOND,
    # A unit's state is asked over the local bus.
    "systemctl": 50 * MS, "journalctl": 200 * MS,
    # A repository's objects are read; the network is the tool's to add.
    "git": 60 * MS, "make": 100 * MS,
    # Mail is handed to the local queue.
    "mail": 200 * MS, "sendmail": 200 * MS,
}  # fmt: skip
"""Microseconds by program."""


def duration_us(program: str) -> int:
    """How long a call of `program` takes by itself."""
    return DURATIONS_US.get(program, DURATIONS_US["default"])
