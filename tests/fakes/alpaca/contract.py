"""What Alpaca's clients expect of Alpaca: one suite for each client, in virtual time and over a socket.

A check is given an `Arm`: a client with verbs, where it is, and how to wait. Verbs take and give plain values
under Alpaca's own names (numbers as text where Alpaca writes text, times as ISO text), so that the adapters
(`new_client`, `old_client`) are all that differs. This file runs in the clients' own environments: it imports
nothing of ours.
"""

# ruff: noqa: TID251  (this file runs as a user's program)
from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import requests

Row = dict[str, Any]
KEYS = {"APCA-API-KEY-ID": "key", "APCA-API-SECRET-KEY": "secret"}


class Arm:
    """A client of the account at `url` (None: Alpaca's own addresses)."""

    def __init__(self, client: Any, url: str | None = None, wait: Callable[[float], None] = time.sleep) -> None:
        self.client, self.url, self.wait = client, url, wait
        self.session = requests.Session()

    def close(self) -> None:
        """Let go of the connections."""
        self.session.close()
        self.client.close()

    def raw(self, path: str, method: str = "GET", data: bool = False, keys: bool = True, **more: Any) -> Any:
        """A request as it goes over the wire."""
        base = self.url or f"https://{'data' if data else 'paper-api'}.alpaca.markets"
        return self.session.request(method, base + path, headers=KEYS if keys else {}, timeout=20, **more)

    def held(self, side: str = "long") -> Row:
        """A position."""
        return next(p for p in self.client.positions() if p["side"] == side)

    def price(self, symbol: str = "SPY") -> float:
        """What it trades at."""
        return float(self.client.latest("trades", symbol)["p"])

    def refused(self, verb: str, *args: Any, **fields: Any) -> tuple[int, int, str]:
        """Status, code and message with which a verb is refused."""
        try:
            getattr(self.client, verb)(*args, **fields)
        except self.client.Error as error:
            return error.status_code, error.code, self.client.message(error)
        raise AssertionError(f"{verb} was not refused")


def market(symbol: str = "SPY", qty: float | None = 10, side: str = "buy", **more: Any) -> Row:
    return {"symbol": symbol, "qty": qty, "side": side, "type": "market", "time_in_force": "day", **more}


def resting(symbol: str = "QQQ", qty: float = 5, **more: Any) -> Row:
    return {"symbol": symbol, "qty": qty, "side": "buy", "type": "limit", "time_in_force": "gtc", "limit_price": 10.0,
            **more}  # fmt: skip


# The account and the market.


def check_account_and_its_settings(arm: Arm) -> None:
    account = arm.client.account()
    assert float(account["equity"]) > 900_000
    assert float(account["buying_power"]) > 0
    assert account["status"] == "ACTIVE"
    assert arm.client.configurations()["no_shorting"] is False
    assert arm.client.configure(no_shorting=True)["no_shorting"] is True
    assert arm.client.account()["shorting_enabled"] is False
    flat = next(s for s in ("SPY", "QQQ", "AAPL", "MSFT", "IWM") if s != arm.held()["symbol"])
    status, code, _ = arm.refused("submit", **market(flat, 100_000, "sell"))
    assert (status, code) == (403, 40310000)


def check_clock_and_calendar(arm: Arm) -> None:
    clock = arm.client.clock()
    assert clock["is_open"] is True
    assert clock["next_close"].startswith("2026-03-10T20:00:00"), "16:00 in New York"
    days = arm.client.calendar("2026-03-09", "2026-03-10")
    assert [(day["date"][:10], day["open"][-5:]) for day in days] == [("2026-03-09", "09:30"), ("2026-03-10", "09:30")]


def check_assets(arm: Arm) -> None:
    assets = arm.client.assets()
    assert "SPY" in [asset["symbol"] for asset in assets]
    assert all(asset["fractionable"] and asset["tradable"] for asset in assets)
    assert arm.client.asset(assets[0]["id"])["symbol"] == assets[0]["symbol"]
    assert arm.client.assets("crypto") == []
    assert arm.refused("asset", "NONE")[:2] == (404, 40410000)


