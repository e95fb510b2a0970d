"""date, sleep, timeout, watch, seq, yes: time in the World's time, and things that repeat."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from drills.shell.console import Console, TimeUp
from drills.shell.program import Failed, Program, joined, options_of
from drills.shell.tool import Call, NotHere, Result
from sim.clock import SECOND

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "": 1}
_STEPS = {
    "second": 1,
    "sec": 1,
    "minute": 60,
    "min": 60,
    "hour": 3600,
    "day": 86400,
    "week": 604800,
    "fortnight": 1209600,
}
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def _seconds(call: Call, text: str) -> float:
    match = re.fullmatch(r"(\d+\.?\d*|\.\d+)([smhd]?)", text)
    if match is None:
        if text == "infinity":
            return 1e9
        raise Failed(f"{call.name}: invalid time interval '{text}'\nTry '{call.name} --help' for more information.")
    return float(match.group(1)) * _UNITS[match.group(2)]


def sleep(call: Call) -> Result:
    """Let virtual time pass."""
    if not call.args:
        raise Failed("sleep: missing operand\nTry 'sleep --help' for more information.")
    total = sum(_seconds(call, word) for word in call.args)
    call.wait_us(round(total * SECOND))
    return Result()


def date(call: Call) -> Result:
    """The World's date and time."""
    options = options_of(call, "uRn", "drsI", {"utc": "u", "universal": "u", "date": "d", "rfc-email": "R",
                         "reference": "r", "iso-8601": "I", "rfc-3339": "\1"},
                         args=[_iso(word) for word in call.args])  # fmt: skip
    if "s" in options:
        raise NotHere("date: the firm's clock cannot be set here")
    world = call.terminal.world
    zone = UTC if "u" in options else _zone(call)
    now = world.clock.utc().astimezone(zone)
    if "r" in options:
        assert isinstance(call.terminal, Console)
        path = call.path(options.value("r"))
        if not call.terminal.files.exists(path):
            raise Failed(f"date: {options.value('r')}: No such file or directory")
        now = world.clock.utc(call.terminal.files.stat(path).modified_us).astimezone(zone)
    if "d" in options:
        now = relative(options.value("d"), now)
    forms = [word for word in options.words if word.startswith("+")]
    if len(options.words) > 1:
        raise Failed(f"date: extra operand '{options.words[1]}'\nTry 'date --help' for more information.")
    if options.words and not forms:
        raise Failed(f"date: invalid date '{options.words[0]}'")
    if forms:
        return Result(formatted(forms[0][1:], now) + "\n")
    if "I" in options:
        return Result(_iso_form(options.value("I"), now) + "\n")
    if "R" in options:
        return Result(f"{now:%a, %d %b %Y %H:%M:%S %z}\n")
    return Result(f"{now:%a %b} {now.day:2d} {now:%H:%M:%S} {now.tzname()} {now:%Y}\n")


def _iso(word: str) -> str:
    """`-I` and `--iso-8601` take a value only when it is joined on."""
    if word in ("-I", "--iso-8601"):
        return "--iso-8601=date"
    return word


def _zone(call: Call) -> ZoneInfo:
    name = call.env.get("TZ", "").lstrip(":")
    try:
        return ZoneInfo(name) if name else call.terminal.world.clock.zone
    except (KeyError, ValueError, OSError):
        return ZoneInfo("UTC")


def _iso_form(kind: str, now: datetime) -> str:
    zone = formatted("%:z", now)
    forms = {"date": "%Y-%m-%d", "hours": "%Y-%m-%dT%H", "minutes": "%Y-%m-%dT%H:%M", "seconds": "%Y-%m-%dT%H:%M:%S"}
    if kind not in forms:
        raise Failed(f"date: invalid argument '{kind}' for '--iso-8601'")
    return now.strftime(forms[kind]) + ("" if kind == "date" else zone)


