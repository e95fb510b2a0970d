"""Runbooks of other teams: the same incident written in every shape that teams use."""

from __future__ import annotations

from collections.abc import Callable

from drills.runbook.bindings import bind, bind_branch
from drills.runbook.model import Procedure, Runbook

Read = Callable[[str], Runbook]
One = Callable[[str], Procedure]


def titles(procedure: Procedure) -> list[str]:
    return [step.title for step in procedure.steps]


def acts(procedure: Procedure) -> list[tuple[str, ...]]:
    return [bind(step).actions for step in procedure.walk() if bind(step).bound]


def test_steps_as_numbered_headings(one: One) -> None:
    procedure = one("""
        # Runbook: broker outage
        ## Symptoms
        - No fills
        ## Response
        ### Step 1: Halt trading (2 min)
        ### Step 2: Reconnect
        ```bash
        docker restart ib-gateway
        ```
        """)
    assert [(step.ordinal, step.title) for step in procedure.steps] == [(1, "Halt trading (2 min)"), (2, "Reconnect")]
    assert acts(procedure) == [("halt",), ("reconnect",)]
    assert procedure.steps[0].deadline is not None
    assert procedure.steps[0].deadline.hi_s == 120


def test_a_numbered_heading_with_symptoms_is_a_procedure_and_not_a_step(read: Read) -> None:
    runbook = read("""
        # Incident runbook
        ## Procedures
        ### 1. Kill switch fired
        **Symptoms:**
        - Halted
        **Steps:**
        1. Read the log
        ### 2. Broker down
        **Symptoms:**
        - No session
        **Steps:**
        1. Reconnect
        """)
    assert [procedure.title for procedure in runbook.procedures] == ["Kill switch fired", "Broker down"]
    assert [len(procedure.symptoms) for procedure in runbook.procedures] == [1, 1]


def test_numbered_sections_of_a_document_are_not_steps(read: Read) -> None:
    runbook = read("""
        # Handbook
        ## 1. Purpose
        What this is for.
        ## 2. Kill switch fired
        1. Halt trading
        2. Cancel all orders
        ## 3. Contacts
        - Desk: extension 4100
        """)
    assert [(p.title, titles(p)) for p in runbook.procedures] == [
        ("Kill switch fired", ["Halt trading", "Cancel all orders"])
    ]
    assert [contact.role for contact in runbook.contacts] == ["Desk"]


def test_steps_as_bold_text(one: One) -> None:
    procedure = one("""
        # Position break

        **Step 1: Stop new orders**
        Use the red button.

        **Step 2 - Reconcile**

        `posctl reconcile --adopt-broker`

        **Step 3 - Verify** that both agree
        """)
    assert titles(procedure) == ["Stop new orders", "Reconcile", "Verify that both agree"]
    assert acts(procedure) == [("halt",), ("reconcile",), ("verify_reconciled",)]


def test_steps_as_numbered_comments_in_one_fence(one: One) -> None:
    procedure = one("""
        # Emergency
        ```bash
        # Step 1: check status
        botctl status
        # Step 2: cancel all orders
        botctl orders cancel --all
        # Step 3: flatten
        # TODO: botctl flatten
        ```
        """)
    below = procedure.steps[0].children
    assert [step.title for step in below] == ["check status", "cancel all orders", "flatten"]
    assert [bind(step).executable for step in below] == [True, True, False]


def test_steps_as_rows_of_a_table_with_a_decision_table_beside(one: One) -> None:
    procedure = one("""
        # Feed outage

        | # | Step | Command | Owner | Deadline |
        |---|------|---------|-------|----------|
        | 1 | Halt trading | `botctl halt` | On-call | 5 min |
        | 2 | Restart the feed handler | `systemctl restart feed-handler` | On-call | |
        | 3 | Resume trading (after approval) | `botctl resume` | Risk | |

        ## Decision table

        | If | Then |
        |----|------|
        | Feed vendor is down | Switch to backup feed |
        | One symbol is stale | Quarantine the symbol |
        """)
    assert acts(procedure) == [("halt",), ("restart_service",), ("approve", "resume"), ("decide",)]
    assert procedure.steps[0].deadline is not None
    assert procedure.steps[0].deadline.hi_s == 300
    assert [bind_branch(b).actions for b in procedure.steps[3].branches] == [("refetch_data",), ("quarantine_data",)]