# Orders.


def check_an_order_fills_and_is_found_again(arm: Arm) -> None:
    sent = arm.client.submit(**market(client_order_id="buy-1"))
    assert sent["status"] in ("new", "filled")
    assert (sent["client_order_id"], sent["qty"], sent["side"], sent["asset_class"]) == (
        "buy-1", "10", "buy", "us_equity",
    )  # fmt: skip
    arm.wait(3)
    found = arm.client.order(sent["id"])
    assert (found["status"], found["filled_qty"]) == ("filled", "10")
    assert float(found["filled_avg_price"]) > 100
    assert found["filled_at"] > found["created_at"]
    assert arm.client.order_by_client_id("buy-1")["id"] == sent["id"]
    assert arm.refused("order_by_client_id", "none")[:2] == (404, 40410000)
    assert arm.refused("order", "904837e3-3b76-47ec-b432-046db621571b")[:2] == (404, 40410000)


def check_a_client_order_id_is_used_once(arm: Arm) -> None:
    arm.client.submit(**market(client_order_id="once"))
    assert arm.refused("submit", **market(client_order_id="once")) == (
        422, 40010001, "client_order_id must be unique",
    )  # fmt: skip


def check_orders_that_make_no_sense(arm: Arm) -> None:
    held = arm.held()
    more = float(held["qty"]) + 1
    for fields, status, code, words in (
        (market("NONE"), 422, 42210000, 'asset "NONE" not found'),
        (resting(limit_price=10.001), 422, 42210000, "sub-penny"),
        (market(qty=0.5, time_in_force="gtc"), 422, 42210000, "fractional orders must be DAY orders"),
        (resting(extended_hours=True, time_in_force="opg"), 422, 42210000, "extended hours"),
        (market(held["symbol"], 1_000_000), 403, 40310000, "insufficient buying power"),
        (market(held["symbol"], more, "sell"), 403, 40310000, "insufficient qty available for order"),
        (market(client_order_id="x" * 129), 422, 40010001, "client_order_id must be no more than 128"),
    ):
        refused = arm.refused("submit", **fields)
        assert refused[:2] == (status, code), (fields, refused)
        assert words in refused[2], refused


def check_bodies_that_no_client_builds(arm: Arm) -> None:
    for body, words in (
        ({"symbol": "SPY", "side": "buy", "type": "market"}, "qty or notional is required"),
        ({**market(), "notional": 5}, "only one of qty or notional"),
        ({**market(), "side": "hold"}, "side must be"),
        ({**market(), "type": "limit"}, "limit orders require limit price"),
        ({**market(), "type": "stop"}, "stop orders require stop price"),
        ({**market(), "type": "trailing_stop"}, "trail_price or trail_percent"),
        ({**market(), "qty": -3}, "qty must be > 0"),
        ({**market(), "time_in_force": "someday"}, "invalid time_in_force"),
    ):
        answer = arm.raw("/v2/orders", "POST", json=body)
        assert (answer.status_code, answer.json()["code"]) == (422, 40010001), answer.text
        assert words in answer.json()["message"], answer.text
    for body in (b"{", b"[1]"):
        url = (arm.url or "https://paper-api.alpaca.markets") + "/v2/orders"
        answer = arm.session.post(url, data=body, headers=KEYS, timeout=20)
        assert (answer.status_code, answer.json()["code"]) == (400, 40010000)


