"""What a machine says of itself: who, which host, memory, disks."""

from __future__ import annotations

import posixpath

from drills.shell.console import Console
from drills.shell.launching import which as find_program
from drills.shell.program import Failed, Program, joined, options_of
from drills.shell.tool import Call, NotHere, Result
from sim.clock import SECOND
from sim.config import TRADING_SYSTEM

_HOST_MIB = 16_384
"""Memory of the trading host: what `free` shows as total."""
_DISK_KIB = 104_857_600
"""Size of its disk: 100 GiB."""
_BOOTED_BEFORE_S = 42 * 86_400
"""How long the machines had been up when the run began."""


def _id(call: Call) -> Result:
    options = options_of(call, "ungGr")
    user = call.terminal.user
    number = 0 if user == "root" else 1000
    if "u" in options or "g" in options or "G" in options:
        return Result(f"{user if 'n' in options else number}\n")
    return Result(f"uid={number}({user}) gid={number}({user}) groups={number}({user})\n")


def _whoami(call: Call) -> Result:
    return Result(f"{call.terminal.user}\n")


def _hostname(call: Call) -> Result:
    words = [word for word in call.args if not word.startswith("-")]
    if words:
        raise NotHere("hostname: the machine cannot be renamed here")
    if "-I" in call.args or "-i" in call.args:
        return Result("10.0.0.10 \n" if "-I" in call.args else "10.0.0.10\n")
    return Result(f"{call.terminal.place}\n")


def _uname(call: Call) -> Result:
    options = options_of(call, "asnrvmpio")
    if "a" in options:
        return Result(f"Linux {call.terminal.place} 6.1.0 #1 SMP x86_64 GNU/Linux\n")
    values = {"s": "Linux", "n": call.terminal.place, "r": "6.1.0", "v": "#1 SMP", "m": "x86_64", "o": "GNU/Linux"}
    chosen = [values[letter] for letter in "snrvmo" if letter in options] or ["Linux"]
    return Result(" ".join(chosen) + "\n")


def _uptime(call: Call) -> Result:
    options = options_of(call, "ps")
    world = call.terminal.world
    up_s = world.env.now // SECOND + _BOOTED_BEFORE_S
    days, rest = divmod(up_s, 86_400)
    if "p" in options:
        return Result(f"up {days} days, {rest // 3600} hours, {rest % 3600 // 60} minutes\n")
    now = world.clock.local()
    return Result(f" {now:%H:%M:%S} up {days} days, {rest // 3600:2d}:{rest % 3600 // 60:02d},  1 user,  load average: "
                  "0.10, 0.10, 0.10\n")  # fmt: skip


def _used_mib(call: Call) -> int:
    """Memory of everything that runs on the trading host, in MiB."""
    world = call.terminal.world
    if not world.config.monitored:
        raise NotHere("free: this firm has no machines whose memory is simulated")
    return round(sum(pod.usage_mib for pod in world.cluster.status()))


def _free(call: Call) -> Result:
    options = options_of(call, "bkmghtw", long={"human": "h", "mebi": "m", "gibi": "g"})
    used = _used_mib(call)
    values = (_HOST_MIB, used, _HOST_MIB - used, 0, 0, _HOST_MIB - used)
    if "h" in options:
        shown = [f"{value / 1024:.1f}Gi" if value >= 1024 else f"{value}Mi" if value else "0B" for value in values]
        swap = ["0B"] * 3
    else:
        factor, unit = (
            (1 << 20, 1) if "b" in options else (1, 1) if "m" in options else (1, 1024) if "g" in options else (1024, 1)
        )
        shown = [str(value * factor // unit) for value in values]
        swap = ["0"] * 3
    head = "".join(name.rjust(12) for name in ("total", "used", "free", "shared", "buff/cache", "available"))
    return Result(f"       {head[3:]}\nMem:    {''.join(v.rjust(12) for v in shown)[4:]}\n"
                  f"Swap:   {''.join(v.rjust(12) for v in swap)[4:]}\n")  # fmt: skip


def _df(call: Call) -> Result:
    options = options_of(call, "hkTPiaml")
    if "i" in options:
        raise NotHere("df -i cannot be executed here")
    world = call.terminal.world
    used = _DISK_KIB * 38 // 100 + sum(len(world.disk.read(path)) for path in world.disk.paths()) // 1024
    free, share = _DISK_KIB - used, round(100 * used / _DISK_KIB)
    if "h" in options:
        row = [f"{value / 1048576:.0f}G" for value in (_DISK_KIB, used, free)]
        head = "Filesystem      Size  Used Avail Use% Mounted on\n"
        return Result(f"{head}/dev/vda1       {row[0]:>4}  {row[1]:>4}  {row[2]:>4}  {share:2d}% /\n")
    head = "Filesystem     1K-blocks     Used Available Use% Mounted on\n"
    return Result(f"{head}/dev/vda1      {_DISK_KIB:>9} {used:>8} {free:>9}  {share:2d}% /\n")


def _nproc(call: Call) -> Result:
    return Result("8\n")


def _which(call: Call) -> Result:
    assert isinstance(call.terminal, Console)
    names = [word for word in call.args if not word.startswith("-")]
    found = [find_program(call.terminal, name, call.cwd) for name in names]
    return Result(joined([place for place in found if place]), "", int(not all(found)))


def _logger(call: Call) -> Result:
    options = options_of(call, "is", "tpf")
    text = " ".join(options.words) or call.stdin or ""
    call.terminal.world.history.emit(
        "shell.logged", options.value("t"), text=text.strip()[:400], place=call.terminal.place
    )
    return Result()


def _true(call: Call) -> Result:
    return Result()


def _false(call: Call) -> Result:
    return Result("", "", 1)


def _test(call: Call) -> Result:
    from drills.shell.conditions import ConditionProblem, Facts, judge

    assert isinstance(call.terminal, Console)
    words = list(call.args)
    if posixpath.basename(call.name) == "[":
        if words[-1:] != ["]"]:
            raise Failed("[: missing ']'", 2)
        words.pop()
    facts = Facts(call.terminal.files, call.cwd, lambda name: name in call.env, lambda option: False)
    try:
        return Result("", "", int(not judge(words, facts)))
    except ConditionProblem as problem:
        raise Failed(f"{call.name}: {problem}", 2) from None


def _pwd(call: Call) -> Result:
    return Result(f"{call.cwd}\n")


_ABOUT = f"of a simulated host; its memory is what the workloads use, {TRADING_SYSTEM} among them"
TOOLS = {
    "id": Program(_id, "-u -g -n"),
    "whoami": Program(_whoami, "who is logged in"),
    "hostname": Program(_hostname, "the name"),
    "uname": Program(_uname, "-a -s -n -r -m"),
    "uptime": Program(_uptime, "-p"),
    "free": Program(_free, f"-m -g -h, {_ABOUT}"),
    "df": Program(_df, "-h"),
    "nproc": Program(_nproc, "eight"),
    "which": Program(_which, "where a program lies"),
    "logger": Program(_logger, "kept in the History"),
    "true": Program(_true, "0"),
    "false": Program(_false, "1"),
    "test": Program(_test, "conditions"),
    "[": Program(_test, "conditions"),
    "pwd": Program(_pwd, "the folder"),
    "sync": Program(_true, "nothing to do"),
    "clear": Program(_true, "nothing to do"),
}
