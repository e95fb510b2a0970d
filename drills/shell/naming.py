"""Which part of the simulated firm a name means: words in English, German and Spanish, with weights.

`traderunner-broker` is about the broker before it is about trading, `trading-db` is a database. The most
specific word wins; where two names of one kind mean the same part, the better match gets it and the other
one stands for a service of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from sim.config import TRADING_SYSTEM

GATEWAY, MARKET_DATA, POSTGRES, REDIS = "execution-gateway", "market-data", "postgres", "redis"
MONITORING = "monitoring"
"""Prometheus, Alertmanager and their like: no workload here, but the World's monitoring itself."""

_WORDS: tuple[tuple[str, int, str], ...] = (
    (POSTGRES, 5,
    r"postgres\w*|pgsql|psql|pg|timescale\w*|mysql|mariadb|database|datenbank|db|sql|influx\w*|clickhouse"),
    (POSTGRES, 1, r"datos|base"),
    (REDIS, 5, r"redis|cache|memcached?|valkey|zwischenspeicher|caché"),
    (MONITORING, 5, r"prometheus|alertmanager|grafana|monitoring|überwachung|monitoreo|monitorización|metrics|loki"),
    (MARKET_DATA, 4, r"marketdata|market|marktdaten|kurse?|kursdaten|mercado|cotizaciones|feed|feeds|quotes?|ticker"
                     r"|ingest\w*|ingestion|ingesta|datafeed|eodhd|polygon|iex|prices?"),
    (MARKET_DATA, 2, r"data|daten"),
    (GATEWAY, 4, r"execution|exec|executor|gateway|gw|oms|router|orders?|order\w*|ausführung\w*|ejecuci[oó]n|ejecutor"
                 r"|[oó]rdenes|broker\w*|connector|konnektor|conector|adapter|adaptador|fix|ibkr|tws|ibgateway|exchange"),
    (TRADING_SYSTEM, 3,
    r"trading\w*|trader\w*|trade\w*|bot|bots|algo\w*|strateg\w+|estrategia\w*|handel\w*|quant\w*|alpha"
                        r"|negociaci[oó]n|papertrading|engine|motor"),
    (TRADING_SYSTEM, 2, r"brain|quoter|quoting|cotizador|maker|mm"),
    (TRADING_SYSTEM, 1,
    r"api|app|application|anwendung|aplicaci[oó]n|backend|core|main|server|system|sistema|service|dienst"
                        r"|servicio|platform|plattform|plataforma|prod|live|paper|run"),
)  # fmt: skip
_PATTERNS = tuple((here, weight, re.compile(rf"(?:{words})$", re.I)) for here, weight, words in _WORDS)

OTHER = re.compile(
    r"calibrat\w*|kalibrier\w*|calibraci[oó]n|risk|risiko|riesgo|report\w*|dashboard|frontend|web|ui|auth|login|nginx"
    r"|ingress|proxy|kafka|zookeeper|rabbitmq|nats|celery|worker|scheduler|airflow|backtest\w*|ml|model|notebook|vault"
    r"|consul|etcd|minio|celery|jobs?|cron|notification\w*|notifier|email|mail|slack|research|settlement|compliance"
    r"|hedge\w*|hedging|pricing|pricer|wallet|ledger|accounting|kong|envoy|istio",
    re.I,
)
"""Services that a firm may well have and this World has not: they are no other name for one it has."""


class Guess(NamedTuple):
    """What a name means, how surely, and the word that says so."""

    here: str
    weight: int
    word: str


def tokens(name: str) -> list[str]:
    """The words of a name: `tradingBot_v2-0` has trading, bot, v2, 0."""
    spaced = re.sub(r"(?<=[a-zà-ÿ])(?=[A-ZÀ-Þ])", " ", name)
    return [word.lower() for word in re.split(r"[^\wà-ÿÀ-Þ]+|_", spaced) if word]


def base_name(name: str) -> str:
    """The service a pod, a file or a unit is named after: `postgres-0`, `api-pod`, `bot.service` lose their ends."""
    name = re.sub(r"\.(?:service|timer|socket|py|sh|jar|exe)$", "", name)
    name = re.sub(r"-[a-f0-9]{8,10}-[a-z0-9]{5}$", "", name)
    return re.sub(r"[-_](?:pod|container|\d{1,3}|x+|[a-z0-9]*[0-9x]{5,}[a-z0-9]*)$", "", name) or name


def guess(name: str) -> Guess | None:
    """The part of the firm that `name` means; None when its words say nothing, or say another service."""
    words = tokens(base_name(name))
    best: Guess | None = None
    for word in words:
        for here, weight, pattern in _PATTERNS:
            if pattern.match(word) and (best is None or weight > best.weight):
                best = Guess(here, weight, word)
    if best is not None and best.weight <= 4 and any(OTHER.fullmatch(word) for word in words):
        return None
    joined = "-".join(words)
    for here in (TRADING_SYSTEM, GATEWAY, MARKET_DATA):
        if joined == here:
            return Guess(here, 10, here)
    return best


def assign(names: Iterable[str]) -> dict[str, Guess | None]:
    """For each name what it alone means: of several names of one part the best match keeps it, then the first.

    `trading-bot` and `trading_bot.service` are one name.
    """
    guesses = {name: guess(name) for name in dict.fromkeys(names)}
    keeper: dict[str, str] = {}
    for name, found in guesses.items():
        if found is None:
            continue
        holder = keeper.get(found.here)
        held = guesses[holder] if holder is not None else None
        if held is None or found.weight > held.weight:
            keeper[found.here] = name
    return {
        name: found if found is not None and tokens(base_name(keeper[found.here])) == tokens(base_name(name)) else None
        for name, found in guesses.items()
    }
