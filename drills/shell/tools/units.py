"""systemctl, service, journalctl and supervisorctl: the firm's services as units of their machines."""

from __future__ import annotations

import re
from collections.abc import Callable

from drills.shell.naming import MONITORING
from drills.shell.program import Program
from drills.shell.tool import Call, NotHere, Result
from drills.shell.tools import control
from drills.shell.tools.durations import extra_us
from drills.shell.tools.firm import AGE_BEFORE_US, age, firm_of
from drills.shell.tools.lines import lines_of
from drills.shell.tools.options import UnknownOption, read_options
from drills.shell.tools.processes import main_pid
from sim.clock import DAY, HOUR, MINUTE, SECOND
from sim.pods import Pod

_SYSTEMCTL_VALUED = {
    "-n": "lines", "--lines": "lines", "-t": "type", "--type": "type", "-p": "property", "--property": "property",
    "--state": "state", "-s": "signal", "--signal": "signal", "-H": "host", "-o": "output",
}  # fmt: skip
_SYSTEMCTL_FLAGS = {
    "--no-pager": "no-pager", "-l": "full", "--full": "full", "--now": "now", "-q": "quiet", "--quiet": "quiet",
    "--user": "user", "-a": "all", "--all": "all", "--failed": "failed", "--value": "value", "-f": "force",
    "--no-block": "no-block", "--plain": "plain", "--no-legend": "no-legend", "--force": "force",
}  # fmt: skip
UnitVerb = Callable[[Call, list[str]], Result]
_DAEMON_WORDS = ("daemon-reload", "reset-failed", "daemon-reexec")


def units(call: Call) -> dict[str, str]:
    """Unit -> workload: those that the runbook names, and the other services under their own names."""
    inventory = firm_of(call.terminal).inventory
    named = {name.removesuffix(".service"): here for name, here in inventory.units.items()}
    taken = set(named.values())
    return {**named, **{n: here for n, here in inventory.services.items() if here not in taken and n not in named}}


def systemctl(call: Call) -> Result:
    """Systemctl with its exit codes: 0, 3 not running, 4 no such unit, 5 cannot be loaded."""
    try:
        options = read_options(call.args, _SYSTEMCTL_VALUED, _SYSTEMCTL_FLAGS)
    except UnknownOption as error:
        return Result(err=f"systemctl: unrecognized option '{error.option}'\n", code=1)
    verb, names = (options.words[0], options.words[1:]) if options.words else ("list-units", [])
    call.wait_us(extra_us("systemctl", verb))
    if verb in _DAEMON_WORDS:
        return Result()
    if verb in ("list-units", "list-unit-files"):
        return _listed(call, failed=options.has("failed") or options.one("state") == "failed")
    if not names:
        return Result(err="Too few arguments.\n", code=1)
    if verb in ("enable", "disable", "mask", "unmask") and not options.has("now"):
        return _known(call, names) or Result()
    verb = {"enable": "start", "disable": "stop"}.get(verb, verb)
    if verb not in _UNIT_VERBS:
        raise NotHere(f"systemctl {verb} is not known here")
    return _UNIT_VERBS[verb](call, [name.removesuffix(".service") for name in names])


def _known(call: Call, names: list[str]) -> Result | None:
    for name in names:
        if name.removesuffix(".service") not in units(call):
            return Result(
                err=f"Failed to enable unit: Unit file {name.removesuffix('.service')}.service does not exist.\n",
                code=1,
            )
    return None


def _act(word: str, act: Callable[[Call, str, str], None]) -> UnitVerb:
    def run(call: Call, names: list[str]) -> Result:
        for name in names:
            workload = units(call).get(name)
            if workload is None:
                return Result(err=f"Failed to {word} {name}.service: Unit {name}.service not found.\n", code=5)
            act(call, workload, name)
            if word in ("start", "restart") and control.state_of(call, workload) in (
                control.FAILED,
                control.RESTARTING,
            ):
                text = (f"Job for {name}.service failed because the control process exited with error code.\n"
                        f'See "systemctl status {name}.service" and "journalctl -xeu {name}.service" for '
                            'details.\n')  # fmt: skip
                return Result(err=text, code=1)
        return Result()

    return run


