"""The words by which a heading, a label or a table column is recognised, in English, German and Spanish.

A heading's *kind* says what kind of content stands under it (severity table, contacts, symptoms, ...). A
heading without a kind holds steps, or sections with steps. *Phase* words ("Investigation",
"Sofortmaßnahmen") name a stretch of a response; *incident* words ("lost", "Ausfall") name what went wrong:
the difference between the two decides what is a procedure and what is only part of one.
"""

from __future__ import annotations

import functools
import re
from typing import Literal

from drills.runbook.model import Role
from drills.runbook.text import no_pictographs, numbered

Kind = Literal[
    "severity", "contacts", "escalation", "templates", "drills", "symptoms", "checklist", "trigger", "objectives",
    "overview", "metadata", "expected", "references", "steps", "decision", "note",
]  # fmt: skip


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns), re.I)


KINDS: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    ("templates", _any(r"\btemplates?\b", r"vorlagen?\b", r"\bplantillas?\b",
        r"\bmodelos? de (?:mensaje|comunicado)", r"textbaustein")),
    ("escalation", _any(
        r"^escalation(?: (?:path|matrix|policy|table|chain|procedures?|rules?|levels?|timeline|ladder))?$",
        r"^when to escalate", r"eskalations(?!schritt)\w*", r"^eskalation$",
        r"^(?:matriz|ruta|cadena|tabla|política|niveles) de escala", r"^escalado$", r"^escalamiento$", r"^escalación$",
    )),
    ("contacts", _any(
        r"^(?:(?:emergency|key|important|on-?call|support|team|vendor|broker|escalation) )*contacts?(?: (?:information|"
            r"info|details|list|table|matrix))?$",
        r"^(?:notfall)?kontakte?(?:daten|liste)?$", r"ansprechpartner", r"rufnummern",
            r"^on-?call(?: (?:roster|rotation))?$",
        r"^(?:datos de |información de )?contactos?(?: de (?:emergencia|guardia))?$", r"^who to (?:call|contact)",
            r"^phone (?:numbers|list)", r"^who$", r"^wen anrufen", r"^telefon(?:nummern|liste|verzeichnis)?$",
        r"^erreichbarkeit", r"^directorio\b", r"^a quién (?:llamar|avisar|contactar)",
        r"^(?:escalation|eskalation|escalación|escalado|escalamiento) (?:&|and|und|y|de) (?:contacts?|kontakte?|"
        r"contactos?)\b",
    )),
    ("checklist", _any(r"check-?lists?$", r"^check-?list\b", r"checklisten?\b", r"prüfliste",
        r"lista de (?:verificación|comprobación|control)",
        r"(?:drill|exercise|übungs?|incident) ?(?:record|protokoll|log)$", r"^sign-?off$", r"^registro del simulacro")),
    ("drills", _any(
        r"^testing (?:this|the) ", r"\bdrills?$",
            r"\b(?:quarterly|monthly|annual|yearly) (?:drills?|exercises?|tests?)\b",
            r"^drill (?:schedule|calendar|plan)",
        r"^(?:notfall)?übungen\b", r"übungs(?:plan|kalender)", r"^simulacros?\b", r"^game ?days?", r"^testplan",
            r"^ejercicios\b",
    )),
    ("severity", _any(
        r"^(?:incident |alert |event |the )*severit(?:y|ies)(?: (?:levels?|class(?:es|ification)?|matrix|"
            r"definitions?|table|scale|guide|assessment matrix|criteria|tiers?))?(?: (?:and|&) .{1,40})?$",
        r"^incident (?:categories|classification|levels|priorit\w+|types)$",
            r"^priorit(?:y|ies)(?: (?:levels?|matrix|table|definitions?))?$",
            r"^(?:response )?slas? (?:by|per) severity",
        r"^sev(?:erity)? (?:cheat ?sheet|scale|levels?)$", r"^severity\s*[:–—-]\s*\S",
            r"^schweregrade?$", r"^schweregrad(?:e|stufen|matrix|tabelle|definitionen)\b",
            r"^(?:schweregrade?|prioritäten?) und (?:reaktion|antwort)\w*",
            r"^prioritäts?(?:en|stufen|klassen|matrix)?$", r"^dringlichkeits?(?:stufen)?$",
            r"^störungs(?:klassen|kategorien)", r"^einstufung$", r"^klassifizierung$", r"^eskalationsstufen",
        r"^(?:niveles|tabla|matriz|clasificación|escala|grados) de (?:severidad|gravedad|prioridad|"
            r"criticidad|incidentes|incidencias|alerta|alarma|servicio)",
            r"^(?:severidad|gravedad|prioridad)(?:es)?$", r"^clasificación$",
            r"^severidades\b", r"^niveaux? de (?:gravité|sévérité|priorité)", r"^(?:gravité|sévérité)s?$",
            r"^(?:níveis|nível) de (?:severidade|gravidade|prioridade)", r"^severity guide$",
            r"^(?:alarm|eskalations|warn|stör)?stufen$", r"^(?:impact|incident|alert|urgency|warning|risk) levels?$",
            r"^(?:levels|tiers|niveles|niveaux|níveis)$", r"^impact (?:and|&) urgency$",
    )),
    ("symptoms", _any(
        r"^(?:typical |common |observed |known )?symptoms?\b", r"^signs\b", r"^examples$", r"^indicators$",
            r"^how (?:it|this) (?:looks|shows)", r"^what you(?:'ll| will)? see",
        r"^detection indicators$", r"^how (?:you|we) (?:notice|know)", r"^erkennbar (?:an|durch)", r"^woran erkenn",
            r"^(?:cómo|como) (?:lo |se )?(?:nota|detecta|reconoce)",
        r"^symptome?\b", r"^anzeichen", r"^erkennungsmerkmale", r"^merkmale$", r"^síntomas?", r"^sintomas?",
            r"^indicios", r"^señales", r"^alert signature",
    )),
    ("trigger", _any(r"^triggers?\b(?!ed)", r"^trigger conditions?", r"^when to use", r"^alert(?:s|ing)?$",
        r"^auslöser", r"^wann anzuwenden", r"^disparador", r"^cuándo (?:usar|aplicar)")),
    ("objectives", _any(r"^(?:recovery )?objectives?$", r"^targets?$", r"^rto\b", r"^rpo\b", r"^slas?$|^slos?$",
        r"^(?:wiederherstellungs)?ziele?$", r"^zielzeiten", r"^objetivos?(?: de recuperación)?$")),
    ("metadata", _any(r"^(?:document )?(?:metadata|history|control|info(?:rmation)?)$", r"^change ?log",
        r"^revision", r"^änderungs", r"^dokument", r"^historial", r"^control de (?:cambios|versiones)",
        r"^versions?$")),
    ("references", _any(r"^(?:references?|links?|see also|related|further reading|appendix|glossary|useful links)\b",
        r"^(?:referenzen|verweise|anhang|glossar|weiterführend)", r"^(?:referencias|enlaces|anexos?|glosario)\b")),
    ("expected", _any(r"^expected(?: (?:output|result|outcome|response))?$", r"^(?:sample |example )?output$",
        r"^erwartet\w*(?: (?:ausgabe|ergebnis))?$", r"^(?:ausgabe|ergebnis)$",
        r"^(?:salida|resultado)(?: esperad[oa])?$")),
    ("overview", _any(
        r"^(?:overview|purpose|scope|introduction|summary|background|about|description|context|goals?|"
            r"audience|architecture|prerequisites?|requirements|definitions?|terms|table of contents|contents|"
            r"toc)\b",
        r"^(?:system|service|architecture|platform) overview\b", r"^required implementation\b",
            r"^key (?:metrics|alerts|thresholds)\b", r"^monitoring (?:&|and) alert", r"^(?:slack|chat) commands$",
            r"^(?:artifacts|artefacts|evidence) to (?:preserve|keep)",
            r"^(?:acciones automáticas|automatische (?:aktionen|reaktion|maßnahmen)|automat(?:ic|ed) actions)\b",
        r"^(?:überblick|übersicht|zweck|zielsetzung|geltungsbereich|einleitung|hintergrund|voraussetzungen|"
            r"inhalt|definitionen|beschreibung|begriffe)",
        r"^(?:resumen|propósito|objeto|alcance|introducción|descripción|antecedentes|contexto|requisitos|"
            r"índice|definiciones|visión general)\b",
    )),
    ("decision", _any(r"^decision (?:tree|point|table|matrix|flow)s?\b",
        r"^entscheidungs(?:baum|tabelle|matrix|punkt)", r"^(?:árbol|tabla|matriz|punto) de decisi", r"^flow ?chart",
        r"^ablaufdiagramm", r"^diagrama de (?:flujo|decisi)")),
    ("note", _any(
        r"^(?:notes?|important|warnings?|caution|tips?|info|attention|danger|remember|why|rationale|reason)$",
        r"^(?:what not to do|do not|don['’]?ts?|was nicht(?: zu)? tun(?: ist)?|nicht tun|qué no hacer|no hacer)$",
        r"^(?:hinweise?|achtung|wichtig|warnung|vorsicht|merke|begründung)$",
        r"^(?:notas?|importante|advertencia|atención|aviso|precaución|ojo)$")),
    ("steps", _any(r"^(?:steps|procedure|actions?|instructions|commands?|how to|what to do|to ?do|tasks?)$",
        r"^(?:schritte|vorgehen(?:sweise)?|ablauf|maßnahmen|massnahmen|anweisungen|befehle|was tun|aufgaben)$",
        r"^(?:pasos|procedimiento|acciones|instrucciones|comandos|qué hacer|tareas|medidas)$")),
)  # fmt: skip

