"""From words to actions: "Stop new orders immediately", "Alle Orders stornieren", "Cerrar posiciones".

A sentence is cut into its main clauses; in each, a verb class (stop, cancel, check, ...) and an object class
(orders, positions, broker, ...) are looked up, and the pair names an action of `drills.actions`. Order of
words does not matter, so German verbs may stand at the end. What neither table knows binds to nothing, and
the step says so.
"""

from __future__ import annotations

import functools
import re

from drills.actions import ACTIONS, Effect
from drills.runbook.phrases import any_of
from drills.runbook.phrases_more import ALL_PHRASES
from drills.runbook.text import plain

_SUBORDINATE = re.compile(
    r"(?:(?<=\s)|(?<=,)|^)(?:before|until|unless|only after|after|without|once|so that|because|while|as "
    r"soon as|bevor|bis|nachdem|sobald|ohne dass|damit|weil|antes de|(?:erst|nur) (?:nach|mit)|(?:solo|"
    r"sólo) (?:tras|con|después)|"
    r"hasta|después de|sin|una vez|mientras|para que|porque|avant de|après|sans|uniquement|afin|"
    r"antes de|depois de|até|sem|somente)(?:\s|$).*",
    re.I | re.S,
)
_WHEN_FIRST = re.compile(
    r"^(?:once|after|as soon as|when|sobald|nachdem|una vez(?: que)?|cuando|después de(?: que)?|dès que|quando)\b"
    r"[^,]{3,120},\s+(?=\S)",
    re.I,
)
"""A clause in front that says when: "Once prices move again, reconcile"."""
_NEGATED = re.compile(
    r"\b(?:do not|don['’]t|never|avoid|must not|should not|no debe|nunca|no se debe|niemals|keinesfalls|nicht)\b.*|"
    r"^\W*no (?:se )?\w{3,}(?:ar|er|ir)\b.*",
    re.I | re.S,
)
_QUESTION = re.compile(r"^\W*(?:did|does|has|have|was|were|wurde|hat)\s[^?.:;]{2,160}\?", re.I)
_STATED_QUESTION = re.compile(r"^[^?.:;,¿]{3,120}\?(?=\s+(?:if|wenn|falls|si|else)\b)", re.I)
"""`positions at the broker == 0? if not close by hand`: first a look, then what follows from it."""
_VERB_BEHIND = re.compile(
    r"\b(?:erst|nur) (?:nach|mit) [^,;:]{3,120}?(?=\s(?:wieder )?[a-zäöüß]{4,}(?:en|t)(?: werden| wird)?\W*$)"
)
"""What a German verb waits for stands before it: "Positionen nur nach Rücksprache glattstellen"."""
_BRACKET = re.compile(r"\s*[(\[][^()\[\]]{0,300}[)\]]")
_SPLIT = re.compile(
    r"\s*(?:;|,|\.\s|\s[-–—]\s|\s*(?:→|->|=>)\s*|\s&\s|\s\+\s|\b(?:and then|and|then|und dann|und|"
    r"anschließend|danach|y luego|y|e|luego|puis|et)\b)\s*",
    re.I,
)

_LOOK = any_of(
    r"check\w*", r"review\w*", r"inspect\w*", r"query\w*", r"collect\w*", r"gather\w*", r"get\b", r"list\b",
        r"look\w*", r"examin\w*", r"analy[sz]\w*", r"compar\w*", r"view\b", r"read\b",
    r"visit\b", r"log ?(?:in|into|on)\b", r"assess\w*", r"determine\b", r"export\w*", r"identify\b", r"see\b",
        r"find\b", r"show\b", r"capture\b", r"test\b", r"verif\w*", r"confirm\w*", r"validat\w*",
    r"ensure\b", r"measure\b", r"aggregate\b", r"count\b", r"diagnos\w*", r"search\w*", r"overview\b",
        r"open\b(?= (?:the|grafana|dashboard|tws))", r"note\b", r"is\b", r"are\b", r"data collection",
        r"market analysis", r"investigate\b", r"status\b", r"health\b", r"state\b",
    r"\w*prüf\w*", r"kontroll\w*", r"anseh\w*", r"anzeig\w*", r"einseh\w*", r"sichten", r"auslesen", r"abfrag\w*",
        r"abruf\w*", r"sammel\w*", r"vergleich\w*", r"untersuch\w*", r"feststell\w*",
    r"ermittel\w*", r"messen\b", r"lesen", r"aufruf\w*", r"sicher(?:n|stellen)", r"verifizier\w*", r"bestätig\w*",
        r"auswert\w*", r"öffnen", r"identifizier\w*",
    r"calcul\w+", r"record\b(?=.{0,20}\b(?:positions?|p&l|orders?)\b)", r"revis\w+", r"consult\w+", r"ver\b",
    r"mirar", r"inspeccion\w+", r"analiz\w+", r"compar\w+", r"recop\w+",
        r"recoger", r"obten\w+", r"listar", r"identific\w+", r"examin\w+", r"leer", r"verific\w+",
    r"comprob\w+", r"confirm\w+", r"asegur\w+", r"valid\w+", r"abrir\b",
    r"vérifi\w+", r"contrôl\w+", r"consulter\b", r"regarder\b", r"examiner\b", r"comparer\b", r"relever\b",
    r"checar\b", r"conferir\b",
)  # fmt: skip

