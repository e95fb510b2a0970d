"""Which words of a template ask for which fact, in English, German and Spanish.

A field is found by its label (`Impact:`, `Auswirkung:`, `Impacto:`) or by its own words in brackets
(`[Brief description]`). What no pattern knows is not filled, and neither is what the run does not know.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from drills.documents.incident import Incident, listed
from drills.runbook.model import Template

Fact = Callable[[Incident], str | None]
Lines = Callable[[Incident], list[str]]


class Field(NamedTuple):
    """A kind of field: the words that ask for it, and what answers them."""

    name: str
    asks: re.Pattern[str]
    fact: Fact


def _words(*patterns: str) -> re.Pattern[str]:
    return re.compile(r"(?:" + "|".join(patterns) + r")\W*$", re.I)


def _severity(incident: Incident) -> str | None:
    return incident.case.severity


def _affected(incident: Incident) -> str:
    struck = [symbol for symbol, qty in incident.positions.items() if qty]
    return ", ".join(sorted(struck)) or "none at the end"


def _book(incident: Incident) -> str:
    return f"held: {listed(incident.positions)}" if incident.positions else "flat"


def _span(incident: Incident) -> str | None:
    duration = incident.duration
    if duration is None:
        return "not restored by the end of the run" if incident.moment == "end" else None
    start, end = incident.clock_time(incident.started_s), incident.clock_time(incident.ended_s)
    return f"{duration} ({start} to {end} UTC)" if start and end else duration


def _summary(incident: Incident) -> str:
    return f"{incident.case.title}. {incident.impact[0]}" if incident.moment == "end" else incident.impact[0]


def _resolution(incident: Incident) -> str | None:
    taken = incident.actions_taken
    return "; ".join(taken) if taken and incident.state == "resolved" else None


def _current(incident: Incident) -> str | None:
    return incident.actions_taken[-1] if incident.actions_taken else None


def _commander(incident: Incident) -> str | None:
    return f"{incident.responders[0]} on call (name not recorded)" if incident.responders else None


def _approval(incident: Incident) -> str | None:
    event = incident.approved_by
    return None if event is None else f"{event.data['by']}, {incident.clock_time(event.t_us / 1e6)} UTC"


def _unsure(incident: Incident) -> str:
    return ", ".join(incident.live_orders[:8]) or "none"


FIELDS: tuple[Field, ...] = (
    Field("severity", _words(r"severity(?: level)?", r"priority", r"sev", r"P\d(?:/P\d)*", r"SEV-?\d(?:/SEV-?\d)*",
        r"schweregrad", r"priorität", r"stufe", r"severidad", r"gravedad", r"prioridad", r"nivel"), _severity),
    Field("duration", _words(r"duration", r"outage duration", r"downtime", r"dauer", r"ausfalldauer", r"duración",
        r"X minutes"), _span),
    Field("ended", _words(r"(?:end|ended|resolved|restored)(?: at| time)?", r"end ?time", r"ende", r"behoben(?: um)?",
        r"gelöst(?: um)?", r"fin", r"resuelto(?: a las)?", r"hora de fin"), lambda i: i.utc(i.ended_s)),
    Field("detected", _words(r"detected(?: at)?", r"detection time", r"alert(?:ed)?(?: at| time)?", r"erkannt(?: um)?",
        r"entdeckt(?: um)?", r"detectado(?: a las)?", r"hora de detección"), lambda i: i.utc(i.case.clock.t2)),
    Field("acknowledged", _words(r"acknowledged(?: at)?", r"bestätigt(?: um)?", r"reconocido(?: a las)?"),
        lambda i: i.utc(i.case.clock.t3)),
    Field("started", _words(r"(?:date|time|date ?/ ?time|date and time|timestamp)", r"(?:start|started|begin|began)"
        r"(?: at| time)?", r"since", r"incident (?:date|time|start)", r"(?:time )?utc", r"YYYY-MM-DD",
        r"(?:datum|uhrzeit|zeit|zeitpunkt|datum ?/ ?(?:uhr)?zeit)", r"beginn", r"seit", r"start(?:zeit)?",
        r"(?:fecha|hora|fecha ?(?:/|y) ?hora)", r"inicio", r"desde", r"hora de inicio"), lambda i: i.utc(i.started_s)),
    Field("incident", _words(r"incident ?(?:id|number|no\.?|#)", r"ticket(?: id)?",
        r"(?:vorfall|ticket)s?-?(?:id|nummer|nr\.?)",
        r"(?:id|número) (?:de )?(?:incidente|incidencia)"), lambda i: i.record.run_id),
    Field("commander", _words(r"incident commander", r"commander", r"incident lead", r"on-?call(?: engineer)?",
        r"responder",
        r"einsatzleit(?:er|ung)", r"verantwortlich(?:er)?", r"bereitschaft", r"responsable", r"de guardia",
        r"coordinador(?: del incidente)?"), _commander),
    Field("approval", _words(r"approv(?:al|ed)(?: by)?", r"sign-?off", r"freigabe(?: durch)?", r"genehmigt von",
        r"aprobaci[oó]n", r"aprobado por"), _approval),
    Field("cause", _words(r"root cause", r"cause", r"reason", r"if known", r"one sentence.*", r"(?:grund)?ursache",
        r"grund",
        r"causa(?: ra[ií]z)?", r"motivo"), lambda i: i.cause),
    Field("limit", _words(r"limit and value", r"limit", r"value", r"trigger(?: reason)?", r"auslöser", r"grenzwert",
        r"límite", r"disparador"), lambda i: i.halt_reason),
    Field("positions", _words(r"(?:open |affected )?positions?(?: affected)?", r"last confirmed book", r"book",
        r"(?:offene |betroffene )?position(?:en)?", r"posiciones(?: abiertas| afectadas)?"), _book),
    Field("orders", _words(r"(?:open|live|pending|unconfirmed) orders", r"offene (?:orders|aufträge)",
        r"[oó]rdenes (?:abiertas|pendientes)"), _unsure),
    Field("symbols", _words(r"symbols?(?: affected)?", r"instruments?", r"symbole?", r"símbolos?"), _affected),
    Field("loss", _words(r"financial impact", r"loss(?:es)?", r"p&l impact", r"\$X", r"verlust",
        r"finanzielle auswirkung",
        r"pérdidas?", r"impacto financiero"), lambda i: next((s for s in i.impact if s.startswith("Equity")), None)),
    Field("impact", _words(r"(?:customer |client |business )?impact", r"what was affected", r"auswirkung(?:en)?",
        r"betroffen(?:e systeme)?", r"impacto", r"afectado"), lambda i: " ".join(i.impact)),
    Field("resolution", _words(r"resolution", r"fix(?: applied)?", r"what was done.*", r"lösung", r"behebung",
        r"(?:re)?soluci[oó]n"), _resolution),
    Field("current", _words(r"current actions?", r"what we are doing", r"aktuelle maßnahmen?", r"acciones actuales"),
        _current),
    Field("summary", _words(r"summary", r"(?:brief |short )?description", r"one-line summary.*", r"what happened",
        r"title",
        r"zusammenfassung", r"(?:kurz)?beschreibung", r"was ist passiert", r"resumen", r"descripci[oó]n(?: breve)?",
        r"qué pasó"), _summary),
)  # fmt: skip
"""In the order in which they are tried: the narrower words first."""

SECTIONS: tuple[tuple[re.Pattern[str], Lines], ...] = (
    (_words(r"timeline", r"chronology", r"zeitlich(?:er|e) (?:ablauf|verlauf)", r"zeitleiste", r"chronologie",
        r"ablauf",
        r"cronolog[ií]a", r"l[ií]nea de tiempo"),
     lambda i: [f"{i.clock_time(e.t_s)} - {e.text}" for e in i.timeline if e.lane in ("fault", "alerts", "human") or
                e.level != "info"][:40]),
    (_words(r"actions? taken", r"progress", r"what was done", r"(?:ergriffene )?maßnahmen", r"fortschritt",
        r"acciones (?:tomadas|realizadas)", r"progreso"), lambda i: i.actions_taken),
    (_words(r"next steps?", r"action items?", r"follow-?ups?", r"preventive measures", r"nächste schritte",
        r"folgemaßnahmen",
        r"pr[oó]ximos pasos", r"acciones (?:pendientes|de seguimiento)"), lambda i: i.to_mend),
    (_words(r"impact", r"auswirkung(?:en)?", r"impacto"), lambda i: i.impact),
)  # fmt: skip
"""Headings that ask for a list."""

_STATES: dict[str, re.Pattern[str]] = {
    "resolved": re.compile(r"resolved|released|restored|closed|trading|reconnected|fixed|behoben|gelöst|freigegeben"
                           r"|resuelto|restaurado|cerrado", re.I),
    "mitigated": re.compile(r"mitigat\w+|contained|monitoring|identified|eingedämmt|abgemildert|mitigado|contenido",
        re.I),
    "investigating": re.compile(r"investigat\w+|under investigation|open|down|untersuchung|offen|in analyse"
         r"|investigando"
                                r"|abierto", re.I),
}  # fmt: skip
STATUS = _words(r"status", r"state", r"stand", r"zustand", r"estado")
SUBJECT = _words(r"subject", r"betreff", r"asunto")
NEXT_UPDATE = _words(
    r"next update", r"eta(?: for \w+)?", r"nächstes update", r"nächste meldung", r"pr[oó]xima actualizaci[oó]n"
)


def fact(label: str, incident: Incident) -> str | None:
    """What answers a field of this label; None when the label is not understood or the run does not know."""
    words = " ".join(label.split()).strip(" *_:#")
    if STATUS.match(words):
        return incident.state
    return next((field.fact(incident) for field in FIELDS if field.asks.match(words)), None)


def understood(label: str) -> bool:
    """Whether the label is one that a template's fields have, known in this run or not."""
    words = " ".join(label.split()).strip(" *_:#")
    return any(p.match(words) for p in (STATUS, SUBJECT, NEXT_UPDATE, *(field.asks for field in FIELDS)))


