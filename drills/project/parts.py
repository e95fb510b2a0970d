"""One class (or module of functions) of the user in the adapter: how it is imported, made and called."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from drills.project.answers import UNKNOWN, negated
from drills.project.arguments import OPEN, Given, given
from drills.project.candidates import Candidate, Method, Parameter
from drills.project.classes import Classes, bare
from drills.project.values import FIGURE_WORDS, TEXT, is_broker, needs_an_order, value_of
from drills.project.verbs import Verb, snake

TRADING_CLIENT = frozenset(
    ["get_account", "get_all_positions", "get_open_position", "close_position", "close_all_positions", "submit_order",
     "get_orders", "get_order_by_id", "get_order_by_client_id", "replace_order_by_id", "cancel_orders",
     "cancel_order_by_id", "get_clock", "get_calendar", "get_asset", "get_all_assets"]
)  # fmt: skip
"""What alpaca-py's `TradingClient` is asked for."""


_TAKES_PLAIN = frozenset({"Any", "Path", "Optional", "Union", "Sequence", "Iterable"})
_WHY = re.compile(r"reason|why|message|msg|cause|trigger")


@dataclass(frozen=True, slots=True)
class Call:
    """A call on the user's code as it stands in the adapter."""

    text: str
    answer: str = UNKNOWN
    """The same, read as yes or no; empty when that cannot be told."""
    open: str = ""
    """Which of its parameters are not known: then it is written as a comment."""
    noted: bool = False
    """Whether something else of the same code says whether trading is stopped."""