_JOINT = re.compile(r"^\W*(?:and then|and|then|und dann|und|anschließend|danach|y luego|y|e|luego)\b", re.I)
_LEADING_LOOK = re.compile(
    r"(?:check|verify|confirm|review|inspect|examine|ensure|validate|compare|analy[sz]e|list|get|look|query|"
    r"view|assess|identify|see|test|watch|measure|"
    r"prüfen?|überprüfen?|kontrollieren?|vergleichen?|verificar|comprobar|confirmar|revisar|consultar|"
    r"analizar|validar|comparar|identificar)\b",
    re.I,
)
_TRAILING_LOOK = re.compile(
    r"(?:prüfen|überprüfen|kontrollieren|ansehen|sichten|vergleichen|abfragen|verifizieren|bestätigen|messen|"
    r"sicherstellen)$",
    re.I,
)

_LOOK_AT: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("look_metrics", any_of(r"(?:\w+ ){0,4}(?:panels?|dashboards?)\b(?: in grafana)?", r"grafana\b")),
    ("look_logs", any_of(r"\w*logs?\b(?! ?in)", r"\w*audit\w*", r"trigger(?:ed)?\b", r"kill[- ]?switch type",
        r"reason\b", r"last action", r"events?\b(?<!market events)", r"errors?\b", r"\w*protokoll\w*", r"auslöser",
        r"grund\b", r"logdatei\w*", r"fehlermeldung\w*", r"registros?\b", r"motivo\b", r"bitácora", r"traces?\b")),
    ("look_database", any_of(r"database\w*", r"postgres\w*", r"timescale\w*", r"redis\w*", r"cache\b",
        r"quer(?:y|ies)\b(?= (?:latency|time|plan|count))", r"slow quer\w*", r"connection pool\w*", r"pool status",
        r"datenbank\w*", r"base de datos", r"caché")),
    ("look_positions", any_of(r"positions?\b(?! siz)", r"portfolio\w*", r"holdings?\b", r"exposure\b",
        r"expected_positions\w*", r"internal records", r"system state", r"position\w*\b(?!sgröße)", r"bestände?\b",
        r"depot\w*", r"posici(?:ones|ón)\b", r"posiç(?:ões|ão)\b", r"cartera\b", r"inventory\b", r"inventario\b",
        r"exposición\b")),
    ("look_orders", any_of(r"orders?\b", r"trades?\b", r"fills?\b", r"executions?\b", r"slippage\w*", r"idempoten\w*",
        r"duplicate\w*", r"baseline\b", r"reject\w*", r"aufträge\b", r"ausführung\w*", r"[oó]rden(?:es)?\b",
        r"posturas?\b",
        r"operaciones\b", r"ejecuciones\b", r"deslizamiento")),
    ("look_account", any_of(r"equity\b", r"p&l\b", r"pnl\b", r"p/l\b", r"loss(?:es)?\b", r"drawdown\w*", r"margin\b",
        r"account\b", r"balance\b", r"buying power", r"verlust\w*", r"konto\w*", r"guv\b", r"saldo\b",
        r"pérdidas?\b", r"cuenta\b", r"capital\b")),
    ("look_deploys", any_of(r"deploy\w*", r"rollouts?\b", r"releases?\b", r"recent changes?\b", r"changes?\b",
        r"commits?\b", r"config\w*", r"versions?\b", r"feature flags?", r"änderung\w*", r"konfiguration\w*",
        r"despliegues?\b", r"cambios\b", r"configuración")),
    ("look_data", any_of(r"(?:market |reference |price )?data\b(?!base)", r"feeds?\b", r"quotes?\b", r"bars?\b",
        r"ticks?\b", r"candles?\b", r"prices?\b", r"sla\b", r"violation\b", r"eodhd\w*", r"polygon\w*", r"gaps?\b",
        r"staleness", r"freshness", r"calibration\w*", r"surfaces?\b", r"daten\w*", r"\w+daten\b", r"kurse?\b",
        r"datos\b", r"precios?\b", r"cotizaciones", r"velas\b", r"\bmids?\b", r"données\b", r"dados\b")),
    ("look_broker", any_of(r"broker\w*", r"exchange\w*", r"venues?\b", r"ibkr\b", r"tws\b", r"alpaca\w*",
        r"binance\w*", r"kraken\w*", r"credentials?\b", r"api keys?", r"authenticat\w*", r"session\b", r"gateway\w*",
        r"fix session", r"live connections?", r"börsen?\w*", r"zugangsdaten", r"br[oó]ker\b", r"bolsa\b",
        r"mercado\b(?= (?:abierto|caído))", r"credenciales\b", r"courtier\b", r"corretora\b",
        r"provedor\b", r"status page", r"statusseite")),
    ("look_network", any_of(r"network\w*", r"connectivity\b", r"connections?\b", r"dns\b", r"vpn\b", r"firewall\b",
        r"ping\b", r"latency to", r"packet\w*", r"route\b", r"netz\w*", r"verbindung\w*", r"konnektivität", r"red\b",
        r"conectividad", r"conexión")),
    ("look_resources", any_of(r"memory\b", r"cpu\b", r"disk\b", r"resources?\b", r"nodes?\b", r"pods?\b",
        r"containers?\b", r"utili[sz]ation", r"heap\b", r"process(?:es)?\b(?= (?:memory|using|list))",
        r"(?:arbeits)?speicher\w*", r"festplatte\w*", r"ressourcen", r"auslastung", r"memoria\b", r"disco\b",
        r"recursos\b")),
    ("look_market", any_of(r"market\w*(?! data)", r"volatil\w*", r"news\b", r"liquidity\b", r"regime\b", r"markt\w*",
        r"volatilität", r"nachrichten", r"mercado\w*", r"noticias", r"volatilidad", r"external factors")),
    ("look_metrics", any_of(r"metrics?\b", r"dashboards?\b", r"grafana\w*", r"prometheus\w*", r"latency\b",
        r"graphs?\b", r"bottleneck", r"metriken", r"latenz\w*", r"métricas?", r"paneles?\b", r"latencia\w*",
        r"stats?\b", r"statistics")),
    ("look_status", any_of(r"status\b", r"system\w*", r"services?\b", r"process(?:es)?\b", r"health\w*", r"api\b",
        r"situation\b", r"components?\b", r"ingress\b", r"kill[- ]?switch\w*", r"halt\w*", r"state\b", r"bot\b",
        r"strateg\w*", r"scope\b", r"dependencies", r"reconnection", r"dienste?\b", r"prozess\w*", r"zustand\w*",
        r"sistema\b", r"servicios?\b", r"proceso\w*", r"estado\b", r"lage\b", r"situación",
        r"se detuvo\b", r"stopp\b", r"interruptor\b")),
)  # fmt: skip

