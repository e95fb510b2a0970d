"""Alpaca's core asked directly: what no client sends, what a drill switches on, and the errors of its streams."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import msgpack
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fakes.alpaca.core import AlpacaCore
from fakes.alpaca.data_stream import DataPlan
from fakes.alpaca.msgpack import pack, unpack
from sim.actors.http import Request, Response
from sim.clock import MINUTE, SECOND
from sim.network import BrokerUnavailable
from sim.orders import Order
from sim.prices import Instrument, PriceModel
from sim.terms import Terms
from sim.world import World
from tests.fakes.alpaca.kit import quiet_world

KEYS = {"apca-api-key-id": "key", "apca-api-secret-key": "secret"}
HOST = "paper-api.alpaca.markets"
CRYPTO = PriceModel((Instrument("BTC/USD", 60_000.0, annual_volatility=0.6), Instrument("ETH/USD", 3_000.0)))


class Account:
    """An account of a World, asked without a network."""

    def __init__(self, world: World | None = None, **core: Any) -> None:
        self.world = world or quiet_world()
        self.core = AlpacaCore(self.world, **core)
        self.world.run(SECOND)

    def ask(self, method: str, target: str, body: Any = None, headers: dict[str, str] = KEYS) -> tuple[int, Any]:
        answer = self.answer(method, target, body, headers)
        return answer.status, json.loads(answer.body) if answer.body else None

    def answer(self, method: str, target: str, body: Any = None, headers: dict[str, str] = KEYS) -> Response:
        data = b"" if body is None else json.dumps(body).encode()
        return self.core.handle(Request(method, target, headers, data, HOST))

    @property
    def long(self) -> str:
        """A symbol that is held."""
        return next(s for s, q in self.world.ledger.positions().items() if q > 0)

    def run(self, seconds: float) -> None:
        self.world.run(self.world.env.now + round(seconds * SECOND))


def order(symbol: str = "SPY", qty: Any = 1, side: str = "buy", **more: Any) -> dict[str, Any]:
    return {"symbol": symbol, "qty": qty, "side": side, "type": "market", "time_in_force": "day", **more}


class Line:
    """One end of a stream."""

    def __init__(self, core: AlpacaCore, path: str, packed: bool = False, host: str = HOST) -> None:
        headers = {"upgrade": "websocket", "content-type": "application/msgpack" if packed else "application/json"}
        self.response = core.handle(Request("GET", path, headers, b"", host))
        self.packed, self.heard, self.open = packed, [], True
        self.session: Any = self.response.upgrade
        self.session.opened(self)

    def send(self, message: str | bytes) -> None:
        self.heard.append(message)

    def close(self, code: int = 1000) -> None:
        self.open = False
        self.session.closed()

    def say(self, **message: Any) -> Any:
        """Say something; what came back last."""
        self.session.received(pack(message) if self.packed else json.dumps(message))
        return self.last()

    def last(self) -> Any:
        message = self.heard[-1]
        return unpack(message) if self.packed else json.loads(message)


class TestAccess:
    """Who is let in, and what an answer says about it."""

    @pytest.mark.parametrize(
        "headers",
        [{}, {"apca-api-key-id": ""}, {"apca-api-key-id": "key", "apca-api-secret-key": "wrong"},
         {"authorization": "Basic ###"}, {"authorization": "Bearer key"}],
    )  # fmt: skip
    def test_wrong_keys_are_401(self, headers: dict[str, str]) -> None:
        assert Account(keys={"key": "secret"}).ask("GET", "/v2/account", headers=headers) == (
            401, {"code": 40110000, "message": "request is not authorized"},
        )  # fmt: skip

    @pytest.mark.parametrize("headers", [KEYS, {"authorization": "Basic a2V5OnNlY3JldA=="}])
    def test_keys_come_in_headers_or_as_basic(self, headers: dict[str, str]) -> None:
        assert Account(keys={"key": "secret"}).ask("GET", "/v2/account", headers=headers)[0] == 200

    def test_one_request_is_one_call_whatever_it_takes_at_the_broker(self) -> None:
        account = Account()
        before = int(account.answer("GET", "/v2/clock").headers["X-Ratelimit-Remaining"])
        account.ask("DELETE", "/v2/positions?cancel_orders=true")
        after = int(account.answer("GET", "/v2/clock").headers["X-Ratelimit-Remaining"])
        assert before - after == 2

    def test_data_calls_are_counted_apart(self) -> None:
        account = Account()
        statuses = [account.ask("GET", "/v2/stocks/SPY/quotes/latest")[0] for _ in range(201)]
        assert statuses == [200] * 200 + [429]
        assert account.ask("GET", "/v2/clock")[0] == 200

    def test_errors_of_faults_are_json_with_a_code_and_limits(self) -> None:
        account = Account()
        answer = account.core.error(BrokerUnavailable("service unavailable", 503), Request("GET", "/v2/orders", {}))
        assert json.loads(answer.body) == {"code": 50310000, "message": "service unavailable"}
        assert answer.headers["X-Ratelimit-Limit"] == "200"


class TestRefusals:
    """403 for what the account may not do."""

    def test_a_blocked_account_and_one_that_its_owner_suspended(self) -> None:
        account = Account()
        account.core.account.trading_blocked = True
        status, body = account.ask("POST", "/v2/orders", order())
        assert (status, body["code"]) == (403, 40310000)
        assert account.ask("GET", "/v2/account")[1]["trading_blocked"] is True
        account.core.account.trading_blocked = False
        assert account.ask("PATCH", "/v2/account/configurations", {"suspend_trade": True})[1]["suspend_trade"] is True
        assert account.ask("POST", "/v2/orders", order())[0] == 403
        assert account.ask("PATCH", "/v2/account/configurations", {"suspend_trade": "yes"})[0] == 422
        assert account.ask("PATCH", "/v2/account/configurations", {"max_margin_multiplier": "9"})[0] == 422

    def test_buying_power_is_told(self) -> None:
        account = Account()
        status, body = account.ask("POST", "/v2/orders", order(account.long, 1_000_000))
        assert (status, body["message"]) == (403, "insufficient buying power")
        assert 0 < float(body["buying_power"]) < float(body["cost_basis"])

    def test_more_than_held_names_the_orders_that_claim_it(self) -> None:
        account = Account()
        symbol, held = next((s, q) for s, q in account.world.ledger.positions().items() if q > 0)
        far = order(symbol, held, "sell", type="limit", limit_price=5000.0)
        claiming = account.ask("POST", "/v2/orders", far)[1]["id"]
        status, body = account.ask("POST", "/v2/orders", order(symbol, 1, "sell"))
        assert status == 403
        assert (body["available"], body["existing_qty"], body["held_for_orders"], body["related_orders"]) == (
            "0", str(held), str(held), [claiming],
        )  # fmt: skip

    def test_limits_that_cannot_meet_are_no_wash_trade(self) -> None:
        account = Account()
        symbol = next(s for s, q in account.world.ledger.positions().items() if q > 0)
        account.ask("POST", "/v2/orders", order(symbol, type="limit", limit_price=5.0))
        assert account.ask("POST", "/v2/orders", order(symbol, 1, "sell", type="limit", limit_price=5000.0))[0] == 200
        status, body = account.ask("POST", "/v2/orders", order(symbol, 1, "sell", type="limit", limit_price=4.0))
        assert (status, body["reject_reason"]) == (403, "opposite side limit order exists")

    def test_fractions_can_be_switched_off_and_are_not_sold_short(self) -> None:
        account = Account()
        short = next(s for s, q in account.world.ledger.positions().items() if q < 0)
        assert account.ask("POST", "/v2/orders", order(short, 0.5, "sell"))[0] == 403
        account.ask("PATCH", "/v2/account/configurations", {"fractional_trading": False})
        assert account.ask("POST", "/v2/orders", order(qty=0.5))[0] == 403

    def test_a_cancel_that_fails_is_500_in_the_list_and_422_alone(self) -> None:
        account = Account()
        ids = [account.ask("POST", "/v2/orders", order("QQQ", type="limit", limit_price=p))[1]["id"] for p in (5, 6)]
        account.core.orders.cannot_cancel = lambda o: o.limit_price == 6
        assert account.ask("DELETE", f"/v2/orders/{ids[1]}")[0] == 422
        status, rows = account.ask("DELETE", "/v2/orders")
        assert (status, [(row["id"], row["status"]) for row in rows]) == (207, [(ids[0], 200), (ids[1], 500)])


def test_a_buy_stop_that_is_jumped_over_is_not_filled_far_above_it() -> None:
    account = Account()
    world, price = account.world, account.world.market.price("SPY")
    stop = round(price * 1.02, 2)
    account.ask("POST", "/v2/orders", order(type="stop", stop_price=stop, client_order_id="s", time_in_force="gtc"))
    world.env.call_later(0, lambda: (world.market.shock(["SPY"], 1.10), world.broker.reprice()))
    account.run(10)
    shown = account.ask("GET", "/v2/orders:by_client_order_id?client_order_id=s")[1]
    assert (shown["status"], shown["type"], shown["limit_price"]) == ("new", "stop", None)


class TestCrypto:
    """A World that never closes and trades pairs of currencies."""

    @pytest.fixture
    def account(self) -> Account:
        return Account(quiet_world(prices=CRYPTO, exchange="24/7"))

    def test_fractions_good_till_cancelled_around_the_clock(self, account: Account) -> None:
        account.ask("DELETE", "/v2/positions")
        account.run(5)
        sent = account.ask("POST", "/v2/orders", order("BTC/USD", "0.015", time_in_force="gtc"))[1]
        assert (sent["asset_class"], sent["symbol"], sent["qty"]) == ("crypto", "BTC/USD", "0.015")
        account.run(5)
        position = account.ask("GET", "/v2/positions/BTCUSD")[1]
        assert (position["symbol"], position["qty"], position["exchange"]) == ("BTCUSD", "0.015", "CRYPTO")
        assert account.ask("POST", "/v2/orders", order("BTC/USD", 1, time_in_force="day"))[1] == {
            "code": 42210000, "message": "invalid crypto time_in_force",
        }  # fmt: skip
        assert account.ask("POST", "/v2/orders", order("ETHUSD", 1, "sell", time_in_force="gtc"))[0] == 403
        assert account.ask("DELETE", "/v2/positions/BTCUSD")[1]["qty"] == "0.015"
        account.run(5)
        assert account.ask("GET", "/v2/positions")[1] == []

    def test_every_data_route(self, account: Account) -> None:
        account.run(130)
        base = "/v1beta3/crypto/us"
        asked = "symbols=BTC/USD,DOGE/USD"
        assert list(account.ask("GET", f"{base}/latest/quotes?{asked}")[1]["quotes"]) == ["BTC/USD"]
        trade = account.ask("GET", f"{base}/latest/trades?{asked}")[1]["trades"]["BTC/USD"]
        assert abs(trade["p"] / 60_000 - 1) < 0.1
        assert account.ask("GET", f"{base}/latest/bars?{asked}")[1]["bars"]["BTC/USD"]["v"] > 0
        book = account.ask("GET", f"{base}/latest/orderbooks?{asked}")[1]["orderbooks"]["BTC/USD"]
        assert book["b"][0]["p"] < book["a"][0]["p"]
        assert set(account.ask("GET", f"{base}/snapshots?{asked}")[1]["snapshots"]) == {"BTC/USD"}
        start = "start=2026-03-10T00:00:00Z"
        assert len(account.ask("GET", f"{base}/bars?{asked}&timeframe=1Min&{start}")[1]["bars"]["BTC/USD"]) >= 2
        assert len(account.ask("GET", f"{base}/trades?{asked}&limit=9&{start}")[1]["trades"]["BTC/USD"]) == 9
        assert account.ask("GET", "/v2/stocks/BTC%2FUSD/quotes/latest")[0] == 404

    def test_the_crypto_stream(self, account: Account) -> None:
        line = Line(account.core, "/v1beta3/crypto/us")
        line.say(action="auth", key="key", secret="secret")
        line.say(action="subscribe", trades=["BTC/USD"])
        account.run(3)
        assert line.last()[0]["S"] == "BTC/USD"


class TestTradeUpdates:
    """The stream of orders."""

    @pytest.mark.parametrize(
        "form",
        [{"action": "authenticate", "data": {"key_id": "key", "secret_key": "secret"}},
         {"action": "auth", "key": "key", "secret": "secret"}],
    )  # fmt: skip
    @pytest.mark.parametrize("path", ["/stream", "/stream/"])
    def test_both_forms_of_authentication_on_both_paths(self, form: dict[str, Any], path: str) -> None:
        line = Line(Account(keys={"key": "secret"}).core, path)
        assert line.say(**form)["data"] == {"status": "authorized", "action": "authenticate"}
        assert line.say(action="listen", data={"streams": ["trade_updates"]})["data"]["streams"] == ["trade_updates"]

    def test_paper_sends_binary_frames_and_live_text(self) -> None:
        account = Account()
        for host, kind in ((HOST, bytes), ("api.alpaca.markets", str)):
            line = Line(account.core, "/stream", host=host)
            line.say(action="auth", key="key", secret="secret")
            assert type(line.heard[-1]) is kind

    def test_wrong_keys_hear_nothing(self) -> None:
        account = Account(keys={"key": "secret"})
        line = Line(account.core, "/stream")
        assert line.say(action="auth", key="key", secret="wrong")["data"]["status"] == "unauthorized"
        assert line.say(action="listen", data={"streams": ["trade_updates"]})["data"]["status"] == "unauthorized"
        account.ask("POST", "/v2/orders", order())
        account.run(5)
        assert len(line.heard) == 2
        line.session.received("no json")
        assert line.last()["stream"] == "error"

    def test_every_event_that_the_market_can_bring_about(self) -> None:
        account = Account()
        account.world.broker.partial_share = 1.0
        account.world.broker.partial = account.world.broker.partial._replace(rest_us=2 * SECOND)
        line = Line(account.core, "/stream")
        line.say(action="auth", key="key", secret="secret")
        line.say(action="listen", data={"streams": ["trade_updates"]})
        account.ask("POST", "/v2/orders", order(qty=10, client_order_id="parts"))
        account.run(5)
        rests = account.ask("POST", "/v2/orders", order("QQQ", type="limit", limit_price=5.0))[1]["id"]
        new = account.ask("PATCH", f"/v2/orders/{rests}", {"qty": "2"})[1]["id"]
        account.ask("DELETE", f"/v2/orders/{new}")
        account.ask("POST", "/v2/orders", order("QQQ", type="limit", limit_price=5.0))
        account.world.run(account.world.clock.us_at(account.world.clock.epoch.replace(hour=20, minute=30)))
        account.ask("POST", "/v2/orders", order("QQQ", type="limit", limit_price=5.0))
        account.run(1)
        events = [json.loads(message)["data"].get("event") for message in line.heard[2:]]
        assert events == [
            "new", "partial_fill", "fill", "new", "replaced", "new", "canceled", "new", "expired", "accepted",
        ]  # fmt: skip
        first = json.loads(line.heard[3])["data"]
        assert (first["qty"], first["order"]["filled_qty"], first["order"]["client_order_id"]) == ("5", "5", "parts")


class TestDataStream:
    """The stream of market data and its errors by number."""

    def line(self, account: Account, path: str = "/v2/iex", packed: bool = False, enter: bool = True) -> Line:
        line = Line(account.core, path, packed)
        assert line.last() == [{"T": "success", "msg": "connected"}]
        if enter:
            line.say(action="auth", key="key", secret="secret")
        return line

    @pytest.mark.parametrize("packed", [False, True])
    def test_wrong_keys_402(self, packed: bool) -> None:
        line = self.line(Account(keys={"key": "secret"}), packed=packed, enter=False)
        assert line.say(action="auth", key="key", secret="x") == [{"T": "error", "code": 402, "msg": "auth failed"}]

    def test_no_keys_in_time_404(self) -> None:
        account = Account()
        line = self.line(account, enter=False)
        account.run(11)
        assert line.last()[0]["code"] == 404
        assert not line.open

    def test_too_many_symbols_405_and_the_subscription_stays_as_it_was(self) -> None:
        line = self.line(Account(plan=DataPlan(symbols=2)))
        line.say(action="subscribe", quotes=["SPY"])
        assert line.say(action="subscribe", trades=["SPY", "QQQ"])[0]["code"] == 405
        assert line.say(action="unsubscribe", quotes=["SPY"])[0]["quotes"] == []

    def test_a_second_connection_406_until_the_first_has_gone(self) -> None:
        account = Account()
        first = self.line(account)
        assert first.last()[0]["msg"] == "authenticated"
        second = self.line(account)
        assert second.last() == [{"T": "error", "code": 406, "msg": "connection limit exceeded"}]
        assert not second.open
        assert self.line(account, "/v2/sip").last()[0]["msg"] == "authenticated", "another stream"
        first.close()
        assert self.line(account).last()[0]["msg"] == "authenticated"

    def test_a_feed_that_is_not_paid_for_409(self) -> None:
        assert self.line(Account(plan=DataPlan(feeds=("iex",))), "/v2/sip").last()[0]["code"] == 409

    def test_a_slow_client_407(self) -> None:
        account = Account()
        line = self.line(account)
        account.core.data_streams.clients[0].refuse(407)
        assert (line.last()[0]["msg"], line.open) == ("slow client", False)

    def test_what_makes_no_sense(self) -> None:
        account = Account()
        line = self.line(account, enter=False)
        assert line.say(action="subscribe", quotes=["SPY"])[0]["code"] == 401
        line.session.received("nonsense")
        assert line.last()[0]["code"] == 400
        line.session.received(b"\xdc")
        assert line.last()[0]["code"] == 400
        line.say(action="auth", key="key", secret="secret")
        assert line.say(action="auth", key="key", secret="secret")[0]["code"] == 403
        assert account.core.handle(Request("GET", "/v2/nothing", {"upgrade": "websocket"})).status == 404

    def test_all_symbols_and_daily_bars(self) -> None:
        account = Account()
        line = self.line(account, packed=True)
        line.say(action="subscribe", trades=["*"], dailyBars=["SPY"])
        account.run(62)
        messages = [message for sent in line.heard[2:] for message in unpack(sent)]
        assert {m["S"] for m in messages if m["T"] == "t"} == {"SPY", "QQQ", "AAPL", "MSFT", "IWM"}
        assert [m["S"] for m in messages if m["T"] == "d"] == ["SPY"]


_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False) | st.text(max_size=40)
    | st.integers(0, 2**52).map(lambda us: datetime(1971, 1, 1, tzinfo=UTC) + timedelta(microseconds=us)),
    lambda inner: st.lists(inner, max_size=20) | st.dictionaries(st.text(max_size=5), inner, max_size=20),
    max_leaves=20,
)  # fmt: skip


@given(_values)
def test_messagepack_there_and_back(value: Any) -> None:
    assert unpack(pack(value)) == value


@given(st.binary(max_size=40))
def test_bytes_that_are_no_messagepack_are_a_value_error_at_most(data: bytes) -> None:
    try:
        unpack(data)
    except ValueError:
        pass


@given(_values)
@settings(max_examples=30)
def test_messagepack_is_what_the_library_reads(value: Any) -> None:
    assert msgpack.unpackb(pack(value), timestamp=3, strict_map_key=False) == value


class TestWhatTheFirmKnows:
    """Orders that code sends by itself are the firm's own; those it was never told of are found."""

    def told(self, account: Account, *kinds: str) -> list[tuple[str, str]]:
        return [(e.kind, e.subject) for e in account.world.history.of(*kinds)]

    def test_an_answer_that_arrived_makes_an_order_known(self) -> None:
        account = Account()
        answer = account.answer("POST", "/v2/orders", order(client_order_id="mine", type="limit", limit_price=5.0))
        assert [o.id for o in account.world.orders.live()] == ["mine"]
        assert answer.outcome is not None
        answer.outcome(True)
        assert self.told(account, "order.") == [("order.sent", "mine"), ("order.acked", "mine")]

    def test_a_lost_answer_leaves_it_open_until_a_list_shows_it(self) -> None:
        account = Account()
        lost = account.answer("POST", "/v2/orders", order(client_order_id="mine", type="limit", limit_price=5.0))
        assert lost.outcome is not None
        lost.outcome(False)
        assert self.told(account, "order.")[1:] == [("order.unacked", "mine")]
        shown = account.answer("GET", "/v2/orders")
        assert shown.outcome is not None
        shown.outcome(True)
        assert self.told(account, "order.")[2:] == [("order.acked", "mine")]

    def test_the_stream_tells_too_and_so_does_the_refusal_of_a_second_try(self) -> None:
        account = Account()
        for name in ("a", "b"):
            account.answer("POST", "/v2/orders", order(client_order_id=name, type="limit", limit_price=5.0))
        again = account.answer("POST", "/v2/orders", order(client_order_id="a", type="limit", limit_price=5.0))
        assert (again.status, again.outcome is not None) == (422, True)
        again.outcome(True)  # type: ignore[misc]
        line = Line(account.core, "/stream")
        line.say(action="auth", key="key", secret="secret")
        line.say(action="listen", data={"streams": ["trade_updates"]})
        account.world.broker.cancel("b")
        account.run(1)
        assert self.told(account, "order.acked") == [("order.acked", "a"), ("order.acked", "b")]

    def test_a_refused_order_is_none(self) -> None:
        account = Account()
        account.ask("POST", "/v2/orders", order(account.long, 1_000_000, client_order_id="big"))
        assert self.told(account, "order.") == [
            ("order.sent", "big"), ("order.rejected", "big"), ("order.settled", "big"),
        ]  # fmt: skip
        assert account.world.orders.live() == []

    def test_fills_reach_the_book_as_those_of_a_known_order(self) -> None:
        account = Account()
        account.ask("POST", "/v2/orders", order(qty=3, client_order_id="mine"))
        account.run(MINUTE / SECOND)
        (fill,) = account.world.history.of("order.filled") or [None]
        assert fill is not None
        assert fill.get("known") is True
        assert account.world.book.held() == account.world.ledger.positions()


