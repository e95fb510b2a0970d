"""When a step applies: severity, cause or condition, as written and as the scenario can decide it.

"(Level 2+)", "For Daily Loss Trigger", "If loss exceeds limits" become values that a ground truth can be
held against. Words that are not understood are kept; `holds` then answers None, and whoever follows the
runbook has to treat the guard as open.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Literal, Protocol

from drills.runbook.durations import read_duration
from drills.runbook.model import Guard, SeverityLevel, Source


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile(r"(?<!\w)(?:" + "|".join(patterns) + ")", re.I)


CAUSES: dict[str, re.Pattern[str]] = {
    "daily_loss": _any(r"daily[ _-]?(?:loss|p&l|pnl)", r"loss limit", r"tagesverlust", r"verlustlimit",
        r"pérdida diaria", r"límite de pérdida"),
    "drawdown": _any(r"draw-?down", r"caída de capital"),
    "slippage": _any(r"slippage", r"deslizamiento", r"bad fills?"),
    "error_rate": _any(r"error[ -]?rates?", r"fehlerrate", r"tasa de error", r"rejections?", r"reject rate"),
    "api_errors": _any(r"api[ -]?(?:errors?|failures?|fehler)", r"consecutive errors?",
        r"errores? (?:consecutivos )?de (?:la )?api", r"fallos? de (?:la )?api"),
    "manual": _any(r"manual(?:ly)?\b(?! (?:close|check|reset|interv))", r"manuell", r"operator[- ]initiated", r"human"),
    "credentials": _any(r"credentials?", r"auth\w*", r"tokens?\b", r"(?:api )?keys?\b", r"zugangsdaten",
        r"anmeldung", r"credenciales", r"401|403"),
    "rate_limit": _any(r"rate[ -]?limit\w*", r"throttl\w*", r"\b429", r"ratenbegrenzung",
        r"límite de (?:tasa|peticiones)"),
    "deployment": _any(r"deploy\w*", r"release\b", r"config(?:uration)? changes?", r"new version", r"ausrollung",
        r"auslieferung", r"despliegue", r"bad (?:build|release)"),
    "connection_pool": _any(r"connection pool", r"pool exhaust\w*", r"verbindungspool", r"pool de conexiones"),
    "database": _any(r"slow (?:database )?quer\w*", r"database", r"postgres\w*", r"datenbank\w*", r"base de datos",
        r"consultas lentas"),
    "memory": _any(r"resource\w*", r"memory\w*", r"\boom\w*", r"out of memory", r"speicher\w*", r"ressourcen\w*",
        r"memoria", r"recursos"),
    "process_crash": _any(r"(?:pod |process )?crash\w*", r"absturz", r"abgestürzt", r"process (?:died|dead)",
        r"caída del proceso"),
    "monitoring": _any(r"monitoring", r"alert(?:ing|manager)", r"blind", r"überwachung", r"monitorización"),
    "state_file": _any(r"state file\w*", r"truncated", r"position file", r"zustandsdatei", r"status-?datei",
        r"archivo de estado", r"fichero de estado"),
    "duplicate_order": _any(r"duplicat\w*", r"idempoten\w*", r"doppelt\w*", r"duplicad\w*"),
    "market_data": _any(r"market data", r"(?:data )?feed\b", r"stale data", r"bad (?:data|bars?|prices?)",
        r"marktdaten", r"kursdaten", r"datos de mercado"),
    "divergence": _any(r"optimi[sz]ation", r"(?:not|fails? to) converg\w*", r"converg\w*", r"diverg\w*",
        r"konvergier\w*", r"optimierung", r"optimización"),
    "calibration": _any(r"calibrat\w*", r"stale (?:model )?parameters?", r"kalibrier\w*", r"veraltete parameter",
        r"calibraci", r"parámetros (?:antiguos|caducados|desactualizados)"),
    "promotion": _any(r"promot\w*", r"unreleased", r"not released", r"beförder\w*", r"freigabestufe", r"promoci\w+"),
    "network": _any(r"network\w*", r"dns\b", r"netzwerk\w*", r"red\b"),
    "broker_outage": _any(r"broker\w*", r"exchange\w*", r"venue", r"alpaca", r"ibkr", r"börse", r"bróker",
        r"connectivity", r"connection lost"),
    "position_mismatch": _any(r"(?:position|size) mismatch\w*", r"mismatch\w*", r"orphan\w*", r"unexpected position",
        r"positionsabweichung", r"descuadre"),
}  # fmt: skip
"""Causes by the names that a scenario's ground truth uses, and a few finer ones of our own."""