def formatted(form: str, now: datetime) -> str:
    """A `+FORMAT` of date."""

    def one(match: re.Match[str]) -> str:
        flag, letter = match.groups()
        offset = now.strftime("%z")
        special: dict[str, Callable[[], str]] = {
            "s": lambda: str(int(now.timestamp())), "N": lambda: f"{now.microsecond:06d}000", "n": lambda: "\n",
            "t": lambda: "\t", "F": lambda: now.strftime("%Y-%m-%d"), "T": lambda: now.strftime("%H:%M:%S"),
            "R": lambda: now.strftime("%H:%M"), "D": lambda: now.strftime("%m/%d/%y"), "e": lambda: f"{now.day:2d}",
            "k": lambda: f"{now.hour:2d}", "l": lambda: f"{now.hour % 12 or 12:2d}", "h": lambda: now.strftime("%b"),
            "P": lambda: now.strftime("%p").lower(), "Z": lambda: now.tzname() or "", "%": lambda: "%",
            "q": lambda: str((now.month + 2) // 3), "C": lambda: str(now.year // 100),
            "r": lambda: now.strftime("%I:%M:%S %p"),
            "c": lambda: f"{now:%a %b} {now.day:2d} {now:%H:%M:%S %Y}", "x": lambda: now.strftime("%m/%d/%y"),
            "X": lambda: now.strftime("%H:%M:%S"),
        }  # fmt: skip
        if letter == "z":
            return f"{offset[:3]}:{offset[3:]}" if flag == ":" else offset
        if letter == "N" and flag == "3":
            return f"{now.microsecond // 1000:03d}"
        text = special[letter]() if letter in special else now.strftime(f"%{letter}")
        if flag == "-":
            return text.lstrip("0 ") or "0"
        return text.replace(" ", "0") if flag == "0" else text.lstrip("0").rjust(len(text)) if flag == "_" else text

    return re.sub(r"%([-_0^:3]?)([a-zA-Z%])", one, form)


def relative(text: str, now: datetime) -> datetime:
    """A `-d` text: an instant, a word, or some time ago; Failed when it is none of those that are known."""
    rest = text.strip().lower()
    moment = now
    if rest.startswith("@"):
        seconds = rest[1:].split()[0]
        if not re.fullmatch(r"-?\d+(\.\d+)?", seconds):
            raise Failed(f"date: invalid date '{text}'")
        moment = datetime.fromtimestamp(float(seconds), UTC).astimezone(now.tzinfo)
        rest = rest[1 + len(seconds) :].strip()
    iso = re.match(r"(\d{4}-\d\d-\d\d)(?:[t ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?))?\s*(z|utc|[-+]\d\d:?\d\d)?", rest)
    clock = re.match(r"(\d\d?):(\d\d)(?::(\d\d))?(?!\d)", rest)
    if iso:
        try:
            moment = datetime.fromisoformat(f"{iso.group(1)}T{iso.group(2) or '00:00'}").replace(tzinfo=now.tzinfo)
        except ValueError:
            raise Failed(f"date: invalid date '{text}'") from None
        if iso.group(3):
            offset = timedelta()
            if iso.group(3)[0] in "+-":
                digits = iso.group(3)[1:].replace(":", "")
                offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:])) * (
                    -1 if iso.group(3)[0] == "-" else 1
                )
            moment = (moment.replace(tzinfo=UTC) - offset).astimezone(now.tzinfo)
        rest = rest[iso.end() :]
    elif clock:
        moment = _at_clock(now, clock, text)
        rest = rest[clock.end() :]
    return _moved(moment, rest.strip(), text)


def _at_clock(now: datetime, clock: re.Match[str], text: str) -> datetime:
    hour, minute, second = int(clock.group(1)), int(clock.group(2)), int(clock.group(3) or 0)
    if hour > 23 or minute > 59 or second > 59:
        raise Failed(f"date: invalid date '{text}'")
    return now.replace(hour=hour, minute=minute, second=second, microsecond=0)


def _moved(moment: datetime, rest: str, text: str) -> datetime:
    token = re.compile(
        r"\s*(?:(?P<sign>[-+]?)\s*(?P<number>\d+)\s*(?P<unit>[a-z]+?)s?\b\s*(?P<ago>ago)?|(?P<word>[a-z]+)"
        r"(?:\s+(?P<what>[a-z]+))?|(?P<clock>\d\d?:\d\d(?::\d\d)?))"
    )
    place = 0
    while rest[place:].strip():
        match = token.match(rest, place)
        if match is None:
            raise Failed(f"date: invalid date '{text}'")
        place = match.end()
        if match.group("clock"):
            found = re.fullmatch(r"(\d\d?):(\d\d)(?::(\d\d))?", match.group("clock"))
            assert found is not None
            moment = _at_clock(moment, found, text)
        elif match.group("number"):
            sign = -1 if (match.group("sign") == "-") != bool(match.group("ago")) else 1
            moment = _stepped(moment, sign * int(match.group("number")), match.group("unit"), text)
        else:
            moment, used = _by_word(moment, match.group("word"), match.group("what"), text)
            place = match.start() + len(rest[match.start() :]) - len(rest[match.start() :].lstrip()) + used
    return moment


