"""Which procedure of a runbook to follow: by name, or by what the incident is about.

A drill names its topic ("broker_disconnection"); the procedure is the one whose title names it, else whose
symptoms, guards or steps do. When nothing names the incident, the nearest is taken and a note says so. A
document that is one playbook is followed as a whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import unquote

from drills.runbook.lexicon import is_phase, names_incident
from drills.runbook.model import Procedure, Runbook, Step
from drills.runbook.text import anchor, slug
from sim.errors import BadInput


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile(r"(?<!\w)(?:" + "|".join(patterns) + ")", re.I)


TOPICS: dict[str, re.Pattern[str]] = {
    "kill_switch": _any(r"kill[- ]?switch\w*", r"trading halt\w*", r"(?:is_)?halted\b", r"circuit breaker",
        r"not-?aus", r"handelsstopp", r"handel gestoppt", r"notabschaltung", r"parada de emergencia",
        r"interruptor de (?:parada|emergencia)", r"emergency stop", r"pause all",
        r"runaway (?:algos?|bots?|orders?|strateg\w+)", r"unkontrolliert\w*", r"außer kontrolle",
        r"(?:órdenes|posturas|vende|opera)\b.{0,20}\bsin control", r"envío erróneo",
        r"trading way too (?:much|often)"),
    "broker_disconnection": _any(
        r"(?:broker|exchange|venue|ibkr|alpaca|gateway|fix|session|api)\b.{0,25}\b(?:connect\w*|"
            r"disconnect\w*|lost|outage|down|unreachable|timeout|unavailable|failure|error\w*|loss)",
            r"(?:connection|connectivity) (?:lost|loss|timeout|failure|to (?:the )?broker)",
        r"disconnect\w*", r"lost connection", r"error responses? from broker",
            r"(?:broker|börsen?)\w*[- ]?(?:verbindung\w*|anbindung\w*|ausfall|abbruch|störung)",
            r"verbindung\w*.{0,30}(?:verloren|abbruch|ausfall|unterbroch\w*|gestört|abgebrochen|verlust)",
            r"verbindungs(?:verlust|abbruch|ausfall)",
        r"(?:websocket|web socket)s?\b.{0,20}\b(?:lost|drop\w*|closed|down|stale)",
        r"(?:perder|perdido|cae|caída)\b.{0,10}\b(?:el |la |del? )?(?:websocket|conexión|enlace)\b",
        r"enlace\b.{0,25}\b(?:caído|interrumpido|perdido)",
        r"(?:conexión|sesión)\b.{0,30}\b(?:perdida|caída|pérdida|interrumpida)",
            r"(?:pérdida|caída|corte) de (?:la )?conexión", r"desconexi\w+",
            r"(?:caída|fallo) del? (?:br[oó]ker|mercado|bolsa)"),
    "data_corruption": _any(
        r"(?:data|feed|price|bar|quote|tick)s?\b.{0,20}\b(?:corrupt\w*|bad|stale|invalid|violation|quality|"
        r"gap\w*|missing|unavailable|incident|frozen|wrong|integrity|outage)",
        r"(?:corrupt\w*|bad|stale|invalid|frozen|incomplete|missing|wrong) (?:market |price |m5 |state "
        r")?(?:data|feed|prices?|bars?|quotes?|ticks?|state)", r"\bsla violation", r"state file",
        r"(?:daten|kurs|feed)\w*.{0,25}(?:fehler\w*|korrupt\w*|beschädig\w*|veraltet\w*|verletzung|qualität|"
            r"ausfall|lücke\w*|störung)", r"(?:fehlerhafte|veraltete|beschädigte|falsche) (?:markt)?(?:daten|kurse)",
            r"kurse\b.{0,15}\b(?:stehen|eingefroren|fehlen|veraltet)", r"keine (?:kurse|marktdaten)",
            r"sin (?:precios|datos|cotizaciones)", r"precios\b.{0,10}\b(?:detenidos|congelados|viejos)",
            r"datos?\b.{0,25}\b(?:corrupt\w*|corromp\w*|erróne\w*|inválid\w*|desactualizad\w*|incompletos)",
            r"corrupción de datos", r"calidad de (?:los )?datos"),
    "memory_exhaustion": _any(r"memory (?:exhaust\w*|leak\w*|pressure|limit|usage)", r"\boom\w*", r"out of memory",
        r"memory\b", r"resource exhaustion", r"speicher(?!n|t|ung)\w*", r"arbeitsspeicher\w*", r"memoria\b",
        r"agotamiento de (?:memoria|recursos)"),
    "system_failure": _any(r"system\w*\b.{0,20}\b(?:down|failure|unavailable|outage|crash\w*)",
        r"(?:full|complete|total) (?:system )?(?:failure|outage)", r"platform (?:outage|down)", r"process crash\w*",
        r"service (?:down|outage|unavailable)", r"(?:system|gesamt|plattform|total)\w*ausfall",
        r"ausfall (?:des|der) (?:\w+)?(?:system|plattform|server)\w*", r"systemabsturz",
        r"(?:caída|fallo|avería) (?:total|general|completa|del? sistema|de la plataforma)", r"sistema caído"),
    "position_mismatch": _any(
        r"positions?\b.{0,25}\b(?:mismatch\w*|discrepanc\w*|differ\w*|drift|break|unknown|orphan\w*|stuck|without)",
        r"(?:unexpected|orphan\w*|unknown|phantom|mismatched) positions?",
        r"reconciliation (?:break|failure|mismatch)", r"position\w*[- ]?(?:abweichung\w*|differenz\w*)",
        r"(?:unerwartete|unbekannte|abweichende) position\w*", r"bestandsabweichung\w*",
        r"posici\w+\b.{0,25}\b(?:inesperad\w*|descuadr\w*|discrepan\w*|no coincid\w*)",
        r"(?:descuadre|discrepancia|diferencia)s? (?:de|en) (?:la )?posici\w+", r"size mismatch"),
    "high_latency": _any(r"(?:high|elevated|increased) (?:api )?latenc\w*", r"\blatency\b",
        r"slow (?:response|quer\w*|database|api|orders?)", r"response time", r"degraded performance",
        r"performance degradation", r"taking longer", r"(?:hohe|erhöhte) latenz\w*", r"latenz\w*", r"langsam\w*",
        r"latencia\b", r"lentitud", r"respuesta lenta"),
    "slippage": _any(r"slippage\w*", r"degraded fills?", r"bad fills?", r"execution quality",
        r"degraded performance", r"partial fills?", r"schlechte ausführung\w*", r"deslizamiento",
        r"malas ejecuciones"),
    "deployment": _any(r"(?:bad|failed|broken|faulty|recent) (?:deploy\w*|release|rollout|config\w*)", r"deploy\w*",
        r"roll-?back\w*", r"release\b", r"revert\w*", r"fehlerhafte\w* (?:deployment|auslieferung|version|release)",
        r"rückfall", r"despliegue\w*", r"versión defectuosa", r"reversión"),
    "drawdown": _any(r"draw-?down\w*", r"(?:high|large|significant|daily) loss(?:es)?", r"loss limit",
        r"(?:hohe|große|tages)\s?verluste?\w*", r"verlustlimit", r"pérdidas? (?:diaria|elevada|grande|máxima)\w*",
        r"límite de pérdida"),
    "execution_failures": _any(r"execution failures?", r"orders? (?:not|reject\w*|fail\w*|stuck)",
        r"order rejections?", r"(?:order|auftrags)\w*(?:ablehnung\w*|fehler)", r"órdenes (?:rechazadas|fallidas)",
        r"(?:fallos?|errores)\b.{0,15}\bde ejecución", r"rechazos? de (?:órdenes|posturas)"),
    "calibration": _any(r"calibration\w*", r"stale (?:model )?parameters?", r"model parameters", r"kalibrier\w*",
        r"calibración"),
    "unexpected_position": _any(
        r"(?:unexpected|unknown|orphan\w*|phantom|unexplained|rogue) positions?(?! liquidation)",
        r"position\w*\b.{0,20}\bwithout (?:a )?(?:corresponding )?order",
        r"(?:unerwartete|unbekannte|verwaiste)\w* position\w*", r"position\w*\b.{0,20}\bohne (?:zugehörige )?order",
        r"posici\w+\b.{0,15}\b(?:inesperada|desconocida|huérfana)s?", r"posici\w+\b.{0,20}\bsin orden"),
    "data_sla": _any(r"(?:data )?sla\b.{0,15}\b(?:violat\w+|breach\w*|miss\w*|red|badge)",
        r"(?:incomplete|missing|late) (?:\w+ )?(?:data|bars|candles)", r"data (?:late|gap\w*|completeness)",
        r"daten-?sla", r"sla-?(?:verletzung|verstoß)\w*",
        r"(?:unvollständige|fehlende)\w* (?:\w+-?)?(?:daten|bars|kurse)",
        r"(?:incumplimiento|violación) del? sla", r"datos incompletos"),
    "system_unavailable": _any(
        r"(?:system|platform|api|service)\w*\b.{0,20}\b(?:unavailable|unreachable|outage|5xx|returning 5)",
        r"health ?checks? failing", r"dashboard unreachable",
        r"(?:system|plattform|dienst|api)\b.{0,20}\b(?:nicht (?:erreichbar|verfügbar)|gestört)",
        r"(?:sistema|plataforma|servicio|api)\b.{0,20}\b(?:no disponible|inaccesible|inoperativ[oa])"),
    "system_down": _any(r"(?:system|bot|process|trader)\b.{0,15}\b(?:down|dead|crash\w*|not running)",
        r"complete failure",
        r"emergency flatten", r"process crash\w*", r"no logs being", r"system ?absturz\w*",
        r"(?:system|prozess|bot)\b.{0,20}\b(?:tot|abgestürzt|ausgefallen)", r"notfall-?glattstellung",
        r"(?:sistema|proceso|bot)\b.{0,15}\bcaído", r"cierre de emergencia"),
    "mode_rollback": _any(r"(?:paper|live)\s*(?:→|->|=>|to)\s*(?:the )?(?:lab|simulation)\b",
        r"(?:back|return|rollback|demot\w+) to (?:the )?(?:lab|simulation)\b", r"(?:lab|simulation) mode",
        r"(?:unreleased|wrong|not released) mode", r"zurück (?:in|auf) (?:den )?lab\w*", r"laborbetrieb",
        r"labormodus", r"volver a(?:l modo)? lab\w*", r"modo (?:lab|laboratorio|simulación)"),
}  # fmt: skip

RELATED: dict[str, tuple[str, ...]] = {
    "kill_switch": ("drawdown", "execution_failures", "system_failure"),
    "broker_disconnection": ("execution_failures", "kill_switch", "system_failure", "high_latency"),
    "data_corruption": ("calibration", "position_mismatch", "system_failure", "kill_switch"),
    "memory_exhaustion": ("system_failure", "deployment", "high_latency"),
    "system_failure": ("memory_exhaustion", "deployment", "broker_disconnection"),
    "position_mismatch": ("execution_failures", "data_corruption", "broker_disconnection", "system_failure"),
    "high_latency": ("slippage", "memory_exhaustion", "broker_disconnection", "system_failure"),
    "slippage": ("high_latency", "execution_failures", "kill_switch", "broker_disconnection"),
    "deployment": ("system_failure", "memory_exhaustion"),
    "drawdown": ("kill_switch", "slippage"),
    "execution_failures": ("broker_disconnection", "position_mismatch", "system_failure"),
    "calibration": ("data_corruption", "high_latency"),
    "unexpected_position": ("position_mismatch", "execution_failures", "data_corruption", "system_failure"),
    "data_sla": ("data_corruption", "calibration", "system_failure"),
    "system_unavailable": ("system_failure", "deployment", "memory_exhaustion", "high_latency"),
    "system_down": ("system_failure", "system_unavailable", "memory_exhaustion", "deployment"),
    "mode_rollback": ("deployment", "system_failure"),
}

_OTHER_NAMES = {
    "broker_connection": "broker_disconnection", "broker_connection_lost": "broker_disconnection", "broker":
        "broker_disconnection", "memory": "memory_exhaustion",
    "data": "data_corruption", "full_system_failure": "system_failure", "system":
        "system_failure", "latency": "high_latency",
    "fills": "slippage", "degraded_fills": "slippage", "execution": "execution_failures",
    "rollback": "deployment", "bad_deployment": "deployment", "position": "position_mismatch",
}  # fmt: skip

_ALIASES: dict[str, tuple[str, ...]] = {
    "drawdown": ("kill_switch",), "execution_failures": ("broker_disconnection",),
    "unexpected_position": ("position_mismatch",), "data_sla": ("data_corruption",),
    "system_unavailable": ("system_failure",), "system_down": ("system_failure",),
}  # fmt: skip
"""Incidents that end in another one: a drawdown beyond its limit is a kill switch that fires."""

_SPECIAL: dict[str, tuple[str, ...]] = {
    "position_mismatch": ("unexpected_position",), "data_corruption": ("data_sla",),
}  # fmt: skip
"""Topics whose words also match a narrower incident that has a topic of its own."""

_ROLE_FACTOR = {
    "response": 1.0,
    "recovery": 0.8,
    "rollback": 0.6,
    "investigate": 0.6,
    "communication": 0.0,
    "post": 0.0,
    "prevention": 0.0,
}
_TITLE, _TRIGGER, _SYMPTOM, _GUARD, _STEP = 20.0, 6.0, 3.0, 3.0, 1.0
_NAMED = 6.0
"""From this score on, the procedure names the incident; below it is the nearest there is."""


def find_procedure(
    runbook: Runbook, fragment: str | None = None, topic: str | Iterable[str] = ()
) -> tuple[Procedure, str | None]:
    """The procedure to follow, and a note when it was not named but only the nearest."""
    if fragment is not None and fragment.strip(" #"):
        return by_fragment(runbook, fragment), None
    topics = tuple(_canonical(name) for name in ((topic,) if isinstance(topic, str) else topic))
    if runbook.single_playbook:
        return whole(runbook), _playbook_note(runbook, topics)
    if len(runbook.procedures) == 1:
        only = runbook.procedures[0]
        named = not topics or _score(only, topics) >= _NAMED or _mentions(runbook.title, topics)
        return only, None if named else _note(runbook, only, topics, "the only procedure")
    return _best(runbook, topics)


def _canonical(topic: str) -> str:
    """A topic in the spelling of `TOPICS`: "broker-connection" is "broker_disconnection"."""
    name = "_".join(topic.lower().replace("-", " ").replace("_", " ").split())
    return _OTHER_NAMES.get(name, name)


def by_fragment(runbook: Runbook, fragment: str) -> Procedure:
    """The procedure that `#fragment` names: its anchor, id, or the beginning of its title."""
    asked = unquote(fragment).strip().lstrip("#").strip()
    names = {asked.lower(), slug(asked), anchor(asked)}
    for procedure in runbook.procedures:
        if procedure.anchor in names or procedure.id in names:
            return procedure
    if names & {runbook.anchor, slug(runbook.title)}:
        return whole(runbook)
    begun = [p for p in runbook.procedures if p.id.startswith(slug(asked)) or slug(p.title).startswith(slug(asked))]
    if not begun:
        begun = [p for p in runbook.procedures if slug(asked) in p.id or slug(asked) in p.anchor]
    if len(begun) == 1:
        return begun[0]
    there = ", ".join(f"#{procedure.id}" for procedure in runbook.procedures)
    problem = "several procedures begin with this name" if begun else "no such procedure"
    raise BadInput(problem, mend=f"there are: {there}", file=runbook.file, field="procedure", value=asked)


def whole(runbook: Runbook) -> Procedure:
    """All phases of the document as one procedure; prevention belongs to no incident and is left out."""
    parts = [p for p in runbook.procedures if p.role != "prevention"] or list(runbook.procedures)
    if len(parts) == 1:
        return parts[0]
    steps = tuple(
        step if step.phase else step.model_copy(update={"phase": part.title})
        for part in parts
        for step in _after_previous(parts, part)
    )
    first = parts[0]
    src = first.src.model_copy(update={"line": min(p.line for p in parts), "end": max(p.end for p in parts)})
    return first.model_copy(
        update={
            "src": src, "id": slug(runbook.title), "anchor": runbook.anchor, "title": runbook.title, "role":
                "response", "order": "sequence",
            "symptoms": tuple(s for p in parts for s in p.symptoms), "phases": tuple(
                phase for p in parts for phase in p.phases),
            "objectives": tuple(o for p in parts for o in p.objectives), "steps": steps, "severity": (),
            "constraints": tuple(c for p in parts for c in p.constraints),
        }
    )  # fmt: skip


def _after_previous(parts: list[Procedure], part: Procedure) -> tuple[Step, ...]:
    """The steps of a phase; those that waited for nothing now wait for the last step of the phase before."""
    position = parts.index(part)
    ordered = [p for p in parts[:position] if p.order == "sequence" and p.steps]
    if part.order != "sequence" or not ordered:
        return part.steps
    last = ordered[-1].steps[-1].id
    return tuple(step if step.preds else step.model_copy(update={"preds": (last,)}) for step in part.steps)


def _playbook_note(runbook: Runbook, topics: tuple[str, ...]) -> str | None:
    if not topics or _mentions(runbook.title, topics) or any(_score(p, topics) >= _NAMED for p in runbook.procedures):
        return None
    return f"nothing in {runbook.title!r} names {_spoken(topics)}; it is one playbook and is followed as a whole"


def _best(runbook: Runbook, topics: tuple[str, ...]) -> tuple[Procedure, str | None]:
    candidates = [p for p in runbook.procedures if _ROLE_FACTOR[p.role] > 0] or list(runbook.procedures)
    scored = [
        (_score(p, topics) - _narrower(p, topics), -_rank(runbook, p), -index, p) for index, p in enumerate(candidates)
    ]
    score, _, _, best = max(scored, key=lambda entry: entry[:3])
    if score >= _NAMED:
        return best, None
    general = next(
        (p for p in candidates if not names_incident(p.title) and not is_phase(p.title) and p.role == "response"), None
    )
    general = general or next((p for p in candidates if not names_incident(p.title) and p.role == "response"), None)
    near = [
        p for topic in topics for alias in _ALIASES.get(topic, ()) for p in candidates if _score(p, (alias,)) >= _TITLE
    ]
    if near:
        return near[0], _note(runbook, near[0], topics, "the nearest")
    if general is not None:
        return general, _note(runbook, general, topics, "the general procedure")
    for known in topics:
        for related in RELATED.get(known, ()):
            beside = [(_score(p, (related,)), -_rank(runbook, p), -index, p) for index, p in enumerate(candidates)]
            near_score, _, _, nearest = max(beside, key=lambda entry: entry[:3])
            if near_score > max(score, 2.0):
                return nearest, _note(runbook, nearest, topics, "the nearest")
    if score > 0:
        return best, _note(runbook, best, topics, "the nearest")
    worst = min(enumerate(candidates), key=lambda entry: (_rank(runbook, entry[1]), entry[0]))[1]
    return worst, _note(runbook, worst, topics, "the one of the highest severity")


def _rank(runbook: Runbook, procedure: Procedure) -> int:
    ranks = [level.rank for level in runbook.severities if level.id in procedure.severity]
    return min(ranks, default=len(runbook.severities) + 1)


def _score(procedure: Procedure, topics: tuple[str, ...]) -> float:
    """How much of a procedure speaks of the topics: its title most, its steps least."""
    best = 0.0
    for topic in topics:
        pattern = _pattern(topic)
        score = _TITLE * bool(pattern.search(procedure.title))
        score += _TRIGGER * bool(procedure.trigger and pattern.search(procedure.trigger))
        score += _SYMPTOM * min(2, sum(bool(pattern.search(item.text)) for item in procedure.symptoms))
        guards = [step.guard.raw for step in procedure.walk() if step.guard is not None]
        score += _GUARD * min(2, sum(bool(pattern.search(raw)) for raw in guards))
        score += _STEP * min(
            3, sum(bool(pattern.search(step.title)) for step in procedure.walk() if step.guard is None)
        )
        factor = 1.0 if topic == "deployment" and procedure.role == "rollback" else _ROLE_FACTOR[procedure.role]
        best = max(best, score * factor)
    return best


def _narrower(procedure: Procedure, topics: tuple[str, ...]) -> float:
    """What a title loses that names a special case of the topic: one that names the topic itself comes first."""
    special = [name for topic in topics for name in _SPECIAL.get(topic, ()) if name not in topics]
    return _TITLE / 2 if any(TOPICS[name].search(procedure.title) for name in special) else 0.0


def _pattern(topic: str) -> re.Pattern[str]:
    """The words of a topic; an unknown topic stands for its own words."""
    known = TOPICS.get(topic)
    words = [re.escape(word) for word in re.findall(r"\w+", topic.replace("_", " "))]
    return known or _any(r"\W{0,3}".join(words) or r"\0")


def _mentions(text: str, topics: tuple[str, ...]) -> bool:
    return any(_pattern(topic).search(text) for topic in topics)


def _spoken(topics: tuple[str, ...]) -> str:
    return " or ".join(topic.replace("_", " ") for topic in topics) or "the incident"


def _note(runbook: Runbook, procedure: Procedure, topics: tuple[str, ...], what: str) -> str | None:
    if not topics:
        return None
    return f"no procedure of {runbook.title!r} names {_spoken(topics)}; {what}, {procedure.title!r}, was taken"