def check_fractions_and_dollars(arm: Arm) -> None:
    prepare(arm, "SPY")
    part = arm.client.submit(**market(qty=0.25))
    dollars = arm.client.submit(**market(qty=None, notional=100.5))
    assert (part["qty"], dollars["qty"], dollars["notional"]) == ("0.25", None, "100.5")
    arm.wait(3)
    bought = float(arm.client.order(dollars["id"])["filled_qty"])
    assert 0 < bought < 1
    now = float(arm.client.position("SPY")["qty"])
    assert abs(now - 0.25 - bought) < 1e-9
    assert arm.refused("submit", **market(qty=now + 0.5, side="sell"))[:2] == (403, 40310000)
    arm.client.submit(**market(qty=now, side="sell"))
    arm.wait(3)
    assert "SPY" not in [p["symbol"] for p in arm.client.positions()], "bought in pieces, gone in one"


def check_stops_and_trailing_stops(arm: Arm) -> None:
    held = arm.held()
    symbol, price = held["symbol"], arm.price(held["symbol"])
    stop = arm.client.submit(**{**market(symbol, 1, "sell"), "type": "stop", "stop_price": round(price * 0.5, 2)})
    assert (stop["type"], float(stop["stop_price"]), stop["status"]) == ("stop", round(price * 0.5, 2), "new")
    both = arm.client.submit(**{
        **market(symbol, 1, "sell"), "type": "stop_limit", "stop_price": round(price * 0.5, 2),
        "limit_price": round(price * 0.49, 2),
    })  # fmt: skip
    assert (both["type"], float(both["limit_price"])) == ("stop_limit", round(price * 0.49, 2))
    trail = arm.client.submit(**{
        **market(symbol, 1, "sell"), "type": "trailing_stop", "trail_percent": 20, "time_in_force": "gtc",
    })  # fmt: skip
    assert float(trail["trail_percent"]) == 20
    assert abs(float(trail["hwm"]) / price - 1) < 0.01
    assert abs(float(trail["stop_price"]) / float(trail["hwm"]) - 0.8) < 1e-4
    done = arm.client.submit(**{**market(symbol, 1, "sell"), "type": "stop", "stop_price": round(price * 1.5, 2)})
    arm.wait(3)
    assert arm.client.order(done["id"])["status"] == "filled", "the market is below it already"
    moved = arm.client.replace(trail["id"], trail=10)
    assert float(moved["trail_percent"]) == 10
    assert arm.client.order(trail["id"])["replaced_by"] == moved["id"]


def bracket(arm: Arm, **more: Any) -> Row:
    price = arm.price("QQQ")
    return arm.client.submit(**{
        **market("QQQ", 1), "order_class": "bracket", "take_profit": {"limit_price": round(price * 1.3, 2)},
        "stop_loss": {"stop_price": round(price * 0.7, 2)}, **more,
    })  # fmt: skip


def prepare(arm: Arm, symbol: str) -> None:
    """No position in `symbol`, so that its orders are openings."""
    if symbol in [p["symbol"] for p in arm.client.positions()]:
        arm.client.close(symbol)
        arm.wait(5)


def check_a_bracket(arm: Arm) -> None:
    prepare(arm, "QQQ")
    sent = bracket(arm)
    assert sent["order_class"] == "bracket"
    assert [(leg["type"], leg["side"], leg["status"]) for leg in sent["legs"]] == [
        ("limit", "sell", "held"), ("stop", "sell", "held"),
    ]  # fmt: skip
    arm.wait(4)
    found = arm.client.order(sent["id"], nested=True)
    assert found["status"] == "filled"
    assert [leg["status"] for leg in found["legs"]] == ["new", "held"]
    works = arm.client.orders(status="open", symbols=["QQQ"])
    assert [order["type"] for order in works] == ["limit"], "the stop stands by and is not listed as open"
    arm.client.cancel(works[0]["id"])
    ended = arm.client.order(sent["id"], nested=True)["legs"]
    assert [leg["status"] for leg in ended] == ["canceled", "canceled"], "one takes the other with it"