CONDITIONS: tuple[tuple[str, bool, re.Pattern[str]], ...] = (
    ("loss_over_limit", True, _any(r"loss\w* (?:is |are )?(?:exceed\w*|above|over|beyond|outside|greater)",
        r"exceed\w* (?:the )?(?:loss |daily )?limit", r"limit (?:is |was )?(?:exceeded|breached)",
        r"verlust\w* (?:über|größer|übersteigt)", r"limit überschritten", r"pérdidas? (?:super\w*|exced\w*|mayor)",
        r"supera el límite")),
    ("within_range", True, _any(r"loss\w* (?:is |are )?(?:within|below|under|inside)",
        r"within (?:acceptable|limits?|range|tolerance)", r"verlust\w* (?:innerhalb|unter|im rahmen)", r"im rahmen",
        r"pérdidas? (?:dentro|inferior|menor)", r"dentro del límite")),
    ("loss_is_real", False, _any(r"loss\w* (?:is |was )?not real", r"data (?:artefact|artifact|issue)",
        r"caused by bad (?:data|prices?)", r"datenfehler")),
    ("loss_is_real", True, _any(r"loss\w* (?:is |was )?(?:real|genuine|confirmed)",
        r"verlust\w* (?:ist )?(?:echt|real|bestätigt)", r"pérdidas? (?:es )?(?:real|confirmad)")),
    ("reconnect_succeeds", False, _any(r"re-?connect\w* (?:attempts? )?(?:fail\w*|does not|did not|is not|not)",
        r"(?:still|remains?) (?:down|disconnected|lost)", r"not (?:re-?)?connected", r"fail\w* after \d+ attempts",
        r"wiederverbindung\b.{0,30}\b(?:scheitert|schlägt fehl|misslingt|fehlschlägt)",
        r"(?:weiterhin|immer noch) getrennt", r"(?:la )?(?:reconexión|conexión) (?:falla|fracasa)",
        r"sigue (?:caíd|desconect)")),
    ("reconnect_succeeds", True, _any(r"re-?connect(?:ed|s|ion|ing)? (?:is |was )?(?:success\w*|succeeds|ok|works)",
        r"(?:session|connection) (?:is )?(?:restored|back|up)", r"re-?connected\b",
        r"verbindung (?:steht|ist wieder)", r"conexión (?:restablecida|recuperada)")),
    ("credentials_valid", False, _any(
        r"(?:credentials?|tokens?|keys?|session) (?:is |are |has |have )?(?:in-?valid|expired|rejected|revoked)",
        r"(?:expired|invalid|rejected) (?:credentials?|tokens?|keys?)", r"\b40[13]\b",
        r"zugangsdaten (?:abgelaufen|ungültig)", r"(?:credenciales|token) (?:caducad|inválid|expirad)")),
    ("credentials_valid", True, _any(r"(?:credentials?|tokens?|keys?) (?:is |are )?(?:still )?valid",
        r"zugangsdaten (?:sind )?gültig", r"credenciales (?:son )?válidas")),
    ("broker_up", False, _any(
        r"(?:broker|exchange|venue|status page)\b.{0,30}\b(?:down|outage|unavailable|unreachable|incident|red)\b",
        r"broker (?:reports|confirms|has) an? (?:outage|incident)",
        r"(?:broker|börse) (?:ist )?(?:ausgefallen|gestört|nicht erreichbar)",
        r"(?:bróker|bolsa) (?:está )?(?:caíd|no disponible)")),
    ("broker_up", True, _any(
        r"(?:broker|exchange|venue|api)\b.{0,20}\b(?:is |are )?(?:healthy|up|operational|green|reachable|ok|back)\b",
        r"fault is on our side", r"(?:broker|börse|api) (?:ist )?(?:erreichbar|gesund|verfügbar)",
        r"(?:bróker|api) (?:está )?(?:disponible|operativ|san)")),
    ("position_valid", False, _any(
        r"position\w* (?:is |are )?(?:erroneous|wrong|in-?valid|unknown|not ours|not legitimate)",
        r"(?:falsche|unbekannte) position", r"posici\w* (?:es )?(?:errónea|incorrecta|inválida)")),
    ("position_valid", True, _any(r"position\w* (?:is |are )?(?:valid|correct|legitimate|ours|expected)",
        r"position\w* (?:ist )?(?:gültig|korrekt|richtig)", r"posici\w* (?:es )?(?:válida|correcta)")),
    ("orphaned_positions", True, _any(r"orphan\w* positions?", r"positions? (?:that )?no strategy owns",
        r"verwaiste positionen", r"posiciones huérfanas")),
    ("positions_open", False, _any(r"\bflat\b(?<!not flat)", r"no (?:open )?positions?",
        r"keine (?:offenen )?positionen", r"sin posiciones")),
    ("positions_open", True, _any(r"(?:open )?positions? (?:remain|are (?:still )?open|still open|exist)",
        r"(?:still|any|with) (?:open )?positions?", r"not flat", r"positionen (?:noch )?offen",
        r"posiciones abiertas")),
    ("orders_open", True, _any(r"(?:open |live )?orders? (?:remain|are (?:still )?(?:open|live)|still|exist)",
        r"(?:any|open|live) orders?\b", r"orders? (?:noch )?offen", r"órdenes abiertas")),
    ("data_source_down", True, _any(
        r"(?:vendor|provider|data source|feed|source) (?:is |are )?(?:down|unavailable|out)",
        r"(?:anbieter|datenquelle) (?:ist )?(?:ausgefallen|gestört)",
        r"(?:proveedor|fuente) (?:está )?(?:caíd|no disponible)")),
    ("data_source_down", False, _any(
        r"(?:vendor|provider|data source|feed|source) (?:is |are )?(?:up|healthy|fine|available)",
        r"(?:anbieter|datenquelle) (?:ist )?(?:verfügbar|gesund)")),
    ("market_volatile", True, _any(r"market\w* (?:is |was |are |were )?(?:unusually )?volatil\w*",
        r"(?:high|elevated) volatility", r"hohe volatilität", r"alta volatilidad")),
    ("monitoring_blind", True, _any(r"monitoring (?:is )?(?:down|blind|dead|unavailable|silent)",
        r"dashboards? (?:is |are )?(?:empty|blank|down)", r"no (?:metrics|alerts)",
        r"überwachung (?:ist )?(?:ausgefallen|blind)", r"monitorización (?:está )?caída")),
    ("memory_exhausted", True, _any(r"out of memory", r"\boom\w*", r"memory (?:is )?(?:exhausted|full)",
        r"(?:memory|resource) exhaustion", r"speicher (?:ist )?(?:voll|erschöpft)", r"memoria agotada")),
    ("process_down", True, _any(r"(?:system|process|service|bot) (?:is )?(?:down|dead|crashed|not running)",
        r"(?:system|prozess) (?:ist )?(?:ausgefallen|tot|abgestürzt)", r"(?:sistema|proceso) (?:está )?caído")),
    ("deployment", True, _any(r"(?:recent |bad |new )?deploy\w* (?:caused|is the cause|went out)",
        r"(?:caused|introduced) by (?:a |the )?(?:recent |new )?(?:deploy\w*|release|version|change)",
        r"(?:deployment|auslieferung) (?:war|ist) die ursache", r"despliegue reciente")),
    ("cannot_restart", True, _any(
        r"(?:system|process|service|bot)\b.{0,20}\b(?:cannot|can't|will not|does not|won't) (?:be )?(?:re)?(?:start\w*|"
        r"come (?:back )?up)", r"(?:system|prozess)\b.{0,20}\b(?:startet nicht|lässt sich nicht starten)",
        r"(?:sistema|proceso)\b.{0,20}\bno (?:arranca|se puede (?:iniciar|arrancar))")),
    ("flatten_configured", True, _any(r"(?:flatten|close)\w* (?:is )?configured", r"if configured",
        r"falls konfiguriert", r"si está configurado")),
)  # fmt: skip
"""(name of a ground truth's condition, whether the words affirm it, the words)."""

