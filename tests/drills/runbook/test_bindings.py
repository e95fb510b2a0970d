"""From a step to the actions of the world, and the honest "cannot" where there are none."""

from __future__ import annotations

from collections.abc import Callable

from drills.runbook.bindings import bind, bind_branch
from drills.runbook.model import Procedure, Step

One = Callable[[str], Procedure]


def first(procedure: Procedure) -> Step:
    return procedure.steps[0]


def test_commands_outrank_the_title_and_keep_their_order(one: One) -> None:
    step = first(
        one("""
        # Outage
        1. **Handle it**
           ```bash
           # Enable safe mode
           curl -X POST http://bot/api/safe-mode
           # Verify safe mode is active
           curl -s http://bot/api/status
           ```
        """)
    )
    assert (bind(step).actions, bind(step).origin) == (("safe_mode", "verify_halted"), "command")
    assert (step.kind, step.critical, step.weight) == ("command", True, 3.0)


def test_a_todo_says_what_is_meant_and_that_it_cannot_be_followed(one: One) -> None:
    step = first(
        one("""
        # Kill switch fired
        1. **Recovery**
           ```bash
           # Only reset after approval
           # TODO: Implement reset command
           ```
        """)
    )
    binding = bind(step)
    assert (binding.actions, binding.executable) == (("approve", "reset_halt"), False)
    assert "TODO" in binding.why
    assert step.kind == "todo"


def test_a_fence_of_comments_alone_is_not_executable(one: One) -> None:
    step = first(
        one("""
        # Outage
        1. **Try this**
           ```bash
           # May need code change
           ```
        """)
    )
    assert (bind(step).bound, bind(step).executable, bind(step).origin) == (False, False, "none")


def test_what_nobody_knows_binds_to_nothing_and_says_which_words(one: One) -> None:
    binding = bind(first(one("# Outage\n1. Sing the company song\n2. Halt trading\n")))
    assert not binding.bound
    assert "Sing the company song" in binding.why


def test_an_unknown_command_falls_back_to_the_words_and_says_so(one: One) -> None:
    binding = bind(first(one("# Outage\n1. Halt trading\n   ```bash\n   ./x9\n   ```\n")))
    assert (binding.actions, binding.origin) == (("halt",), "text")
    assert "./x9" in binding.why


def test_reads_do_not_stand_in_for_the_change_that_the_title_asks_for(one: One) -> None:
    step = first(one("# Outage\n1. Restart the gateway\n   ```bash\n   docker ps\n   ```\n2. Check logs\n"))
    assert bind(step).actions == ("look_status", "reconnect")


def test_information_weighs_nothing(one: One) -> None:
    procedure = one("# Slow fills\n1. Check fills\n2. **Possible causes**\n   - High volatility\n   - Low liquidity\n")
    assert [(step.kind, step.weight) for step in procedure.steps] == [("verify", 1.0), ("info", 0.0)]


def test_bullets_below_a_check_may_be_bare_nouns(one: One) -> None:
    step = first(
        one(
            "# Data late\n1. **Check data source**\n   - EODHD API status\n   - Network connectivity\n   - Disk space\n"
        )
    )
    assert bind(step).actions == ("look_data", "look_network", "look_resources")


def test_a_choice_is_a_decision_and_its_branches_bind_on_their_own(one: One) -> None:
    step = first(
        one("""
        # Position break
        1. **Reconciliation**
           - If position is valid → Update system state
           - If position is erroneous → Manual close via TWS
        """)
    )
    assert (step.kind, bind(step).actions) == ("decision", ("decide",))
    assert [bind_branch(branch).actions for branch in step.branches] == [("reconcile",), ("close_orphans",)]


def test_guarded_groups_are_a_choice_and_a_single_one_is_none(one: One) -> None:
    procedure = one("""
        # Outage
        ### 1. Mitigate

        **If pod crashes:**
        ```bash
        kubectl delete pod x
        ```

        **If resource exhaustion:**
        ```bash
        kubectl scale deploy/api --replicas=5
        ```

        ### 2. Communicate

        For SEV1/SEV2:
        - Notify stakeholders
        """)
    mitigate, communicate = procedure.steps
    assert (bind(mitigate).actions, bind(mitigate).group) == (("decide",), True)
    assert (bind(communicate).actions, communicate.weight) == ((), 0.0)
    assert [bind(step).actions for step in communicate.children] == [("notify",)]


def test_approval_is_asked_for_once_and_before_the_first_step_that_needs_it(one: One) -> None:
    procedure = one("""
        # Kill switch fired
        1. **Reset the kill switch** only after approval
        2. **Resume** only after approval
        """)
    assert [bind(step).actions for step in procedure.steps] == [("approve", "reset_halt"), ("resume",)]


def test_a_deadline_of_a_group_passes_to_its_parts(one: One) -> None:
    step = one(
        "# Outage\n### 1. Communicate (1 min)\n\nFor SEV1:\n- Notify stakeholders\n\n### 2. Halt trading\n"
    ).steps[0]
    (child,) = step.children
    assert child.deadline is not None
    assert (child.deadline.hi_s, child.deadline.origin) == (60.0, "inherited")
