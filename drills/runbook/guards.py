"""When a step applies: severity, cause or condition, as written and as the scenario can decide it.

"(Level 2+)", "For Daily Loss Trigger", "If loss exceeds limits" become values that a ground truth can be
held against. Words that are not understood are kept; `holds` then answers None, and whoever follows the
runbook has to treat the guard as open.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal

from drills.runbook.durations import read_duration
from drills.runbook.model import Guard, SeverityLevel, Source


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile(r"(?<!\w)(?:" + "|".join(patterns) + ")", re.I)


CAUSES: dict[str, re.Pattern[str]] = {
    "daily_loss": _any(r"daily[ _-]?(?:loss|p&l|pnl)", r"loss limit", r"tagesverlust", r"verlustlimit", r"pérdida diaria", r"límite de pérdida"),
    "drawdown": _any(r"draw-?down", r"caída de capital"),
    "slippage": _any(r"slippage", r"deslizamiento", r"bad fills?"),
    "error_rate": _any(r"error[ -]?rates?", r"fehlerrate", r"tasa de error", r"rejections?", r"reject rate"),
    "api_errors": _any(r"api[ -]?(?:errors?|failures?|fehler)", r"consecutive errors?", r"errores? de (?:la )?api", r"fallos? de (?:la )?api"),
    "manual": _any(r"manual(?:ly)?\b(?! (?:close|check|reset|interv))", r"manuell", r"operator[- ]initiated", r"human"),
    "credentials": _any(r"credentials?", r"auth\w*", r"tokens?\b", r"(?:api )?keys?\b", r"zugangsdaten", r"anmeldung", r"credenciales", r"401|403"),
    "deployment": _any(r"deploy\w*", r"release\b", r"config(?:uration)? changes?", r"new version", r"ausrollung", r"auslieferung", r"despliegue", r"bad (?:build|release)"),
    "connection_pool": _any(r"connection pool", r"pool exhaust\w*", r"verbindungspool", r"pool de conexiones"),
    "database": _any(r"slow (?:database )?quer\w*", r"database", r"postgres\w*", r"datenbank\w*", r"base de datos", r"consultas lentas"),
    "resources": _any(r"resource\w*", r"memory\w*", r"\boom\w*", r"out of memory", r"cpu\b", r"disk\b", r"speicher\w*", r"ressourcen\w*", r"memoria", r"recursos", r"disco"),
    "crash": _any(r"(?:pod |process )?crash\w*", r"absturz", r"abgestürzt", r"process (?:died|dead)", r"caída del proceso"),
    "market_data": _any(r"market data", r"(?:data )?feed\b", r"stale data", r"bad data", r"marktdaten", r"kursdaten", r"datos de mercado"),
    "calibration": _any(r"calibrat\w*", r"optimi[sz]ation", r"convergi?\w*", r"kalibrier\w*", r"calibraci"),
    "network": _any(r"network\w*", r"dns\b", r"connectivity", r"netzwerk\w*", r"red\b", r"timeouts?"),
    "broker": _any(r"broker\w*", r"exchange\w*", r"venue", r"alpaca", r"ibkr", r"börse", r"bróker"),
    "position": _any(r"position\w*", r"orphan\w*", r"posici\w*"),
}  # fmt: skip

CONDITIONS: dict[str, re.Pattern[str]] = {
    "loss_exceeds_limits": _any(r"loss\w* (?:is |are )?(?:exceed\w*|above|over|beyond|outside|greater)", r"exceed\w* (?:the )?(?:loss )?limit", r"verlust\w* (?:über|größer|übersteigt)", r"limit überschritten", r"pérdidas? (?:super\w*|exced\w*|mayor)"),
    "loss_within_limits": _any(r"loss\w* (?:is |are )?(?:within|below|under|inside)", r"within (?:acceptable|limits|range|tolerance)", r"verlust\w* (?:innerhalb|unter|im rahmen)", r"pérdidas? (?:dentro|inferior|menor)"),
    "reconnect_failed": _any(r"(?:re-?connect\w*|connection|session) (?:attempts? )?(?:fail\w*|does not|not|cannot|still)", r"(?:still|remains?) (?:down|disconnected|lost)", r"not (?:re)?connected", r"fail\w* after \d+ attempts", r"wiederverbindung (?:scheitert|schlägt fehl|misslingt)", r"(?:weiterhin|immer noch) getrennt", r"(?:reconexión|conexión) (?:falla|fracasa)", r"sigue (?:caíd|desconect)"),
    "reconnected": _any(r"re-?connect(?:ed|s|ion) (?:is |was )?(?:success\w*|ok)", r"(?:re)?connected\b", r"connection (?:is )?(?:restored|back|up)", r"verbindung (?:steht|ist wieder)", r"conexión (?:restablecida|recuperada)"),
    "position_erroneous": _any(r"position\w* (?:is |are )?(?:erroneous|wrong|invalid|unknown|unexpected|orphan\w*|not ours)", r"(?:falsche|unbekannte) position", r"posici\w* (?:errónea|incorrecta|inválida)"),
    "position_valid": _any(r"position\w* (?:is |are )?(?:valid|correct|legitimate|ours|expected)", r"position\w* (?:ist )?(?:gültig|korrekt|richtig)", r"posici\w* (?:es )?(?:válida|correcta)"),
    "positions_differ": _any(r"position\w* (?:differ|mismatch|do not match|don'?t match)", r"mismatch", r"discrepan\w*", r"abweich\w*", r"no (?:coincid|cuadr)\w*", r"differences? (?:found|exists?)"),
    "positions_open": _any(r"(?:open )?positions? (?:remain|are open|still open|exist)", r"(?:still|any) (?:open )?positions?", r"not flat", r"nicht (?:flat|glatt)", r"posiciones abiertas"),
    "orders_open": _any(r"(?:open |live )?orders? (?:remain|are open|still|exist)", r"orders? (?:noch )?offen", r"órdenes abiertas"),
    "api_healthy": _any(r"api (?:is )?(?:healthy|ok|up|back)", r"api (?:ist )?(?:gesund|erreichbar)", r"api (?:está )?(?:sana|disponible)"),
    "system_down": _any(r"(?:system|process|service|bot) (?:is )?(?:down|dead|crashed|not running)", r"(?:system|prozess) (?:ist )?(?:ausgefallen|tot)", r"sistema (?:está )?caído"),
    "data_bad": _any(r"data (?:is |are )?(?:bad|corrupt\w*|stale|invalid|wrong|missing|incomplete)", r"daten (?:sind )?(?:fehlerhaft|veraltet|unvollständig)", r"datos (?:corruptos|inválidos|desactualizados|incompletos)"),
    "data_good": _any(r"data (?:is |are )?(?:good|valid|clean|fresh|fine|ok)", r"daten (?:sind )?(?:gut|gültig|frisch)", r"datos (?:válidos|correctos)"),
    "not_approved": _any(r"(?:not|no) approv\w*", r"approval (?:is )?(?:denied|refused|missing)", r"keine freigabe", r"sin aprobaci"),
    "approved": _any(r"approv(?:ed|al (?:is )?(?:given|granted))", r"freigegeben|freigabe erteilt", r"aprobad"),
    "trading_impact": _any(r"trading impact", r"trading (?:is )?affected", r"handel betroffen", r"impacto en (?:la )?operativa"),
}  # fmt: skip

SEVERITY_ID = re.compile(
    r"\b(?P<name>sev(?:erity)?|s|p|level|lvl|prio(?:rity|rität|ridad)?|stufe|nivel|tier|grado|klasse|clase)[\s-]?(?P<number>\d)\b(?P<plus>\s?\+|\s+(?:and|or|und|oder|y|o) (?:above|higher|höher|superior|more)| (?:o|y) superior)?(?P<also>(?:\s?[/,]\s?(?:sev|p|s|level)?[\s-]?\d)*)",
    re.I,
)
_OPTIONAL = re.compile(
    r"\b(?:if|where|when|as) (?:needed|necessary|configured|applicable|any|required|possible|available|appropriate|desired)\b|\boptional(?:ly)?\b|\b(?:falls|wenn|bei) (?:nötig|bedarf|erforderlich|vorhanden|konfiguriert|möglich)\b|"
    r"\bsi (?:procede|es necesario|es preciso|aplica|hace falta|existe)\b|\ben su caso\b|\bopcional\b",
    re.I,
)
_AFTER = re.compile(r"^(?:after|nach|tras|después de)\b", re.I)
_CONDITIONAL = re.compile(
    r"^(?:if|when|in case(?: of)?|should|unless|wenn|falls|bei|sofern|im fall\w*|si|en caso de|cuando)\b\s*", re.I
)
_FOR = re.compile(r"^(?:for|für|para|on|upon)\b\s*(?:any |all |alle |todos? )?", re.I)


@dataclass(frozen=True, slots=True)
class Truth:
    """What is really so in a scenario: severity (by rank in the runbook's scale), causes, conditions."""

    severity_rank: int | None = None
    causes: Collection[str] = ()
    conditions: Collection[str] = ()
    false_conditions: Collection[str] = ()


def is_optional(text: str) -> bool:
    """Whether the words make a step optional: "(if needed)"."""
    return _OPTIONAL.search(text) is not None


def severity_ids(text: str) -> list[tuple[str, bool]]:
    """The severity ids named in `text` as (canonical id, "or above")."""
    found: list[tuple[str, bool]] = []
    for match in SEVERITY_ID.finditer(text):
        name, number = _canonical(match.group("name")), match.group("number")
        found.append((f"{name}{number}", bool(match.group("plus"))))
        found += [(f"{name}{digit}", False) for digit in re.findall(r"\d", match.group("also") or "")]
    return found


def _canonical(name: str) -> str:
    word = name.lower()
    if word in {"level", "lvl", "stufe", "nivel", "tier", "grado", "klasse", "clase"}:
        return "LEVEL"
    return "SEV" if word in {"sev", "severity"} else "P" if word[0] == "p" else word.upper()


def canonical_severity(text: str) -> str | None:
    """The first severity id in `text`, in one spelling: SEV1, P0, LEVEL2."""
    ids = severity_ids(text)
    return ids[0][0] if ids else None


def parse_guard(raw: str, src: Source, levels: Sequence[SeverityLevel] = (), loose: bool = True) -> Guard | None:
    """The guard that `raw` states; None when it states none (`loose`: a bare cause such as "Memory pressure" is one)."""
    text = " ".join(raw.split()).strip(" :.")
    if not text:
        return None
    ids = severity_ids(text)
    if ids and not _is_duration(text):
        return _severity_guard(text, ids, src, levels)
    if is_optional(text):
        return Guard(src=src, raw=text, kind="optional")
    conditional = _CONDITIONAL.match(text)
    if conditional:
        return _condition(text, text[conditional.end() :], src)
    after = _AFTER.match(text)
    if after:
        return Guard(src=src, raw=text, kind="condition", values=tuple(conditions_in(text)))
    about = _FOR.match(text)
    causes = causes_in(text)
    if about or (loose and causes):
        return Guard(src=src, raw=text, kind="cause", op="in", values=tuple(causes))
    return Guard(src=src, raw=text, kind="condition", values=tuple(conditions_in(text))) if loose else None


def _is_duration(text: str) -> bool:
    span = read_duration(text)
    return span is not None and span.kind not in {"varies", "immediate"}


def _condition(raw: str, bare: str, src: Source) -> Guard:
    conditions = conditions_in(bare)
    if conditions:
        return Guard(src=src, raw=raw, kind="condition", values=tuple(conditions))
    causes = causes_in(bare)
    if causes:
        return Guard(src=src, raw=raw, kind="cause", op="in", values=tuple(causes))
    return Guard(src=src, raw=raw, kind="condition")


def _severity_guard(text: str, ids: Sequence[tuple[str, bool]], src: Source, levels: Sequence[SeverityLevel]) -> Guard:
    known = {canonical_severity(level.id) or level.id: level for level in levels}
    by_rank = sorted(levels, key=lambda level: level.rank)
    values: list[str] = []
    for name, above in ids:
        level = known.get(name)
        if above and level is not None:
            values += [other.id for other in by_rank if other.rank <= level.rank]
        else:
            values.append(level.id if level is not None else name)
    kind: Literal["after_severity", "severity"] = "after_severity" if _AFTER.match(text) else "severity"
    op: Literal[">=", "in"] = ">=" if any(above for _, above in ids) else "in"
    return Guard(src=src, raw=text, kind=kind, op=op, values=tuple(dict.fromkeys(values)))


def causes_in(text: str) -> list[str]:
    """The causes named in `text`, the more specific first."""
    return [name for name, pattern in CAUSES.items() if pattern.search(text)]


def conditions_in(text: str) -> list[str]:
    """The conditions that `text` states."""
    return [name for name, pattern in CONDITIONS.items() if pattern.search(text)][:1]


def holds(guard: Guard | None, truth: Truth, levels: Sequence[SeverityLevel] = ()) -> bool | None:
    """Whether `guard` admits its step under `truth`; None when the truth does not decide it."""
    if guard is None:
        return True
    match guard.kind:
        case "severity" | "after_severity":
            ranks = {level.rank for level in levels if level.id in guard.values}
            return None if truth.severity_rank is None or not ranks else truth.severity_rank in ranks
        case "cause":
            return None if not guard.values or not truth.causes else any(v in truth.causes for v in guard.values)
        case "condition":
            if any(value in truth.conditions for value in guard.values):
                return True
            return False if any(value in truth.false_conditions for value in guard.values) else None
        case "optional":
            return None
