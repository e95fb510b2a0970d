"""Cores behind a real socket: the same objects that answer programs in virtual time, for a drill in real time.

One thread runs an aiohttp server on a loopback port and, between requests, lets the World's time follow the
wall clock, `speed` times as fast. A request that names no known host (a client that was given this server's
address) is answered by the core it was started for.
"""

from __future__ import annotations

import asyncio
import threading
from typing import Any

from sim.actors.http import Core, Request
from sim.actors.websocket import Session
from sim.clock import SECOND, wall_seconds

_STEP_S = 0.01
_END_S = 0.5
"""How long clients that are still connected have at the end."""


class CoreServer:
    """A core on a port of the loopback interface."""

    def __init__(self, world: Any, core: Core, speed: float = 1.0, host: str = "") -> None:
        """Serve `core` of `world`; `host` is the name that requests are taken to be for."""
        self._world, self._core, self._speed, self._host = world, core, speed, host
        self._began_s = wall_seconds()
        self._began_us = world.env.now
        self._ready = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True, name="core-server")
        self.port = 0

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> CoreServer:
        self._thread.start()
        assert self._ready.wait(30), "the server did not start"
        return self

    def __exit__(self, *exc: object) -> None:
        assert self._loop is not None
        assert self._stop is not None
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(30)

    async def _serve(self) -> None:
        from aiohttp import web

        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._handle)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=_END_S)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        server: Any = site._server
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        while not self._stop.is_set():
            self._advance()
            await asyncio.sleep(_STEP_S)
        await runner.cleanup()

    def _advance(self) -> None:
        """Let the World's time catch up."""
        passed_us = (wall_seconds() - self._began_s) * SECOND * self._speed
        self._world.run(max(self._world.env.now, self._began_us + int(passed_us)))

    async def _handle(self, incoming: Any) -> Any:
        from aiohttp import web

        headers = {name.lower(): value for name, value in incoming.headers.items()}
        request = Request(incoming.method, incoming.raw_path, headers, await incoming.read(), self._host, tls=False)
        self._advance()
        response = self._core.handle(request)
        if response.outcome is not None:
            response.outcome(True)
        if response.upgrade is not None:
            return await self._stream(incoming, response.upgrade)
        return web.Response(status=response.status, body=response.body or None, headers=response.headers)

    async def _stream(self, incoming: Any, session: Session) -> Any:
        from aiohttp import WSMsgType, web

        socket = web.WebSocketResponse()
        await socket.prepare(incoming)
        queue: asyncio.Queue[str | bytes | None] = asyncio.Queue()
        session.opened(_QueueSender(queue))
        pump = asyncio.create_task(_pump(queue, socket))
        async for message in socket:
            if message.type in (WSMsgType.TEXT, WSMsgType.BINARY):
                session.received(message.data)
        session.closed()
        pump.cancel()
        return socket


class _QueueSender:
    def __init__(self, queue: asyncio.Queue[str | bytes | None]) -> None:
        self._queue = queue

    def send(self, message: str | bytes) -> None:
        self._queue.put_nowait(message)

    def close(self, code: int = 1000) -> None:
        self._queue.put_nowait(None)


async def _pump(queue: asyncio.Queue[str | bytes | None], socket: Any) -> None:
    while (message := await queue.get()) is not None:
        if isinstance(message, str):
            await socket.send_str(message)
        else:
            await socket.send_bytes(message)
    await socket.close()


