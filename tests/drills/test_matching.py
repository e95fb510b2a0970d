"""`firedrill match`: a drill for each procedure, how sure that is, and what is left over."""

from __future__ import annotations

import json
import textwrap
from pathlib import Path

import pytest

from drills.cli import main
from drills.drill import drills
from drills.matching import Matched, MatchReport, Sureness, match
from drills.runbook.reader import read_runbook, read_text
from tests.drills.plans import SHARED


def read(text: str) -> MatchReport:
    return match(read_text(textwrap.dedent(text).lstrip("\n"), "test.md"))


def best(report: MatchReport) -> dict[str, tuple[str, str] | None]:
    """Procedure to (drill, how sure) of the first proposal."""

    def first(matched: Matched) -> tuple[str, str] | None:
        return (matched.proposals[0].drill, matched.proposals[0].sureness.value) if matched.proposals else None

    return {matched.procedure: first(matched) for matched in report.procedures if matched.not_drillable is None}


FIVE = {
    "high-drawdown": {"high-drawdown-incident-response": ("drawdown", "sure")},
    "sev-levels": {
        "incident-response-steps": ("q1", "any"), "kill-switch-triggered": ("q1", "sure"),
        "exchange-connection-lost": ("q2", "sure"), "position-mismatch": ("position-mismatch", "sure"),
        "memory-exhaustion": ("memory", "sure"),
    },
    "quarterly-drills": {
        "kill-switch-triggered": ("q1", "sure"), "broker-connection-lost": ("q2", "sure"),
        "data-sla-violation": ("data-sla", "sure"), "unexpected-position": ("unexpected-position", "sure"),
        "rollback-to-stable-version": ("deployment", "sure"), "rollback-paper-lab": ("mode-rollback", "sure"),
    },
    "platform-outage": {
        "p1-system-unavailable": ("system-unavailable", "sure"),
        "p1-execution-failures": ("execution-failures", "sure"), "p2-high-latency": ("high-latency", "sure"),
        "p2-calibration-failures": ("calibration", "sure"),
    },
    "paper-trading": {
        "p0-system-down": ("system-down", "sure"), "p1-kill-switch-triggered": ("q1", "sure"),
        "p2-degraded-performance": ("degraded-fills", "sure"), "p3-minor-issues": None,
    },
}  # fmt: skip


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared runbooks are not beside this checkout")
class TestTheFive:
    @pytest.mark.parametrize("book", FIVE)
    def test_each_procedure_has_its_drill(self, book: str) -> None:
        assert best(match(read_runbook(SHARED / f"{book}.md"))) == FIVE[book]

    def test_the_causes_of_a_kill_switch_lead_to_their_cases(self) -> None:
        (found,) = [
            matched for matched in match(read_runbook(SHARED / "paper-trading.md")).procedures
            if matched.procedure == "p1-kill-switch-triggered"
        ]  # fmt: skip
        leads = {branch.title: branch.cases[0] for branch in found.branches}
        assert leads == {
            "For Daily Loss Trigger": "q1/q1-daily-loss", "For API Error Trigger": "q1/q1-api-errors",
            "For Slippage Trigger": "q1/q1-slippage",
        }  # fmt: skip

    def test_two_announced_drills_have_no_procedure(self) -> None:
        planned = match(read_runbook(SHARED / "quarterly-drills.md")).planned
        assert [(p.text[:2], p.procedures, p.drills[0]) for p in planned] == [
            ("Q1", ("kill-switch-triggered",), "q1"), ("Q2", ("broker-connection-lost",), "q2"), ("Q3", (), "q3"),
            ("Q4", (), "q4"),
        ]  # fmt: skip

    @pytest.mark.parametrize("book", FIVE)
    def test_it_reads_in_eighty_columns_and_no_gap_is_a_failure(
        self, book: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main(["match", str(SHARED / f"{book}.md")]) == 0
        lines = capsys.readouterr().out.splitlines()
        assert all(len(line) <= 80 for line in lines if "firedrill run" not in line and str(SHARED) not in line)


def test_german_and_spanish_procedures_find_their_drills() -> None:
    german = read(
        """
        # Notfallhandbuch
        ## Not-Aus ausgelöst
        1. Handel sofort stoppen
        ## Brokerverbindung verloren
        1. Verbindung neu aufbauen
        ## Unerwartete Position
        1. Positionen beim Broker prüfen
        ## Speicher erschöpft
        1. System neu starten
        ## Hohe Latenz
        1. Datenbank prüfen
        ## Kalibrierung fehlgeschlagen
        1. Neu kalibrieren
        """
    )
    assert [drill for drill, _ in filter(None, best(german).values())] == [
        "q1", "q2", "unexpected-position", "memory", "high-latency", "calibration",
    ]  # fmt: skip
    spanish = read(
        """
        # Manual de incidencias
        ## Parada de emergencia activada
        1. Detener la operativa
        ## Pérdida de conexión con el bróker
        1. Reconectar
        ## Datos incompletos
        1. Volver a descargar los datos
        ## Latencia elevada
        1. Revisar la base de datos
        """
    )
    assert [drill for drill, _ in filter(None, best(spanish).values())] == ["q1", "q2", "data-sla", "high-latency"]


def test_symptoms_make_it_likely_and_steps_only_a_maybe() -> None:
    report = read(
        """
        # Handbook
        ## Something is odd
        ### Symptoms
        - API latency above five seconds
        ### Steps
        1. Check the graphs
        ## Something else is odd
        ### Symptoms
        - The phone rings
        ### Steps
        1. Check for memory leaks
        """
    )
    assert best(report) == {
        "something-is-odd": ("high-latency", "likely"), "something-else-is-odd": ("memory", "maybe"),
    }  # fmt: skip
    assert "its symptoms say" in report.procedures[0].proposals[0].why


def test_what_is_for_before_and_after_is_no_gap() -> None:
    report = read(
        """
        # Handbook
        ## Kill switch triggered
        1. Halt trading
        ## Communication
        1. Notify the desk
        ## Post-incident
        1. Hold the review
        ## Coffee machine outage
        ### Symptoms
        - No coffee
        ### Steps
        1. Call facilities
        """
    )
    aside = {m.procedure: m.not_drillable for m in report.procedures if m.not_drillable}
    assert aside == {"communication": "telling others", "post-incident": "work after an incident"}
    assert [m.procedure for m in report.procedures if m.gap] == ["coffee-machine-outage"]


@pytest.mark.parametrize(
    ("title", "drill"),
    [
        ("Caída del enlace con la bolsa", "q2"), ("El bot no cancela al perder el websocket", "q2"),
        ("Sin precios", "q3"), ("Kurse stehen", "q3"), ("Envío erróneo de posturas", "q1"),
        ("Algo sendet unkontrolliert Orders", "q1"), ("Runaway strategy", "q1"),
        ("Diferencias de posición con la corredora", "position-mismatch"),
        ("Errores persistentes de ejecución de órdenes", "execution-failures"),
        ("Sistema completamente inoperativo", "system-unavailable"),
    ],
)  # fmt: skip
def test_incidents_by_the_names_that_desks_give_them(title: str, drill: str) -> None:
    assert list(best(read(f"# Handbook\n## {title}\n1. Stop all trading\n")).values()) == [(drill, "sure")]


def test_a_procedure_for_whatever_happens_is_for_any_drill() -> None:
    report = read("# Handbook\n## Response steps\n1. Acknowledge\n2. Stop all trading\n## Fat finger\n1. Call\n")
    assert report.procedures[0].proposals[0].sureness is Sureness.ANY


def test_json_carries_the_command_to_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "my book.md"
    text = "# Book\n## Kill switch triggered\n1. Halt trading\n## Data gaps\n1. Check data\n"
    path.write_text(text, encoding="utf-8")
    assert main(["match", str(path), "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    first = facts["procedures"][0]
    assert first["run"][0] == f"firedrill run q1 --runbook '{path}#kill-switch-triggered'"
    assert not first["gap"]
    assert set(first["proposals"][0]["cases"]) == set(drills()["q1"].cases)


def test_a_file_that_is_not_there_is_bad_input(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["match", "nowhere.md"]) == 2
    assert "nowhere.md" in capsys.readouterr().err
