"""What a process that a shell of the drill started has to do with its relatives: children, pipes, signals.

Its pipes and signals are the machine's, for those at the other end are processes of the machine too; time limits
are the World's. A real signal that the program handles is told to the World, which has the handler called in the
middle of whatever the program waits for, as it is for signals of the World.
"""

from __future__ import annotations

import _socket
import json
import os
import selectors
import signal
from typing import Any

from sim.lockstep.agent import patching
from sim.lockstep.agent.wire import World, wait

_Real = getattr(selectors, "PollSelector", selectors.SelectSelector)  # bound here: other selectors see virtual sockets
_real_kill, _real_signal = os.kill, signal.signal
_RawSocket = _socket.socket


class PipeSelector(_Real):  # type: ignore[misc,valid-type]
    """What `subprocess` reads pipes with."""

    def select(self, timeout: Any = None) -> Any:
        """What is ready. Without a limit it waits on the machine, for the other end is of this drill."""
        if timeout is None:
            return super().select()
        until_us, first = World.now_us + round(max(timeout, 0) * 1e6), True
        while True:
            ready = super().select(0)
            left_s = (until_us - World.now_us) / 1e6
            if ready or left_s <= 0:
                return ready
            wait("stir", [], left_s, first)
            first = False


def _change_subprocess(module: Any) -> None:
    """Let `communicate` wait for pipes, and `wait` for the child's end, without a look twenty times a second."""
    module._PopenSelector = PipeSelector
    real = module.Popen._wait

    def wait_for(self: Any, timeout: Any) -> Any:
        if timeout is None:
            return real(self, None)
        until_us, first = World.now_us + round(max(timeout, 0) * 1e6), True
        while self.poll() is None:
            left_s = (until_us - World.now_us) / 1e6
            if left_s <= 0:
                raise module.TimeoutExpired(self.args, timeout)
            wait("stir", [], left_s, first)
            first = False
        return self.returncode

    module.Popen._wait = wait_for


def _change_unix_events(module: Any) -> None:
    """Let asyncio feed a child through a pipe: older Pythons take a pair of sockets, which are the drill's here."""

    def start(self: Any, args: Any, shell: Any, stdin: Any, stdout: Any, stderr: Any, *rest: Any, **more: Any) -> None:
        import subprocess

        (size,) = rest or (more.pop("bufsize", 0),)
        self._proc = subprocess.Popen(
            args, shell=shell, stdin=stdin, stdout=stdout, stderr=stderr, universal_newlines=False, bufsize=size, **more
        )

    module._UnixSubprocessTransport._start = start


def _tell_of_signal(number: int, frame: Any) -> None:
    """A real signal has come: say so on a connection of its own, for this thread may be in the middle of a wait."""
    teller = _RawSocket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    teller.connect(World.path)
    hello = {"hello": f"{World.key}/s{number}", "pid": os.getpid(), "ppid": 0, "argv": []}
    teller.sendall(json.dumps(hello).encode() + b"\n")
    teller.close()


def _kill(pid: int, number: int) -> None:
    """Signals go to processes of the drill, and to no others."""
    if pid == World.settings["pid"]:
        if number:
            _tell_of_signal(number, None) if callable(signal.getsignal(number)) else _real_kill(pid, number)
        return
    if pid > 0 and not _is_relative(pid):
        raise ProcessLookupError(3, f"No such process: {pid} is no process of this drill")
    _real_kill(pid, number)


def _is_relative(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/environ", "rb") as file:
            text = file.read()
    except OSError:
        return False
    return not text or f"FIREDRILL_HUB={World.path}".encode() in text.split(b"\0")


def install() -> None:
    """Replace what has to do with other processes."""
    virtual = signal.signal

    def set_handler(number: int, handler: Any) -> Any:
        before = virtual(number, handler)
        _real_signal(number, _tell_of_signal if callable(handler) else handler)
        return before

    patching.name(signal, "signal", set_handler)
    patching.name(os, "kill", _kill)
    patching.when_imported("subprocess", _change_subprocess)
    patching.when_imported("asyncio.unix_events", _change_unix_events)
