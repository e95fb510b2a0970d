"""The families of programs that act on the firm: its cluster, its services, its network, its stores."""

from __future__ import annotations

from collections.abc import Mapping

from drills.shell.program import Program


def families() -> tuple[Mapping[str, Program], ...]:
    """One table for each family."""
    from drills.shell.tools import cloud, docker, git, make, network, processes, redis, units
    from drills.shell.tools.kubectl import command
    from drills.shell.tools.sql import psql
    from drills.shell.tools.web import curl, others

    return (
        command.TOOLS, curl.TOOLS, others.TOOLS, docker.TOOLS, units.TOOLS, processes.TOOLS, network.TOOLS,
        psql.TOOLS, redis.TOOLS, git.TOOLS, make.TOOLS, cloud.TOOLS,
    )  # fmt: skip
