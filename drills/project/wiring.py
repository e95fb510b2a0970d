"""The adapter: Python that builds the user's classes and lets the desk call them, proposed from their names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from drills.project.rendering import render
from drills.project.survey import Candidate, Method, Parameter
from drills.project.values import TEXT, Value, bridged, is_broker, needs_an_order, value_of
from drills.project.verbs import Verb

_LIKELY = 3
TRADING_CLIENT = frozenset(
    ["get_account", "get_all_positions", "get_open_position", "close_position", "close_all_positions", "submit_order",
     "get_orders", "get_order_by_id", "get_order_by_client_id", "replace_order_by_id", "cancel_orders",
     "cancel_order_by_id", "get_clock", "get_calendar", "get_asset", "get_all_assets"]
)  # fmt: skip
"""What alpaca-py's `TradingClient` is asked for."""
_KINDS = (
    {Verb.HALT, Verb.FLATTEN, Verb.BLOCKED, Verb.ALLOWED, Verb.LOOK, Verb.RESET, Verb.CANCEL},
    {Verb.RECONCILE}, {Verb.RECONNECT},
)  # fmt: skip

def chosen(candidates: Sequence[Candidate]) -> list[Candidate]:
    """The likeliest candidate for each kind of work: stopping, reconciling, reconnecting."""
    found: list[Candidate] = []
    for kind in _KINDS:
        fit = [each for each in candidates if each.verbs & kind and (kind is not _KINDS[0] or _stops(each))]
        if fit and fit[0] not in found:
            found.append(fit[0])
    return found


def _stops(candidate: Candidate) -> bool:
    """Whether it can stop trading, or looks very much like it."""
    return candidate.weight >= _LIKELY or not candidate.name


def adapter(candidates: Sequence[Candidate]) -> str:
    """The text of the adapter for what `chosen` chose."""
    parts = [_Part(each) for each in candidates]
    calls = {str(verb): _first(parts, verb, with_order=verb is Verb.ALLOWED) for verb in Verb}
    methods = dict.fromkeys(name for part in parts for name in part.broker_methods)
    built = [line for part in parts for line in part.construction()]
    broker = {name: bridged(name) for name in methods}
    awaited = frozenset(name for part in parts for name in part.candidate.awaited)
    return render(
        "adapter.py.j2", imports=_imports(parts), constructions=built, broker=broker, awaited=awaited, **calls
    )


def _imports(parts: Iterable[_Part]) -> list[str]:
    parts = list(parts)
    lines = ["import asyncio"] if any(part.is_async for part in parts) else []
    lines.append("import logging")
    if any(part.candidate.file.startswith("src/") for part in parts):
        lines += ["import sys", "from pathlib import Path", ""]
        lines.append('sys.path.insert(0, str(Path(__file__).parent / "src"))')
    lines.append("")
    if any("TradingClient(" in line for part in parts for line in part.construction()):
        lines.append("from alpaca.trading.client import TradingClient")
    return [*lines, *dict.fromkeys(part.import_line for part in parts)]


def _first(parts: Sequence[_Part], verb: Verb, with_order: bool = False) -> str | None:
    return next((text for part in parts if (text := part.call(verb, with_order)) is not None), None)


class _Part:
    """One class (or module of functions) of the user, and the calls on it."""

    def __init__(self, candidate: Candidate) -> None:
        """Name it."""
        self.candidate = candidate
        name = candidate.name or candidate.module.rpartition(".")[2]
        self.attribute = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
        self.is_async = any(method.is_async for method in candidate.methods)
        self.broker_methods = tuple(
            method for parameter, asked in candidate.asked_of if is_broker(parameter) and not self._is_alpaca(parameter)
            for method in asked
        )  # fmt: skip

    def _is_alpaca(self, parameter: str) -> bool:
        """Whether what is called on this parameter is what alpaca-py's own client offers."""
        asked = dict(self.candidate.asked_of).get(parameter, ())
        return self.candidate.uses_alpaca and bool(asked) and TRADING_CLIENT.issuperset(asked)

    @property
    def import_line(self) -> str:
        """How it is imported."""
        module, name = self.candidate.module, self.candidate.name
        if name:
            return f"from {module} import {name}"
        package, _, last = module.rpartition(".")
        return f"from {package} import {last}" if package else f"import {last}"

    def construction(self) -> Iterator[str]:
        """The statement that builds it, one argument a line."""
        if not self.candidate.name:
            yield f"self.{self.attribute} = {self.attribute}"
            return
        given = [line for parameter in self.candidate.init if (line := self._argument(parameter)) is not None]
        if not given:
            yield f"self.{self.attribute} = {self.candidate.name}()"
            return
        yield f"self.{self.attribute} = {self.candidate.name}("
        yield from given
        yield ")"

    def _argument(self, parameter: Parameter) -> str | None:
        if "TradingClient" in parameter.annotation or (is_broker(parameter.name) and self._is_alpaca(parameter.name)):
            return f'            {parameter.name}=TradingClient("key", "secret", paper=True),'
        if is_broker(parameter.name):
            broker = "Broker(desk)" if self.broker_methods else "desk.broker"
            return f"    {parameter.name}={broker},"
        value = value_of(parameter.name)
        if value is not None and not needs_an_order(value) and (parameter.required or "limit" in value.text):
            return f"    {parameter.name}={value.text},{_remark(value.remark)}"
        return f"    {parameter.name}=None,  # fill in" if parameter.required else None

    def call(self, verb: Verb, with_order: bool = False) -> str | None:
        """The expression that calls its first method of `verb`; None when there is none that can be called."""
        for method in self.candidate.methods:
            if method.verb is verb and (text := self._call(method, with_order)) is not None:
                return text
        return None

    def _call(self, method: Method, with_order: bool) -> str | None:
        place = f"self.{self.attribute}.{method.name}"
        if method.is_property:
            return place
        arguments = []
        for parameter in method.parameters:
            value = value_of(parameter.name)
            if not parameter.required:
                continue
            if value is None or (needs_an_order(value) and not with_order):
                if not is_broker(parameter.name):
                    return None
                arguments.append(f"{parameter.name}=self.desk.broker")
                continue
            arguments.append(f"{parameter.name}={'reason' if _is_reason(method, value) else value.text}")
        text = f"{place}({', '.join(arguments)})"
        return f"asyncio.run({text})" if method.is_async else text


def _is_reason(method: Method, value: Value) -> bool:
    """Whether the value is free text, of which a halt knows the right one."""
    return method.verb is Verb.HALT and value == TEXT


def _remark(text: str) -> str:
    return f"  # {text}" if text else ""
