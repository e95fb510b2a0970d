"""Ways into the running code from outside: control endpoints, and the commands that an operator types.

An endpoint runs on the system's own thread and is reached only while that is free. A command runs in a
process of its own, which shares the files and the broker with the system, but not the memory.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from sim.actors.process import Hooks, Process
from sim.clock import MS, SECOND
from sim.desk import Desk
from sim.network import BrokerTimeout, BrokerUnreachable, EndpointFailed

if TYPE_CHECKING:
    from sim.world import World

ENDPOINT_TIMEOUT_US = 10 * SECOND
ENDPOINT_POLL_US = 100 * MS

Told = Callable[[bool, str], None]
"""Is told whether a call went well, and its answer."""


class Visitors:
    """Everybody who calls the running system, each in a process of his own."""

    def __init__(self, world: World) -> None:
        """Nobody yet."""
        self._world = world
        self._number = world.streams.ids("cli")
        self._processes: list[Process] = []

    def end(self) -> None:
        """The run is over: calls that hang are unwound."""
        for process in self._processes:
            process.kill()

    def call_endpoint(self, caller: Process, endpoint: str, *args: Any) -> Any:
        """See `World.call_endpoint`."""
        world, waited_us = self._world, 0
        while world.listening and world.bot is not None and world.bot.busy:
            if waited_us >= ENDPOINT_TIMEOUT_US:
                raise BrokerTimeout("no answer: the trading system's thread is stuck")
            caller.wait(world.env.timeout(ENDPOINT_POLL_US))
            waited_us += ENDPOINT_POLL_US
        bot = world.bot
        if not world.listening or bot is None or bot.hooks is None:
            raise BrokerUnreachable("connection refused: the trading system is down")
        if endpoint not in bot.hooks.endpoints:
            raise LookupError(f"no such endpoint: {endpoint}")
        answered, answer = bot.serve(f"endpoints[{endpoint}]", bot.hooks.endpoints[endpoint], *args)
        if not bot.alive:
            raise BrokerUnreachable("connection reset: the trading system went down")
        if not answered:
            raise EndpointFailed(f"{endpoint}: HTTP 500")
        world.history.emit("code.endpoint", endpoint, answer=None if answer is None else str(answer))
        world.note_answer(answer, endpoint)
        return answer

    def request_endpoint(self, endpoint: str, done: Told, *args: Any) -> None:
        """See `World.request_endpoint`."""
        process = self.enter(endpoint)

        def body() -> None:
            try:
                answer = self.call_endpoint(process, endpoint, *args)
                ok, text = answer is not False, "" if answer is None else str(answer)
            except (ConnectionError, TimeoutError, LookupError, EndpointFailed) as error:
                ok, text = False, str(error)
            done(ok, text)

        process.start(body, f"endpoints[{endpoint}]")

    def run_command(self, name: str, done: Told) -> None:
        """See `World.run_command`."""
        world = self._world
        assert world.mitigation is not None
        process, build = self.enter(name), world.mitigation.build

        def body() -> None:
            ok, text = True, ""
            try:
                hooks = Hooks(build(Desk(world, process, in_system=False)), process.name)
                answer = hooks.commands[name]()
                text = "" if answer is None else str(answer)
                ok = answer is not False
                world.note_answer(answer, process.name)
            except SystemExit as leaving:
                ok, text = leaving.code in (None, 0), f"exit {leaving.code}"
            except Exception as error:
                ok, text = False, f"{type(error).__name__}: {error}"
                process.report(f"commands[{name}]", error)
            world.history.emit("code.command", name, ok=ok, answer=text)
            done(ok, text)

        process.start(body, f"commands[{name}]")

    def enter(self, what: str) -> Process:
        """A process beside the system's; it ends with the run."""
        process = Process(self._world.env, self._world.hub, self._world.history, f"{what}:{self._number()}")
        self._processes.append(process)
        return process