def test_a_decision_tree_in_box_characters(one: One) -> None:
    procedure = one("""
        # OOM in the trading engine
        ## What to do
        ```
        Is the engine running?
        ├── Yes → check memory
        │   ├── above 90% → raise the memory limit
        │   └── below 90% → look at the logs
        └── No → restart the engine
        ```
        """)
    branches = procedure.steps[0].branches
    assert [branch.action for branch in branches] == [
        "check memory", "raise the memory limit", "look at the logs", "restart the engine",
    ]  # fmt: skip
    assert branches[1].condition == "Is the engine running: Yes: above 90%"
    assert [branch.line for branch in branches] == [5, 6, 7, 8]


def test_a_drawing_that_is_no_tree_is_no_step(read: Read) -> None:
    runbook = read("""
        # Outage
        ## Overview of the timeline
        ```
        ┌──────┐     ┌──────┐
        │ page │────►│ ack  │
        ├──────┤     └──────┘
        └──────┘
        ```
        ## Broker down
        1. Reconnect
        """)
    assert [procedure.title for procedure in runbook.procedures] == ["Broker down"]


def test_one_script_for_each_fence_that_a_sentence_introduces(one: One) -> None:
    procedure = one("""
        # Broker session lost
        Check the broker's status:
        ```bash
        curl -s https://status.broker.com/health
        ```
        Restart the gateway:
        ```bash
        #!/bin/bash
        docker restart ib-gateway
        ```
        Expected output:
        ```
        ib-gateway
        ```
        """)
    assert titles(procedure) == ["Check the broker's status", "Restart the gateway"]
    assert acts(procedure) == [("look_broker",), ("reconnect",)]
    assert procedure.steps[1].commands[0].expected == "ib-gateway"


def test_no_fences_and_no_lists_at_all(one: One) -> None:
    procedure = one("""
        Broker outage notes
        ===================

        First, halt all trading immediately. Then call the broker's support desk. When the session is back,
        reconcile positions. Finally resume trading after approval from risk.
        """)
    assert acts(procedure) == [("halt",), ("call_broker",), ("decide",), ("approve", "resume")]
    assert [bind_branch(branch).actions for branch in procedure.steps[2].branches] == [("reconcile",)]


def test_boxes_to_tick_are_steps_where_nothing_else_is(read: Read) -> None:
    runbook = read("""
        # On-call guide
        ## Kill switch stuck
        - [ ] Halt strategies
        - [ ] Cancel all orders
        ## Post-incident
        - [ ] Report written within 24 hours
        """)
    assert [(p.title, titles(p)) for p in runbook.procedures] == [
        ("Kill switch stuck", ["Halt strategies", "Cancel all orders"])
    ]
    assert [(c.title, len(c.items)) for c in runbook.checklists] == [("Post-incident", 1)]
    assert [(c.template, c.within_s) for c in runbook.constraints] == [("response", 86400.0)]


def test_an_unindented_fence_belongs_to_the_step_above_it(one: One) -> None:
    procedure = one("""
        # Restart
        1. Diagnose

        ```bash
        tail -100 bot.log
        ```

        2. Recover

        ```sh
        make restart
        ```
        """)
    assert [(step.ordinal, [c.text for c in step.commands]) for step in procedure.steps] == [
        (1, ["tail -100 bot.log"]),
        (2, ["make restart"]),
    ]


def test_nested_numbers_are_sub_steps(one: One) -> None:
    procedure = one("""
        # Playbook for a stuck order
        1. Contain
           1. Halt trading
           2. Cancel orders
        2. Reconcile
        """)
    assert [step.title for step in procedure.walk()] == ["Contain", "Halt trading", "Cancel orders", "Reconcile"]
    assert [step.weight for step in procedure.walk()] == [0.0, 3.0, 3.0, 1.0]


def test_options_in_one_fence_exclude_each_other(one: One) -> None:
    step = one("""
        # Stop it
        ```bash
        # Option A: emergency stop
        ./emergency_stop.sh
        # Option B: roll back
        ./rollback.sh
        ```
        """).steps[0]
    assert [(command.alt_group, command.option) for command in step.commands] == [("alt-3", "A"), ("alt-3", "B")]
    assert bind(step).actions == ("halt",)
    assert bind(step).alternatives == (("halt",), ("rollback",))


