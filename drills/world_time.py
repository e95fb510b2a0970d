"""Code that runs as it is lives in the time of its World, and meets there the hosts that it knows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sim.world import World


@contextmanager
def time_of(world: World) -> Iterator[None]:
    """While this lasts, code that runs as it is lives in the time of `world`; brokers' hosts exist in it."""
    if world.mitigation is not None and world.mitigation.around is not None:
        with world.mitigation.around(world):
            yield
        return
    if world.mitigation is None or not world.mitigation.unmodified:
        yield
        return
    from fakes import messages, rest_broker, trading_host
    from fakes.alpaca.core import register
    from sim.actors.runtime import virtual_time

    register(world)
    rest_broker.register(world)
    messages.register(world)
    trading_host.register(world)
    with virtual_time(world):
        yield
