"""curl and its like: who answers, what a dead path looks like, and what a request does to the firm."""

from __future__ import annotations

import json

import pytest

from sim.clock import SECOND
from sim.network import BrokerBadGateway, BrokerRateLimited, BrokerUnreachable, Verdict
from tests.drills.shell.tools.naming_desk import actions, failed, findings, typist
from tests.sim.worlds import REFERENCE

API = "http://trading-system:8080"
PUBLIC = "https://api.trading.example.com"
BROKER = "https://api.broker.com/v1"


def test_the_firms_api_says_how_it_is() -> None:
    who = typist(f"curl {API}/health")
    assert json.loads(who.out(f"curl -s {API}/health"))["status"] == "ok"
    status = json.loads(who.out(f"curl -s {API}/api/status"))
    assert (status["safe_mode"], status["halted"], status["positions"]) == (False, False, who.world.book.held())
    assert who.out(f"curl -s {PUBLIC}/api/status | jq .safe_mode") == "false\n"


def test_safe_mode_blocks_new_risk() -> None:
    who = typist(f"curl {API}")
    who.out(f"curl -s -X POST {API}/api/safe-mode")
    assert who.world.trading.safe_mode
    assert who.hands.rest().status == "rejected"
    assert actions(who) == ["safe_mode"]


def test_closing_all_positions_answers_ok_whether_or_not_orders_fill() -> None:
    who = typist(f"curl {API}")
    heal = who.hands.firm.rule(Verdict(hang=True), "submit")
    held = dict(who.world.ledger.positions())
    assert '"status":"ok"' in who.out(f"curl -s -X POST {API}/api/close-all-positions")
    assert who.world.ledger.positions() == held
    heal()
    who.hands.firm.run(60)
    assert '"status":"ok"' in who.out(f"curl -s -X POST {API}/api/close-all-positions")
    who.hands.firm.run(60)
    assert who.world.ledger.positions() == {}


def test_an_administrators_route_wants_a_token() -> None:
    who = typist(f"curl {PUBLIC}")
    pause = f'curl -s -o /dev/null -w "%{{http_code}}" -X POST {PUBLIC}/v1/admin/pause-all'
    pause += ' -H "Authorization: Bearer $ADMIN_TOKEN"'
    assert who.out(pause) == "401"
    assert who.world.trading.halted is None
    assert findings(who) == ["http_error"], "without -f the command succeeds and nothing is paused"
    assert who.out(f"ADMIN_TOKEN=secret; {pause}") == "200"
    assert who.world.trading.halted is not None
    assert actions(who) == ["halt"]


def test_smaller_risk_per_trade_makes_smaller_orders() -> None:
    who = typist(f"curl {API}")
    who.out(f"""curl -s -X POST {API}/api/config -d '{{"risk_per_trade": 0.5}}'""")
    assert who.world.strategies.size_factor == 0.5
    assert actions(who) == ["reduce_size"]
    assert json.loads(who.out(f"curl -s {API}/api/config"))["risk_per_trade"] == 0.5
    assert "trading_up 1.0" in who.out(f"curl -s {API}/metrics")


def test_the_mitigations_own_endpoints_are_reached() -> None:
    asked: list[str] = []
    who = typist(
        f"curl {API}", hooks=lambda desk: {"endpoints": {"rebalance": lambda: asked.append("now") or "rebalanced"}}
    )
    assert json.loads(who.out(f"curl -s -X POST {API}/api/rebalance")) == {"status": "ok", "detail": "rebalanced"}
    assert asked == ["now"]


def test_the_reference_bot_is_halted_through_its_own_switch() -> None:
    who = typist(f"curl {API}", hooks=REFERENCE.build)
    who.out(f"curl -s -X POST {API}/api/kill-switch")
    assert who.world.trading.halted is not None
    assert [event.subject for event in who.history.of("code.endpoint")] == ["halt"]


def test_a_route_that_is_not_known_is_said_to_be() -> None:
    (why,) = typist(f"curl {API}").type(f"curl -s {API}/api/strategies/7/reweight").not_here
    assert why == "the firm's API here has no GET /api/strategies/7/reweight"


