"""The broker's own book, double entry: the truth with which every report is compared.

Each fill posts four legs, two in shares and two in money; for every commodity the sum over all accounts is
zero at all times. Money is in whole millionths of a dollar and
shares are whole, or fractions of nine places that are rounded alike on both sides, so that sum is exact.
"""

from __future__ import annotations

from sim.history import History
from sim.orders import kept

MICRO = 1_000_000
"""Money is kept in millionths of a dollar."""

FIRM, MARKET, FEES = "firm", "market", "fees"


class Ledger:
    """Positions and cash of the firm at the broker."""

    def __init__(self, history: History, cash: float) -> None:
        """Open the account with `cash` dollars."""
        self._history = history
        self.shares: dict[str, dict[str, float]] = {FIRM: {}, MARKET: {}}
        self.money: dict[str, int] = {FIRM: round(cash * MICRO), MARKET: -round(cash * MICRO), FEES: 0}
        self.cost: dict[str, float] = {}
        """Average entry price per symbol held, for what the broker's position endpoint shows."""
        self.fills = 0

    @property
    def cash(self) -> float:
        """Cash in dollars."""
        return self.money[FIRM] / MICRO

    def position(self, symbol: str) -> float:
        """Shares held, negative when short."""
        return self.shares[FIRM].get(symbol, 0)

    def positions(self) -> dict[str, float]:
        """Symbols with a position that is not zero."""
        return {symbol: qty for symbol, qty in self.shares[FIRM].items() if qty}

    def equity(self, price: dict[str, float]) -> float:
        """Cash plus positions at `price`, in dollars."""
        return self.cash + sum(qty * price[symbol] for symbol, qty in self.shares[FIRM].items() if qty)

    def post_fill(
        self, fill_id: str, order_id: str, symbol: str, side: int, qty: float, price: float, source: str
    ) -> None:
        """Book an execution and write it into the History as `ledger.fill`."""
        firm, market = self.shares[FIRM], self.shares[MARKET]
        before = firm.get(symbol, 0)
        after, elsewhere = before + side * qty, market.get(symbol, 0) - side * qty
        amount = side * qty * round(price * MICRO)
        if type(after) is not int or type(amount) is not int:
            after, elsewhere, amount = kept(after), kept(elsewhere), round(amount)
        firm[symbol], market[symbol] = after, elsewhere
        self.money[FIRM] -= amount
        self.money[MARKET] += amount
        self._average_cost(symbol, before, after, price)
        self.fills += 1
        self._history.emit(
            "ledger.fill", order_id, fill=fill_id, symbol=symbol, side=side, qty=qty, price=price,
            position=after, source=source,
        )  # fmt: skip

    def _average_cost(self, symbol: str, before: float, after: float, price: float) -> None:
        if after == 0:
            self.cost.pop(symbol, None)
        elif before == 0 or (before > 0) != (after > 0):
            self.cost[symbol] = price
        elif abs(after) > abs(before):
            added = abs(after) - abs(before)
            self.cost[symbol] = (self.cost[symbol] * abs(before) + price * added) / abs(after)

    def balanced(self) -> bool:
        """Whether every commodity sums to zero over all accounts."""
        symbols = self.shares[FIRM].keys() | self.shares[MARKET].keys()
        return sum(self.money.values()) == 0 and all(
            sum(account.get(symbol, 0) for account in self.shares.values()) == 0 for symbol in sorted(symbols)
        )