def test_or_makes_an_alternative_of_the_command_above_and_of_nothing_else(one: One) -> None:
    step = one("""
        # Stop it
        ```bash
        # Pause all strategies
        curl -X POST http://api/pause-all
        # Or via kubectl
        kubectl scale deploy/exec --replicas=0
        # Check logs
        tail -5 bot.log
        ```
        """).steps[0]
    assert [command.option for command in step.commands] == ["A", "B", None]
    assert bind(step).actions == ("halt", "look_logs")


def test_a_whole_document_about_one_incident_is_one_playbook(read: Read) -> None:
    runbook = read("""
        # High slippage response
        ## Detection
        1. Check fills
        ## Mitigation
        1. Halt trading
        ## Recovery
        1. Resume trading
        """)
    assert runbook.single_playbook
    assert [procedure.title for procedure in runbook.procedures] == ["Detection", "Mitigation", "Recovery"]


def test_a_german_runbook(read: Read) -> None:
    runbook = read("""
        # Notfallhandbuch Handelssystem
        ## 1. Zweck
        Vorgehen bei Störungen.
        ## 2. Schweregrade
        | Stufe | Beschreibung | Reaktionszeit |
        |-------|--------------|---------------|
        | Stufe 1 | Kritisch, Handel steht | sofort |
        | Stufe 2 | Hoch, eingeschränkt | innerhalb von 15 Minuten |
        ## 3. Kill-Switch ausgelöst
        **Symptome:**
        - Handel steht
        **Schritte:**
        1. **Alarm quittieren** (2 Min.)
        2. **Handel sofort stoppen**
           ```bash
           # Not-Aus auslösen
           ./scripts/notaus.sh
           ```
        3. Alle offenen Orders stornieren
        4. Positionen beim Broker prüfen
        5. Ursache ermitteln
           - Wenn Tagesverlust überschritten → Leiter Handel informieren
           - Wenn API-Fehler → Verbindung zum Broker prüfen
        6. Freigabe durch das Risikomanagement einholen
        7. Kill-Switch zurücksetzen – erst nach Freigabe
        8. Vorfall dokumentieren
        ## 4. Kontakte
        | Rolle | Telefon |
        |-------|---------|
        | Leiter Handel | [Telefon] |
        """)
    (procedure,) = runbook.procedures
    assert acts(procedure) == [
        ("acknowledge",), ("halt",), ("cancel_orders",), ("look_positions",), ("root_cause", "decide"),
        ("approve",), ("reset_halt",), ("document",),
    ]  # fmt: skip
    assert [(c.template, c.a, c.b, c.critical) for c in procedure.constraints] == [
        ("precedence", "approve", "reset_halt", True)
    ]
    assert [step.deadline.hi_s for step in procedure.steps if step.deadline is not None] == [120, 60]
    assert [(level.rank, level.response.hi_s) for level in runbook.severities if level.response] == [(1, 60), (2, 900)]
    assert [contact.placeholder for contact in runbook.contacts] == [True]


def test_a_spanish_runbook(read: Read) -> None:
    runbook = read("""
        # Manual de respuesta: pérdida de conexión con el bróker
        **RTO:** 20 minutos
        ## Síntomas
        - Las órdenes no se ejecutan
        ## Respuesta inmediata
        ### Paso 1: Confirmar la alerta
        ### Paso 2: Detener la operativa
        Ejecutar `tradectl halt --all` de inmediato.
        ### Paso 3: Comprobar el estado del bróker
        ### Paso 4: Reconectar
        ```bash
        # Reiniciar la pasarela
        docker restart ib-gateway
        ```
        Si la reconexión falla → escalar al jefe de mesa
        ### Paso 5: Conciliar posiciones
        ### Paso 6: Reanudar
        Reanudar la operativa solo después de la aprobación del responsable de riesgos.
        ## Contactos
        - **Riesgos**: (por definir)
        """)
    (procedure,) = runbook.procedures
    assert acts(procedure) == [
        ("acknowledge",), ("halt",), ("look_broker",), ("reconnect", "decide"), ("reconcile",), ("approve", "resume"),
    ]  # fmt: skip
    assert procedure.objectives[0].seconds == 1200
    branch = procedure.steps[3].branches[0]
    assert branch.guard is not None
    assert (branch.guard.op, branch.guard.values) == ("not", ("reconnect_succeeds",))
    assert runbook.contacts[0].placeholder