def _by_word(moment: datetime, word: str, what: str | None, text: str) -> tuple[datetime, int]:
    """The moment that a word means, and how many characters were used."""
    days = {"now": 0, "today": 0, "yesterday": -1, "tomorrow": 1}
    if word in days:
        return _by_days(moment, days[word]), len(word)
    if word in ("utc", "z", "gmt"):
        return moment.replace(tzinfo=UTC).astimezone(moment.tzinfo), len(word)
    if word == "midnight":
        return moment.replace(hour=0, minute=0, second=0, microsecond=0), len(word)
    if word in ("last", "next") and what is not None:
        unit = what.rstrip("s")
        step = -1 if word == "last" else 1
        for number, day in enumerate(_WEEKDAYS):
            if day.startswith(what[:3]) and len(what) >= 3 and what in (day, day[:3]):
                ahead = (number - moment.weekday()) % 7 or (7 if step > 0 else 0)
                ahead = ahead if step > 0 else ahead - 7
                midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0)
                return _by_days(midnight, ahead), len(word) + 1 + len(what)
        return _stepped(moment, step, unit, text), len(word) + 1 + len(what)
    for number, day in enumerate(_WEEKDAYS):
        if word in (day, day[:3]):
            midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0)
            return _by_days(midnight, (number - moment.weekday()) % 7), len(word)
    raise Failed(f"date: invalid date '{text}'")


def _by_days(moment: datetime, days: int) -> datetime:
    """Days later by the calendar: the hour of the day stays."""
    return moment + timedelta(days=days)