MEASURES: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("slippage_bps", re.compile(r"(?P<op>[<>]=?|≥|≤|above|over|exceeds|below|under|über|unter|más de|menos "
        r"de)\s*(?P<number>\d+(?:[.,]\d+)?)\s*(?:bps|basis points|basispunkte|puntos básicos)", re.I)),
    ("drawdown_pct", re.compile(
        r"draw-?down\D{0,30}(?P<op>[<>]=?|≥|≤|above|over|exceeds|below|under|über|unter|más de|menos "
        r"de)\s*(?P<number>\d+(?:[.,]\d+)?)\s*%", re.I)),
    ("daily_loss_pct", re.compile(
        r"(?:loss|verlust|pérdida)\D{0,30}(?P<op>[<>]=?|≥|≤|above|over|exceeds|below|under|über|unter|más de|"
        r"menos de)\s*(?P<number>\d+(?:[.,]\d+)?)\s*%", re.I)),
)  # fmt: skip

SEVERITY_ID = re.compile(
    r"\b(?P<name>sev(?:erity)?|s|p|level|lvl|prio(?:rity|rität|ridad)?|stufe|nivel|niveau|nível|tier|grado|klasse|"
    r"clase)[\s-]?(?P<number>\d)\b(?P<plus>\s?\+|\s+(?:and|or|und|oder|y|o) (?:above|higher|höher|superior|"
    r"more)| (?:o|y) superior)?(?P<also>(?:\s?[/,]\s?(?:sev|p|s|level)?[\s-]?\d)*)",
    re.I,
)
_OPTIONAL = re.compile(
    r"\b(?:if|where|when|as) (?:needed|necessary|configured|applicable|any|required|possible|available|"
    r"appropriate|desired)\b|\boptional(?:ly)?\b|\b(?:falls|wenn|bei) (?:nötig|bedarf|erforderlich|"
    r"vorhanden|konfiguriert|möglich)\b|"
    r"\bsi (?:procede|es necesario|es preciso|aplica|hace falta|existe)\b|\ben su caso\b|\bopcional\b",
    re.I,
)
_AFTER = re.compile(r"^(?:after|nach|tras|después de)\b", re.I)
_CONDITIONAL = re.compile(
    r"^(?:if|when|in case(?: of)?|should|unless|wenn|falls|bei|sofern|im fall\w*|si|en caso de|cuando)\b\s*", re.I
)
_FOR = re.compile(r"^(?:for|für|para|on|upon)\b\s*(?:any |all |alle |todos? )?", re.I)


