"""What other desks write, read as one of their own people reads it.

Each text is short and ours; the way of writing was met in runbooks of trading teams, among them German,
Austrian, Spanish and Latin American ones.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import pytest

from drills.runbook.bindings import bind, bind_branch
from drills.runbook.commands import meaning
from drills.runbook.decisions import as_choice, tree_choices
from drills.runbook.guards import answered_guard, holds, parse_guard
from drills.runbook.model import Procedure, Runbook, Source, Step
from drills.runbook.people import is_placeholder
from drills.runbook.vocabulary import actions_in

Read = Callable[[str], Runbook]
One = Callable[[str], Procedure]


def titles(procedure: Procedure) -> list[str]:
    return [step.title for step in procedure.steps]


def answers(book: Runbook) -> dict[str, float | None]:
    """The levels with the seconds in which somebody has to answer."""
    return {level.id: level.response.hi_s if level.response else None for level in book.severities}


def done(step: Step) -> list[str]:
    """What the step, its branches and what stands below it stand for."""
    found = list(bind(step).actions)
    for branch in step.branches:
        found += bind_branch(branch).actions
    for child in step.children:
        found += done(child)
    return found


# Severity scales -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scale", "wanted"),
    [
        (
            """
            ## Stufen
            - S1: Verlust läuft, Antwort in 2 Minuten
            - S2: Handel steht, Antwort in 10 Minuten
            """,
            {"S1": 120, "S2": 600},
        ),
        (
            """
            ## Niveles de alerta
            * NIVEL 1 (Leve): informar al día siguiente
            * NIVEL 3 (Grave): responder en 5 minutos
            """,
            {"NIVEL 1": 86_400, "NIVEL 3": 300},
        ),
        (
            """
            ## Prioridades
            - **P1 – Crítica**: perdemos dinero. Respuesta: 2 minutos.
            - **P4 – Baja**: todo lo demás. Respuesta: siguiente día hábil.
            """,
            {"P1": 120, "P4": 86_400},
        ),
        (
            """
            ## Severity
            - 🔴 S1 — money at risk — 3 min
            - 🟡 S3 — cosmetic — next day
            """,
            {"S1": 180, "S3": 86_400},
        ),
        (
            """
            ## Severity and response

            SEV-A  Uncontrolled risk              ack 1 min    resolve 15 min
            SEV-B  Trading stopped, risk known    ack 5 min    resolve 60 min
            """,
            {"SEV-A": 60, "SEV-B": 300},
        ),
        (
            """
            ## sev cheat sheet

            sev0 = losing money right now, 1 min. sev1 = could lose money, 10 min.
            """,
            {"sev0": 60, "sev1": 600},
        ),
        (
            """
            ## Clasificación de Incidentes
            ### Severidad CRÍTICA (P1)
            - Sistema inoperativo

            **Tiempo de respuesta**: 1 minuto
            ### Severidad ALTA (P2)
            - Degradación

            **Tiempo de respuesta**: 5 minutos
            """,
            {"P1": 60, "P2": 300},
        ),
        (
            """
            ## Severity matrix

            | | Money at risk | No money at risk |
            |---|---|---|
            | All venues | SEV1 (ack 2m) | SEV2 (ack 10m) |
            | One venue | SEV2 (ack 10m) | SEV3 (ack 1h) |
            """,
            {"SEV1": 120, "SEV2": 600, "SEV3": 3_600},
        ),
        (
            """
            ## Severity: P1 - High

            **Response time:** < 1 hour
            """,
            {"P1": 3_600},
        ),
    ],
)  # fmt: skip
def test_a_scale_is_read_however_it_is_set_out(read: Read, scale: str, wanted: dict[str, float]) -> None:
    lines = [line[12:] for line in scale.split("\n")]
    book = read("# Incident runbook\n" + "\n".join(lines) + "\n## Broker lost\n1. Halt trading\n")
    assert answers(book) == wanted


def test_a_procedure_names_its_level_by_the_tables_own_id(read: Read) -> None:
    book = read("""
        # Störungen
        ## Störungsklassen
        | Klasse | Auswirkung | Reaktionszeit |
        |---|---|---|
        | K1 | Algo handelt unkontrolliert | sofort |
        | K2 | Keine Orders möglich | 5 Min. |
        ## Verbindung zur Börse unterbrochen (K2)
        1. Gateway neu starten
        ## Algo sendet unkontrolliert (K1)
        1. Handel stoppen
        """)
    assert [procedure.severity for procedure in book.procedures] == [("K2",), ("K1",)]


# Steps ---------------------------------------------------------------------------------------------------


def test_numbers_such_as_2_1_in_a_step_column_are_not_titles(one: One) -> None:
    procedure = one("""
        # Kill switch activation
        | Step | Action | Owner | SLA |
        |---|---|---|---|
        | 2.1 | Open the bridge | Incident manager | 2 min |
        | 2.2 | Activate the kill switch<br>`killctl --desk EQ --activate` | Support | 3 min |
        """)
    assert [(step.ordinal, step.title.split(" kill")[0]) for step in procedure.steps] == [
        (1, "Open the bridge"), (2, "Activate the"),
    ]  # fmt: skip
    assert [command.text for command in procedure.steps[1].commands] == ["killctl --desk EQ --activate"]


@pytest.mark.parametrize("label", ["**Step {n}**: ", "**{n})** ", "**Paso {n}:** "])
def test_a_bold_number_is_not_what_is_to_be_done(one: One, label: str) -> None:
    items = ["Suspend the strategy", "Cancel all orders"]
    lines = "\n".join(f"- {label.format(n=n)}{item}" for n, item in enumerate(items, 1))
    procedure = one(f"# Position break\n\n{lines}\n")
    assert [(step.ordinal, step.title) for step in procedure.steps] == list(enumerate(items, 1))


def test_numbers_with_an_escaped_point_count_steps(one: One) -> None:
    procedure = one("""
        # Market data stale

        1\\. Confirm staleness: `mdcheck --feed A --max-age 5s`

        2\\. Switch to the secondary feed

        3\\. Validate prices
        """)
    assert [step.ordinal for step in procedure.steps] == [1, 2, 3]
    assert [command.text for command in procedure.steps[0].commands] == ["mdcheck --feed A --max-age 5s"]


def test_fences_that_begin_with_a_numbered_comment_are_a_step_each_beside_a_decision_table(one: One) -> None:
    procedure = one("""
        # Drawdown über 5 %
        ```bash
        # Schritt 1: Strategien anhalten
        /opt/fx/strategie.sh stop alle
        ```
        ```bash
        # Schritt 2: offene Orders löschen
        /opt/fx/orders.sh loeschen --alle
        ```

        | Lage | Maßnahme |
        |---|---|
        | Drawdown unter 8 % | halten |
        | Drawdown über 8 % | alles glattstellen |
        """)
    assert titles(procedure) == ["Strategien anhalten", "offene Orders löschen"]
    assert [done(step)[0] for step in procedure.steps] == ["halt", "cancel_orders"]
    assert len(procedure.steps[-1].branches) == 2


def test_commands_beside_a_table_of_steps_are_not_lost(one: One) -> None:
    procedure = one("""
        # Feed lost
        ```bash
        kubectl get pods -n desk
        ```

        | Step | Action |
        |---|---|
        | 1 | Halt trading |
        """)
    assert [command.text for step in procedure.walk() for command in step.commands] == ["kubectl get pods -n desk"]
    assert procedure.steps[-1].title == "Halt trading"


def test_an_outline_export_is_read_by_its_folded_sections(read: Read) -> None:
    book = read("""
        # On-call: Futures bot 2f1c9d8a7b6e4c3d9e0f1a2b3c4d5e6f
        - Severity
            - S1 — money at risk — 3 min
            - S2 — bot down — 15 min
        - Emergency flatten
            1. Halt trading
            2. Close all positions
        - Gateway disconnected
            1. Restart the gateway
        - Contacts
            - Priya: +91 98100 12345
        """)
    assert book.title == "On-call: Futures bot"
    assert [procedure.title for procedure in book.procedures] == ["Emergency flatten", "Gateway disconnected"]
    assert answers(book) == {"S1": 180, "S2": 900}
    assert [contact.role for contact in book.contacts] == ["Priya"]


def test_a_nested_list_of_details_is_no_outline(one: One) -> None:
    procedure = one("""
        # Broker lost
        - Halt trading
            - all strategies
        - Check the broker
            - status page
        """)
    assert titles(procedure) == ["Halt trading", "Check the broker"]


def test_steps_called_steps_stay_one_procedure_when_one_of_them_holds_a_list(read: Read) -> None:
    book = read("""
        # Kill Switch Handbuch
        ## Notfall-Verfahren
        ### 3. Recovery-Prozess
        **Schritt 1: Freigabe einholen**

        ```bash
        ./ks.sh health
        ```
        **Schritt 2: Recovery starten**

        Das Script fragt nach:
        1. Grund
        2. Freigabecode
        ### 4. Anderes
        1. Handel stoppen
        """)
    assert book.procedures[0].title == "Recovery-Prozess"
    assert titles(book.procedures[0]) == ["Freigabe einholen", "Recovery starten"]


def test_a_section_told_in_sentences_beside_listed_ones_is_a_procedure(read: Read) -> None:
    book = read("""
        # Protocolo de emergencia
        ## Situación A: sin precios
        1. Detener las estrategias
        ## Situación B: diferencias de posición
        Primero detener el bot. Después conciliar las posiciones con la corredora. Finalmente registrar el incidente.
        ## Notas
        Este documento se revisa cada año.
        """)
    assert [procedure.title for procedure in book.procedures][1:] == ["Situación B: diferencias de posición"]
    assert [done(step) for step in book.procedures[1].steps] == [["halt"], ["reconcile"], ["document"]]


def test_a_bold_line_that_states_a_time_opens_no_procedure(read: Read) -> None:
    book = read("""
        # Trading runbook
        ## Stale policy alert
        **Response Time: <15 minutes**

        1. Check the daemon: `systemctl status policy`
        ## Feed lost
        1. Halt trading
        """)
    assert [procedure.title for procedure in book.procedures] == ["Stale policy alert", "Feed lost"]


def test_a_measurement_in_a_title_is_no_deadline(one: One) -> None:
    procedure = one("""
        # Alta latencia (p99 > 2s)
        1. Revisar la base de datos (p99 > 2s)
        2. Avisar a riesgos (< 2 min)
        """)
    assert [step.deadline.hi_s if step.deadline else None for step in procedure.steps] == [None, 120]


@pytest.mark.parametrize("heading", ["Erkennbar an", "Detection indicators", "Cómo se nota"])
def test_how_an_incident_shows_is_no_step(one: One, heading: str) -> None:
    procedure = one(f"# Broker lost\n\n{heading}:\n\n- no fills\n- a call from the exchange\n\n1. Halt trading\n")
    assert titles(procedure) == ["Halt trading"]
    assert len(procedure.symptoms) == 2


# Decisions and rules -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "condition"),
    [
        ("Si no baja en 5 minutos, reiniciar redis", "Si no baja en 5 minutos"),
        ("Si no: detener el bot", "Si no"),
        ("Wurde er nicht ausgelöst: Handel manuell stoppen", "Wurde er nicht ausgelöst"),
        ("Bei offener Position über 10 MW: Schichtleiter informieren", "Bei offener Position über 10 MW"),
    ],
)
def test_where_the_condition_ends(text: str, condition: str) -> None:
    choice = as_choice(text)
    assert choice is not None
    assert choice.condition == condition


@pytest.mark.parametrize(
    "text",
    [
        "Wurde er nicht ausgelöst: Handel manuell stoppen",
        "Si después de 3 intentos quedan órdenes, avisar a riesgos",
        "Check the order book before every order submission",
        "Elaborar el reporte de causa raíz antes de las 18:00",
    ],
)
def test_what_only_looks_like_a_rule_forbids_and_orders_nothing(one: One, text: str) -> None:
    procedure = one(f"# Broker lost\n\n1. Halt trading\n2. {text}\n")
    assert [(rule.template, rule.a) for rule in procedure.constraints] == []


def test_what_not_to_do_is_no_step(one: One) -> None:
    procedure = one("""
        # El bot opera sin control
        **Qué hacer**

        1. Detener las estrategias

        **Qué NO hacer**

        - Reiniciar el bot
        """)
    assert "restart" not in [action for step in procedure.walk() for action in done(step)]


NESTED = """
Is the venue status page red?
├── YES ── Is the position over 50k?
│          ├── YES ── Hedge
│          └── NO ─── Wait
└── NO ─── Are other venues OK?
           ├── YES ── Restart the connector
           └── NO ─── Escalate to infra
