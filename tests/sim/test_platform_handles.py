"""What runbooks reach for on the platform: maps of configuration, a cordon, sessions, a gateway, silences."""

from __future__ import annotations

from collections.abc import Mapping

from sim.alerts import Alert
from sim.clock import MINUTE, VirtualTime
from sim.config_maps import ConfigMaps
from sim.database import Database
from sim.history import History
from sim.rng import Streams
from sim.silences import Matcher, Silences
from tests.sim.worlds import Firm


def test_a_changed_map_is_read_once_at_the_next_start() -> None:
    history = History(VirtualTime())
    maps, read = ConfigMaps(history), []

    def apply(name: str, data: Mapping[str, str]) -> None:
        read.append((name, dict(data)))

    maps.on_apply.append(apply)
    maps.declare("trading", {"a": "1"})
    maps.read_by_a_start()
    assert read == [], "how the firm was set up is no change"
    maps.put("trading", {"a": "2"}, by="me")
    maps.put("trading", {"a": "2"}, by="me")
    maps.read_by_a_start()
    maps.read_by_a_start()
    assert read == [("trading", {"a": "2"})]
    assert [event.kind for event in history] == ["config.changed", "config.read"]
    assert maps.remove("trading", by="me")
    assert not maps.remove("trading", by="me")
    assert maps.get("trading") is None


def test_a_cordoned_node_keeps_its_pods_and_takes_no_new_one() -> None:
    firm = Firm(monitored=True)
    cluster = firm.world.cluster
    before = {row.pod: row.node for row in cluster.status()}
    firm.soon(lambda: cluster.cordon("node-a"))
    firm.run(5)
    assert {row.pod: row.node for row in cluster.status()} == before
    firm.soon(lambda: cluster.scale("market-data", 4))
    firm.run(30)
    new = [row.node for row in cluster.status("market-data") if row.pod not in before]
    assert new == ["node-b"] * 3
    firm.soon(lambda: cluster.cordon("node-a", on=False))
    firm.soon(lambda: cluster.scale("market-data", 6))
    firm.run(30)
    assert "node-a" in [row.node for row in cluster.status("market-data") if row.pod not in before]


def test_sessions_are_listed_and_ended() -> None:
    env = VirtualTime()
    database = Database(env, History(env), Streams(7))
    assert {session.state for session in database.sessions()} == {"active", "idle"}
    assert len(database.sessions()) == database.pool_size
    database.long_query(1_000_000)
    heal = database.exhaust_pool(5)
    held = [session for session in database.sessions() if session.state == "idle in transaction"]
    assert len(held) == 5
    assert held[0].holder == "api-service"
    for session in held[:2]:
        assert database.terminate(session.pid)
    assert len([s for s in database.sessions() if s.state == "idle in transaction"]) == 3
    assert not database.terminate(held[0].pid)
    (query,) = database.queries()
    assert database.terminate(query.pid)
    assert not database.queries()
    heal()
    assert not [s for s in database.sessions() if s.state == "idle in transaction"]


def test_without_a_gateway_no_order_leaves_not_even_an_exit() -> None:
    firm = Firm(monitored=True)
    firm.soon(lambda: firm.world.cluster.stop("execution-gateway"))
    firm.run(5)
    symbol, qty = next(iter(firm.world.book.held().items()))
    made = []
    firm.soon(lambda: made.append(firm.world.orders.create(symbol, -1 if qty > 0 else 1, 1)))
    firm.run(1)
    assert made[0].status == "rejected"
    firm.soon(lambda: firm.world.cluster.start("execution-gateway"))
    firm.run(20)
    firm.soon(lambda: made.append(firm.world.orders.create(symbol, -1 if qty > 0 else 1, 1)))
    firm.run(5)
    assert made[1].status == "filled"


def alert(name: str, severity: str = "warning") -> Alert:
    return Alert(name, "firing", severity, "", 'up{job="a"}', 1.0, 0.0, 0, 0)  # type: ignore[arg-type]


def test_a_silence_covers_what_meets_all_its_conditions_while_it_lasts() -> None:
    env = VirtualTime()
    silences = Silences(env, History(env))
    silence = silences.add((Matcher("job", "a|b", regex=True), Matcher("alertname", "X", equal=False)), 0, MINUTE)
    assert silences.covering(alert("Y")) is silence
    assert silences.covering(alert("X")) is None
    env.run(until=MINUTE)
    assert silences.covering(alert("Y")) is None
    assert not silences.expire("nosuch")