class Part:
    """One class (or module of functions) of the user, and the calls on it."""

    def __init__(self, candidate: Candidate, classes: Classes) -> None:
        """Name it, and find out what it is made with."""
        self.candidate = candidate
        name = candidate.name or candidate.module.rpartition(".")[2]
        self.attribute = snake(name).lstrip("_")
        methods = (*candidate.methods, *([candidate.loop] if candidate.loop else []))
        self.is_async = any(method.is_async for method in methods)
        self.broker_methods = tuple(
            method for parameter, asked in candidate.asked_of if is_broker(parameter) and not self._is_alpaca(parameter)
            for method in asked
        )  # fmt: skip
        keys = dict(candidate.keys)
        self.arguments = [
            (parameter, found) for parameter in candidate.init
            if (found := self._argument(parameter, classes, keys.get(parameter.name, ()))) is not None
        ]  # fmt: skip

    @property
    def open_places(self) -> int:
        """How many things it must be made with that only its author knows; none where the module makes one itself."""
        return 0 if self.takes_instance else sum(1 for _, found in self.arguments if found.is_open)

    @property
    def takes_instance(self) -> bool:
        """Whether the one that its module makes is taken: it is what the rest of the code uses."""
        return bool(self.candidate.instance) and not any(is_broker(p.name) and p.required for p in self.candidate.init)

    @property
    def imports(self) -> list[str]:
        """How it and what it is made with are imported."""
        module, name = self.candidate.module, self.candidate.name
        if not name:
            package, _, last = module.rpartition(".")
            return [f"from {package} import {last}" if package else f"import {last}"]
        if self.takes_instance:
            return [f"from {module} import {self.candidate.instance}"]
        return [f"from {module} import {name}", *(line for _, found in self.arguments for line in found.imports)]

    def construction(self) -> Iterator[str]:
        """The statement that builds it, one argument a line."""
        made = self.candidate.instance if self.takes_instance else self.candidate.name
        if not made or self.takes_instance:
            yield f"self.{self.attribute} = {made or self.candidate.module.rpartition('.')[2]}"
        elif not self.arguments:
            yield f"self.{self.attribute} = {made}()"
        else:
            yield f"self.{self.attribute} = {made}("
            for parameter, found in self.arguments:
                given_to = replace(found, text=_awaitable(found.text)) if parameter.name in self._awaited() else found
                yield from (f"    {line}" for line in given_to.lines(parameter.name))
            yield ")"

    def all(self, verb: Verb, with_order: bool = True) -> list[Call]:
        """The calls of every method of `verb`."""
        return [self._call(method, with_order) for method in self.candidate.methods if method.verb is verb]

    def call(self, verb: Verb, with_order: bool = False) -> Call | None:
        """The call of its first method of `verb` whose parameters are known; else of the first, with what is open."""
        calls = self.all(verb, with_order)
        if verb is Verb.LOOK:
            calls.sort(key=lambda call: ".update" in call.text)
        if with_order:  # one that is shown the order knows more than one that is not
            calls.sort(key=lambda call: "order." not in call.text and "=order" not in call.text)
        return next((call for call in calls if not call.open), calls[0] if calls else None)

    def updates(self) -> list[Call]:
        """What the code must be told before it can judge: `update_equity(...)` beside a `check()`."""
        told = [each for each in self.candidate.methods if each.verb is Verb.LOOK and each.name.startswith("update")]
        main = self.call(Verb.LOOK)
        calls = [self._call(method, with_order=False) for method in told if method.parameters]
        return [call for call in calls if not call.open and (main is None or call.text != main.text)]

    def known(self, verb: Verb) -> list[Call]:
        """The calls of `verb` whose parameters are known."""
        return [call for call in self.all(verb, with_order=False) if not call.open]

    def blocked(self) -> Call | None:
        """What tells whether trading is stopped: a method, an attribute, or the opposite of `trading_allowed()`."""
        asked = self.call(Verb.BLOCKED)
        if asked is not None and not asked.open and asked.answer:
            return asked
        if self.candidate.state is not None:
            return self._call(self.candidate.state, with_order=False)
        looked = self.call(Verb.LOOK)
        if looked is not None and looked.answer and not looked.open and Verb.HALT in self.candidate.verbs:
            return looked  # what can be halted by hand and looked at says whether it is halted
        for method in self.candidate.methods:
            general = re.fullmatch(r"can_trade|(is_)?trading_(is_)?(allowed|enabled|permitted)", snake(method.name))
            if method.verb is Verb.ALLOWED and general and not any(p.required for p in method.parameters):
                call = self._call(method, with_order=False)
                if call.answer:
                    return Call(call.text, negated(method.answer).format(call.text))
        return asked if asked is not None and asked.open else None

    def loop(self) -> str | None:
        """How its own endless loop is started, where it has one and nothing can be called instead."""
        method = self.candidate.loop
        if method is None or self.candidate.verbs & {Verb.LOOK, Verb.RECONCILE}:
            return None
        place = f"self.{self.attribute}.{method.name}()"
        return f"asyncio.run({place})" if method.is_async else place

    def _is_alpaca(self, parameter: str) -> bool:
        """Whether what is called on this parameter is what alpaca-py's own client offers."""
        asked = dict(self.candidate.asked_of).get(parameter, ())
        return self.candidate.uses_alpaca and bool(asked) and TRADING_CLIENT.issuperset(asked)

    def _awaited(self) -> frozenset[str]:
        names = self.candidate.awaited
        return frozenset(p.name for p in self.candidate.init if {p.name, f"_{p.name}"} & names)

    def _argument(self, parameter: Parameter, classes: Classes, keys: tuple[str, ...]) -> Given | None:
        if "TradingClient" in parameter.annotation or (is_broker(parameter.name) and self._is_alpaca(parameter.name)):
            line = "from alpaca.trading.client import TradingClient"
            return Given('TradingClient("key", "secret", paper=True)', imports=(line,))
        if is_broker(parameter.name) and "Callable" not in parameter.annotation:
            return Given("Broker(desk)" if self.broker_methods else "desk.broker")
        return given(parameter, classes, self.candidate.file, keys)

    def _call(self, method: Method, with_order: bool) -> Call:
        place = f"self.{self.attribute}.{method.name}"
        if method.is_property:
            return Call(place, method.answer and method.answer.format(place))
        arguments: list[str] = []
        unknown: list[str] = []
        for parameter in method.parameters:
            if not parameter.required and not self._is_wanted(method, parameter):
                continue
            text = self._value(method, parameter, with_order)
            (unknown if text is None else arguments).append(f"{parameter.name}={text or OPEN}")
        text = f"{place}({', '.join(arguments + [word.replace(OPEN, '...') for word in unknown])})"
        text = f"self.wait({text})" if method.is_async else text
        return Call(text, method.answer and method.answer.format(text), ", ".join(w.partition("=")[0] for w in unknown))

    @staticmethod
    def _is_wanted(method: Method, parameter: Parameter) -> bool:
        """Whether it is given though it has a default: the reason of a halt, and how the firm stands."""
        if method.verb is Verb.HALT:
            return bool(_WHY.fullmatch(parameter.name))
        value = value_of(parameter.name, of_call=True)
        stands = value is not None and value.text.startswith((FIGURE_WORDS, "self.desk.positions"))
        return method.verb in (Verb.LOOK, Verb.BEGIN) and parameter.default in ("None", "0", "0.0") and stands

    @staticmethod
    def _value(method: Method, parameter: Parameter, with_order: bool) -> str | None:
        """What a parameter of a method is given; None when that is not known."""
        value = value_of(parameter.name, of_call=True)
        if value is None or (needs_an_order(value) and not with_order):
            return "self.desk.broker" if is_broker(parameter.name) else None
        kind = bare(parameter.annotation)
        if kind == "Decimal":
            return f"Decimal(str({value.text}))"
        if kind[:1].isupper() and kind not in _TAKES_PLAIN and not kind.startswith(("Dict", "List", "Mapping")):
            return None
        return "reason" if method.verb is Verb.HALT and value == TEXT and _WHY.fullmatch(parameter.name) else value.text


def _awaitable(text: str) -> str:
    """A function whose answer is awaited."""
    return re.sub(r"^(lambda[^:]*: )(.*)$", r"\1later(\2)", text)