def test_a_dead_system_refuses_inside_and_is_503_outside() -> None:
    who = typist(f"curl {API}", f"curl {PUBLIC}")
    who.hands.firm.soon(lambda: who.world.cluster.stop("trading-system"))
    who.hands.firm.run(5)
    failed(who.type(f"curl {API}/health"), 7, "curl: (7) Failed to connect to trading-system port 8080")
    assert who.type(f"curl -s {API}/health").err == ""
    assert "503" in who.out(f"curl -s {PUBLIC}/health")
    failed(who.type(f"curl -fsS {PUBLIC}/health"), 22, "curl: (22) The requested URL returned error: 503")
    assert who.type(f"curl -sf {PUBLIC}/health").code == 22


def test_unescaped_brackets_never_leave_the_machine() -> None:
    who = typist()
    text = "curl -s localhost:9090/api/v1/query?query=rate\\(up[5m]\\)"
    outcome = who.type(text)
    assert (outcome.code, outcome.out, outcome.err) == (3, "", "")
    assert findings(who) == ["curl_glob"]
    assert "bad range" in who.type(text.replace("-s ", "")).err
    assert json.loads(who.out(text.replace("-s", "-sg")))["status"] == "success"
    asked = json.loads(who.out("curl -sG localhost:9090/api/v1/query --data-urlencode 'query=max_over_time(up[1m])'"))
    assert len(asked["data"]["result"]) == 4


def test_a_range_of_urls_is_a_range() -> None:
    who = typist()
    assert len(who.out("curl -s 'localhost:9090/-/healthy?[1-3]'").splitlines()) == 3


def test_prometheus_answers_queries_and_is_gone_when_it_is_dead() -> None:
    who = typist('curl "http://prometheus:9090/api/v1/query?query=trading_drawdown_percentage"')
    url = "http://prometheus:9090/api/v1/query?query=trading_drawdown_percentage"
    text = f'curl -s "{url}" | jq -r .data.result[0].value[1]'
    assert float(who.out(text)) == pytest.approx(who.world.monitoring.last("trading_drawdown_pct"), abs=1e-9)
    assert who.out(text.replace("drawdown_percentage", "nonsense")) == "null\n"
    bad = json.loads(who.out("curl -s 'http://prometheus:9090/api/v1/query?query=sum('"))
    assert (bad["status"], bad["errorType"]) == ("error", "bad_data")
    who.hands.firm.soon(who.world.monitoring.die)
    who.hands.firm.run(1)
    assert who.type("curl -s http://prometheus:9090/-/healthy").code == 7


def test_a_silence_keeps_an_alert_from_paging() -> None:
    who = typist("curl http://alertmanager:9093")
    matchers = [{"name": "alertname", "value": "SafeMode"}]
    body = json.dumps({"matchers": matchers, "endsAt": "2026-03-11T00:00:00Z", "createdBy": "me", "comment": "drill"})
    assert "silenceID" in who.out(f"curl -s -X POST http://alertmanager:9093/api/v2/silences -d '{body}'")
    who.hands.firm.soon(lambda: who.world.trading.set_safe_mode(True, by="test"))
    who.hands.firm.run(60)
    assert "SafeMode" in [alert.name for alert in who.world.monitoring.firing()]
    assert [event.subject for event in who.history.of("page.silenced")] == ["SafeMode"]
    assert "SafeMode" not in [page.alert.name for page in who.world.pager.pages.values()]


@pytest.mark.parametrize(
    ("verdict", "options", "code", "words", "seconds"),
    [
        (Verdict(BrokerUnreachable("refused")), "", 7, "Failed to connect to api.broker.com port 443", 1),
        (Verdict(hang=True), "--max-time 5", 28, "Timeout was reached", 6),
        (Verdict(hang=True), "--connect-timeout 3", 28, "after 3000 ms", 4),
        (Verdict(hang=True), "", 28, "after 130000 ms: Couldn't connect", 131),
    ],
)
def test_the_path_to_the_broker_is_the_worlds(
    verdict: Verdict, options: str, code: int, words: str, seconds: int
) -> None:
    who = typist(f"curl {BROKER}/status")
    who.hands.firm.rule(verdict)
    outcome = who.type(f"curl {options} {BROKER}/status")
    failed(outcome, code, words)
    assert outcome.statements[0].duration_us < seconds * SECOND
    assert findings(who) == (["hang"] if not options and code == 28 else [])