PHASE = _any(
    r"^(?:the )?(?:first |initial |immediate |short[- ]term |long[- ]term |emergency |incident |quick |full "
        r"|manual |automatic )*"
    r"(?:response|reaction|actions?|steps|procedures?|process|investigation|diagnos(?:is|tics?|e)|triage|"
        r"detect(?:ion)?|assess(?:ment)?|analysis|mitigat(?:ion|e)|contain(?:ment)?|"
    r"stabili[sz](?:e|ation)|resolution|resolve|remediation|recovery|recover|restoration|restore|"
        r"verification|verify|validation|fix(?:es)?|follow[- ]?up|communication|"
    r"checks?|shutdown|cleanup|closure|close[- ]?out|eradication|workarounds?|fallback|rollback|"
        r"post[- ]?incident|post[- ]?mortem|prevention|lessons learned|preparation|identification|identify|"
        r"notification|escalation)"
    r"(?: (?:steps?|procedures?|process|actions?|phase|analysis|tasks|and .{1,40}|& .{1,40}|measures|"
        r"activities|review))*$",
    r"^(?:common|possible|likely|root|typical) (?:fix(?:es)?|issues|causes?|problems|solutions)(?: analysis)?$",
        r"^(?:phase|stage|fase) \d",
    r"^(?:sofort|erst|gegen|notfall)?(?:maßnahmen|massnahmen|reaktion|diagnose|analyse|prüfung|untersuchung|"
        r"eindämmung|behebung|wiederherstellung|wiederanlauf|nachbereitung|"
    r"kommunikation|verifikation|überprüfung|stabilisierung|lösung|abschluss|eskalation|ursachenanalyse|"
        r"erkennung|bewertung|vorgehen|nachsorge|vorbeugung|alarmierung|rückfall)\b",
    r"^(?:respuesta|reacción|acciones|pasos|diagnóstico|investigación|mitigación|contención|resolución|"
        r"recuperación|restauración|verificación|comprobación|cierre|"
    r"comunicación|seguimiento|análisis|evaluación|detección|prevención|escalado|medidas|post-?incidente|causa raíz)\b",
)  # fmt: skip