def _status(call: Call, names: list[str]) -> Result:
    out, code = "", 0
    for name in names:
        workload = units(call).get(name)
        if workload is None:
            return Result(out, f"Unit {name}.service could not be found.\n", 4)
        text, running = _shown(call, name, workload)
        out += text
        code = code if running else 3
    return Result(out, code=code)


def _shown(call: Call, name: str, workload: str) -> tuple[str, bool]:
    world, state = call.terminal.world, control.state_of(call, workload)
    pod = None if workload == MONITORING else control.first_pod(control.deployment_of(call, workload))
    running = state in (control.RUNNING, control.STARTING)
    words = {control.RUNNING: "active (running)", control.STARTING: "active (running)",
    control.EXITED: "inactive (dead)",
             control.FAILED: "failed (Result: exit-code)",
             control.RESTARTING: "activating (auto-restart)"}[state]  # fmt: skip
    since = _since(call, pod)
    lines = [f"{'●' if running else '○' if state == control.EXITED else '×'} {name}.service - {name}",
             f"     Loaded: loaded (/etc/systemd/system/{name}.service; enabled; preset: enabled)",
             f"     Active: {words}{since}"]  # fmt: skip
    if running and pod is not None:
        lines += [f"   Main PID: {main_pid(call, workload)} ({name})", f"     Memory: {pod.usage_mib():.1f}M"]
    elif pod is not None and pod.last_reason:
        how = "code=killed, signal=KILL" if pod.last_reason == "OOMKilled" else "code=exited, status=1/FAILURE"
        lines.append(f"    Process: ({how})")
    recent = [] if workload == MONITORING else lines_of(world, workload)[-10:]
    shown = "".join(f"{line.shown(world)}\n" for line in recent)
    return "\n".join(lines) + "\n" + (f"\n{shown}" if shown else ""), running


def _since(call: Call, pod: Pod | None) -> str:
    world = call.terminal.world
    if pod is None:
        return ""
    at = pod.last_ended_us if pod.running_since_us is None and pod.last_ended_us is not None else pod.created_us
    if pod.running_since_us is not None and pod.restarts:
        at = pod.running_since_us
    before = AGE_BEFORE_US if at == 0 else 0
    moment = world.clock.utc(at - before)
    return f" since {moment:%a %Y-%m-%d %H:%M:%S} UTC; {age(world.env.now - at + before)} ago"


def _is_active(call: Call, names: list[str]) -> Result:
    words = []
    for name in names:
        workload = units(call).get(name)
        state = control.EXITED if workload is None else control.state_of(call, workload)
        words.append({control.RUNNING: "active", control.STARTING: "active", control.RESTARTING: "activating",
                      control.FAILED: "failed"}.get(state, "inactive"))  # fmt: skip
    return Result("".join(f"{word}\n" for word in words), code=0 if "active" in words else 3)


def _is_failed(call: Call, names: list[str]) -> Result:
    result = _is_active(call, names)
    return Result(result.out, code=0 if "failed" in result.out else 1)


def _show(call: Call, names: list[str]) -> Result:
    workload = units(call).get(names[0])
    active = _is_active(call, names[:1]).out.strip()
    pid = main_pid(call, workload) if workload is not None and active == "active" else 0
    detail = "running" if active == "active" else "dead"
    return Result(f"Id={names[0]}.service\nActiveState={active}\nSubState={detail}\nMainPID={pid}\n")


def _listed(call: Call, *, failed: bool) -> Result:
    lines = []
    for name in units(call):
        state = _is_active(call, [name]).out.strip()
        if not failed or state == "failed":
            lines.append(f"  {name}.service loaded {state} {'running' if state == 'active' else 'dead'} {name}")
    return Result(
        "  UNIT LOAD ACTIVE SUB DESCRIPTION\n"
        + "".join(f"{line}\n" for line in lines)
        + f"\n{len(lines)} loaded units listed.\n"
    )


