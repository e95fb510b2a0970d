"""The nemesis: it does a scenario's faults to a World on schedule, and undoes them.

Every fault leaves three kinds of events: `fault.injected`, `fault.landed` with the proof that somebody could
have felt it, and `fault.healed`. A fault that never landed makes a run inconclusive, whatever came out of it.
"""

from __future__ import annotations

from weakref import WeakKeyDictionary, ref

from scenarios.faults import Ends, FaultBase
from scenarios.inject import broker, firm, market, models, orders, state  # noqa: F401  importing registers the injectors
from scenarios.inject.base import INJECTORS, Heal, Strike
from scenarios.scenario import Scenario
from sim.clock import MINUTE, SECOND
from sim.history import Event, History
from sim.network import Verdict
from sim.orders import Order
from sim.world import World

_TRIGGERS = ("manual_kill", "order_rejects", "api_errors", "slippage")
"""Faults at which a kill switch fires soon: an order must then be un-acknowledged, to be cancelled all the same.

A move of the market fires it some time during its ramp, so there the orders are put along the ramp.
"""

_BEFORE_US = 3 * SECOND
_IN_FLIGHT_LIFE_US = 10 * MINUTE


_of_worlds: WeakKeyDictionary[World, ref[Nemesis]] = WeakKeyDictionary()


def nemesis_of(world: World) -> Nemesis | None:
    """Who strikes in `world`, while its run lasts; None where nobody does."""
    found = _of_worlds.get(world)
    return None if found is None else found()


class Nemesis:
    """The fault schedule of one run."""

    def __init__(self, world: World, scenario: Scenario, zero_us: int) -> None:
        """Schedule every fault of `scenario`; its times count from `zero_us`."""
        self._world, self._scenario, self._zero_us = world, scenario, zero_us
        _of_worlds[world] = ref(self)
        self._heals: dict[str, Heal] = {}
        self.faults: dict[str, FaultBase] = {}
        for number, fault in enumerate(scenario.faults, start=1):
            fault_id = f"{number}-{fault.kind}"
            self.faults[fault_id] = fault
        # Heals first: where one fault follows another at one instant, the second finds the World healed.
        for fault_id, each in self.faults.items():
            if each.ends is not Ends.ITSELF:
                self._schedule_heal(fault_id, each)
        for fault_id, each in self.faults.items():
            self._schedule_strike(fault_id, each)
            if each.ends is Ends.ITSELF:
                self._schedule_heal(fault_id, each)

    def _schedule_heal(self, fault_id: str, fault: FaultBase) -> None:
        healed_at = self._scenario.healed_at_us(fault)
        if healed_at is not None:
            self._at(self._zero_us + healed_at, lambda: self.heal(fault_id))

    def _schedule_strike(self, fault_id: str, fault: FaultBase) -> None:
        strike_us = self._zero_us + fault.at_us
        self._at(strike_us - _BEFORE_US, lambda: self._put_order_in_flight(lose_ack=False))
        if fault.kind in _TRIGGERS:
            self._at(strike_us - SECOND // 2, lambda: self._put_order_in_flight(lose_ack=True))
        self._at(strike_us, lambda: self._inject(fault_id, fault))
        if fault.own_length_us:  # a move takes its time: have an order in flight whenever the switch fires
            for quarter in (1, 2, 3, 4):
                at_us = strike_us + quarter * fault.own_length_us // 4
                self._at(at_us, lambda: self._put_order_in_flight(lose_ack=True))

    def _at(self, t_us: int, function: Heal) -> None:
        self._world.env.call_at(t_us, function)

    def _inject(self, fault_id: str, fault: FaultBase) -> None:
        self._world.history.emit(
            "fault.injected", fault_id, fault=fault.kind, component=fault.component, text=fault.describe(),
            identity=fault.identity, targets=list(fault.targets), blocks=fault.blocks_recovery,
        )  # fmt: skip
        self._heals[fault_id] = INJECTORS[fault.kind](Strike(self._world, fault, fault_id), fault)

    def heal(self, fault_id: str) -> None:
        """End one fault; harmless when it has not struck or is over."""
        heal = self._heals.pop(fault_id, None)
        if heal is None:
            return
        if self.faults[fault_id].ends is not Ends.ITSELF:
            heal()
        self._world.history.emit("fault.healed", fault_id)

    def mitigate(self, kinds: tuple[str, ...]) -> list[str]:
        """End the active faults of these kinds, because somebody did what mends them; what was ended."""
        active = [fault_id for fault_id in self._heals if self.faults[fault_id].kind in kinds]
        for fault_id in active:
            self.heal(fault_id)
        return [self.faults[fault_id].describe() for fault_id in active]

    def active(self) -> bool:
        """Whether a fault is in force now that the outside world, not the firm, will end."""
        lasting = (self.faults[fault_id] for fault_id in self._heals)
        return any(f.ends is not Ends.ITSELF and self._scenario.healed_at_us(f) is not None for f in lasting)

    def last_change_us(self) -> int:
        """When the schedule is over: the last injection or heal, in run time."""
        ends = [f.at_us for f in self.faults.values()]
        ends += [t for f in self.faults.values() if (t := self._scenario.healed_at_us(f)) is not None]
        return self._zero_us + max(ends, default=0)

    def _put_order_in_flight(self, lose_ack: bool) -> None:
        """Leave an order open that adds to a position, un-acknowledged if `lose_ack`, for the fault to meet."""
        world = self._world
        active = world.trading.up and world.trading.halted is None and world.calendar.is_open(world.env.now)
        if not (self._scenario.world.in_flight and active):
            return
        symbol = world.market.symbols[0]
        price = world.market.price(symbol)
        side = -1 if world.book.held().get(symbol, 0) < 0 else 1
        limit = round(price * (1 - 0.03 * side), 2)
        restore = world.link.add(_lose_reply) if lose_ack else (lambda: None)
        order = world.orders.create(symbol, side, 10, kind="limit", limit_price=limit, price_hint=price)
        restore()
        if order.live:
            world.env.call_later(_IN_FLIGHT_LIFE_US, self._take_back, order)

    def _take_back(self, order: Order) -> None:
        if order.live and self._world.trading.up:
            self._world.orders.cancel(order)


def _lose_reply(endpoint: str) -> Verdict | None:
    return Verdict(lose_reply=True) if endpoint == "submit" else None


def landed(history: History) -> dict[str, str | None]:
    """For each fault injected: the proof that it landed, or None.

    A pure reading of the History, so that scoring can ask it later.
    """
    proofs: dict[str, str | None] = {}
    of_feed: dict[str, Event] = {}
    for event in history.of("fault.injected", "fault.landed", "feed.corrupted"):
        if event.kind == "fault.injected":
            proofs[event.subject] = None
            if event.data["component"] == "feed":
                of_feed[event.subject] = event
        elif event.kind == "fault.landed":
            proofs[event.subject] = str(event.data["proof"])
        else:  # the feed itself records when the first bad item was delivered
            for fault_id, injected in of_feed.items():
                if proofs[fault_id] is None and _is_of(event, injected):
                    proofs[fault_id] = f"bad data was delivered for {event.subject}"
    return proofs


def _is_of(corrupted: Event, injected: Event) -> bool:
    """Whether bad data of this kind and symbol comes from that fault."""
    kind, symbols = injected.data["identity"].rpartition("/")[2].removeprefix("feed_"), injected.data["targets"]
    return bool(corrupted.data["fault"] == kind and (not symbols or corrupted.subject in symbols))