def test_orders_of_the_world_are_worded_whatever_their_terms() -> None:
    account = Account()
    trailing = Order("t", "SPY", -1, 1, kind="trailing_stop", terms=Terms("gtc", trail_price=5.0), reducing=True)
    account.world.broker.submit(trailing)
    shown = account.ask("GET", "/v2/orders:by_client_order_id?client_order_id=t")[1]
    assert float(shown["hwm"]) - float(shown["stop_price"]) == pytest.approx(5.0)
    assert shown["expires_at"] > shown["created_at"]


class TestScreener:
    def test_who_moves_and_who_trades_most(self) -> None:
        account = Account()
        account.run(5 * 60)
        base = "/v1beta1/screener/stocks"
        active = account.ask("GET", f"{base}/most-actives?top=3")[1]["most_actives"]
        assert [row["volume"] for row in active] == sorted((row["volume"] for row in active), reverse=True)
        assert len(active) == 3
        moved = account.ask("GET", f"{base}/movers")[1]
        assert {row["symbol"] for side in ("gainers", "losers") for row in moved[side]} <= set(
            account.world.market.symbols
        )
        assert all(row["percent_change"] >= 0 for row in moved["gainers"])
        assert all(row["change"] < 0 for row in moved["losers"])
        assert account.ask("GET", f"{base}/most-actives?by=nonsense")[0] == 400
        assert account.ask("GET", "/v2/stocks/meta/exchanges")[1] == {"V": "IEX"}
        assert account.ask("GET", "/v2/stocks/meta/conditions/trade")[1] == {"@": "Regular Sale"}

    def test_what_is_asked_in_vain_is_written_down_once(self) -> None:
        account = Account()
        for _ in range(2):
            assert account.ask("GET", "/v2/wallets")[0] == 404
        (noted,) = account.world.history.of("code.refused")
        assert (noted.get("refused"), noted.get("what")) == ("endpoint", f"GET {HOST}/v2/wallets")
