"""One start of somebody's program as processes of the machine, in lock-step with the World.

The World stands still while any process of the run computes. Once all of them rest (`tree`), what the shims
ask for is taken up in the order of the family tree, not of arrival, one at a time; each answer lets one
process go on, and the World stands still again until all rest. So nothing depends on who is quicker. When
nothing is left to answer at this instant, the World goes on.
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from sim.actors.process import Process
from sim.clock import MINUTE, SECOND, wall_seconds
from sim.errors import BadInput
from sim.lockstep.commands import perform
from sim.lockstep.ending import end_processes, read_all, send
from sim.lockstep.guests import Guest, GuestChannel
from sim.lockstep.keyboard import Keyboard
from sim.lockstep.printed import Printed
from sim.lockstep.refusals import KEEP_AGENT, Refusals
from sim.lockstep.requests import Request
from sim.lockstep.shim_pipes import ShimPipes
from sim.lockstep.sockets_watch import SocketsWatch
from sim.lockstep.transfer import Transfer
from sim.lockstep.tree import Task, Tree

if TYPE_CHECKING:
    from sim.actors.strand import Strand
    from sim.lockstep.room import Room

# Bound here: in a strand, names of the standard library are those of virtual time.
_select, _Popen = select.select, subprocess.Popen

HANG_AFTER_US = 5 * MINUTE
"""A call without a limit that has not come back after so long is written down as a hang."""
_BUSY_LIMIT_S = 10.0
_STUCK_LIMIT_S = 120.0
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.0003, 0.005
_SURE_AFTER_S = 0.3
"""A program whose processes all wait for each other is looked at for so long before it is given up."""
_TALKS = "opens a network connection of its own, past the drill's network, where no broker can answer it"
_TALK_BY = "talk by curl, wget or Python, or run it against a live drill"
_ANSWER_BY = '--exec "echo yes | ./stop.sh" is somebody who answers'
_TICKS_PER_S = os.sysconf("SC_CLK_TCK")


class Session:
    """A program of a run, from its start to its end."""

    def __init__(
        self, room: Room, process: Process, label: str, argv: list[str], variables: Mapping[str, str],
        on_exit: Callable[[int], None] = lambda code: None,
    ) -> None:  # fmt: skip
        """Belongs to `process` of the firm; `on_exit` is told the exit status (128 + N when signal N ended it)."""
        self.room, self.process, self.label, self._argv, self._on_exit = room, process, label, argv, on_exit
        self.world, self.hosts, self.zone = room.world, room.hosts, room.zone
        self.history = room.world.history
        self.name = process.name
        self.looks = 0
        """How often the date has been asked for since the last wait."""
        self.exit_code: int | None = None
        self.ended = False
        """Whether nothing of it is left."""
        self._variables = dict(variables)
        self._folder = room.new_session_folder()
        self.pipes = ShimPipes(self._folder, in_namespace=room.isolation == "netns")
        self.printed = Printed(room, self.name)
        self._requests: dict[int, Request] = {}
        self._fresh: list[int] = []
        self._timers: dict[int, int] = {}
        self._tasks: list[Task] = []
        self.channels: list[GuestChannel] = []
        """Connections of the Python processes among them."""
        self._guests: list[Guest] = []
        self._settling = False
        self.stirrable: list[Strand] = []
        """Those that want to know when another process has done something."""
        self._refusals = Refusals()
        self._still_since: float | None = None
        self._random = self.world.streams.stream(f"code/{self.name}/exec{room.number}")
        process.on_kill.append(self.kill)

    # Life.

    def start(self) -> None:
        """Start it now, up to its first wait."""
        self.pipes.open()
        self._watch, self._keyboard = SocketsWatch(), Keyboard()
        out, out_end = os.pipe()
        err, err_end = os.pipe()
        status, status_end = os.pipe()
        config = self.room.write_config(
            self._folder, self._argv, self._environ(), status_end, self._watch.launcher_end
        )  # fmt: skip
        self._launcher = _Popen(
            self.room.launcher_command(config), stdin=self._keyboard.read_end, stdout=out_end, stderr=err_end,
            pass_fds=(status_end, self._watch.launcher_end), env={}, cwd="/",
        )  # fmt: skip
        self._watch.started()
        self._keyboard.started()
        for end in (out_end, err_end, status_end):
            os.close(end)
        self._streams = {out: "stdout", err: "stderr", status: "status"}
        for fd in self._streams:
            os.set_blocking(fd, False)
        self._status = b""
        self._tree = Tree(self._launcher.pid, self.room.hidden_levels)
        self._ready = False
        self.room.sessions.append(self)
        self.settle()

    def _environ(self) -> dict[str, str]:
        return self.room.environ(self._folder, int.from_bytes(self.random_bytes(2), "big") & 0x7FFF) | self._variables

    def kill(self) -> None:
        """End it from outside, with everything that it has started; what it has printed by then is kept."""
        if self.ended or not hasattr(self, "_launcher"):
            return
        self.ended = True
        for request in self._requests.values():
            request.answered = True
            request.on_gone()
        self._requests.clear()
        self._dismiss()
        end_processes(self._launcher, self.room.hidden_levels)
        self._drain()
        self.printed.flush(everything=True)
        self._close()

    def _dismiss(self) -> None:
        for guest in list(self._guests):
            guest.kill(-int(signal.SIGKILL))
        for channel in self.channels:
            channel.close()
        self.channels.clear()

    def _close(self) -> None:
        for fd in self._streams:
            os.close(fd)
        self._streams = {}
        self._watch.close()
        self._keyboard.close()
        self.pipes.close()
        if self in self.room.sessions:
            self.room.sessions.remove(self)

    # Settling: until nothing more happens at this instant.

    def settle(self, stirs: bool = True) -> None:
        """Let the processes run until all of them wait for virtual time, or have ended; then `stir`."""
        if self._settling or self.ended:
            return
        self._settling = True
        try:
            while not self.ended:
                self._wait_for_rest()
                self.printed.flush()
                if self.ended or not self._serve_one():
                    break
        finally:
            self._settling = False
        if stirs:
            self.stir()

    def stir(self) -> None:
        """A process has done something: those that wait for a pipe or a child look again, at this instant."""
        for strand in self.stirrable:
            strand.wake()

    def _wait_for_rest(self) -> None:
        pause_s, since = _FIRST_PAUSE_S, wall_seconds()
        ticks = self._tree.cpu_ticks()
        next_look_s = 1.0
        self._refusals.begin()
        while True:
            self._drain()
            if self._launcher.poll() is not None:
                self._all_gone()
                return
            tasks = self._tree.at_rest() if self._ready else None
            if tasks is not None and not self._drain() and self._accept(tasks):
                return
            speaking = [channel._fd for channel in self.channels if not channel.heard and channel._fd >= 0]
            watched = [self.pipes.fd, self.room.server._fd, *speaking]
            called, _, _ = _select([*watched, *self._streams], [], [], pause_s)
            spoken = any(fd in called for fd in watched)
            pause_s = _FIRST_PAUSE_S if spoken else min(_LONGEST_PAUSE_S, 1.2 * pause_s)
            spent_s = wall_seconds() - since
            if spent_s > next_look_s:
                next_look_s = spent_s + 1.0
                busy_s = (self._tree.cpu_ticks() - ticks) / _TICKS_PER_S
                if busy_s > _BUSY_LIMIT_S or spent_s > _STUCK_LIMIT_S:
                    self._stuck("busy loop")
                    return

    def _accept(self, tasks: list[Task]) -> bool:
        """Whether the rest is one that virtual time can end; raises BadInput when only the machine's clock can."""
        self._tasks = tasks
        alive = {task.pid for task in tasks if not task.is_gone()}
        for own_pid in self._fresh:
            task = next((task for task in tasks if task.own_pid == own_pid), None)
            known = self._requests.get(own_pid)
            if task is None:
                continue
            self.pipes.prepare(own_pid)
            if known is None or known.task.pid != task.pid:
                self._requests[own_pid] = Request(self, task)
        asking = self._keyboard.reader(tasks)
        if asking is not None:
            self.printed.refused("input", f"for {asking}; {_ANSWER_BY}")
            return False
        self._forget_the_dead(alive)
        self._welcome(tasks)
        virtual = {request.task.pid for request in self._requests.values()} | {g.task.pid for g in self._guests}
        others = [task for task in tasks if task.pid in alive and task.pid not in virtual]
        reason = self._refusals.look(others)
        if reason is not None:
            self._refuse_program(*reason)
        if self._refusals.waiting:
            return False
        waits = self._requests or self._timers or self._guests
        if waits or self._fresh or self.exit_code is not None or not others:
            self._still_since = None
            return True
        self._still_since = wall_seconds() if self._still_since is None else self._still_since
        if wall_seconds() - self._still_since < _SURE_AFTER_S:
            return False
        self._stuck("a wait that nothing ends")
        return True

    def _welcome(self, tasks: list[Task]) -> None:
        """Python processes that have said hello: each begins when the family has settled, in the order of the tree."""
        strangers = self.room.server.strangers
        for task in tasks:
            for found in [s for s in strangers if s[0].pid == task.own_pid and "/s" in s[0].key]:
                strangers.remove(found)
                found[1].close()
                for guest in [guest for guest in self._guests if guest.task.pid == task.pid]:
                    self.world.env.call_later(0, guest.signal, int(found[0].key.rpartition("/s")[2]))
            for found in [s for s in strangers if s[0].pid == task.own_pid and "/" not in s[0].key]:
                strangers.remove(found)
                guest = Guest(self, *found, task)
                self._guests.append(guest)
                self.world.env.call_later(0, guest.begin)

    def guest_ended(self, guest: Guest) -> None:
        """A Python process has ended."""
        if guest in self._guests:
            self._guests.remove(guest)
        self.channels = [channel for channel in self.channels if channel._fd >= 0]

    def _forget_the_dead(self, alive: set[int]) -> None:
        for own_pid, request in list(self._requests.items()):
            if request.task.pid not in alive:
                del self._requests[own_pid]
                if not request.answered:
                    request.answered = True
                    request.on_gone()
        for pid in [pid for pid in self._timers if pid not in alive]:
            del self._timers[pid]

    def _serve_one(self) -> bool:
        """Take up the next fresh request; whether there was one."""
        order = {task.own_pid: index for index, task in enumerate(self._tasks)}
        fresh = sorted((pid for pid in self._fresh if pid in self._requests), key=lambda pid: order.get(pid, 0))
        if not fresh:
            self._fresh.clear()
            for channel in sorted(self.channels, key=lambda channel: channel.path):
                channel.wake()
            return False
        own_pid = fresh[0]
        self._fresh = fresh[1:]
        request = self._requests[own_pid]
        if not request.came_again():
            perform(request)
        return True

    def _all_gone(self) -> None:
        self._drain()
        if self.ended:
            return
        self.ended = True
        for request in self._requests.values():
            request.answered = True
            request.on_gone()
        self._requests.clear()
        self._dismiss()
        self.printed.flush(everything=True)
        self._close()
        if self.exit_code is None:
            self._exited(137)

    # What the processes say.

    def _drain(self) -> bool:
        """Take in what has been written; whether shims have called."""
        for fd, name in list(self._streams.items()):
            data, open_still = read_all(fd)
            if not open_still:
                del self._streams[fd]
                os.close(fd)
            if not data:
                continue
            if name == "status":
                self._status += data
                self._read_status()
            else:
                self.printed.add(name, data)
        if not self.ended:
            talker = self._watch.asked()
            if talker is not None:
                self._refuse_program(talker, _TALKS, KEEP_AGENT if talker.startswith("python") else _TALK_BY)
        called = self.pipes.called()
        self._fresh += called
        strangers = len(self.room.server.strangers)
        self.room.server.look()
        spoken = [channel for channel in self.channels if channel.take_in()]
        return bool(called) or bool(spoken) or len(self.room.server.strangers) > strangers

    def _read_status(self) -> None:
        *lines, self._status = self._status.split(b"\n")
        for line in lines:
            word, _, rest = line.decode("utf-8", "replace").partition(" ")
            if word == "ready":
                self._ready = True
                self.room.learned(rest)
            elif word == "failed":
                raise BadInput(
                    f"the program cannot be shut in: {rest}", field="--isolation", value="netns",
                    mend="use --isolation shim",
                )  # fmt: skip
            elif word == "unstartable":
                raise BadInput(rest, field="--exec", value=self.label, mend="check the command, and that it may be run")
            elif word == "exited" and not self.ended:  # of one that is killed from outside, nobody hears the status
                code = int(rest)
                self.printed.flush(everything=True)
                self._exited(128 - code if code < 0 else code)

    def _exited(self, code: int) -> None:
        self.exit_code = code
        self.history.emit("code.exit", self.name, hook=self.label, code=str(code))
        self.world.env.call_later(0, self._on_exit, code)

    # For the commands.

    def plain(self, text: str) -> str:
        """Without what differs between two runs of one seed: where the run keeps its files."""
        return self.room.plain(text)

    def write(self, request: Request, text: str, asks_again: bool = False) -> None:
        """Answer a shim: it runs `text`."""
        own_pid = request.task.own_pid
        if self._requests.get(own_pid) is not request:
            return
        if not asks_again:
            del self._requests[own_pid]
        self.room.tick()
        if self.pipes.write(request.pipe, request.task.pid, text):
            self.settle()

    def real(self, name: str) -> str:
        """Where the machine's own program of this name can be started."""
        return self.room.real(name)

    def random_bytes(self, count: int) -> bytes:
        """Bytes of the run's chance."""
        return self._random.bytes(count)  # type: ignore[no-any-return]

    def watch(self, pid: int) -> None:
        """A timer runs for a process."""
        self._timers[pid] = self._timers.get(pid, 0) + 1

    def unwatch(self, pid: int) -> None:
        """It has run out."""
        left = self._timers.pop(pid, 0) - 1
        if left > 0:
            self._timers[pid] = left

    def runs(self, task: Task) -> bool:
        """Whether a process has not ended."""
        return not self.ended and any(t.pid == task.pid and t.path == task.path for t in self._tree.tasks())

    def holds(self, pids: Iterable[str]) -> bool:
        """Whether one of these numbers is that of a process of this start, as it sees itself."""
        own = {str(task.own_pid) for task in self._tasks}  # membership only
        return any(pid in own for pid in pids)

    @property
    def leader(self) -> int:
        """The number of the process that leads the session of the machine that all others belong to."""
        return next((task.pid for task in self._tasks if len(task.path) == self.room.hidden_levels + 1), 0)

    def signal_below(self, task: Task, number: int) -> None:
        """Send a signal to everything that a process has started, the oldest first."""
        for below in [t for t in self._tree.tasks() if task.pid in t.path and t.pid != task.pid]:
            send(below.pid, number)
        self.settle()

    def watch_for_hang(self, request: Request, transfer: Transfer) -> None:
        """Look again after `HANG_AFTER_US` whether a transfer without a limit still waits."""

        def look() -> None:
            if transfer.waits and not request.answered and not self.ended:
                self.history.emit(
                    "code.hang", self.name, endpoint=request.shown, at=self.room.line_that_says(request.shown),
                    stack=[], waited_s=transfer.waited_us / SECOND,
                )  # fmt: skip

        self.world.env.call_later(HANG_AFTER_US, look)

    # What goes wrong.

    def _stuck(self, what: str) -> None:
        names = [task.name() for task in self._tasks or self._tree.tasks()]
        self.history.emit(
            "code.hang", self.name, endpoint=what, at=self.label, stack=[self.plain(name) for name in names[-8:]],
            waited_s=0.0,
        )  # fmt: skip
        self.kill()
        if self.exit_code is None:
            self._exited(137)

    def _refuse_program(self, name: str, why: str, mend: str) -> None:
        shown = self.plain(name)
        self.history.emit("code.refused", self.name, refused="program", what=f"{shown}: {why}", at=self.label)
        self.kill()
        raise BadInput(f"{shown} {why}", field="--exec", value=self.label, mend=mend)
