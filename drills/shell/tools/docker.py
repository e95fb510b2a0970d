"""docker and docker compose on the firm's services: containers under the names that the runbook uses."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from drills.shell.naming import MONITORING
from drills.shell.program import Program
from drills.shell.tool import Call, NotHere, Result
from drills.shell.tools import control
from drills.shell.tools.durations import extra_us
from drills.shell.tools.firm import AGE_BEFORE_US, effect, firm_of, length_us, stamp
from drills.shell.tools.kubectl.change import mib
from drills.shell.tools.kubectl.errors import ServerError
from drills.shell.tools.lines import lines_of
from drills.shell.tools.options import Options, UnknownOption, read_options
from drills.shell.tools.tables import columns
from sim.clock import DAY, HOUR, MINUTE, SECOND

_VALUED = {
    "-n": "tail", "--tail": "tail", "--since": "since", "--until": "until", "-t": "time", "--time": "time",
    "--format": "format", "--filter": "filter", "-e": "env", "--env": "env", "-u": "user", "--user": "user",
    "-w": "workdir", "--workdir": "workdir", "-s": "signal", "--signal": "signal", "-m": "memory",
    "--memory": "memory", "--memory-swap": "memory-swap", "--file": "file", "-p": "project",
    "--project-name": "project",
    "--scale": "scale", "--timeout": "time", "--restart": "restart-policy",
}  # fmt: skip
_FLAGS = {
    "-a": "all", "--all": "all", "-q": "quiet", "--quiet": "quiet", "--follow": "follow", "-i": "interactive",
    "--interactive": "interactive", "--tty": "tty", "-d": "detach", "--detach": "detach", "--no-stream": "no-stream",
    "--timestamps": "timestamps", "--force": "force", "--build": "build", "--force-recreate": "force-recreate",
    "--no-deps": "no-deps", "--remove-orphans": "remove-orphans", "-v": "volumes", "--volumes": "volumes",
    "--no-color": "no-color", "-T": "no-tty", "--no-trunc": "no-trunc", "-l": "latest",
}  # fmt: skip


class DockerError(Exception):
    """Words for standard error and an exit code of 1."""


def docker(call: Call) -> Result:
    """Run one docker command."""
    words = list(call.args)
    if words[:1] == ["container"]:
        words = words[1:]
    if words[:1] == ["compose"]:
        return docker_compose(call, words[1:])
    if not words:
        return Result("Usage:  docker [OPTIONS] COMMAND\n")
    verb, rest = words[0], words[1:]
    call.wait_us(extra_us("docker", verb))
    return _run(call, verb, rest)


def _run(call: Call, verb: str, rest: list[str]) -> Result:
    if verb not in _VERBS:
        if verb in (
            "run",
            "build",
            "pull",
            "push",
            "system",
            "volume",
            "network",
            "rm",
            "rmi",
            "images",
            "commit",
            "login",
            "image",
        ):
            raise NotHere(f"docker {verb} is not known here")
        return Result(err=f"docker: '{verb}' is not a docker command.\nSee 'docker --help'\n", code=1)
    try:
        return _VERBS[verb](call, _options(verb, rest))
    except DockerError as error:
        return Result(err=f"{error}\n", code=1)
    except UnknownOption as error:
        return Result(err=f"unknown flag: {error.option}\nSee 'docker {verb} --help'.\n", code=125)


def _options(verb: str, rest: list[str]) -> Options:
    valued, flags = dict(_VALUED), dict(_FLAGS)
    if verb == "logs":
        flags |= {"-f": "follow", "-t": "timestamps"}
        del valued["-t"]
    elif verb == "exec":
        flags["-t"] = "tty"
        del valued["-t"]
    elif verb == "ps":
        valued["-f"] = "filter"
        valued["-n"] = "last"
    elif verb == "inspect":
        valued["-f"] = "format"
    return read_options(rest, valued, flags, stop_at_word=verb == "exec")


# Who there is


def containers(call: Call) -> dict[str, str]:
    """Container -> workload: those that the runbook names, and the other services under their own names."""
    inventory = firm_of(call.terminal).inventory
    taken = set(inventory.containers.values())
    others = {name: here for name, here in inventory.services.items() if here not in taken}
    return {**inventory.containers, **{n: here for n, here in others.items() if n not in inventory.containers}}


def _workload(call: Call, name: str) -> str:
    found = containers(call)
    if name not in found:
        raise DockerError(f"Error response from daemon: No such container: {name}")
    return found[name]


def _status(call: Call, workload: str) -> str:
    state, now = control.state_of(call, workload), call.terminal.world.env.now
    if workload == MONITORING:
        return "Up 3 days" if state == control.RUNNING else "Exited (0) recently"
    pod = control.first_pod(control.deployment_of(call, workload))
    if state in (control.RUNNING, control.STARTING) and pod is not None:
        began = pod.running_since_us if pod.running_since_us is not None else pod.created_us
        before = AGE_BEFORE_US if pod.created_us == 0 and pod.restarts == 0 else 0
        return f"Up {_ago(now - began + before)}" + ("" if pod.ready else " (health: starting)")
    if state == control.RESTARTING and pod is not None:
        return f"Restarting ({_exit_code(pod.last_reason)}) {_ago(now - (pod.last_ended_us or now))} ago"
    if pod is not None and pod.last_ended_us is not None:
        return f"Exited ({_exit_code(pod.last_reason)}) {_ago(now - pod.last_ended_us)} ago"
    return "Exited (0)"


def _exit_code(reason: str) -> int:
    return 137 if reason in ("OOMKilled", "killed") else 1


def _ago(length: int) -> str:
    for unit, size in (("day", DAY), ("hour", HOUR), ("minute", MINUTE), ("second", SECOND)):
        if length >= size:
            count = length // size
            return f"{count} {unit}{'s' if count > 1 else ''}"
    return "Less than a second"


def _ps(call: Call, options: Options) -> Result:
    rows = []
    for place, (name, workload) in enumerate(containers(call).items()):
        status = _status(call, workload)
        up = status.startswith(("Up", "Restarting"))
        if not (up or options.has("all")) or not _filtered(options, name, status):
            continue
        rows.append({"ID": f"{place + 10:012x}", "Image": f"{workload}:latest", "Names": name, "Status": status,
                     "State": "running" if up else "exited", "Command": '"/entrypoint"', "Ports": "",
                     "CreatedAt": "3 days ago"})  # fmt: skip
    if options.has("quiet"):
        return Result("".join(f"{row['ID']}\n" for row in rows))
    template = options.one("format")
    if template:
        return Result(_formatted(template, rows))
    heads = ["CONTAINER ID", "IMAGE", "COMMAND", "CREATED", "STATUS", "PORTS", "NAMES"]
    keys = ("ID", "Image", "Command", "CreatedAt", "Status", "Ports", "Names")
    return Result(columns([heads, *([row[key] for key in keys] for row in rows)]))


def _filtered(options: Options, name: str, status: str) -> bool:
    for term in options.all("filter"):
        key, _, value = term.partition("=")
        if key == "name" and not re.search(value, name):
            return False
        if key == "status" and not status.lower().startswith({"running": "up"}.get(value, value)):
            return False
        if key not in ("name", "status"):
            raise NotHere(f"docker ps --filter {term} is not known here")
    return True


def _formatted(template: str, rows: list[dict[str, str]]) -> str:
    if template == "json":
        return "".join(json.dumps(row) + "\n" for row in rows)
    table = template.startswith("table ")
    template = template.removeprefix("table ").replace("\\t", "\t")
    keys = re.findall(r"\{\{\s*\.(\w+)\s*\}\}", template)
    lines = [re.sub(r"\{\{\s*\.(\w+)\s*\}\}", lambda m, r=row: r.get(m.group(1), ""), template) for row in rows]  # type: ignore[misc]
    if table:
        return columns([[key.upper() for key in keys], *(line.split("\t") for line in lines)])
    return "".join(f"{line}\n" for line in lines)


# Verbs


def _each(call: Call, options: Options, verb: Callable[[Call, str, str], None]) -> Result:
    if not options.words:
        raise DockerError("\"docker\" requires at least 1 argument.\nSee 'docker --help'.")
    out, err = "", ""
    for name in options.words:
        try:
            verb(call, _workload(call, name), name)
            out += f"{name}\n"
        except DockerError as error:
            err += f"{error}\n"
    return Result(out, err, 1 if err else 0)


def _kill(call: Call, options: Options) -> Result:
    return _each(call, options, lambda c, workload, name: control.kill(c, workload, name, comes_back=False))


def _logs(call: Call, options: Options) -> Result:
    if len(options.words) != 1:
        raise DockerError("\"docker logs\" requires exactly 1 argument.\nSee 'docker logs --help'.")
    workload, world = _workload(call, options.words[0]), call.terminal.world
    since = options.one("since")
    from_us = 0
    if since:
        back = length_us(since)
        if back is None:
            raise NotHere(f"docker logs --since {since}: only lengths such as 10m are known here")
        from_us = world.env.now - back
    lines = lines_of(world, workload, from_us)
    tail = options.one("tail", "all")
    if tail != "all" and tail.isdigit():
        lines = lines[len(lines) - int(tail) :] if int(tail) < len(lines) else lines
    if options.has("follow"):
        began = world.env.now
        call.terminal.observe()
        lines = [*lines, *lines_of(world, workload, began + 1)]
    return Result("".join(f"{line.shown(world)}\n" for line in lines))


def _exec(call: Call, options: Options) -> Result:
    if len(options.words) < 2:
        raise DockerError("\"docker exec\" requires at least 2 arguments.\nSee 'docker exec --help'.")
    name, words = options.words[0], options.words[1:]
    workload = _workload(call, name)
    if control.state_of(call, workload) not in (control.RUNNING, control.STARTING):
        raise DockerError(f"Error response from daemon: container {name} is not running")
    if options.has("tty") and call.stdin is not None:
        return Result(err="the input device is not a TTY\n", code=1)
    firm_of(call.terminal).places[name] = workload
    stdin = call.stdin if options.has("interactive") else None
    result = call.terminal.at(name, (workload,)).call(tuple(words), stdin=stdin)
    if result.code == 127 and not result.out:
        text = (
            f'OCI runtime exec failed: exec failed: unable to start container process: exec: "{words[0]}": '
            "executable file not found in $PATH: unknown\n"
        )
        return Result("", text, 126)
    return result


def _inspect(call: Call, options: Options) -> Result:
    documents = []
    for name in options.words:
        try:
            workload = _workload(call, name)
        except DockerError:
            return Result("[]\n", f"Error: No such object: {name}\n", 1)
        documents.append(_document(call, name, workload))
    template = options.one("format")
    if not template:
        return Result(json.dumps(documents, indent=4) + "\n")
    return Result("".join(_templated(template, document) + "\n" for document in documents))


def _document(call: Call, name: str, workload: str) -> dict[str, Any]:
    state, world = control.state_of(call, workload), call.terminal.world
    pod = None if workload == MONITORING else control.first_pod(control.deployment_of(call, workload))
    limit = 0 if pod is None else round(pod.revision.limit_mib * 2**20)
    return {
        "Id": f"{name}", "Name": f"/{name}", "RestartCount": 0 if pod is None else pod.restarts,
        "State": {
            "Status": "running" if state == control.STARTING else "exited" if state == control.FAILED else state,
            "Running": state in (control.RUNNING, control.STARTING), "Restarting": state == control.RESTARTING,
            "OOMKilled": pod is not None and pod.last_reason == "OOMKilled",
            "ExitCode": 0 if pod is None or not pod.last_reason else _exit_code(pod.last_reason),
            "StartedAt": stamp(world, 0 if pod is None else pod.created_us),
            "Health": {"Status": "healthy" if state == control.RUNNING else "unhealthy"},
        },
        "HostConfig": {"Memory": limit}, "Config": {"Image": f"{workload}:latest"},
    }  # fmt: skip


def _templated(template: str, document: dict[str, Any]) -> str:
    def find(match: re.Match[str]) -> str:
        value: Any = document
        for key in match.group(2).split("."):
            if not isinstance(value, dict) or key not in value:
                raise DockerError(f"template parsing error: template: :1: can't evaluate field {key}")
            value = value[key]
        shown = json.dumps(value) if match.group(1) or not isinstance(value, str) else value
        return str(shown)

    if re.search(r"\{\{\s*(?:range|if|with|index|end)", template):
        raise NotHere(f"docker inspect --format {template}: only plain fields are known here")
    return re.sub(r"\{\{\s*(json\s+)?\.([\w.]+)\s*\}\}", find, template)


def _stats(call: Call, options: Options) -> Result:
    rows = [["NAME", "CPU %", "MEM USAGE / LIMIT", "MEM %"]]
    for name, workload in containers(call).items():
        if workload == MONITORING or (options.words and name not in options.words):
            continue
        deployment = control.deployment_of(call, workload)
        pod = control.first_pod(deployment)
        if pod is not None and pod.usage_mib() > 0:
            usage, limit = pod.usage_mib(), pod.revision.limit_mib
            busy = 2.5 * call.terminal.world.cluster.slowdown(workload)
            rows.append([name, f"{busy:.2f}%", f"{usage:.1f}MiB / {limit:.0f}MiB", f"{100 * usage / limit:.2f}%"])
    for name in options.words:
        _workload(call, name)
    if not options.has("no-stream"):
        call.terminal.observe()
    return Result(columns(rows))


def _update(call: Call, options: Options) -> Result:
    memory = options.one("memory")
    if not memory:
        raise NotHere("docker update: only --memory is known here")
    try:
        limit = mib(memory.upper().replace("B", "").replace("M", "Mi").replace("G", "Gi").replace("K", "Ki"))
    except ServerError:
        raise DockerError(f'invalid argument "{memory}" for "-m, --memory" flag: invalid size') from None
    for name in options.words:
        workload = _workload(call, name)
        firm_of(call.terminal).cluster.set_limit(workload, limit)
        effect(call, "raise_limits", f"memory limit of {name} set to {limit:.0f} MiB")
    return Result("".join(f"{name}\n" for name in options.words))


_VERBS: dict[str, Callable[[Call, Options], Result]] = {
    "ps": _ps, "logs": _logs, "exec": _exec, "inspect": _inspect, "stats": _stats, "update": _update, "kill": _kill,
    "restart": lambda call, options: _each(call, options, control.restart),
    "stop": lambda call, options: _each(call, options, control.stop),
    "start": lambda call, options: _each(call, options, control.start),
}  # fmt: skip


# compose


def _compose(call: Call, words: list[str]) -> Result:
    while words and words[0].startswith("-"):  # -f FILE, -p NAME before the verb
        words = words[2:] if words[0] in ("-f", "--file", "-p", "--project-name", "--env-file") else words[1:]
    if not words:
        return Result("Usage:  docker compose [OPTIONS] COMMAND\n")
    verb, rest = words[0], words[1:]
    call.wait_us(extra_us("docker", "compose"))
    if verb in ("logs", "exec"):
        options = _options(verb, [word for word in rest if word != "-T"])
        if verb == "logs" and not options.words:
            options.words = []
            return Result("".join(_named_logs(call, name, options) for name in containers(call)))
        return _run(call, verb, [word for word in rest if word != "-T"])
    if verb == "ps":
        return _run(call, "ps", [word for word in rest if word.startswith("-")])
    options = read_options(rest, _VALUED, _FLAGS, lenient=True)
    if verb == "up" and not options.has("detach"):
        raise NotHere("docker compose up without -d: it stays in the foreground until it is interrupted")
    names = options.words or list(containers(call))
    verbs = {"up": control.start, "start": control.start, "down": control.stop, "stop": control.stop,
             "restart": control.restart}  # fmt: skip
    if verb not in verbs:
        raise NotHere(f"docker compose {verb} is not known here")
    err = ""
    for name in names:
        workload = containers(call).get(name)
        if workload is None:
            return Result(err=f"no such service: {name}\n", code=1)
        if verb == "down" and workload == MONITORING:
            continue
        act = control.restart if verb == "up" and options.has("force-recreate") else verbs[verb]
        act(call, workload, name)
        err += f" Container {name}  {'Removed' if verb == 'down' else 'Stopped' if verb == 'stop' else 'Started'}\n"
    return Result(err=err)


def _named_logs(call: Call, name: str, options: Options) -> str:
    one = Options(dict(options.given), [name])
    return "".join(f"{name}  | {line}\n" for line in _logs(call, one).out.splitlines())


def docker_compose(call: Call, words: list[str] | None = None) -> Result:
    """`docker compose`, and the old program of its own."""
    try:
        return _compose(call, list(call.args) if words is None else words)
    except UnknownOption as error:
        return Result(err=f"unknown flag: {error.option}\nSee 'docker compose --help'.\n", code=125)
    except DockerError as error:
        return Result(err=f"{error}\n", code=1)


_ABOUT = "ps logs exec inspect stats restart stop start kill update; compose up -d, down, restart, stop, ps, logs, exec"
TOOLS = {
    "docker": Program(docker, _ABOUT), "podman": Program(docker, _ABOUT),
    "docker-compose": Program(docker_compose, "up -d, down, restart, stop, start, ps, logs, exec"),
}  # fmt: skip