def test_labels_below_each_step_belong_to_it(one: One) -> None:
    procedure = one("""
        # RB-017: Market data feed stale
        **Severity:** SEV2
        **Trigger:** Alert FeedStale for 2 minutes

        ## Response
        ### 1. Stop trading on the symbol
        **Time limit:** 5 min

        **Command:**
        ```
        botctl symbols disable --stale
        ```
        **Verify:**
        ```
        botctl symbols list --disabled
        ```
        **Rollback:**
        ```
        botctl symbols enable --all
        ```
        ### 2. Restart the feed handler
        You should run:
        ```
        feedctl bounce
        ```
        """)
    assert (procedure.title, procedure.trigger) == ("RB-017: Market data feed stale", "Alert FeedStale for 2 minutes")
    stop, restart = procedure.steps
    assert [command.text for command in stop.commands] == [
        "botctl symbols disable --stale",
        "botctl symbols list --disabled",
    ]
    assert bind(stop).actions == ("halt", "verify_health")
    assert stop.deadline is not None
    assert stop.deadline.hi_s == 300
    assert [(step.title, step.optional) for step in stop.children] == [("Rollback", True)]
    assert [command.text for command in restart.commands] == ["feedctl bounce"]


def test_phases_with_times_from_the_alert(read: Read) -> None:
    runbook = read("""
        # Playbook: Flash crash
        ## Phase 1: Contain (T+0 to T+5 min)
        1. Halt all strategies: `desk halt --all`
        ## Phase 2: Recover
        | Step | Who | What |
        |---|---|---|
        | a | Risk | Approve the restart |
        | b | Trader | Re-enable strategies one by one |
        """)
    assert runbook.single_playbook
    contain, recover = runbook.procedures
    assert contain.deadline is not None
    assert contain.deadline.hi_s == 300
    assert acts(contain) == [("halt",)]
    assert acts(recover)[-1] == ("resume",)


def test_questions_answered_by_yes_and_no(one: One) -> None:
    procedure = one("""
        # Reconnect guide
        Is the broker status page green?
        - Yes: restart the gateway
        - No: wait for the broker and notify the desk
        """)
    (step,) = procedure.steps
    assert step.title == "Is the broker status page green"
    assert [bind_branch(branch).actions for branch in step.branches] == [("reconnect",), ("monitor", "notify")]


def test_commands_as_inline_code_of_a_tool_that_nobody_knows(one: One) -> None:
    procedure = one("""
        # SOP: Position mismatch
        1. Stop the strategy: `tradectl strategy stop momentum`.
        2. Compare with the database (`psql -c "select * from positions"`), see `docs/positions.md`.
        3. Run `tradectl reconcile --apply`; it prints `0 diffs`.
        """)
    assert [[command.text for command in step.commands] for step in procedure.steps] == [
        ["tradectl strategy stop momentum"],
        ['psql -c "select * from positions"'],
        ["tradectl reconcile --apply"],
    ]
    assert acts(procedure) == [("halt",), ("look_positions",), ("reconcile",)]


def test_headings_with_nothing_below_them(one: One) -> None:
    procedure = one("# Emergency\n## Kill switch\n### Halt trading\n### Cancel open orders\n### Notify risk\n")
    assert acts(procedure) == [("halt",), ("cancel_orders",), ("notify",)]


def test_details_that_unfold_and_lettered_lines(read: Read) -> None:
    runbook = read("""
        # Incident Runbook
        <details>
        <summary>Broker disconnect</summary>

        (a) Halt trading
        (b) Reconnect

        </details>

        <details>
        <summary>Kill switch stuck</summary>

        • Flatten
        • Notify risk

        </details>
        """)
    assert [(p.title, acts(p)) for p in runbook.procedures] == [
        ("Broker disconnect", [("halt",), ("reconnect",)]),
        ("Kill switch stuck", [("flatten",), ("notify",)]),
    ]


def test_a_windows_host(one: One) -> None:
    procedure = one("""
        # Bot not responding
        1. Open PowerShell and run:

        ```powershell
        # Restart it
        Restart-Service TradingBot
        ```

        2. Verify the bot is running
        """)
    assert acts(procedure) == [("restart",), ("verify_health",)]
