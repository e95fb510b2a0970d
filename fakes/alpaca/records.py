"""What the account has been through: fills as activities, and equity over time."""

from __future__ import annotations

import re
from typing import Any

from fakes.alpaca.errors import malformed
from fakes.alpaca.models import Wording, identifier, number, shares
from fakes.alpaca.reading import instant, limit_of, words
from sim.actors.http import Request
from sim.clock import DAY, HOUR, MINUTE, SECOND
from sim.orders import kept

Row = dict[str, Any]

_PERIOD = re.compile(r"^(\d+)(D|W|M|A)$")
_PERIOD_DAYS = {"D": 1, "W": 7, "M": 31, "A": 366}
_STEPS = {"1Min": MINUTE, "5Min": 5 * MINUTE, "15Min": 15 * MINUTE, "1H": HOUR, "1D": DAY}


class Records:
    """Handlers of the routes that look back."""

    def __init__(self, world: Any, wording: Wording) -> None:
        """Of this World's account."""
        self._world, self._wording = world, wording

    def activities(self, request: Request, kind: str = "") -> list[Row]:
        """Fills, newest first unless `direction` is asc, in pages of at most 100; others there are none."""
        query = request.query
        kinds = [kind] if kind else words(query, "activity_types")
        if kinds and "FILL" not in kinds:
            return []
        rows = [row for row in self._fills() if self._wanted(row, query)]
        if (query.get("direction") or "desc") == "desc":
            rows.reverse()
        token = query.get("page_token")
        if token:
            at = next((n for n, row in enumerate(rows) if row["id"] == token), None)
            rows = [] if at is None else rows[at + 1 :]
        return rows[: limit_of(query, "page_size", 100, 100)]

    def _fills(self) -> list[Row]:
        orders, rows = self._world.broker.orders, []
        done: dict[str, float] = {}
        for fill in self._world.history.of("ledger.fill"):
            if fill.get("source") == "opening":
                continue
            order = orders.get(fill.subject)
            total = done[fill.subject] = kept(done.get(fill.subject, 0) + fill.get("qty"))
            left = 0 if order is None else max(0, kept(order.qty - total))
            rows.append({
                "activity_type": "FILL", "order_id": identifier("order", fill.subject), "symbol": fill.get("symbol"),
                "id": f"{self._world.clock.utc(fill.t_us):%Y%m%d%H%M%S%f}::{identifier('execution', fill.get('fill'))}",
                "side": "buy" if fill.get("side") > 0 else "sell", "qty": shares(fill.get("qty")),
                "price": number(fill.get("price")), "cum_qty": shares(total), "leaves_qty": shares(left),
                "transaction_time": self._wording.time(fill.t_us), "type": "partial_fill" if left else "fill",
                "order_status": "partially_filled" if left else "filled",
            })  # fmt: skip
        return rows

    def _wanted(self, row: Row, query: dict[str, str]) -> bool:
        at = instant(row["transaction_time"])
        if query.get("date") and at.date() != instant(query["date"]).date():
            return False
        after, until = query.get("after"), query.get("until")
        return (not after or at > instant(after)) and (not until or at < instant(until))

    def portfolio_history(self, request: Request) -> Row:
        """Equity at the steps of `timeframe` over `period`; before the run began it was what the run began with."""
        query = request.query
        match = _PERIOD.match(query.get("period") or "1M")
        if match is None:
            raise malformed(f"invalid period: {query.get('period')}")
        days = int(match.group(1)) * _PERIOD_DAYS[match.group(2)]
        name = query.get("timeframe") or ("15Min" if days < 8 else "1H" if days < 31 else "1D")
        if name not in _STEPS:
            raise malformed(f"invalid timeframe: {name}")
        end_us = self._world.env.now
        if query.get("date_end"):
            end_us = min(end_us, self._world.clock.us_at(instant(query["date_end"])) + DAY)
        times_us = self._steps(max(0, days - 1) * DAY, _STEPS[name], end_us)
        base, equity = self._world.config.equity, self._equity(times_us)
        epoch_s = int(self._world.clock.epoch.timestamp())
        return {
            "timestamp": [epoch_s + t_us // SECOND for t_us in times_us], "equity": [round(v, 2) for v in equity],
            "profit_loss": [round(v - base, 2) for v in equity],
            "profit_loss_pct": [round(v / base - 1, 6) for v in equity], "base_value": base, "timeframe": name,
        }  # fmt: skip

    def _steps(self, back_us: int, step_us: int, end_us: int) -> list[int]:
        """Instants of trading, from the start of the first session that is wanted."""
        first = self._world.clock.local_date(end_us - back_us)
        sessions = [s for s in self._world.calendar.sessions if s.date >= first and s.open_us <= end_us]
        if step_us == DAY:
            return [min(session.close_us, end_us) for session in sessions]
        return [t for s in sessions for t in range(s.open_us, min(s.close_us, end_us) + 1, step_us)]

    def _equity(self, times_us: list[int]) -> list[float]:
        fills = self._world.history.of("ledger.fill")
        base, values, held = self._world.config.equity, [], {}
        cash, done = base, 0
        for t_us in times_us:
            while done < len(fills) and fills[done].t_us <= t_us:
                data = fills[done].data
                held[data["symbol"]] = data["position"]
                cash -= data["side"] * data["qty"] * data["price"]
                done += 1
            at_us = max(0, t_us)
            worth = sum(qty * self._world.market.price_at(symbol, at_us) for symbol, qty in held.items() if qty)
            values.append(cash + worth if t_us >= 0 else base)
        return values