def check_groups_that_make_no_sense(arm: Arm) -> None:
    price = arm.price("QQQ")
    for more, words in (
        ({"take_profit": {"limit_price": round(price * 0.8, 2)}}, "take_profit.limit_price must be >= base_price"),
        ({"stop_loss": {"stop_price": round(price * 1.2, 2)}}, "stop_loss.stop_price must be <= base_price"),
        ({"time_in_force": "ioc"}, "bracket orders must be day or gtc"),
    ):
        status, code, message = arm.refused("submit", **{
            **market("QQQ", 1), "order_class": "bracket", "take_profit": {"limit_price": round(price * 1.3, 2)},
            "stop_loss": {"stop_price": round(price * 0.7, 2)}, **more,
        })  # fmt: skip
        assert (status, code) == (422, 42210000)
        assert words in message, message
    body = {**market("QQQ", 1), "order_class": "bracket", "take_profit": {"limit_price": round(price * 1.3, 2)}}
    assert arm.raw("/v2/orders", "POST", json=body).json()["message"].startswith("bracket orders require stop_loss")


def check_one_cancels_other_and_one_triggers_other(arm: Arm) -> None:
    held = arm.held()
    symbol, qty, price = held["symbol"], int(held["qty"]), arm.price(held["symbol"])
    oco = arm.client.submit(
        symbol=symbol, qty=qty, side="sell", type="limit", time_in_force="gtc", order_class="oco",
        take_profit={"limit_price": round(price * 1.3, 2)}, stop_loss={"stop_price": round(price * 0.7, 2)},
    )  # fmt: skip
    assert (oco["order_class"], oco["status"], oco["legs"][0]["status"]) == ("oco", "new", "held")
    assert arm.client.position(symbol)["qty_available"] == "0", "the shares are claimed once"
    assert arm.refused("submit", **market(symbol, 1, "sell"))[:2] == (403, 40310000)
    arm.client.cancel(oco["id"])
    assert arm.client.order(oco["legs"][0]["id"])["status"] == "canceled"
    oto = arm.client.submit(
        **{**market(symbol, 1), "order_class": "oto", "stop_loss": {"stop_price": round(price * 0.7, 2)}}
    )
    assert [leg["type"] for leg in oto["legs"]] == ["stop"]
    arm.wait(4)
    assert arm.client.order(oto["legs"][0]["id"])["status"] == "new", "alone, it works"


def check_times_in_force(arm: Arm) -> None:
    never = arm.client.submit(**resting(time_in_force="ioc"))
    whole = arm.client.submit(**market(time_in_force="fok"))
    close = arm.client.submit(**market(time_in_force="cls"))
    arm.wait(4)
    assert arm.client.order(never["id"])["status"] == "canceled"
    assert arm.client.order(whole["id"])["status"] == "filled"
    assert arm.client.order(close["id"])["status"] == "new"


def check_a_wash_trade_is_refused(arm: Arm) -> None:
    held = arm.held()
    arm.client.submit(**resting(held["symbol"], 1))
    refused = arm.refused("submit", **market(held["symbol"], 1, "sell"))
    assert refused == (403, 40310000, "potential wash trade detected. use complex orders")


def check_lists_of_orders(arm: Arm) -> None:
    names = [f"list-{n}" for n in range(4)]
    for n, name in enumerate(names):
        arm.client.submit(**resting("QQQ" if n % 2 else "MSFT", 1, client_order_id=name))
        arm.wait(1)

    def found(**query: Any) -> list[str]:
        return [o["client_order_id"] for o in arm.client.orders(**query) if o["client_order_id"] in names]

    assert found() == names[::-1]
    assert found(direction="asc", limit=2) == names[:2]
    assert found(symbols=["MSFT"], direction="asc") == ["list-0", "list-2"]
    assert found(side="sell") == []
    assert found(status="closed") == []
    second = arm.client.order_by_client_id("list-1")["submitted_at"]
    assert found(after=second, direction="asc") == names[2:]
    assert found(until=second) == names[:1]
    arm.client.cancel_all()
    assert found() == []
    assert sorted(found(status="closed")) == names
    assert arm.raw("/v2/orders?limit=501").status_code == 422
    assert arm.raw("/v2/orders?status=odd").status_code == 422