def _stepped(moment: datetime, count: int, unit: str, text: str) -> datetime:
    if unit in ("day", "week", "fortnight"):
        return _by_days(moment, count * _STEPS[unit] // 86400)
    if unit in _STEPS:
        return (moment.astimezone(UTC) + timedelta(seconds=count * _STEPS[unit])).astimezone(moment.tzinfo)
    if unit in ("month", "year"):
        months = moment.year * 12 + moment.month - 1 + count * (12 if unit == "year" else 1)
        first = moment.replace(year=months // 12, month=months % 12 + 1, day=1)
        return first + timedelta(days=moment.day - 1)
    raise Failed(f"date: invalid date '{text}'")


def timeout(call: Call) -> Result:
    """Run a program for so long at most; 124 when that was not enough."""
    long = {"signal": "s", "kill-after": "k", "preserve-status": "p", "foreground": "f"}
    options = options_of(call, "vfp", "ks", long, code=125, mixed=False)
    if len(options.words) < 2:
        raise Failed("timeout: missing operand\nTry 'timeout --help' for more information.", 125)
    seconds = _seconds(call, options.words[0])
    terminal = call.terminal
    assert isinstance(terminal, Console)
    before = terminal.sitting.observe_us
    terminal.sitting.observe_us = max(before, round(seconds * SECOND))
    with terminal.limited(round(seconds * SECOND)) as limit:
        try:
            result = terminal.call(tuple(options.words[1:]), _handed_on(call), call.env, call.cwd)
        except TimeUp as up:
            if up.limit is not limit:
                raise
            return Result(up.out, up.err, 124)
        finally:
            terminal.sitting.observe_us = before
        if terminal.now_us >= limit.at_us and seconds:
            terminal.sitting.observed = False
            return Result(result.out, result.err, 124)
    return result


def _handed_on(call: Call) -> str | None:
    return call.stdin


def watch(call: Call) -> Result:
    """Look again and again, for as long as somebody looks; the last picture is what is left."""
    options = options_of(call, "dtebxcgp", "n", {"interval": "n", "differences": "d", "no-title": "t", "exec": "x",
                         "chgexit": "g", "color": "c"}, mixed=False)  # fmt: skip
    if not options.words:
        raise Failed("Usage:\n watch [options] command")
    every_us = max(round(_seconds(call, options.value("n", "2")) * SECOND), 100_000)
    terminal = call.terminal
    assert isinstance(terminal, Console)
    terminal.sitting.observed = True
    ends_us = terminal.now_us + terminal.sitting.observe_us
    ends_us = min([ends_us, *(limit.at_us for limit in terminal.sitting.limits)])
    text = " ".join(options.words)
    result, rounds = Result(), 0
    while True:
        if "x" in options:
            result = terminal.call(tuple(options.words), "", call.env, call.cwd)
        else:
            result = terminal.run(text, "", call.env, call.cwd)
        rounds += 1
        if terminal.now_us + every_us > ends_us:
            break
        terminal.wait_us(every_us)
    terminal.wait_us(max(0, ends_us - terminal.now_us))
    title = "" if "t" in options else f"Every {every_us / 1e6:.1f}s: {text}\n\n"
    return Result(title + result.out + result.err)


def seq(call: Call) -> Result:
    """Numbers from here to there."""
    words, glue, wide = list(call.args), "\n", False
    while words and re.match(r"-[swf]", words[0]):
        option = words.pop(0)
        if option.startswith("-s"):
            glue = option[2:] or words.pop(0)
        elif option == "-w":
            wide = True
        else:
            raise NotHere("seq: the option -f cannot be executed here")
    if not 1 <= len(words) <= 3:
        problem = f"extra operand '{words[3]}'" if words else "missing operand"
        raise Failed(f"seq: {problem}\nTry 'seq --help' for more information.")
    for word in words:
        if not re.fullmatch(r"[-+]?(\d+\.?\d*|\.\d+)", word):
            raise Failed(f"seq: invalid floating point argument: '{word}'\nTry 'seq --help' for more information.")
    places = max(len(word.partition(".")[2]) for word in words[:2] if len(words) > 1) if len(words) > 1 else 0
    scale = 10**places
    first = round(float(words[0]) * scale) if len(words) > 1 else scale
    step = round(float(words[1]) * scale) if len(words) == 3 else scale
    last = round(float(words[-1]) * scale)
    if step == 0:
        raise Failed(f"seq: invalid Zero increment value: '{words[1]}'\nTry 'seq --help' for more information.")
    numbers = range(first, last + (1 if step > 0 else -1), step)[:200_000]
    shown = [f"{number / scale:.{places}f}" for number in numbers]
    if wide and shown:
        width = max(map(len, shown))
        shown = [number.zfill(width) for number in shown]
    return Result(glue.join(shown) + "\n" if shown else "")


def expr(call: Call) -> Result:
    """Whole numbers, comparisons and lengths."""
    words = list(call.args)
    if not words:
        raise Failed("expr: missing operand\nTry 'expr --help' for more information.", 2)
    if words[0] == "length" and len(words) == 2:
        value = str(len(words[1]))
    elif len(words) == 1:
        value = words[0]
    else:
        value = _expression(words)
    return Result(f"{value}\n", "", int(value in ("", "0")))


def _expression(words: list[str]) -> str:
    for level in (("|",), ("&",), ("<", "<=", "=", "==", "!=", ">=", ">"), ("+", "-"), ("*", "/", "%")):
        for place in range(len(words) - 2, 0, -1):
            if words[place] in level:
                return _calculated(_expression(words[:place]), words[place], _expression(words[place + 1 :]))
    if len(words) != 1:
        raise NotHere(f"expr: {' '.join(words)} cannot be executed here")
    return words[0]


def _calculated(left: str, op: str, right: str) -> str:
    numbers = [int(text) if re.fullmatch(r"-?\d+", text) else None for text in (left, right)]
    if op in ("|", "&"):
        return (left if left not in ("", "0") else right) if op == "|" else left if "0" not in (left, right) else "0"
    if op in ("<", "<=", "=", "==", "!=", ">=", ">"):
        one: Any = left if None in numbers else numbers[0]
        other: Any = right if None in numbers else numbers[1]
        holds = {"<": one < other, "<=": one <= other, "=": one == other, "==": one == other, "!=": one != other,
                 ">=": one >= other, ">": one > other}  # fmt: skip
        return str(int(holds[op]))
    first, second = numbers
    if first is None or second is None:
        raise Failed("expr: non-integer argument", 2)
    if op in "/%" and second == 0:
        raise Failed("expr: division by zero", 2)
    if op in "+-*":
        return str({"+": first + second, "-": first - second, "*": first * second}[op])
    quotient = abs(first) // abs(second) * (1 if (first < 0) == (second < 0) else -1)
    return str(quotient if op == "/" else first - second * quotient)


def yes(call: Call) -> Result:
    """The same answer again and again, often enough for whoever reads it."""
    return Result(joined([" ".join(call.args) or "y"] * 1000))


TOOLS = {
    "date": Program(date, "the World's time: -u, -d relative or ISO, +FORMAT, -I, -R"),
    "sleep": Program(sleep, "virtual time passes"),
    "timeout": Program(timeout, "124 when the time was not enough"),
    "watch": Program(watch, "-n; looks for a while"),
    "seq": Program(seq, "-s, -w, decimals"),
    "expr": Program(expr, "whole numbers, comparisons, length"),
    "yes": Program(yes, "a thousand lines"),
}