_UNIT_VERBS: dict[str, UnitVerb] = {
    "start": _act("start", control.start), "stop": _act("stop", control.stop),
    "restart": _act("restart", control.restart), "try-restart": _act("restart", control.restart),
    "reload": _act("reload", lambda call, workload, name: None), "status": _status, "is-active": _is_active,
    "is-failed": _is_failed, "show": _show, "is-enabled": lambda call, names: _known(call,
    names) or Result("enabled\n"),
    "kill": _act("kill", lambda call, workload, name: control.kill(call, workload, name, comes_back=True)),
    "reload-or-restart": _act("restart", control.restart),
}  # fmt: skip


def service(call: Call) -> Result:
    """`service NAME VERB`, which hands on to systemctl."""
    if len(call.args) < 2:
        return Result(
            err="Usage: service < option > | --status-all | [ service_name [ command | --full-restart ] ]\n", code=1
        )
    name, verb = call.args[0].removesuffix(".service"), call.args[1]
    if name not in units(call):
        return Result(err=f"{name}: unrecognized service\n", code=1)
    if verb not in ("start", "stop", "restart", "status", "reload", "force-reload"):
        return Result(err=f"Usage: /etc/init.d/{name} {{start|stop|restart|status|reload}}\n", code=2)
    return _UNIT_VERBS[verb.removeprefix("force-")](call, [name])


_JOURNAL_VALUED = {
    "-u": "unit", "--unit": "unit", "-n": "lines", "--lines": "lines", "--since": "since", "-S": "since",
    "--until": "until", "-U": "until", "-p": "priority", "--priority": "priority", "-o": "output",
    "--output": "output", "-g": "grep", "--grep": "grep", "-t": "identifier", "-b": "boot",
}  # fmt: skip
_JOURNAL_FLAGS = {
    "-f": "follow", "--follow": "follow", "--no-pager": "no-pager", "-e": "end", "-x": "catalog", "-r": "reverse",
    "--reverse": "reverse", "-k": "dmesg", "-q": "quiet", "--utc": "utc", "-a": "all", "--no-hostname": "no-hostname",
}  # fmt: skip
_LOUD = {"emerg": 0, "alert": 0, "crit": 1, "err": 2, "error": 2, "warning": 3, "notice": 4, "info": 4, "debug": 5}
_LEVEL = {"CRITICAL": 1, "FATAL": 1, "ERROR": 2, "WARNING": 3}


def journalctl(call: Call) -> Result:
    """The log of one unit, or of all."""
    try:
        options = read_options(call.args, _JOURNAL_VALUED, _JOURNAL_FLAGS)
    except UnknownOption as error:
        return Result(err=f"journalctl: unrecognized option '{error.option}'\n", code=1)
    world = call.terminal.world
    if options.has("dmesg"):
        raise NotHere("journalctl -k: the kernel of the machines is not modelled")
    asked = [name.removesuffix(".service") for name in options.all("unit")]
    known = units(call)
    workloads = [known[name] for name in asked if name in known] if asked else list(dict.fromkeys(known.values()))
    since = _time(options.one("since"), world.env.now, call) if options.has("since") else 0
    until = _time(options.one("until"), world.env.now, call) if options.has("until") else None
    priority = options.one("priority")
    if priority and not priority.isdigit() and priority not in _LOUD:
        return Result(err=f"Unknown log level {priority}\n", code=1)
    loud = 5 if not priority else max(0, int(priority) - 1) if priority.isdigit() else _LOUD[priority]

    def lines(from_us: int) -> list[str]:
        found = [line for w in workloads if w != MONITORING for line in lines_of(world, w, from_us, until)]
        found = sorted((line for line in found if _LEVEL.get(line.level, 4) <= loud), key=lambda line: line.t_us)
        shown = [line.shown(world) for line in found]
        return [text for text in shown if re.search(options.one("grep"), text)] if options.has("grep") else shown

    shown = lines(since)
    count = options.one("lines") or ("10" if options.has("follow") else "")
    if count.isdigit():
        shown = shown[-int(count) :] if int(count) else []
    if options.has("follow"):
        began = world.env.now + 1
        call.terminal.observe()
        shown += lines(began)
    if options.has("reverse"):
        shown.reverse()
    return Result("".join(f"{text}\n" for text in shown) if shown else "-- No entries --\n")