def check_replace_and_cancel(arm: Arm) -> None:
    order = arm.client.submit(**resting(client_order_id="rests"))
    new = arm.client.replace(order["id"], qty=6, limit_price=11)
    assert (new["qty"], new["limit_price"], new["replaces"]) == ("6", "11", order["id"])
    assert arm.client.order(order["id"])["status"] == "replaced"
    assert arm.refused("replace", order["id"], qty=7)[:2] == (422, 42210000)
    works = arm.client.orders(status="open", symbols=["QQQ"])
    assert [o["id"] for o in works] == [new["id"]]
    arm.client.cancel(new["id"])
    assert arm.client.order(new["id"])["status"] == "canceled"
    assert arm.refused("cancel", new["id"])[:2] == (422, 42210000)
    assert len(arm.client.orders(status="closed", limit=1)) == 1


def check_cancel_all_is_a_multi_status(arm: Arm) -> None:
    ids = [arm.client.submit(**resting(symbol))["id"] for symbol in ("SPY", "QQQ")]
    answer = arm.raw("/v2/orders", "DELETE")
    assert answer.status_code == 207
    assert sorted((row["id"], row["status"]) for row in answer.json()) == sorted((name, 200) for name in ids)
    assert arm.client.orders() == []
    arm.client.submit(**resting())
    arm.client.cancel_all()
    assert arm.client.orders() == []


# Positions.


def check_positions(arm: Arm) -> None:
    positions = arm.client.positions()
    assert len(positions) == 5
    assert arm.held("short")["qty"].startswith("-")
    held = arm.held()
    assert arm.client.position(held["asset_id"])["symbol"] == held["symbol"]
    part = arm.client.close(held["symbol"], qty=100)
    assert (part["qty"], part["side"], part["position_intent"]) == ("100", "sell", "sell_to_close")
    arm.wait(3)
    assert int(arm.client.position(held["symbol"])["qty"]) == int(held["qty"]) - 100
    arm.client.submit(**resting(held["symbol"], 1))
    answers = arm.client.close_all(cancel_orders=True)
    assert {row["status"] for row in answers} == {200}
    expected = {p["symbol"]: p["qty"].lstrip("-") for p in positions} | {held["symbol"]: str(int(held["qty"]) - 100)}
    assert {row["symbol"]: row["body"]["qty"] for row in answers} == expected
    arm.wait(5)
    assert arm.client.positions() == []
    assert arm.refused("close", held["symbol"])[:2] == (404, 40410000)
    assert arm.refused("position", held["symbol"])[:2] == (404, 40410000)


def check_a_share_of_a_position_is_closed(arm: Arm) -> None:
    held = arm.held()
    answer = arm.raw(f"/v2/positions/{held['symbol']}?percentage=50", "DELETE")
    assert answer.status_code == 200
    assert int(answer.json()["qty"]) == int(held["qty"]) // 2
    for query in ("percentage=101", "qty=1&percentage=1", "qty=-2"):
        assert arm.raw(f"/v2/positions/{held['symbol']}?{query}", "DELETE").status_code == 422


def check_close_all_reports_each_refusal(arm: Arm) -> None:
    held = arm.held()
    arm.client.submit(
        symbol=held["symbol"], qty=10, side="sell", type="limit", time_in_force="gtc", limit_price=5000.0
    )
    answers = arm.client.close_all(cancel_orders=False)
    refused = next(row for row in answers if row["symbol"] == held["symbol"])
    body = refused["body"]
    assert (refused["status"], int(body["code"]), int(body["held_for_orders"])) == (403, 40310000, 10)
    assert int(body["available"]) == int(held["qty"]) - 10


# Looking back.


