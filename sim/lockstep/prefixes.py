"""`sudo` and `watch`: programs that run the command behind them."""

from __future__ import annotations

import shlex

from sim.lockstep.durations import duration_us
from sim.lockstep.requests import Request

_SUDO_VALUES = frozenset("ugpCcDhrtTUR")


def sudo(request: Request) -> None:
    """As the same person: whoever drills has no other rights here."""
    count, words = 0, request.args
    while count < len(words) and words[count].startswith("-"):
        word, count = words[count], count + 1
        if word == "--":
            break
        if not word.startswith("--") and word[-1] in _SUDO_VALUES:
            count += 1
    if count >= len(words):
        request.finish(0 if {"-v", "-k", "-K"} & set(words) else 1)
    elif "=" in words[count].partition("/")[0]:
        request.shell(f'shift {count}\nexec env "$@"\n')
    else:
        request.shell(f'shift {count}\nexec "$@"\n')


def watch(request: Request) -> None:
    """The command again and again, in virtual time, until somebody ends it."""
    count, words, every = 0, request.args, "2"
    while count < len(words) and words[count].startswith("-"):
        word, count = words[count], count + 1
        if word == "--":
            break
        if word in ("-n", "--interval", "-q", "--equexit"):
            every, count = words[count] if count < len(words) and word in ("-n", "--interval") else every, count + 1
        elif word.startswith(("-n", "--interval=")):
            every = word.partition("=")[2] or word[2:]
    us = duration_us(every)
    if count >= len(words) or not us:
        request.finish(1, err=b"Usage:\n watch [options] command\n")
        return
    once = f'sh -c "$*"\nsleep {shlex.quote(every)}\n'
    request.shell(f"shift {count}\nwhile :; do\n{once}done\n")