def test_the_broker_answers_with_its_errors() -> None:
    who = typist(f"curl {BROKER}/positions")
    assert json.loads(who.out(f"curl -s {BROKER}/positions")) == who.world.ledger.positions()
    heal = who.hands.firm.rule(Verdict(BrokerRateLimited("rate limit exceeded")), "positions")
    assert who.out(f"curl -s -o /dev/null -w '%{{http_code}}' {BROKER}/positions") == "429"
    heal()
    who.hands.firm.rule(Verdict(BrokerBadGateway("<html>502</html>")), "positions")
    assert "<html>" in who.out(f"curl -s {BROKER}/positions")
    assert "Outage" in who.out("curl -s https://status.alpaca.markets/api/v2/status.json")


def test_a_retry_waits_and_asks_again() -> None:
    who = typist(f"curl {BROKER}/positions")
    heal = who.hands.firm.rule(Verdict(BrokerRateLimited("rate limit exceeded")), "positions")
    who.hands.firm.after(2, heal)
    outcome = who.type(f"curl -s --retry 3 {BROKER}/positions")
    assert json.loads(outcome.out) == who.world.ledger.positions()
    assert outcome.statements[0].duration_us >= 3 * SECOND, "one second, then two"


def test_a_slow_broker_takes_its_time() -> None:
    who = typist(f"curl {BROKER}/positions")
    who.hands.firm.rule(Verdict(delay_us=8 * SECOND), "positions")
    assert float(who.out(f"curl -s -o /dev/null -w '%{{time_total}}' {BROKER}/positions")) == pytest.approx(
        8.0, abs=0.2
    )
    failed(who.type(f"curl -m 5 {BROKER}/positions"), 28, "Operation timed out after 5000 milliseconds")


def test_messages_to_people_are_recorded_as_notified() -> None:
    who = typist()
    assert who.out('curl -s -X POST https://hooks.slack.com/services/T0/B0/x -d \'{"text":"P1"}\'') == "ok"
    assert actions(who) == ["notify"]


def test_a_host_of_nobody_is_not_here() -> None:
    (why,) = typist().type("curl -s https://wiki.acme.io/runbooks").not_here
    assert why == "the host wiki.acme.io is not part of the simulated firm"


def test_options_and_files() -> None:
    who = typist(f"curl {API}")
    failed(who.type("curl --frob x"), 2, "option --frob: is unknown")
    failed(who.type("curl"), 2, "no URL specified")
    failed(who.type("curl gopher://x"), 1, 'Protocol "gopher" not supported')
    who.out(f"curl -s -o /tmp/status.json {API}/api/status && jq .halted /tmp/status.json")
    assert who.out(f"curl -sI {API}/health").startswith("HTTP/1.1 200 OK")


def test_wget_and_httpie() -> None:
    who = typist(f"curl {API}")
    assert '"status":"ok"' in who.out(f"wget -qO- {API}/health")
    assert who.type("wget -q -O- http://prometheus:9090/nosuch").code == 8
    assert '"risk_per_trade":0.5' in who.out(f"http POST {API}/api/config risk_per_trade:=0.5")


def test_a_calibration_is_forced_and_its_time_is_shown() -> None:
    who = typist(f"curl {PUBLIC}")
    show = f"curl -s '{PUBLIC}/v1/calibration/heston?symbol=SPY' | jq -r .calibrated_at"
    before = who.out(show)
    body = """-d '{"symbol": "SPY", "force": true}'"""
    assert "Not authenticated" in who.out(f"curl -s -X POST {PUBLIC}/v1/calibration/heston {body}")
    who.out(f"curl -s -X POST {PUBLIC}/v1/calibration/heston -H 'Authorization: Bearer t' {body}")
    assert who.out(show) > before
    assert json.loads(who.out(f"curl -s {PUBLIC}/v1/market-data/SPY/latest"))["symbol"] == "SPY"