INCIDENT = _any(
    r"\btriggered\b", r"\blost\b", r"\bloss(?:es)?\b", r"\bfail(?:ed|ure|ures|ing|s)?\b", r"mismatch", r"exhaust",
        r"\bdown\b", r"unavailab", r"\boutages?\b", r"violation",
    r"unexpected", r"degrad", r"\blatency\b", r"\bslow(?:ness)?\b", r"corrupt", r"\bcrash", r"\bleaks?\b",
        r"\boom\b", r"\bstale\b", r"\bstuck\b", r"disconnect", r"\berrors?\b",
    r"\breject", r"\bbreach", r"drawdown", r"slippage", r"\bdead\b", r"\bissues?\b(?<!common issues)", r"runaway",
        r"flash crash", r"kill[- ]?switch", r"\bhalted\b", r"\bhack", r"compromis",
    r"time-?outs?\b", r"\bspike", r"\bgaps?\b", r"missing", r"duplicate", r"orphan", r"overload", r"out of memory",
        r"unreachable", r"bad deploy", r"diverge", r"unresponsive", r"\bfull\b", r"\bfrozen\b", r"\bhangs?\b",
    r"ausfall", r"ausgefallen", r"verlust", r"verloren", r"störung", r"abbruch", r"abgebrochen", r"unterbroch",
        r"unterbrechung", r"überlast", r"abweichung", r"unerwartet", r"fehler(?!behebung|suche|analyse)",
        r"fehlgeschlagen", r"speicher(?:leck|mangel|erschöpfung)",
    r"beschädig", r"korrupt", r"verletzung", r"ausgelöst", r"absturz", r"veraltet", r"langsam", r"latenz", r"hänger",
        r"not-?aus",
    r"\bcaíd[oa]s?\b", r"pérdida", r"fallos?\b", r"\bfalla\b", r"desconexión", r"desconect", r"agotamiento",
        r"agotad", r"corrup", r"latencia", r"inesperad", r"discrepancia", r"descuadre", r"incumplimiento",
    r"activado", r"disparado", r"degradad", r"\blent[oa]", r"interrupción", r"desactualizad", r"memoria",
)  # fmt: skip

