"""psql and redis-cli on the firm's database and cache: what they read, what they refuse, what they end."""

from __future__ import annotations

import pytest

from drills.shell.tools.sql.dialect import seconds_of, translated
from drills.shell.tools.sql.engine import statements
from tests.drills.shell.tools.naming_desk import actions, failed, typist

PSQL = "psql -U postgres -d trading -c"


def test_recent_trades_are_read_with_an_interval() -> None:
    who = typist(f"{PSQL} 'select 1'")
    text = f"""{PSQL} "
      SELECT symbol, side, pnl, created_at
      FROM trades
      WHERE created_at > NOW() - INTERVAL '1 hour'
      ORDER BY created_at DESC
      LIMIT 3;
    " """
    lines = who.out(text).splitlines()
    assert lines[0].split(" | ")[0].strip() == "symbol"
    assert lines[1].startswith("---")
    assert lines[-2] == "(3 rows)"


def test_the_query_of_the_drawdown_runbook_groups_by_pattern() -> None:
    who = typist()
    text = """psql -d trading -At -c "SELECT pattern_id, COUNT(*) as n, AVG(pnl),
      SUM(CASE WHEN pnl < 0 THEN 1 ELSE 0 END)
      FROM trades WHERE created_at > NOW() - INTERVAL '4 hours' GROUP BY pattern_id ORDER BY 3 ASC;" """
    assert who.out(text) == "pattern-opening|5|0|0\n"


def test_a_column_that_was_renamed_years_ago_does_not_exist() -> None:
    who = typist()
    outcome = who.type(f'{PSQL} "\n    SELECT query, calls, mean_time, max_time\n    FROM pg_stat_statements;"')
    failed(outcome, 1, 'ERROR:  column "mean_time" does not exist\nLINE 1: SELECT query, calls, mean_time, max_time')
    assert "mean_exec_time" in who.out(f'{PSQL} "SELECT query, mean_exec_time FROM pg_stat_statements LIMIT 1"')


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("SELECT * FROM nosuch", 'ERROR:  relation "nosuch" does not exist'),
        ("SELEC 1", 'ERROR:  syntax error at or near "SELEC"'),
        ("SELECT nosuch(1)", "ERROR:  function nosuch does not exist"),
        ("CREATE INDEX CONCURRENTLY idx ON table_name (column)", 'ERROR:  relation "table_name" does not exist'),
        ("CREATE INDEX i ON trades (nosuch)", 'ERROR:  column "nosuch" does not exist'),
        ("ANALYZE table_name", 'ERROR:  relation "table_name" does not exist'),
        ("UPDATE nosuch SET a = 1", 'ERROR:  relation "nosuch" does not exist'),
        ("SHOW nosuch", "unrecognized configuration parameter"),
    ],
)
def test_errors_are_postgresqls_own(statement: str, words: str) -> None:
    failed(typist().type(f'{PSQL} "{statement}"'), 1, words)


def test_what_would_change_a_picture_of_the_firm_is_not_pretended() -> None:
    (why,) = typist().type(f"{PSQL} \"UPDATE positions SET qty = 0 WHERE symbol = 'SPY'\"").not_here
    assert "only a picture of the firm" in why


def test_a_long_query_is_found_and_ended() -> None:
    who = typist(faults=[{"kind": "database_slow", "latency_ms": 5000}])
    assert who.world.database.p99_s() >= 5
    active = "SELECT pid FROM pg_stat_activity WHERE state = 'active' AND query LIKE 'UPDATE%'"
    find = f'psql -At -U postgres -c "{active}"'
    pid = who.out(find).strip()
    shown = who.out("""psql -U postgres -c "SELECT pid, now() - pg_stat_activity.query_start AS duration, query
      FROM pg_stat_activity WHERE state = 'active' ORDER BY duration DESC;" """)
    assert shown.splitlines()[2].split(" | ")[0].strip() == pid, "the longest comes first"
    assert (
        who.out(f'psql -At -U postgres -c "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid = {pid};"')
        == "1\n"
    )
    assert who.world.database.p99_s() < 0.1
    assert actions(who) == ["kill_query"]
    assert who.history.of("fault.healed")


