"""A database and a cache for a World, each living and dying with its workload when the firm runs one."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from sim.cache import Cache
from sim.database import Database

if TYPE_CHECKING:
    from sim.world import World


def stores(world: World) -> tuple[Database, Cache]:
    """Set both up; what the cache misses is asked of the database."""
    cluster, names = world.cluster, [workload.name for workload in world.config.workloads]
    database = Database(
        world.env, world.history, world.streams, up=lambda: "postgres" not in names or cluster.ready("postgres")
    )
    cache = Cache(
        world.env, world.history, up=lambda: "redis" not in names or cluster.ready("redis"),
        on_misses=partial(database.offer, "cache misses"),
    )  # fmt: skip
    if "postgres" in names:
        cluster.on_stop("postgres", database.stopped)
    if "redis" in names:
        cluster.on_start("redis", cache.started)
        cluster.on_stop("redis", cache.stopped)
    return database, cache
