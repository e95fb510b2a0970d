"""Hooks that are coroutines: one event loop takes them all, and goes on between them.

A client that was opened in one hook is good in the next, and tasks that a hook has started run on, as in a program
whose loop never ends. Whoever called the hook waits for its end, as for that of any other.
"""

from __future__ import annotations

import threading
from types import CoroutineType
from typing import Any


class Awaiting:
    """The event loop of one program's hooks; there is none until a hook needs it."""

    def __init__(self) -> None:
        """No loop yet."""
        self._loop: Any = None
        self._thread: Any = None

    def result(self, answer: Any) -> Any:
        """What a hook came to: its answer, or what the coroutine returns that it answered with."""
        if not isinstance(answer, CoroutineType):
            return answer
        import asyncio  # only here: it is slow to load

        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            self._thread = threading.Thread(target=self._run, name="hooks", daemon=True)
            self._thread.start()
        if threading.current_thread() is not self._thread:
            return asyncio.run_coroutine_threadsafe(answer, self._loop).result()
        return _beside(answer)  # asked for by a hook on the loop, which waits for it and so holds the loop up

    def _run(self) -> None:
        import asyncio

        asyncio.set_event_loop(self._loop)
        try:
            while True:
                try:
                    self._loop.run_forever()
                except (SystemExit, KeyboardInterrupt):  # also raised at whoever called the hook
                    pass
        finally:
            self._loop.close()


def _beside(coroutine: Any) -> Any:
    import asyncio
    from concurrent.futures import Future

    done: Any = Future()

    def run() -> None:
        try:
            done.set_result(asyncio.run(coroutine))
        except BaseException as error:
            done.set_exception(error)

    threading.Thread(target=run, name="hooks beside", daemon=True).start()
    return done.result()