_CONFIRM = any_of(
    r"verif\w*",
    r"confirm\w*",
    r"ensure\b",
    r"make sure",
    r"validat\w*",
    r"verifizier\w*",
    r"sicherstell\w*",
    r"bestätig\w*",
    r"asegur\w*",
    r"comprob\w*",
)
_CONFIRMED: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("verify_reconciled", any_of(r"reconcil\w+", r"p&l\b")),
    (
        "verify_health",
        any_of(
            r"rollback\b",
            r"fix\b",
            r"works?\b",
            r"health\w*",
            r"components?\b",
            r"services?\b",
            r"system\b",
            r"all components",
            r"up\b",
            r"running\b",
            r"deployment\b",
            r"funktionier\w*",
            r"dienste?\b",
            r"läuft\b",
            r"servicios?\b",
            r"funciona\w*",
            r"fallback\b",
        ),
    ),
)


@functools.lru_cache(maxsize=8192)
def actions_in(text: str) -> tuple[str, ...]:
    """The actions that a sentence asks for, in its order; empty when it asks for none that is known."""
    sentence = _BRACKET.sub(" ", plain(text)[:400])
    asked = _QUESTION.match(sentence)
    stated = _STATED_QUESTION.match(sentence) if asked is None else None
    if stated is not None and look_at(stated.group(0)) and not any(_changes(a) for _, a in _by_phrase(stated.group(0))):
        asked = stated
    if asked is not None:  # "Did it pause?" asks somebody to look, not to pause
        looked = look_at(asked.group(0)) or "look_status"
        return tuple(dict.fromkeys((looked, *actions_in(sentence[asked.end() :]))))
    sentence = _VERB_BEHIND.sub(" ", sentence)
    sentence = _NEGATED.sub("", _SUBORDINATE.sub("", _WHEN_FIRST.sub("", sentence))).strip(" .:!")
    if not sentence:
        return ()
    found: list[str] = []
    phrases = _by_phrase(sentence)
    for start, clause in _clauses(sentence):
        stop = start + len(clause)
        named = [
            action for at, action in phrases if start <= at < stop and not (_about_looking(clause) and _changes(action))
        ]
        bare = bool(found) and not _LOOK.search(clause)
        # "Check equity and open positions": what is looked at may be named twice for one verb.
        also = bare and found[-1].startswith("look_") and len(_JOINT.sub("", clause).split()) <= 4
        found += named or (_also(clause) if also else () if bare else _looks(clause, sentence))
    return tuple(dict.fromkeys(found))