_AGO = re.compile(r"-?(\d+)\s*(s|sec|seconds?|m|min|minutes?|h|hours?|d|days?)(?:\s+ago)?$")
_UNITS = {"s": SECOND, "m": MINUTE, "h": HOUR, "d": DAY}


def _time(text: str, now_us: int, call: Call) -> int:
    from datetime import UTC, datetime

    clock = call.terminal.world.clock
    match = _AGO.fullmatch(text.strip())
    if match:
        return now_us - int(match.group(1)) * _UNITS[match.group(2)[0]]
    if text in ("today", "yesterday", "now"):
        midnight = clock.utc(now_us).replace(hour=0, minute=0, second=0, microsecond=0)
        return now_us if text == "now" else clock.us_at(midnight) - (DAY if text == "yesterday" else 0)
    try:
        return clock.us_at(datetime.fromisoformat(text).replace(tzinfo=UTC))
    except ValueError:
        raise NotHere(f"journalctl --since {text!r}: this way to write a time is not known here") from None


def supervisorctl(call: Call) -> Result:
    """Supervisorctl status, start, stop, restart, tail."""
    verb, names = (call.args[0], list(call.args[1:])) if call.args else ("status", [])
    known = units(call)
    if verb in ("reread", "update"):
        return Result("No config updates to processes\n" if verb == "reread" else "")
    names = list(known) if not names or names == ["all"] else names
    if verb not in ("status", "start", "stop", "restart", "tail"):
        raise NotHere(f"supervisorctl {verb} is not known here")
    out, code = "", 0
    for name in names:
        if name not in known:
            out, code = out + f"{name}: ERROR (no such process)\n", 4 if verb == "status" else 1
        elif verb == "status":
            text, running = _supervised(call, name, known[name])
            out, code = out + text, code if running else 3
        elif verb == "tail":
            out += "".join(
                f"{line.shown(call.terminal.world)}\n" for line in lines_of(call.terminal.world, known[name])[-20:]
            )
        else:
            act = {"start": control.start, "stop": control.stop, "restart": control.restart}[verb]
            act(call, known[name], name)
            out += f"{name}: stopped\n" if verb != "start" else ""
            out += f"{name}: started\n" if verb != "stop" else ""
    return Result(out, code=code)


def _supervised(call: Call, name: str, workload: str) -> tuple[str, bool]:
    state = control.state_of(call, workload)
    word = {control.RUNNING: "RUNNING", control.STARTING: "STARTING", control.RESTARTING: "BACKOFF",
            control.FAILED: "FATAL"}.get(state, "STOPPED")  # fmt: skip
    detail = (
        f"pid {main_pid(call, workload)}"
        if word in ("RUNNING", "STARTING")
        else "Exited too quickly"
        if word == "FATAL"
        else ""
    )
    return f"{name:<32} {word:<9} {detail}".rstrip() + "\n", word == "RUNNING"


TOOLS = {
    "systemctl": Program(
        systemctl, "status start stop restart is-active is-failed show list-units; exit codes 0/1/3/4/5"
    ),
    "service": Program(service, "status start stop restart reload"),
    "journalctl": Program(journalctl, "-u -n -f --since --until -p -g; lines made from this run"),
    "supervisorctl": Program(supervisorctl, "status start stop restart tail"),
}
