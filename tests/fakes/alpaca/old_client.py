"""alpaca-trade-api 3.2, unmodified, under the contract's verbs; run as a program in an environment of its own.

It reads one line for each check, `name url speed`, and answers one: `passed`, or what went wrong.
"""

# ruff: noqa: TID251  (this file runs as a user's program)
from __future__ import annotations

import os
import sys
import threading
import time
import traceback
from collections.abc import Callable
from typing import Any

Row = dict[str, Any]


class OldClient:
    """The verbs."""

    def __init__(self, url: str | None = None) -> None:
        """At `url`; without one at Alpaca's own paper and data addresses, which it knows by itself."""
        base = url or "https://paper-api.alpaca.markets"
        os.environ["APCA_API_BASE_URL"] = base
        if url is not None:
            os.environ["APCA_API_DATA_URL"] = url
        import alpaca_trade_api

        self._module, self._base, self._stream_base = alpaca_trade_api, base, url
        self._api: Any = alpaca_trade_api.REST("key", "secret", base_url=base)
        self.Error = alpaca_trade_api.rest.APIError

    @staticmethod
    def message(error: Exception) -> str:
        return str(error)

    # The account and the market.

    def account(self) -> Row:
        return self._api.get_account()._raw

    def configurations(self) -> Row:
        return self._api.get_account_configurations()._raw

    def configure(self, **changes: Any) -> Row:
        return self._api.update_account_configurations(**changes)._raw

    def clock(self) -> Row:
        clock = self._api.get_clock()
        return {**clock._raw, "next_close": clock.next_close.tz_convert("UTC").isoformat()}

    def calendar(self, start: str, end: str) -> list[Row]:
        return [day._raw for day in self._api.get_calendar(start, end)]

    def assets(self, asset_class: str | None = None) -> list[Row]:
        return [asset._raw for asset in self._api.list_assets(asset_class=asset_class)]

    def asset(self, name: str) -> Row:
        return self._api.get_asset(name)._raw

    # Orders and positions.

    def submit(self, **fields: Any) -> Row:
        return self._api.submit_order(**fields)._raw

    def order(self, order_id: str, nested: bool = False) -> Row:
        return self._api.get_order(order_id, nested=nested)._raw

    def order_by_client_id(self, name: str) -> Row:
        return self._api.get_order_by_client_order_id(name)._raw

    def orders(self, **query: Any) -> list[Row]:
        return [order._raw for order in self._api.list_orders(**query)]

    def replace(self, order_id: str, **fields: Any) -> Row:
        return self._api.replace_order(order_id, **fields)._raw

    def cancel(self, order_id: str) -> None:
        self._api.cancel_order(order_id)

    def cancel_all(self) -> None:
        self._api.cancel_all_orders()

    def positions(self) -> list[Row]:
        return [position._raw for position in self._api.list_positions()]

    def position(self, name: str) -> Row:
        return self._api.get_position(name)._raw

    def close(self, symbol: str | None = None, qty: float | None = None) -> Any:
        if symbol is None:
            return self._api.close()
        return self._api.close_position(symbol, qty=qty)._raw

    def close_all(self, cancel_orders: bool) -> list[Row]:
        if cancel_orders:  # it has no argument for it
            self._api.cancel_all_orders()
        return [row._raw for row in self._api.close_all_positions()]

    # Looking back.

    def fills(self) -> list[Row]:
        return [row._raw for row in self._api.get_activities("FILL")]

    def history(self, period: str, timeframe: str) -> Row:
        return self._api.get_portfolio_history(period=period, timeframe=timeframe)._raw

    # Market data.

    def latest(self, what: str, symbol: str) -> Row:
        return getattr(self._api, f"get_latest_{what[:-1]}")(symbol)._raw

    def bars(self, symbol: str, count: int, unit: str, **query: Any) -> list[Row]:
        rest = self._module.rest
        frame = rest.TimeFrame(count, rest.TimeFrameUnit(unit))
        return [bar._raw for bar in self._api.get_bars(symbol, frame, **query)]

    def ticks(self, what: str, symbol: str, limit: int) -> list[Row]:
        return [row._raw for row in getattr(self._api, f"get_{what}")(symbol, limit=limit)]

    def snapshot(self, symbol: str) -> Row:
        found = self._api.get_snapshot(symbol)
        return {"minuteBar": found.minute_bar._raw, "prevDailyBar": found.prev_daily_bar._raw}

    def news(self) -> list[Row]:
        return [item._raw for item in self._api.get_news()]

    # Streams.

    def listen_orders(self, heard: Callable[[Row], object]) -> Callable[[], None]:
        async def on_update(update: Any) -> None:
            heard(update._raw)

        stream = self._module.Stream("key", "secret", base_url=self._base, data_stream_url=self._stream_base)
        stream.subscribe_trade_updates(on_update)
        return _running(stream)

    def listen_data(self, wanted: dict[str, tuple[Callable[[Row], object], str]]) -> Callable[[], None]:
        stream = self._module.Stream("key", "secret", base_url=self._base, data_stream_url=self._stream_base)
        for what, (heard, symbol) in wanted.items():

            async def on_item(item: Any, heard: Callable[[Row], object] = heard) -> None:
                heard({key: getattr(item, key) for key in _FIELDS if hasattr(item, key)})

            getattr(stream, f"subscribe_{what}")(on_item, symbol)
        return _running(stream)


_FIELDS = ("symbol", "ask_price", "bid_price", "open", "close")


def _running(stream: Any) -> Callable[[], None]:
    thread = threading.Thread(target=stream.run, daemon=True)
    thread.start()
    return stream.stop  # it looks every 5 s whether it is to stop: nobody waits for that


def in_virtual_time() -> None:
    """What the program under test runs: the check named in its environment."""
    from contract import CHECKS, Arm

    CHECKS[os.environ["CHECK"]](Arm(OldClient()))
    sys.stdout.write("passed\n")


def main() -> None:
    from contract import CHECKS, Arm

    for line in sys.stdin:
        name, url, speed = line.split()
        arm = Arm(OldClient(url), url, lambda seconds, speed=float(speed): time.sleep(seconds / speed + 0.05))
        try:
            CHECKS[name](arm)
            answer = "passed"
        except BaseException:
            answer = " | ".join(traceback.format_exc().splitlines()[-6:])
        finally:
            arm.close()
        sys.stdout.write(answer + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
