"""The processes of the firm's machines: ps, pgrep, pkill, kill, killall, pidof, top, lsof.

One process for each pod that runs, under the name that the runbook looks for, and a few that every machine has.
The programs of a pipeline run at the same time, so `ps aux | grep bot` shows its own grep: that is why the
runbook's check always finds something.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from drills.shell.program import Program
from drills.shell.tool import Call, NotHere, Result
from drills.shell.tools import control
from drills.shell.tools.durations import extra_us
from drills.shell.tools.firm import AGE_BEFORE_US, firm_of
from drills.shell.tools.options import Options, UnknownOption, read_options
from drills.shell.tools.tables import columns
from sim.config import TRADING_SYSTEM

_COMMANDS = {
    TRADING_SYSTEM: "python -m trading_system", "execution-gateway": "python -m execution_gateway",
    "market-data": "python -m market_data", "postgres": "postgres: main process", "redis": "redis-server *:6379",
}  # fmt: skip
_ALWAYS = (
    (1, "root", "/sbin/init", 8.0),
    (412, "root", "/usr/sbin/sshd -D", 9.0),
    (433, "root", "/usr/sbin/cron -f", 4.0),
)
_FIRST_PID, _APART = 1200, 100


class ProcessRow(NamedTuple):
    """One process."""

    pid: int
    user: str
    command: str
    mib: float
    cpu: float
    since_us: int
    workload: str = ""

    @property
    def name(self) -> str:
        """What `pgrep` without `-f` looks at."""
        return self.command.split()[0].rsplit("/", 1)[-1].rstrip(":")[:15]


def running(call: Call) -> list[ProcessRow]:
    """Every process that the machine where the command runs shows."""
    world, firm = call.terminal.world, firm_of(call.terminal)
    inside = firm.places.get(call.terminal.place)
    rows = (
        [ProcessRow(pid, user, command, mib, 0.0, 0) for pid, user, command, mib in _ALWAYS] if inside is None else []
    )
    for workload in firm.cluster.deployments:
        if inside in (None, workload):
            rows += _of_workload(call, workload)
    now = world.env.now
    rows += [ProcessRow(20_900 + at, call.terminal.user, text, 4.0, 0.0, now)
             for at, text in enumerate(call.terminal.beside or (" ".join(call.words),)) if text]  # fmt: skip
    return rows


def _of_workload(call: Call, workload: str) -> list[ProcessRow]:
    firm = firm_of(call.terminal)
    deployment, rows = firm.cluster[workload], []
    for place, pod in enumerate(deployment.pods):
        if pod.usage_mib() > 0:
            busy = 2.5 * firm.cluster.slowdown(workload)
            pid = main_pid(call, workload) + place
            rows.append(
                ProcessRow(pid, "trading", command_of(call, workload), pod.usage_mib(), busy, pod.created_us, workload)
            )
    return rows


def command_of(call: Call, workload: str) -> str:
    """The command line of a service's process: as the runbook looks for it, else as it is here."""
    firm = firm_of(call.terminal)
    for name, here in firm.inventory.processes.items():
        if here == workload:
            return name if " " in name else f"python {name.removesuffix('.py')}.py"
    return _COMMANDS.get(workload, workload)


def main_pid(call: Call, workload: str) -> int:
    """The process id of a service: another one after each restart."""
    names = list(firm_of(call.terminal).cluster.deployments)
    place = names.index(workload) if workload in names else len(names)
    deployment = firm_of(call.terminal).cluster.deployments.get(workload)
    lives = 0 if deployment is None else deployment.incarnations + deployment.restarts
    return _FIRST_PID + _APART * place + 7 * lives