def section(heading: str, incident: Incident) -> list[str] | None:
    """The list that belongs under a heading; None when the heading asks for none that is known."""
    words = " ".join(heading.split()).strip(" *_:#")
    return next((lines(incident) for asks, lines in SECTIONS if asks.match(words)), None)


def choose(options: list[str], label: str, incident: Incident) -> str | None:
    """Which of the offered words holds: `[halted | under investigation | released]`; None when none clearly does."""
    words = label.strip(" *_:#")
    if re.match(r"position", words, re.I):
        return _book(incident) if any(re.search(r"flat|glatt|plano", option, re.I) for option in options) else None
    if re.search(r"orders?|órdenes|aufträge", words, re.I):
        return _unsure(incident)
    if incident.halted is not None:
        halted = next(
            (o for o in options if re.fullmatch(r"halted|angehalten|gestoppt|detenido", o.strip(), re.I)), None
        )
        if halted is not None:
            return halted.strip()
    level = incident.level
    if level is not None:
        named = next((o for o in options if o.strip().lower() == level.id.lower()), None)
        if named is not None:
            return named.strip()
    return next((o.strip() for o in options if _STATES[incident.state].fullmatch(o.strip())), None)


def status_word(example: str, incident: Incident) -> str:
    """The state of the incident in the case of a template's example: `INVESTIGATING` becomes `RESOLVED`."""
    return incident.state.upper() if example.isupper() else incident.state


def language(template: Template) -> str:
    """`de`, `es` or `en`, by the words of the template."""
    german = len(
        re.findall(
            r"\b(?:vorfall|ursache|auswirkung|dauer|zeit|maßnahmen|beginn|nächste|und|der|die)\b", template.body, re.I
        )
    )
    spanish = len(
        re.findall(
            r"\b(?:incidente|causa|impacto|duración|hora|acciones|inicio|próximos?|y|el|la|de)\b", template.body, re.I
        )
    )
    if max(german, spanish) < 2:
        return "en"
    return "de" if german >= spanish else "es"


UNKNOWN = {"en": "not known", "de": "nicht bekannt", "es": "no se sabe"}
EXAMPLE = {"en": "to be written", "de": "noch zu schreiben", "es": "por escribir"}
NOTHING = {"en": "nothing found by this run", "de": "dieser Lauf fand nichts", "es": "esta prueba no halló nada"}