def check_fills_as_activities(arm: Arm) -> None:
    for _ in range(3):
        arm.client.submit(**market(qty=1))
    arm.wait(4)
    rows = arm.client.fills()
    assert len(rows) >= 3
    assert [row["transaction_time"] for row in rows] == sorted((r["transaction_time"] for r in rows), reverse=True)
    assert {row["type"] for row in rows} <= {"fill", "partial_fill"}
    first = arm.raw("/v2/account/activities?activity_types=FILL&page_size=2").json()
    second = arm.raw(f"/v2/account/activities/FILL?page_size=2&page_token={first[-1]['id']}").json()
    assert [row["id"] for row in [*first, *second]][:3] == [row["id"] for row in rows][:3]
    assert arm.raw("/v2/account/activities/DIV").json() == []


def check_portfolio_history(arm: Arm) -> None:
    history = arm.client.history("1W", "1D")
    assert history["timeframe"] == "1D"
    assert len(history["timestamp"]) == len(history["equity"]) >= 4
    assert history["equity"][0] == history["base_value"] == 1_000_000
    assert abs(history["equity"][-1] - float(arm.client.account()["equity"])) < 3000
    fine = arm.raw("/v2/account/portfolio/history?period=1D&timeframe=5Min").json()
    assert len(fine["timestamp"]) >= 6
    assert arm.raw("/v2/account/portfolio/history?timeframe=7Min").status_code == 422


# Market data.


def check_latest_data(arm: Arm) -> None:
    quote, trade = arm.client.latest("quotes", "SPY"), arm.client.latest("trades", "SPY")
    assert quote["ap"] > quote["bp"] > 100
    assert abs(trade["p"] - quote["bp"]) < 5
    arm.wait(70)
    assert arm.client.latest("bars", "SPY")["v"] > 0
    snapshot = arm.client.snapshot("SPY")
    assert snapshot["prevDailyBar"]["c"] > 100
    assert snapshot["minuteBar"]["n"] > 0


def check_bars_of_every_length(arm: Arm) -> None:
    arm.wait(400)
    minutes = arm.client.bars("SPY", 1, "Min")
    assert len(minutes) >= 6
    assert all(row["h"] >= row["l"] for row in minutes)
    fives = arm.client.bars("SPY", 5, "Min")
    assert fives[0]["h"] == max(row["h"] for row in minutes[:5])
    assert fives[0]["v"] == sum(row["v"] for row in minutes[:5])
    days = arm.client.bars("SPY", 1, "Day", start="2026-02-01", end="2026-03-09")
    assert len(days) > 10
    assert days[0]["t"] < days[-1]["t"] < "2026-03-10"
    weeks = arm.client.bars("SPY", 1, "Week", start="2026-02-01", end="2026-03-09")
    assert 4 <= len(weeks) <= 6
    months = arm.client.bars("SPY", 1, "Month", start="2026-02-01", end="2026-03-09")
    assert [row["t"][:10] for row in months] == ["2026-02-01", "2026-03-01"]
    assert len(arm.client.bars("SPY", 1, "Day", start="2025-03-10", end="2026-03-09")) in range(248, 254)
    assert len(arm.client.bars("SPY", 1, "Min", limit=2)) == 2
    assert arm.client.bars("SPY", 1, "Day", start="2026-03-07", end="2026-03-08") == [], "a weekend"


def check_ticks_in_pages(arm: Arm) -> None:
    arm.wait(30)
    since, until = "2026-03-10T14:00:00Z", "2026-03-10T14:00:25Z"
    asked = f"/v2/stocks/trades?symbols=SPY,QQQ&start={since}&end={until}"
    whole = arm.raw(f"{asked}&limit=40", data=True).json()
    pieces: list[Row] = []
    token = ""
    while True:
        page = arm.raw(f"{asked}&limit=7&page_token={token}", data=True).json()
        pieces += [{"S": name, **row} for name, rows in page["trades"].items() for row in rows]
        token = page["next_page_token"]
        if token is None or len(pieces) >= 40:
            break
    expected = [{"S": name, **row} for name, rows in whole["trades"].items() for row in rows]
    assert len(expected) == 40
    assert pieces[:40] == expected
    backwards = arm.raw(f"{asked}&limit=5&sort=desc", data=True).json()["trades"]["QQQ"]
    assert [row["t"] for row in backwards] == sorted((row["t"] for row in backwards), reverse=True)
    assert arm.client.ticks("quotes", "SPY", limit=3)[0]["ap"] > 100
    assert len(arm.client.ticks("trades", "SPY", limit=5)) == 5
    assert arm.raw("/v2/stocks/SPY/trades?page_token=nonsense", data=True).status_code == 400
    assert arm.raw("/v2/stocks/bars?symbols=SPY&timeframe=61Min", data=True).status_code == 400
    assert arm.raw("/v2/stocks/bars?symbols=SPY&timeframe=1Day&start=2026-03-09&end=2026-03-01",
                   data=True).status_code == 400  # fmt: skip


