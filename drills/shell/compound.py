"""Compound commands: groups, conditions, loops, cases, functions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drills.shell.conditions import ConditionProblem, DoubleBracket, Facts, Operand
from drills.shell.files import matches
from drills.shell.lexer import bare
from drills.shell.parameters import ShellFailure
from drills.shell.streams import Descriptors
from drills.shell.syntax import (
    ArithmeticCommand,
    Body,
    Case,
    Condition,
    For,
    ForArithmetic,
    Function,
    Group,
    If,
    Script,
    While,
    Word,
)

if TYPE_CHECKING:
    from drills.shell.interpreter import Shell

MOST_ROUNDS = 10_000
"""A loop that goes round more often than this is left, as one that never ends."""


def run_compound(shell: Shell, body: Body, io: Descriptors) -> None:
    """Run a compound command; the shell's status is set."""
    if isinstance(body, Group):
        _group(shell, body, io)
    elif isinstance(body, If):
        _if(shell, body, io)
    elif isinstance(body, While):
        _while(shell, body, io)
    elif isinstance(body, For):
        _for(shell, body, io)
    elif isinstance(body, ForArithmetic):
        _for_arithmetic(shell, body, io)
    elif isinstance(body, Case):
        _case(shell, body, io)
    elif isinstance(body, Function):
        shell.functions[body.name] = body.body
        shell.status = 0
    elif isinstance(body, Condition):
        _double_bracket(shell, body, io)
        shell.check_errexit(io)
    else:
        assert isinstance(body, ArithmeticCommand)
        try:
            shell.status = int(shell.calculate(shell.expander.text(body.expression)) == 0)
        except ShellFailure as failure:
            shell.complain(io, f"((: {failure.message}")
            shell.status = 1


def _group(shell: Shell, body: Group, io: Descriptors) -> None:
    if not body.subshell:
        shell.run(body.body, io)
        return
    with shell.console.deeper():
        shell.status = shell.copy().run_isolated(body.body, io)


def _holds(shell: Shell, condition: Script, io: Descriptors) -> bool:
    shell.unchecked += 1
    try:
        return shell.run(condition, io) == 0
    finally:
        shell.unchecked -= 1


def _if(shell: Shell, body: If, io: Descriptors) -> None:
    for condition, arm in body.arms:
        if _holds(shell, condition, io):
            shell.run(arm, io)
            return
    shell.status = 0
    if body.otherwise is not None:
        shell.run(body.otherwise, io)


def _rounds(shell: Shell, body: Script, io: Descriptors) -> bool:
    """One round of a loop; whether it goes on."""
    from drills.shell.interpreter import Break, Continue

    shell.loops += 1
    try:
        shell.run(body, io)
    except Break as leaving:
        shell.status = 0
        if leaving.levels > 1 and shell.loops > 1:
            raise Break(0, leaving.levels - 1) from None
        return False
    except Continue as leaving:
        shell.status = 0
        if leaving.levels > 1 and shell.loops > 1:
            raise Continue(0, leaving.levels - 1) from None
    finally:
        shell.loops -= 1
    return True


def _while(shell: Shell, body: While, io: Descriptors) -> None:
    status, rounds = 0, 0
    began_us = shell.console.now_us
    while True:
        shell.loops += 1
        try:
            holds = _holds(shell, body.condition, io)
        finally:
            shell.loops -= 1
        if holds == body.until:
            break
        if not _rounds(shell, body.body, io):
            status = shell.status
            break
        status = shell.status
        rounds += 1
        shell.console.loop_goes_on(rounds, began_us, MOST_ROUNDS)
    shell.status = status


def _for(shell: Shell, body: For, io: Descriptors) -> None:
    words = list(shell.arguments) if body.words is None else shell.expander.words(body.words)
    shell.status = 0
    for word in words:
        shell.assign(body.name, word)
        if not _rounds(shell, body.body, io):
            break


def _for_arithmetic(shell: Shell, body: ForArithmetic, io: Descriptors) -> None:
    def value(word: Word) -> int:
        return shell.calculate(shell.expander.text(word))

    value(body.start)
    shell.status, rounds = 0, 0
    began_us = shell.console.now_us
    while not shell.expander.text(body.condition).strip() or value(body.condition):
        if not _rounds(shell, body.body, io):
            break
        value(body.step)
        rounds += 1
        shell.console.loop_goes_on(rounds, began_us, MOST_ROUNDS)


def _case(shell: Shell, body: Case, io: Descriptors) -> None:
    text = shell.expander.text(body.word)
    shell.status = 0
    falling = False
    for patterns, script, ending in body.arms:
        if not falling and not any(matches(text, shell.expander.pattern(pattern)) for pattern in patterns):
            continue
        shell.run(script, io)
        falling = ending == ";&"
        if ending == ";;":
            return


def facts_of(shell: Shell) -> Facts:
    """What conditions may ask this shell."""
    return Facts(
        shell.files, shell.cwd, lambda name: shell.variable(name) is not None,
        lambda option: shell.options.get(option, False),
    )  # fmt: skip


def _double_bracket(shell: Shell, body: Condition, io: Descriptors) -> None:
    def operand(word: Word) -> Operand:
        return Operand(
            bare(word), lambda: shell.expander.text(word), lambda: shell.expander.pattern(word),
            lambda: shell.expander.regex(word),
        )  # fmt: skip

    def matched(groups: list[str]) -> None:
        shell.variables.unset("BASH_REMATCH")
        shell.variables.set("BASH_REMATCH", groups)

    try:
        condition = DoubleBracket([operand(w) for w in body.words], facts_of(shell), shell.calculate, matched)
        shell.status = int(not condition.result())
    except ConditionProblem as problem:
        shell.complain(io, f"[[: {problem}" if "expected" in str(problem) else str(problem))
        shell.status = 2