class Truth(Protocol):
    """What is really so: a scenario's ground truth has these, and so may any other value."""

    @property
    def severity_rank(self) -> int:
        """1 for the gravest level of the runbook's own scale."""
        ...

    @property
    def causes(self) -> Collection[str]:
        """Names of `CAUSES`."""
        ...

    @property
    def conditions(self) -> Mapping[str, bool]:
        """Names of `CONDITIONS`, true or false."""
        ...

    @property
    def measures(self) -> Mapping[str, float]:
        """Numbers that a guard may compare with."""
        ...


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
    if word in {"level", "lvl", "stufe", "nivel", "niveau", "nível", "tier", "grado", "klasse", "clase"}:
        return "LEVEL"
    return "SEV" if word in {"sev", "severity"} else "P" if word[0] == "p" else word.upper()


def canonical_severity(text: str) -> str | None:
    """The first severity id in `text`, in one spelling: SEV1, P0, LEVEL2."""
    ids = severity_ids(text)
    return ids[0][0] if ids else None


def parse_guard(raw: str, src: Source, levels: Sequence[SeverityLevel] = (), loose: bool = True) -> Guard | None:
    """The guard that `raw` states, or None; with `loose`, a bare cause such as "Memory pressure" is one."""
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
        return _condition(text, text, src)
    measured = _measure(text, src) if loose else None
    if measured is not None:
        return measured
    about = _FOR.match(text)
    causes = causes_in(text)
    if about or (loose and causes):
        return Guard(src=src, raw=text, kind="cause", op="in", values=tuple(causes))
    return _condition(text, text, src) if loose else None


def _is_duration(text: str) -> bool:
    span = read_duration(text)
    return span is not None and span.kind not in {"varies", "immediate"}


def _condition(raw: str, bare: str, src: Source) -> Guard:
    measured = _measure(raw, src)
    if measured is not None:
        return measured
    found = condition_in(bare)
    if found is not None:
        return Guard(src=src, raw=raw, kind="condition", op="=" if found[1] else "not", values=(found[0],))
    causes = causes_in(bare)
    if causes:
        return Guard(src=src, raw=raw, kind="cause", op="in", values=tuple(causes))
    return Guard(src=src, raw=raw, kind="condition")