"""


def test_each_leaf_of_a_drawn_tree_has_all_the_answers_on_its_way() -> None:
    red, others = "Is the venue status page red", "Are other venues OK"
    assert [(choice.condition, choice.action) for choice in tree_choices(NESTED)] == [
        (f"{red}: YES: Is the position over 50k: YES", "Hedge"),
        (f"{red}: YES: Is the position over 50k: NO", "Wait"),
        (f"{red}: NO: {others}: YES", "Restart the connector"),
        (f"{red}: NO: {others}: NO", "Escalate to infra"),
    ]


def test_a_tree_whose_answers_lead_aside() -> None:
    tree = """
Precios detenidos
 |
 +-- ¿Bolsa abierta? --no--> Fin
 |
 si
 |
 +-- ¿Responde el proveedor? --no--> Cambiar a respaldo
 |
 si
 |
 +-- Reiniciar el lector
"""
    assert [(choice.condition, choice.action) for choice in tree_choices(tree)] == [
        ("Precios detenidos: ¿Bolsa abierta: no", "Fin"),
        ("¿Bolsa abierta: si: ¿Responde el proveedor: no", "Cambiar a respaldo"),
        ("¿Responde el proveedor: si", "Reiniciar el lector"),
    ]


@dataclass
class Incident:
    """What is really so, for the guards below."""

    conditions: Mapping[str, bool]
    severity_rank: int = 1
    causes: tuple[str, ...] = ()
    measures: Mapping[str, float] = field(default_factory=dict)


@pytest.mark.parametrize(
    ("broker_up", "wanted"), [(False, [None, None, False, False]), (True, [False, False, None, None])]
)
def test_the_other_half_of_a_tree_is_out_of_the_question(broker_up: bool, wanted: list[bool | None]) -> None:
    src = Source(file="t.md", line=1, end=1, path=())
    truth = Incident({"broker_up": broker_up})
    guards = [answered_guard(choice.condition, src) for choice in tree_choices(NESTED)]
    assert [holds(guard, truth) for guard in guards] == wanted


def test_a_no_turns_the_question_round() -> None:
    src = Source(file="t.md", line=1, end=1, path=())
    guard = answered_guard("Is the broker down: no", src)
    assert holds(guard, Incident({"broker_up": True})) is True
    assert holds(guard, Incident({"broker_up": False})) is False
    assert answered_guard("If the broker is down", src) is None


@pytest.mark.parametrize(("drawdown", "wanted"), [(4.9, False), (5.0, True), (7.0, True), (8.0, True), (15.0, False)])
def test_a_band_of_drawdown_ends_where_it_says(drawdown: float, wanted: bool) -> None:
    guard = parse_guard("Drawdown 5–8 %", Source(file="t.md", line=1, end=1, path=()))
    assert holds(guard, Incident({}, causes=("drawdown",), measures={"drawdown_pct": drawdown})) is wanted


def test_a_prohibition_asks_for_nothing(one: One) -> None:
    procedure = one("""
        # Exchange down
        1. Monitor the exchange
        2. **Do NOT restart services** - the reconnect logic handles this
        3. No reactivar el mismo día
        """)
    assert [(bind(step).actions, bind(step).executable) for step in procedure.steps[1:]] == [((), True), ((), True)]


# Words and commands --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Sämtliche Strategien werden über die Schaltfläche angehalten", "halt"),
        ("Position manuell schließen", "flatten"),
        ("Positionen nur nach Rücksprache mit dem Risikomanagement glattstellen", "flatten"),
        ("Der Handel darf erst nach schriftlicher Freigabe wieder aufgenommen werden", "resume"),
        ("Differenzen werden an das Risikomanagement gemeldet", "notify"),
        ("Bestandsabgleich mit der Depotbank durchführen", "reconcile"),
        ("Auf Ersatzquelle umschalten", "refetch_data"),
        ("Oprimir el botón de paro general", "halt"),
        ("Parar el motor de cotización", "halt"),
        ("Apagar el interruptor de trading", "halt"),
        ("Cancelar todas las posturas vivas", "cancel_orders"),
        ("Calcular la posición neta por emisora", "look_positions"),
        ("Reactivar el algoritmo", "resume"),
        ("Escalar recursos", "scale_up"),
        ("Escalar a riesgos", "escalate"),
        ("Dejar constancia en la bitácora", "document"),
        ("Hit the HALT button in the desk app", "halt"),
        ("Kill idle connections", "kill_query"),
    ],
)
def test_a_desks_words(text: str, wanted: str) -> None:
    assert wanted in actions_in(text)


@pytest.mark.parametrize(
    "text", ["Did it actually pause?", "No reactivar el mismo día", "Positions at the broker == 0?", "Was it halted?"]
)
def test_a_question_or_a_prohibition_changes_nothing(text: str) -> None:
    assert not {"halt", "resume", "flatten", "stop_system"} & set(actions_in(text))


@pytest.mark.parametrize(
    ("command", "wanted"),
    [
        ("python scripts/killswitch.py --deactivate", "reset_halt"),
        ("python scripts/killswitch.py --activate --reason x", "halt"),
        ("./ops/kill_switch_ctl.sh recover", "reset_halt"),
        ("./ops/kill_switch_ctl.sh status", "look_status"),
        ("./ops/kill_switch_ctl.sh trigger", "halt"),
        ("/opt/oms/bin/kill --all", "halt"),
        ("kill -9 4711", "stop_system"),
        ("docker compose run --rm tools cancel-all --venue kraken", "cancel_orders"),
        ("docker compose up -d quoter", "start_system"),
        ("docker compose exec oms omsctl inv", "look_positions"),
        ("python -m fut.tools.flatten --account live", "flatten"),
        ('python -c "import ccxt; print(ccxt.kraken().fetch_status())"', "look_broker"),
    ],
)
def test_what_a_command_stands_for(command: str, wanted: str) -> None:
    assert meaning(command, "bash").actions == (wanted,)


@pytest.mark.parametrize(
    "command", ["chmod +x ops/kill_switch_ctl.sh", "cp -r logs/ incidents/today/", "cp -r state/ state_backup/"]
)
def test_keeping_a_copy_or_setting_a_mode_is_nothing_the_firm_feels(command: str) -> None:
    assert meaning(command, "bash").actions == ()


@pytest.mark.parametrize(
    ("command", "forever"),
    [
        ("docker compose -f prod.yml logs --since 2m oms", False),
        ("docker compose -f prod.yml logs -f oms", True),
        ("docker logs --follow oms", True),
    ],
)
def test_the_f_before_the_verb_names_a_file(command: str, forever: bool) -> None:
    assert meaning(command, "bash").blocking is forever


def test_a_command_told_of_is_not_typed_and_one_without_marks_is(one: One) -> None:
    procedure = one("""
        # Bad deploy
        1. `docker compose up -d` was run within the last hour? If not, stop here.
        2. Gap still open: sudo systemctl restart feedh
        """)
    assert [[command.text for command in step.commands] for step in procedure.steps] == [
        [], ["sudo systemctl restart feedh"],
    ]  # fmt: skip


def test_a_branch_that_is_a_command_does_what_the_command_does(one: One) -> None:
    procedure = one("# Runaway\n\n1. Halt trading\n2. if not: `kubectl -n prod scale deploy/bot --replicas=0`\n")
    assert bind_branch(procedure.steps[1].branches[0]).actions == ("stop_system",)


# People --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "heading", ["who", "Directorio", "A quién llamar", "Telefon", "Erreichbarkeiten", "Escalation contacts"]
)
def test_contacts_by_other_names(read: Read, heading: str) -> None:
    book = read(f"# Runbook\n\n## Feed lost\n1. Halt trading\n\n## {heading}\n- Risk: +49 69 1234567\n- DBA: tbd\n")
    assert [(contact.role, contact.placeholder) for contact in book.contacts] == [("Risk", False), ("DBA", True)]
    assert len(book.procedures) == 1


def test_columns_made_of_spaces_and_a_date_below(read: Read) -> None:
    book = read("""
        # Runbook
        ## Feed lost
        1. Halt trading
        ## Contacts

        Risk officer    +44 20 7946 0111
        Broker desk     TBD

        Last updated: 2026-01-12
        """)
    assert [(c.role, c.placeholder) for c in book.contacts] == [("Risk officer", False), ("Broker desk", True)]


def test_a_name_without_a_number_reaches_nobody(read: Read) -> None:
    book = read("""
        # Runbook
        ## Feed lost
        1. Halt trading
        ## Kontakte
        | Rolle | Name | Telefon |
        |---|---|---|
        | Netzwerk | K. Auer | wird nachgetragen |
        | Schicht | wechselnd | 0711 555-2100 |
        """)
    assert [contact.placeholder for contact in book.contacts] == [True, False]


@pytest.mark.parametrize("value", ["#REF!", "@tbd", "@user", "n. n.", "por asignar", "+58-0412-YYYYY"])
def test_never_filled_in(value: str) -> None:
    assert is_placeholder(value)
