"""From what people write down afterwards to what a runbook says before: "halted" is "halt".

Only the verbs of the trade are turned, and only to look steps and actions up by them.
"""

from __future__ import annotations

import re

_IRREGULAR = {
    "got": "get", "took": "take", "taken": "take", "told": "tell", "sent": "send", "shut": "shut", "made": "make",
    "brought": "bring", "began": "begin", "went": "go", "put": "put", "found": "find", "held": "hold",
    "rang": "ring", "wrote": "write", "saw": "see", "paid": "pay", "froze": "freeze", "undid": "undo",
    "gestoppt": "stoppen", "angehalten": "anhalten", "storniert": "stornieren", "geschlossen": "schließen",
    "abgeglichen": "abgleichen", "geprüft": "prüfen", "überprüft": "überprüfen", "kontaktiert": "kontaktieren",
    "angerufen": "anrufen", "informiert": "informieren", "eskaliert": "eskalieren", "neugestartet": "neu starten",
    "gestartet": "starten", "freigegeben": "freigeben", "zurückgesetzt": "zurücksetzen", "gemeldet": "melden",
    "benachrichtigt": "benachrichtigen", "glattgestellt": "glattstellen", "deaktiviert": "deaktivieren",
    "aktiviert": "aktivieren", "verbunden": "verbinden", "dokumentiert": "dokumentieren",
    "wiederhergestellt": "wiederherstellen", "zurückgerollt": "zurückrollen", "beendet": "beenden",
    "detenido": "detener", "detenida": "detener", "detenidas": "detener", "detenidos": "detener",
    "parado": "parar", "parada": "parar", "cancelado": "cancelar", "canceladas": "cancelar",
    "cerrado": "cerrar", "cerradas": "cerrar", "cerrada": "cerrar", "verificado": "verificar",
    "comprobado": "comprobar", "conciliado": "conciliar", "conciliadas": "conciliar", "llamado": "llamar",
    "escalado": "escalar", "avisado": "avisar", "notificado": "notificar", "reiniciado": "reiniciar",
    "reanudado": "reanudar", "reanudada": "reanudar", "revisado": "revisar",
}  # fmt: skip
_DOUBLED = re.compile(r"(?<=[aeiou])([bgklmnprt])\1ed$")
_KEEPS_E = re.compile(
    r"(?:at|iz|is|ac|ag|in(?<=min)|ur|ut|uc|as(?<=eas)|as(?<=clos)|os|us|rv|lv|v|dg|nc|rc|ng(?<=hang)|bl|dl|tl|[fc]il|um|"
    r"creat|declar|prepar|tun|scal|escal|revok|invok|updat|quot|not|writ|fir|rout|isolat|calibrat|remov|sav|acquir)$"
)  # fmt: skip


def imperative(text: str) -> str:
    """`text` with the past forms of its verbs turned into the plain verb."""
    return re.sub(r"[^\W\d_]+", lambda match: _verb(match.group(0)), text)


def _verb(word: str) -> str:
    lower = word.lower()
    if lower in _IRREGULAR:
        return _IRREGULAR[lower]
    if not lower.endswith("ed") or len(lower) < 5:
        return word
    if lower.endswith("ied"):
        return lower[:-3] + "y"
    if _DOUBLED.search(lower) and not lower.endswith(("called", "killed", "filled", "pulled", "rolled", "polled")):
        return lower[:-3]
    stem = lower[:-2]
    return stem + "e" if _KEEPS_E.search(stem) else stem