_BAND = re.compile(
    r"draw-?down\D{0,20}(?P<low>\d+(?:[.,]\d+)?)\s*%?\s*(?:-|–|—|to|bis|a)\s*(?P<high>\d+(?:[.,]\d+)?)\s*%", re.I
)


def _band(raw: str, src: Source) -> Guard | None:
    """`Drawdown 5-8 %`: a measure between two bounds, which both belong to it."""
    match = _BAND.search(raw)
    if match is None:
        return None
    low, high = (float(match.group(name).replace(",", ".")) for name in ("low", "high"))
    edges = ((">", low - 1e-9), ("<", high + 1e-9))
    least, most = (
        Guard(src=src, raw=raw, kind="measure", op=">" if op == ">" else "<", values=("drawdown_pct",), number=number)
        for op, number in edges
    )
    return least.model_copy(update={"also": (most,)})


def _measure(raw: str, src: Source) -> Guard | None:
    between = _band(raw, src)
    if between is not None:
        return between
    for name, pattern in MEASURES:
        match = pattern.search(raw)
        if match is not None:
            above = match.group("op").lower()[:2] in {">", ">=", "≥", "ab", "ov", "ex", "üb", "má"}
            number = float(match.group("number").replace(",", "."))
            return Guard(src=src, raw=raw, kind="measure", op=">" if above else "<", values=(name,), number=number)
    return None


_PAIR = re.compile(r"(?P<question>[^:]{3,200}?): (?P<answer>yes|no|ja|nein|sí)(?=: |$)", re.I)


def answered_guard(condition: str, src: Source, levels: Sequence[SeverityLevel] = ()) -> Guard | None:
    """The guard of "Question: yes: next question: no", every answer of which must be so; None for other words."""
    pairs = list(_PAIR.finditer(condition))
    if not pairs or pairs[0].start() or pairs[-1].end() != len(condition):
        return None
    parts = [_answered(pair.group("question").strip(" :"), pair.group("answer"), src, levels) for pair in pairs]
    return parts[0].model_copy(update={"raw": condition, "also": tuple(parts[1:])})


def _answered(question: str, answer: str, src: Source, levels: Sequence[SeverityLevel]) -> Guard:
    asked = Guard(src=src, raw=f"{question}: {answer}", kind="condition")
    guard = parse_guard(f"if {question}", src, levels)
    if guard is None or guard.kind not in {"condition", "measure"}:
        return asked
    if answer.lower() in {"no", "nein"}:
        opposite: dict[str, Literal["=", "not", ">", "<"]] = {"=": "not", "not": "=", ">": "<", "<": ">"}
        if guard.op is None:
            return asked
        guard = guard.model_copy(update={"op": opposite[guard.op]})
    return guard.model_copy(update={"raw": asked.raw})


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


def condition_in(text: str) -> tuple[str, bool] | None:
    """The first condition that `text` states, and whether it affirms it."""
    return next(((name, affirmed) for name, affirmed, pattern in CONDITIONS if pattern.search(text)), None)


def holds(guard: Guard | None, truth: Truth, levels: Sequence[SeverityLevel] = ()) -> bool | None:
    """Whether `guard` admits its step under `truth`; None when the truth does not decide it."""
    if guard is None:
        return True
    if guard.also:
        parts = [holds(part, truth, levels) for part in (guard.model_copy(update={"also": ()}), *guard.also)]
        return False if False in parts else None if None in parts else True
    match guard.kind:
        case "severity" | "after_severity":
            ranks = {level.rank for level in levels if level.id in guard.values}
            return truth.severity_rank in ranks if ranks else None
        case "cause":
            return any(value in truth.causes for value in guard.values) if guard.values and truth.causes else None
        case "condition":
            known = [truth.conditions[value] for value in guard.values if value in truth.conditions]
            return (known[0] != (guard.op == "not")) if known else None
        case "measure":
            if guard.number is None:
                return None
            # What nobody measured has not happened: without a drawdown, "drawdown < 20 %" holds.
            measured = next((truth.measures[value] for value in guard.values if value in truth.measures), 0.0)
            return measured > guard.number if guard.op == ">" else measured < guard.number
        case "optional":
            return None