def check_what_there_is_no_data_for(arm: Arm) -> None:
    assert arm.raw("/v1beta3/crypto/us/latest/quotes?symbols=BTC/USD", data=True).json() == {"quotes": {}}
    assert arm.raw("/v2/stocks/quotes/latest?symbols=NONE", data=True).json() == {"quotes": {}}
    assert arm.raw("/v2/stocks/NONE/quotes/latest", data=True).status_code == 404
    assert arm.client.news() == []
    assert arm.raw("/v1/corporate-actions?symbols=SPY", data=True).json()["corporate_actions"] == {}
    assert arm.raw("/v2/corporate_actions/announcements").json() == []


# Streams.


def check_the_trade_update_stream(arm: Arm) -> None:
    heard: list[tuple[str, str]] = []
    stop = arm.client.listen_orders(lambda update: heard.append((update["event"], update["order"]["client_order_id"])))
    arm.wait(10)
    arm.client.submit(**market(qty=1, client_order_id="heard"))
    arm.wait(10)
    gone = arm.client.submit(**resting(client_order_id="gone"))
    moved = arm.client.replace(gone["id"], limit_price=11, client_order_id="moved")
    arm.client.cancel(moved["id"])
    arm.wait(10)
    stop()
    assert heard == [
        ("new", "heard"), ("fill", "heard"), ("new", "gone"), ("replaced", "gone"), ("new", "moved"),
        ("canceled", "moved"),
    ], heard  # fmt: skip


def check_the_market_data_stream(arm: Arm) -> None:
    quotes: list[Row] = []
    bars: list[Row] = []
    stop = arm.client.listen_data({"quotes": (quotes.append, "SPY"), "bars": (bars.append, "QQQ")})
    arm.wait(150)
    stop()
    assert len(quotes) > 60
    assert quotes[0]["symbol"] == "SPY"
    assert quotes[0]["ask_price"] > quotes[0]["bid_price"]
    assert bars
    assert bars[0]["symbol"] == "QQQ"


# What every answer says, and who is let in.


def check_the_rate_limit_is_announced_and_answered(arm: Arm) -> None:
    first = arm.raw("/v2/clock")
    assert first.headers["X-Ratelimit-Limit"] == "200"
    assert int(first.headers["X-Ratelimit-Remaining"]) < 200
    assert int(first.headers["X-Ratelimit-Reset"]) > 1_700_000_000
    answers = [arm.raw("/v2/clock") for _ in range(260)]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert refused
    assert refused[0].json() == {"code": 42910000, "message": "rate limit exceeded"}
    assert refused[0].headers["X-Ratelimit-Remaining"] == "0"


def check_without_keys_nothing_is_shown(arm: Arm) -> None:
    for path, data in (("/v2/positions", False), ("/v2/stocks/quotes/latest?symbols=SPY", True)):
        refused = arm.raw(path, data=data, keys=False)
        assert (refused.status_code, refused.json()["code"]) == (401, 40110000)
    assert arm.raw("/v2/no/such/thing").status_code == 404


CHECKS = {name[6:]: check for name, check in sorted(globals().items()) if name.startswith("check_")}