def ps(call: Call) -> Result:
    """`ps aux`, `ps -ef`, `ps`, `ps -p PID`."""
    words = "".join(word.lstrip("-") for word in call.args if not word.isdigit() and not word.startswith("--"))
    world, rows = call.terminal.world, running(call)
    wanted = [int(word) for word in call.args if word.isdigit()]
    if wanted:
        rows = [row for row in rows if row.pid in wanted]
    elif not call.args:
        rows = [row for row in rows if row.user == call.terminal.user]
    full = "f" in words and "u" not in words
    table = (
        [["UID", "PID", "PPID", "STIME", "CMD"]]
        if full
        else [["USER", "PID", "%CPU", "%MEM", "RSS", "STAT", "START", "COMMAND"]]
    )
    for row in rows:
        began = world.clock.local(row.since_us - (AGE_BEFORE_US if row.since_us == 0 else 0))
        start = f"{began:%H:%M}" if world.env.now - row.since_us < AGE_BEFORE_US and row.since_us else f"{began:%b%d}"
        if full:
            table.append([row.user, str(row.pid), "1", start, row.command])
        else:
            table.append([row.user, str(row.pid), f"{row.cpu:.1f}", f"{row.mib / 163.84:.1f}",
            str(round(row.mib * 1024)),
                          "Ssl", start, row.command])  # fmt: skip
    return Result(columns(table, gap=2), code=0 if rows or not wanted else 1)


_GREP_VALUED = {"-u": "user", "-U": "user", "-s": "signal", "--signal": "signal", "-P": "parent", "-t": "terminal"}
_GREP_FLAGS = {
    "-f": "full", "--full": "full", "-l": "list", "-a": "list-full", "-x": "exact", "-n": "newest", "-o": "oldest",
    "-c": "count", "-i": "ignore-case", "-v": "inverse", "-e": "echo", "-q": "quiet", "-9": "kill", "-15": "term",
    "-KILL": "kill", "-TERM": "term", "-SIGKILL": "kill", "-SIGTERM": "term", "-HUP": "hup", "-SIGHUP": "hup",
    "-INT": "term", "-2": "term", "-1": "hup", "-SIGINT": "term", "-USR1": "hup",
}  # fmt: skip


def _found(call: Call) -> tuple[list[ProcessRow], Options]:
    options = read_options(call.args, _GREP_VALUED, _GREP_FLAGS)
    if not options.words and not options.has("user"):
        raise UnknownOption("pattern", lacks_value=True)
    flags = re.IGNORECASE if options.has("ignore-case") else 0
    pattern = options.words[0] if options.words else ""
    try:
        re.compile(pattern)
    except re.error as error:
        raise UnknownOption(f"{pattern} ({error})") from error
    rows = []
    for row in running(call):
        text = row.command if options.has("full") else row.name
        own = row.pid >= 20_900 and text.split()[:1] == [call.name]
        hit = re.fullmatch(pattern, text, flags) if options.has("exact") else re.search(pattern, text, flags)
        if hit and not own and options.one("user", row.user) == row.user:
            rows.append(row)
    return rows, options


def pgrep(call: Call) -> Result:
    """Pids by pattern; 1 when there is none."""
    try:
        rows, options = _found(call)
    except UnknownOption as error:
        return Result(err=f"pgrep: invalid option or no matching criteria specified: {error.option}\n", code=2)
    if options.has("count"):
        return Result(f"{len(rows)}\n", code=0 if rows else 1)
    whole, named = options.has("list-full"), options.has("list")
    lines = [f"{r.pid} {r.command}" if whole else f"{r.pid} {r.name}" if named else str(r.pid) for r in rows]
    return Result("".join(f"{line}\n" for line in lines), code=0 if rows else 1)


def pkill(call: Call) -> Result:
    """Signals processes by pattern; 1 when none matched."""
    try:
        rows, options = _found(call)
    except UnknownOption as error:
        return Result(err=f"pkill: invalid option or no matching criteria specified: {error.option}\n", code=2)
    hang_up = options.has("hup")
    hit = list(dict.fromkeys(row.workload for row in rows if row.workload))
    others = [workload for workload in hit if workload != TRADING_SYSTEM]
    if len(hit) > 1:
        call.terminal.finding("broad_kill", f"the pattern ends {len(hit)} services: {', '.join(hit)}")
    for workload in hit if not hang_up else []:
        _end(call, workload)
    return Result(code=0 if rows or others else 1)


def _end(call: Call, workload: str) -> None:
    """A process that is killed is started again by its supervisor."""
    control.kill(call, workload, command_of(call, workload), comes_back=True)


