"""What a command means for the firm, and how the readers of single programs put that together."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from drills.runbook.model import CommandEffect
from drills.runbook.names import name_words, named_action
from drills.runbook.vocabulary import actions_in, look_at


class Meaning(NamedTuple):
    """The actions of a command, its effect on the firm, and whether it runs until interrupted."""

    actions: tuple[str, ...] = ()
    effect: CommandEffect = "unknown"
    blocking: bool = False


READ = Meaning((), "read")
Inner = Callable[[list[str], str], Meaning]
"""How a program that runs another one (kubectl exec, ssh) asks what that one means: its words and its title."""


def effect_of(action: str) -> CommandEffect:
    """Whether an action only reads."""
    return "read" if action.startswith(("look_", "verify_")) or action == "monitor" else "mutate"


def subcommands(words: list[str]) -> str:
    """The words before the first option: `deskctl orders cancel --all` is "deskctl orders cancel"."""
    first = next((at for at, word in enumerate(words) if word.startswith("-") and at), len(words))
    return " ".join(words[:first][:4])


def named(name: str, title: str) -> Meaning:
    """A script or module, judged by its name, else by the words that title it."""
    action = named_action(name)
    if action is not None:
        return Meaning((action,), effect_of(action))
    titled = actions_in(title)
    return Meaning(titled, effect_of(titled[0])) if titled else Meaning()


def titled_read(words: str, title: str, default: tuple[str, ...]) -> Meaning:
    """A read; what it looks at is told by its own words, else by its title."""
    confirmed = verified(title)
    if confirmed:
        return Meaning(confirmed, "read")
    looked = look_at(name_words(words)) or look_at(title)
    return Meaning((looked,) if looked else default, "read")


def human_or(title: str, default: str) -> tuple[str, ...]:
    """The title's mutation, when it names one; else `default`."""
    asked = tuple(a for a in actions_in(title) if not a.startswith(("look_", "verify_")))
    return asked[:1] or (default,)


def verified(title: str) -> tuple[str, ...]:
    """What the title says is confirmed by the command: "Verify safe mode is active"."""
    return tuple(action for action in actions_in(title) if action.startswith("verify_"))[:1]


def restarted(target: str) -> tuple[str, ...]:
    """What restarting a thing of this name amounts to."""
    words = name_words(target)
    if re.search(r"\b(?:broker|connector|adapter|adaptador|pasarela|konnektor|gateway|tws|fix|session)\b", words):
        return ("reconnect",)
    if re.search(r"\b(?:prometheus|alertmanager|grafana|monitoring)\b", words):
        return ("restore_monitoring",)
    ours = re.search(r"\b(?:trading|trader|traderunner|bot|engine|strategy|strategies|algo)\b", words)
    return ("restart",) if ours and "api" not in words.split() else ("restart_service",)


def positional(arguments: list[str], valued: frozenset[str]) -> list[str]:
    """The positional arguments, options (and the values of `valued` ones) left out."""
    rest, skip = [], False
    for word in arguments:
        if skip:
            skip = False
        elif word in valued:
            skip = True
        elif not word.startswith("-"):
            rest.append(word)
    return rest


def skip_options(words: list[str], valued: frozenset[str]) -> list[str]:
    """The words from the first that is neither an option nor the value of one."""
    at = 0
    while at < len(words) and words[at].startswith("-"):
        at += 2 if words[at] in valued else 1
    return words[at:]
