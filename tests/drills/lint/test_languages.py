"""German and Spanish runbooks: the same mistakes in other words, and good pages that stay quiet."""

from __future__ import annotations

import pytest

from tests.drills.lint.pages import rules_in

GERMAN = """# Notfallhandbuch Handel

## Schweregrade

| Stufe | Bedeutung | Reaktionszeit |
|---|---|---|
| SEV1 | Kritisch: Handel steht | {zeit} |
| SEV2 | Hoch: langsam | 1 Stunde |

**RTO:** 30 Minuten

## Broker-Verbindung verloren

1. **Prozess prüfen**
   ```bash
   # Läuft der Prozess?
   {prozess}
   ```
2. **Entscheidung**
   - {entscheidung}
3. **Verbindung neu aufbauen**
   ```bash
   deskctl reconnect
   {danach}
   ```

## Kontakte

- **Bereitschaft**: {kontakt}

**Nächste Überprüfung:** {datum}
"""

SPANISH = """# Manual de incidentes

**RTO:** 30 minutos

## Niveles de severidad

| Nivel | Impacto | Tiempo de respuesta |
|---|---|---|
| SEV1 | Crítico: operativa detenida | {tiempo} |
| SEV2 | Alto: lentitud | 1 hora |

## Pérdida de conexión con el bróker

1. **Comprobar el proceso**
   ```bash
   {proceso}
   ```
2. **Decisión**
   - {decision}
3. **Restablecer la conexión**
   ```bash
   deskctl reconnect
   {despues}
   ```

## Contactos

- **Guardia**: {contacto}

**Próxima revisión:** {fecha}
"""


def test_a_german_runbook_with_mistakes() -> None:
    page = GERMAN.format(
        zeit="", prozess="ps aux | grep handelsbot", danach="# TODO: Verbindung prüfen", kontakt="[Telefon]",
        entscheidung="Falls der Verlust im akzeptablen Bereich liegt → weiter", datum="27.02.2026",
    )  # fmt: skip
    assert {"RB103", "RB109", "RB201", "RB204", "RB205", "RB209"} <= set(rules_in(page))


def test_a_german_runbook_without() -> None:
    page = GERMAN.format(
        zeit="5 Minuten", prozess="pgrep -af handelsbot", danach="deskctl verify connected", datum="27.02.2027",
        entscheidung="Falls der Verlust unter 2 % liegt → weiter", kontakt="Durchwahl 4100",
    )  # fmt: skip
    assert rules_in(page) == []


def test_a_spanish_runbook_with_mistakes() -> None:
    page = SPANISH.format(
        tiempo="", proceso="ps aux | grep bot", despues="# TODO: comprobar la conexión", contacto="[Teléfono]",
        decision="Si la pérdida está dentro de un rango aceptable → continuar", fecha="27 de febrero de 2026",
    )  # fmt: skip
    assert {"RB103", "RB109", "RB201", "RB204", "RB209"} <= set(rules_in(page))


def test_a_spanish_runbook_without() -> None:
    page = SPANISH.format(
        tiempo="5 minutos", proceso="pgrep -af bot", despues="deskctl verify connected", fecha="2027-02-27",
        decision="Si la pérdida es menor del 2 % → continuar", contacto="extensión 4100",
    )  # fmt: skip
    assert rules_in(page) == []


@pytest.mark.parametrize(
    ("language", "line"),
    [
        ("de", "Das Verlust-Limit von 2 % gilt.\n\nHalten, wenn das Verlust-Limit von 3 % erreicht ist."),
        ("es", "El límite de pérdida diaria es 2 %.\n\nDetener con un límite de pérdida diaria de 3 %."),
    ],
)
def test_limits_that_differ(language: str, line: str) -> None:
    assert "RB211" in rules_in(f"# Bot\n\n{line}\n\n## Ausfall des Systems\n\n1. Neustart\n"), language