def test_held_connections_are_counted_and_ended_one_by_one() -> None:
    who = typist(faults=[{"kind": "pool_exhausted"}])
    assert (
        who.out("""psql -At -c "SELECT count(*) FROM pg_stat_activity WHERE state = 'idle in transaction'" """)
        == "20\n"
    )
    who.out("""psql -c "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE state = 'idle in transaction'" """)
    assert who.world.database.in_use < who.world.database.pool_size


def test_a_here_document_goes_on_after_an_error_unless_told_to_stop() -> None:
    who = typist()
    text = "psql {} <<EOF\nSELECT nosuch FROM trades;\nSELECT count(*) FROM positions;\nEOF"
    outcome = who.type(text.format("-At"))
    assert (outcome.out, outcome.code) == ("5\n", 0)
    assert who.type(text.format("-v ON_ERROR_STOP=1")).code == 3


def test_a_database_that_is_down_or_of_another_name_refuses() -> None:
    who = typist(f"{PSQL} 'select 1'")
    failed(who.type("psql -d nosuch -c 'select 1'"), 2, 'FATAL:  database "nosuch" does not exist')
    who.hands.firm.soon(lambda: who.world.cluster.stop("postgres"))
    who.hands.firm.run(3)
    failed(who.type("psql -h postgres -d trading -c 'select 1'"), 2, "Connection refused")
    assert who.type("pg_isready").code == 2


def test_forms_of_output() -> None:
    who = typist()
    assert who.out("psql --csv -c \"SELECT symbol, qty FROM positions WHERE symbol = 'SPY'\"").startswith(
        "symbol,qty\nSPY,"
    )
    assert "-[ RECORD 1 ]" in who.out('psql -x -c "SELECT 1 AS one"')
    assert who.out('psql -t -c "SELECT 1"').strip() == "1"
    assert "trades" in who.out("psql -c '\\dt'")
    assert "waits for a person" in who.type("psql").not_here[0]


def test_a_dump_of_a_table_can_be_kept() -> None:
    who = typist("pg_dump -d trading -t trades")
    who.out("pg_dump -d trading -t trades > /tmp/trades.sql")
    text = who.session.console.read_file("/tmp/trades.sql")
    assert "COPY public.trades" in text
    assert text.count("opening-") == 0
    assert text.count("\tSPY\t") == 1
    failed(who.type("pg_dump -d trading -t nosuch"), 1, "no matching tables were found")


@pytest.mark.parametrize(
    ("text", "seconds"), [("1 hour", 3600), ("4 hours 30 minutes", 16_200), ("00:05:00", 300), ("2 days", 172_800)]
)
def test_intervals_have_a_length(text: str, seconds: float) -> None:
    assert seconds_of(text) == seconds


def test_text_in_quotes_is_left_alone() -> None:
    assert translated("SELECT 'now() - interval' AS x, a::text FROM t") == "SELECT 'now() - interval' AS x, a FROM t"
    assert statements("SELECT ';'; -- x;\nSELECT 2;") == ["SELECT ';'", "SELECT 2"]


# The cache


def test_the_cache_says_how_full_it_is() -> None:
    who = typist("redis-cli -h redis PING", faults=[{"kind": "cache_full"}])
    assert who.out("redis-cli -h redis PING") == "PONG\n"
    assert "used_memory_human:192.00M" in who.out("redis-cli INFO memory")
    failed(who.type("redis-cli SET quote 1"), 1, "")
    assert "OOM command not allowed" in who.type("redis-cli SET quote 1").out
    assert who.out("redis-cli CONFIG SET maxmemory 512mb") == "OK\n"
    assert not who.world.cache.refusing
    assert who.out("redis-cli SET quote 1 && redis-cli GET quote").splitlines() == ["OK", '"1"']
    who.out("redis-cli FLUSHALL")
    assert who.out("redis-cli GET quote") == "(nil)\n"
    assert actions(who) == ["raise_limits", "configure", "restart_service"]


def test_a_kill_switch_in_a_key_that_nothing_reads_is_not_pretended() -> None:
    (why,) = typist().type("redis-cli SET trading:kill_switch 1").not_here
    assert "nothing in this firm reads that key" in why


def test_a_dead_cache_refuses() -> None:
    who = typist("redis-cli -h redis PING")
    who.hands.firm.soon(lambda: who.world.cluster.stop("redis"))
    who.hands.firm.run(3)
    assert who.type("redis-cli -h redis PING").code == 1
    assert "Connection refused" in who.type("redis-cli -h redis PING").err
    assert who.type("redis-cli -h other.acme.io PING").not_here
