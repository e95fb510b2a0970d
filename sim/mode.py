"""The mode that the trading system runs in: live or paper with a broker, lab without one.

A mode is read at the start of the process, so a change takes a restart. In lab mode every way to the broker
is shut, which is the point of it. What was sent before stays at the broker: shutting the door cancels nothing.
"""

from __future__ import annotations

from typing import Literal

from sim.healing import Heal, nothing, once
from sim.history import History
from sim.network import BrokerUnreachable, Link, Verdict

ModeName = Literal["live", "paper", "lab"]


class Mode:
    """What the system is told to be at its next start, and what it is released for."""

    def __init__(self, history: History, link: Link) -> None:
        """Live, and released for it."""
        self._history, self._link = history, link
        self.set_to: ModeName = "live"
        """What the configuration says; the process follows at its next start."""
        self.running: ModeName = "live"
        self.released = True
        """Whether somebody with the right to do so has released the system for the mode that it runs in."""
        self._reopen: Heal = nothing

    @property
    def lab(self) -> bool:
        """Whether the running process may not talk to any broker."""
        return self.running == "lab"

    def started(self) -> None:
        """A process starts: it reads its mode."""
        if self.running == self.set_to:
            return
        self.running = self.set_to
        self._history.emit("system.mode", self.running)
        self._reopen()
        self._reopen = nothing
        if self.lab:
            shut = Verdict(BrokerUnreachable("lab mode: broker connections are disabled"))
            self._reopen = once(self._link.add(lambda endpoint: shut, of_path=True))

    def withdraw_release(self, mode: ModeName) -> Heal:
        """The system runs in `mode` and was never released for it; healing releases it after all."""
        self.set_to = self.running = mode
        self.released = False
        self._history.emit("mode.unreleased", mode)

        def heal() -> None:
            self.released = True
            self._history.emit("mode.released", self.running)

        return once(heal)