CONTAINER = _any(
    r"\b(?:procedures|scenarios|incidents|runbooks|playbooks|use cases|cases|situations|emergencies|failure "
        r"modes|issues)$", r"\bcommon (?:incidents|scenarios|problems)\b",
    r"(?:verfahren|szenarien|störfälle|störungen|abläufe|fälle|notfälle|prozeduren|vorfälle)$",
        r"^(?:procedimientos|escenarios|incidentes|casos|situaciones)\b",
)  # fmt: skip

GENERIC_TITLE = _any(
    r"^(?:the )?(?:(?:trading|system|production|operations?|ops|emergency|on-?call|platform|team|desk|"
        r"desk's|master|general|bot|algo)[\s-]+)*"
    r"(?:incident(?: response| management| handling)?|emergency(?: response)?|operations?|response|"
        r"runbooks?|playbooks?|procedures?|handbook|manual|guide)"
    r"(?:[\s:-]+(?:incident(?: response| management)?|runbooks?|playbooks?|procedures?|guide|plan|handbook|"
        r"manual|response|process))*$",
    r"^(?:notfall|betriebs|störungs)?-?(?:handbuch|plan|runbook|leitfaden)(?:\s.*)?$",
        r"^(?:manual|guía|plan|libro|procedimientos?)(?: de)?(?: (?:operaciones|emergencias?|incidentes|"
        r"incidencias|respuesta.*|actuación))?$",
)  # fmt: skip

