"""The broker's own book, double entry: the truth with which every report is compared.

Each fill posts four legs, two in shares and two in money; for every commodity the sum over all accounts is
zero at all times. Amounts are whole numbers (shares; millionths of a dollar), so that sum is exact.
"""

from __future__ import annotations

from sim.history import History

MICRO = 1_000_000
"""Money is kept in millionths of a dollar."""

FIRM, MARKET, FEES = "firm", "market", "fees"


class Ledger:
    """Positions and cash of the firm at the broker."""

    def __init__(self, history: History, cash: float) -> None:
        """Open the account with `cash` dollars."""
        self._history = history
        self.shares: dict[str, dict[str, int]] = {FIRM: {}, MARKET: {}}
        self.money: dict[str, int] = {FIRM: round(cash * MICRO), MARKET: -round(cash * MICRO), FEES: 0}
        self.cost: dict[str, float] = {}
        """Average entry price per symbol held, for what the broker's position endpoint shows."""
        self.fills = 0

    @property
    def cash(self) -> float:
        """Cash in dollars."""
        return self.money[FIRM] / MICRO

    def position(self, symbol: str) -> int:
        """Shares held, negative when short."""
        return self.shares[FIRM].get(symbol, 0)

    def positions(self) -> dict[str, int]:
        """Symbols with a position that is not zero."""
        return {symbol: qty for symbol, qty in self.shares[FIRM].items() if qty}

    def equity(self, price: dict[str, float]) -> float:
        """Cash plus positions at `price`, in dollars."""
        return self.cash + sum(qty * price[symbol] for symbol, qty in self.shares[FIRM].items() if qty)

    def post_fill(
        self, fill_id: str, order_id: str, symbol: str, side: int, qty: int, price: float, source: str
    ) -> None:
        """Book an execution and write it into the History as `ledger.fill`."""
        firm, market = self.shares[FIRM], self.shares[MARKET]
        before = firm.get(symbol, 0)
        after = before + side * qty
        firm[symbol] = after
        market[symbol] = market.get(symbol, 0) - side * qty
        amount = side * qty * round(price * MICRO)
        self.money[FIRM] -= amount
        self.money[MARKET] += amount
        self._average_cost(symbol, before, after, price)
        self.fills += 1
        self._history.emit(
            "ledger.fill", order_id, fill=fill_id, symbol=symbol, side=side, qty=qty, price=price,
            position=after, source=source,
        )  # fmt: skip

    def _average_cost(self, symbol: str, before: int, after: int, price: float) -> None:
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