def _clauses(sentence: str) -> list[tuple[int, str]]:
    """The main clauses with their positions."""
    clauses: list[tuple[int, str]] = []
    position = 0
    for joint in _SPLIT.finditer(sentence):
        clauses.append((position, sentence[position : joint.start()]))
        position = joint.start()
    return [*clauses, (position, sentence[position:])]


def _by_phrase(sentence: str) -> list[tuple[int, str]]:
    """(position, action) by phrase; a stretch of words that one phrase has taken counts for no later one."""
    taken: list[tuple[int, int, str]] = []
    for action, pattern in ALL_PHRASES:
        for match in pattern.finditer(sentence):
            start, stop = match.span()
            if match.group(0).strip() and all(stop <= begin or start >= end for begin, end, _ in taken):
                taken.append((start, stop, action))
                break
    return [(start, action) for start, _, action in sorted(taken)]


def _changes(action: str) -> bool:
    return ACTIONS[action].effect is Effect.MUTATE


def asks_to_look(words: str) -> bool:
    """Whether one of the things that `words` ask for is a look: "Replay and verify", "Positionen prüfen"."""
    return any(_about_looking(clause) for _, clause in _clauses(plain(words)[:400]))


def _about_looking(clause: str) -> bool:
    """Whether a clause begins (German: ends) with a verb of looking: "Verify the rollback" rolls nothing back."""
    words = _JOINT.sub("", clause).strip()
    return bool(_LEADING_LOOK.match(words)) or bool(_TRAILING_LOOK.search(words))


def _also(clause: str) -> tuple[str, ...]:
    looked = look_at(clause)
    return () if looked is None else (looked,)


def _looks(clause: str, sentence: str) -> tuple[str, ...]:
    """What a clause looks at, when it or the sentence around it is about looking."""
    if not _LOOK.search(sentence):
        return ()
    if _CONFIRM.fullmatch(clause.strip()):
        return ("verify_health",)
    if _CONFIRM.search(clause):
        for action, pattern in _CONFIRMED:
            if pattern.search(clause):
                return (action,)
    looked = look_at(clause)
    return () if looked is None else (looked,)


def look_at(words: str) -> str | None:
    """What bare words would have somebody look at: "Disk space", "EODHD API status"."""
    return next((action for action, pattern in _LOOK_AT if pattern.search(words)), None)


def is_look(words: str) -> bool:
    """Whether the words are about looking at something."""
    return _LOOK.search(words) is not None