ROLES: tuple[tuple[Role, re.Pattern[str]], ...] = (
    ("post", _any(r"^después del? (?:incidente|la incidencia)", r"^nach dem (?:vorfall|incident)",
        r"^après l['’]incident",
        r"post[- ]?(?:incident|mortem|incidente)", r"^after (?:the|any|an) incident", r"required actions",
        r"follow[- ]?up", r"lessons learned", r"retrospective", r"nachbereitung", r"nachbearbeitung", r"nachsorge",
        r"seguimiento", r"lecciones")),
    ("prevention", _any(r"prevent(?!.*promotion)", r"vorbeug", r"prävention", r"prevención", r"preventiv",
        r"hardening")),
    ("communication", _any(r"^communicat", r"^(?:internal |external )?notifications?\b", r"^stakeholder",
        r"kommunikation", r"benachrichtigung", r"^comunica", r"^notificacion")),
    ("rollback", _any(r"\broll(?:ing)?[- ]?back", r"\brevert", r"zurückrollen", r"rückfall", r"zurücksetzen auf",
        r"\breversión", r"\brevertir", r"vuelta atrás")),
    ("investigate", _any(r"^investigat", r"^diagnos", r"^root cause", r"analy[sz]is$", r"^troubleshoot",
        r"^untersuchung", r"^analyse", r"^ursachen", r"^fehlersuche", r"^investigación", r"^análisis")),
    ("recovery", _any(r"^(?:gradual |full |disaster )?recover", r"^restor", r"^wiederherstellung", r"^wiederanlauf",
        r"^recuperación", r"^restauración", r"^restablec")),
)  # fmt: skip


_ASKS = _any(
    r"^(?:look (?:at|for|into)|check (?:the|that|for|if|whether|all|your)|verify|confirm|review the|inspect|compare|"
    r"find (?:the|out)|query the|list the|show the|get the)\b",
    r"^(?:revisar|comprobar|verificar|consultar|vérifier|consulter)\b",
)  # fmt: skip
"""A heading that asks for a look names no incident, whatever is looked at."""
_SECTION_NUMBER = re.compile(r"^\d{1,2}(?:\.\d{1,2})*\s+(?=[^\W\d_])")


@functools.lru_cache(maxsize=8192)
def cleaned(title: str) -> str:
    """A heading's words for matching: number, emoji, brackets and trailing colon removed."""
    words = _SECTION_NUMBER.sub("", numbered(no_pictographs(title))[1])
    return re.sub(r"\s*[(\[][^()\[\]]{0,200}[)\]]", "", words).strip(" :.-–—*_")


@functools.lru_cache(maxsize=8192)
def kind_of(title: str) -> Kind | None:
    """What stands under a heading or label of this title; None for steps and sections of steps."""
    words = cleaned(title)
    return next((kind for kind, pattern in KINDS if pattern.search(words)), None)


@functools.lru_cache(maxsize=8192)
def is_phase(title: str) -> bool:
    """Whether the title names a stretch of a response rather than an incident."""
    return PHASE.search(cleaned(title)) is not None


@functools.lru_cache(maxsize=8192)
def names_incident(title: str) -> bool:
    """Whether the title names something that went wrong."""
    words = cleaned(title)
    if _ASKS.match(words):
        return False
    return INCIDENT.search(words) is not None and GENERIC_TITLE.search(words) is None


@functools.lru_cache(maxsize=8192)
def is_generic(title: str) -> bool:
    """Whether a document title says no more than "incident runbook"."""
    words = cleaned(title)
    bare = re.sub(r"^(?:runbook|playbook)\s*[:–—-]\s*|\s*[:–—-]?\s*(?:runbook|playbook)$", "", words, flags=re.I)
    return not bare or GENERIC_TITLE.search(bare) is not None or GENERIC_TITLE.search(words) is not None


@functools.lru_cache(maxsize=8192)
def holds_procedures(title: str) -> bool:
    """Whether the title announces several procedures: "Common Incidents", "Rollback Procedures"."""
    return CONTAINER.search(cleaned(title)) is not None


@functools.lru_cache(maxsize=8192)
def role_of(title: str) -> Role:
    """The part that a procedure plays."""
    words = cleaned(title)
    return next((role for role, pattern in ROLES if pattern.search(words)), "response")