def kill(call: Call) -> Result:
    """Signals processes by pid."""
    words = [word for word in call.args if not word.startswith("-")]
    signals = [word.lstrip("-").upper() for word in call.args if word.startswith("-")]
    if call.args[:1] == ("-l",):
        return Result("HUP INT QUIT KILL TERM USR1 USR2\n")
    if call.args[:1] == ("-s",):
        signals, words = [words[0].upper()], words[1:]
    if not words:
        return Result(err="kill: usage: kill [-s sigspec | -n signum | -sigspec] pid | jobspec ...\n", code=2)
    by_pid = {row.pid: row for row in running(call)}
    for word in words:
        if not word.isdigit():
            return Result(err=f"kill: {word}: arguments must be process or job IDs\n", code=1)
        row = by_pid.get(int(word))
        if row is None:
            return Result(err=f"kill: ({word}) - No such process\n", code=1)
        if not row.workload and row.pid < 20_900:
            return Result(err=f"kill: ({word}) - Operation not permitted\n", code=1)
        if row.workload and "0" not in signals and not set(signals) & {"HUP", "SIGHUP", "1", "USR1"}:
            _end(call, row.workload)
    return Result()


def killall(call: Call) -> Result:
    """Signals processes by their exact name."""
    names = [word for word in call.args if not word.startswith("-")]
    rows = [row for row in running(call) if row.name in names and row.workload]
    if not rows:
        return Result(err="".join(f"{name}: no process found\n" for name in names), code=1)
    for workload in dict.fromkeys(row.workload for row in rows):
        _end(call, workload)
    return Result()


def pidof(call: Call) -> Result:
    """Pids by exact name."""
    pids = [str(row.pid) for row in running(call) if row.name in call.args]
    return Result(" ".join(pids) + "\n" if pids else "", code=0 if pids else 1)


def top(call: Call) -> Result:
    """One look with `-b`; else looked at for a while."""
    world = call.terminal.world
    call.wait_us(extra_us("top"))
    if not any(word.startswith("-") and "b" in word for word in call.args):
        call.terminal.observe()
    rows = sorted(running(call), key=lambda row: -row.mib)
    used = sum(node.usage_mib() for node in world.cluster.nodes.values())
    whole = sum(node.capacity_mib for node in world.cluster.nodes.values())
    head = (f"top - {world.clock.local():%H:%M:%S} up 3 days,  1 user,  load average: 0.42, 0.40, 0.38\n"
            f"Tasks: {len(rows)} total\nMiB Mem : {whole:9.1f} total, {whole - used:9.1f} free, {used:9.1f} "
                "used\n\n")  # fmt: skip
    table = [["PID", "USER", "RES", "%CPU", "%MEM", "COMMAND"]]
    table += [[str(r.pid), r.user, f"{r.mib:.0f}m", f"{r.cpu:.1f}", f"{100 * r.mib / whole:.1f}", r.name] for r in rows]
    return Result(head + columns(table, gap=2))


def lsof(call: Call) -> Result:
    """`lsof -i :PORT`: who listens there."""
    call.wait_us(extra_us("lsof"))
    port = next((re.sub(r"\D", "", word) for word in call.args if re.search(r":?\d{2,5}$", word)), "")
    if not port:
        raise NotHere("lsof: only -i :PORT is known here")
    ports = {8080: TRADING_SYSTEM, 5432: "postgres", 6379: "redis"}
    workload = ports.get(int(port))
    rows = [row for row in running(call) if row.workload == workload] if workload else []
    if not rows:
        return Result(code=1)
    table = [["COMMAND", "PID", "USER", "FD", "TYPE", "NODE", "NAME"]]
    table += [[row.name[:9], str(row.pid), row.user, "7u", "IPv4", "TCP", f"*:{port} (LISTEN)"] for row in rows]
    return Result(columns(table, gap=2))


TOOLS = {
    "ps": Program(ps, "aux, -ef, -p; shows the programs of its own pipeline too"),
    "pgrep": Program(pgrep, "-f -l -a -x -c -u"), "pkill": Program(pkill,
    "-f -x -u and signals; what is supervised comes back"),
    "kill": Program(kill, "by pid"), "killall": Program(killall, "by exact name"), "pidof": Program(pidof,
    "by exact name"),
    "top": Program(top, "-b for one look; else looked at for a while"), "htop": Program(top, "looked at for a while"),
    "lsof": Program(lsof, "-i :PORT"),
}  # fmt: skip

