"""What was found in a repository that a desk could call: classes or functions, with their methods and parameters."""

from __future__ import annotations

import re
from dataclasses import dataclass

from drills.project.answers import YES
from drills.project.verbs import Verb

_A_BROKER = re.compile(r"(Client|Connector|Broker|Gateway|Exchange|Api|API|Executor)(V\d)?$")
"""What orders go through: it can close positions, but nothing in it decides to."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a function, `self` left out."""

    name: str
    required: bool
    annotation: str = ""
    default: str = ""
    """Source of the default; empty when there is none."""


@dataclass(frozen=True, slots=True)
class Method:
    """Something that can be called, or looked at where it is a property or an attribute."""

    name: str
    verb: Verb
    parameters: tuple[Parameter, ...] = ()
    is_async: bool = False
    is_property: bool = False
    answer: str = YES
    """How its answer is read as yes or no: an expression with `{}` for it; empty when that cannot be told."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A class, or a module's functions (`name` empty), that look like mitigation code."""

    file: str
    line: int
    module: str
    name: str
    methods: tuple[Method, ...]
    init: tuple[Parameter, ...] = ()
    sounds: bool = False
    asked_of: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Per parameter of `__init__`, the methods that the class calls on it: what a broker must offer."""
    awaited: frozenset[str] = frozenset()
    """Those of them whose answers are awaited."""
    uses_alpaca: bool = False
    """Whether something in the repository makes an alpaca-py `TradingClient`."""
    state: Method | None = None
    """An attribute that holds whether trading is stopped, where no method tells."""
    keys: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Per parameter of `__init__`, the names that it is indexed with, as a mapping of settings is."""
    loop: Method | None = None
    """An endless loop of its own: what watches, where nothing can be called once a second."""
    instance: str = ""
    """A variable of its module that holds one, made there; empty when there is none."""
    root: str = ""
    """The folder that has to be on Python's path; empty for the repository's own."""
    guards_calls: bool = False
    """Whether it is a breaker around single calls to a service, not one for trading."""

    @property
    def verbs(self) -> frozenset[Verb]:
        """What it can do."""
        return frozenset(method.verb for method in self.methods)

    @property
    def weight(self) -> int:
        """How much it looks like the thing itself: the more verbs the better, a telling name counts for two."""
        verbs = self.verbs
        known = len(verbs - {Verb.BEGIN, Verb.ROLL}) + 2 * self.sounds + (Verb.HALT in verbs) + (Verb.RESET in verbs)
        return known - 3 * (self.guards_calls or bool(_A_BROKER.search(self.name)))
