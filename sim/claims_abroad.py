"""The claims of `sim/claims.py` as German and Spanish teams write them into their logs.

Each language has its own words for what is none (plans, failures, negations): an English "bis" is no German one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Language:
    """How one language makes the claims, and how it hedges or denies them."""

    claims: Mapping[str, re.Pattern[str]]
    """Claim name -> its words, matched on lower-case text."""
    hedges: re.Pattern[str]
    """What makes a sentence a plan, a failure or a question."""

    def claims_in(self, lowered: str) -> list[str]:
        """Names of the claims in a text of lower-case letters."""
        found = [name for name, words in self.claims.items() if words.search(lowered)]
        if not found:
            return []
        rest = lowered
        for name in found:
            rest = self.claims[name].sub("*", rest)  # "keine offenen Positionen" denies nothing
        return [] if self.hedges.search(rest) else found


_SIND = r"(?:(?:sind|ist|wurden?|waren?) )?(?:(?:jetzt|nun|erfolgreich|bereits|alle) )*"
_HAN_SIDO = r"(?:(?:han sido|ha sido|fueron|fue|están|está|quedan|quedaron|queda) )?(?:ya )?"

GERMAN = Language(
    {
        "flat": re.compile(
            rf"\b(?:(?:alle|sämtliche) (?:\d+ )?(?:offenen )?positionen {_SIND}"
            r"(?:geschlossen|glattgestellt|aufgelöst|liquidiert)"
            r"|keine (?:offenen )?positionen(?: mehr)?(?: offen)?|(?:bestand|buch|konto) (?:ist )?glattgestellt"
            r"|alles (?:ist )?glattgestellt)\b"
        ),
        "no_live_orders": re.compile(
            rf"\b(?:(?:alle|sämtliche) (?:\d+ )?(?:offenen )?(?:orders?|aufträge) {_SIND}"
            r"(?:storniert|gestrichen|gelöscht|annulliert)|keine offenen (?:orders?|aufträge)(?: mehr)?)\b"
        ),
        "reconciled": re.compile(
            r"\b(?:(?:positionen|bestände) (?:stimmen(?: mit [\w ]+?)? überein|(?:sind )?abgeglichen)"
            r"|abgleich (?:ist |war )?(?:erfolgreich|fehlerfrei|abgeschlossen))\b"
        ),
        "halted": re.compile(
            rf"\b(?:(?:der )?handel {_SIND}(?:gestoppt|angehalten|ausgesetzt|eingestellt)"
            rf"|(?:not-?aus|notabschaltung|notstopp|kill-?switch) {_SIND}(?:ausgelöst|aktiviert))\b"
        ),
        "resumed": re.compile(
            rf"\b(?:(?:der )?handel {_SIND}(?:wieder )?(?:aufgenommen|freigegeben|fortgesetzt)"
            rf"|(?:not-?aus|handelsstopp|kill-?switch) {_SIND}(?:zurückgesetzt|aufgehoben))\b"
        ),
        "connected": re.compile(
            rf"\b(?:wieder verbunden|verbindung {_SIND}wieder(?: ?hergestellt| aufgebaut))\b"
        ),
    },
    re.compile(
        r"\b(?:nicht|nie|kein|keine|konnten?|kann|können|fehlgeschlagen|fehler|gescheitert|abgelehnt|werden|wird|werde"
        r"|soll|sollen|sollten?|müssen|muss|versuche|versuch|warte|warten|noch|falls|wenn|sobald|bevor|bis|ob"
        r"|teilweise|probelauf)\b|\?"
    ),
)

SPANISH = Language(
    {
        "flat": re.compile(
            rf"\b(?:todas las posiciones {_HAN_SIDO}(?:cerradas|liquidadas)"
            rf"|posiciones {_HAN_SIDO}(?:cerradas|liquidadas)(?!\s*[:=(]\s*\d)"
            r"|se (?:han cerrado|cerraron|liquidaron|han liquidado) todas las posiciones"
            r"|(?:sin|no hay|no quedan|cero|0) posiciones(?: abiertas)?)\b"
        ),
        "no_live_orders": re.compile(
            rf"\b(?:(?:todas las )?órdenes (?:abiertas )?{_HAN_SIDO}(?:canceladas|anuladas)"
            r"|se (?:han cancelado|cancelaron) todas las órdenes"
            r"|(?:sin|no hay|no quedan) órdenes (?:abiertas|vivas|pendientes))\b"
        ),
        "reconciled": re.compile(
            rf"\b(?:posiciones {_HAN_SIDO}(?:conciliadas|cuadradas)|(?:las )?posiciones coinciden"
            r"|conciliación (?:correcta|completada|terminada))\b"
        ),
        "halted": re.compile(
            rf"\b(?:(?:la )?(?:operativa|negociación) {_HAN_SIDO}(?:detenida|suspendida|parada)"
            rf"|trading {_HAN_SIDO}(?:detenido|suspendido|parado)"
            rf"|(?:interruptor|parada) de emergencia {_HAN_SIDO}(?:activad[oa]|disparad[oa]))\b"
        ),
        "resumed": re.compile(
            rf"\b(?:(?:la )?(?:operativa|negociación) {_HAN_SIDO}reanudada|trading {_HAN_SIDO}reanudado)\b"
        ),
        "connected": re.compile(
            rf"\b(?:reconectad[oa]|conexión {_HAN_SIDO}(?:restablecida|recuperada|restaurada))\b"
        ),
    },
    re.compile(
        r"\b(?:no|nunca|falló|fallo|fallaron|fallid[oa]s?|error|errores|imposible|rechazad[oa]s?|será|serán|debe|deben"
        r"|intentando|intento|esperando|cuando|antes|hasta|pendientes?|aún|todavía|parcialmente|si|van a|simulacro"
        r"|\d+ posiciones)\b|\?"
    ),
)

LANGUAGES = (GERMAN, SPANISH)
