"""kubectl, docker, systemctl and their like: what they stop, start, restart and show."""

from __future__ import annotations

import re

from drills.runbook.meanings import Inner, Meaning, human_or, positional, restarted, skip_options, verified

_KUBE_VALUED = frozenset(
    {
        "-n",
        "--namespace",
        "-l",
        "--selector",
        "-c",
        "--container",
        "-o",
        "--output",
        "--context",
        "-f",
        "--tail",
        "--since",
        "-p",
        "--patch",
        "--replicas",
        "--kubeconfig",
        "--cluster",
    }
)


def kubectl(arguments: list[str], title: str, inner: Inner) -> Meaning:
    """A kubectl command; what `exec ... --` runs is judged as a command of its own."""
    if "--" in arguments:
        behind = arguments[arguments.index("--") + 1 :]
        if behind:
            return inner(behind, title)
    words = positional(arguments, _KUBE_VALUED)
    verb, rest = (words[0], words[1:]) if words else ("", [])
    target = " ".join([*rest, *arguments])
    match verb:
        case "get" | "describe" | "explain" | "api-resources" | "version" | "auth":
            blocking = "-w" in arguments or "--watch" in arguments
            kind = rest[0].lower() if rest else ""
            shown = {
                "cm": "look_deploys",
                "configmap": "look_deploys",
                "configmaps": "look_deploys",
                "events": "look_logs",
                "nodes": "look_resources",
                "node": "look_resources",
            }
            return Meaning((shown.get(kind, "look_status"),), "read", blocking)
        case "logs":
            blocking = any(a in {"-f", "--follow", "--follow=true"} for a in arguments)
            return Meaning(verified(title) or ("look_logs",), "read", blocking)
        case "top":
            return Meaning(("look_resources",), "read")
        case "scale" | "patch" | "autoscale":
            return _replicas(target, title)
        case "rollout":
            return _rollout(rest, target)
        case "delete":
            return Meaning(("restart_service",), "mutate")
        case "apply" | "create" | "set" | "edit" | "replace" | "annotate" | "label" | "run":
            return Meaning(human_or(title, "configure"), "mutate")
        case "cordon" | "drain" | "taint":
            return Meaning(("configure",), "mutate")
        case "port-forward" | "proxy" | "attach":
            return Meaning((), "read", True)
        case "exec":
            return inner(rest[1:], title) if len(rest) > 1 else Meaning((), "unknown", True)
        case _:
            return Meaning()


def _replicas(target: str, title: str) -> Meaning:
    count = re.search(r"replicas[\"']?\s*[=:\s]\s*(\d+)", target)
    if count is None:
        return Meaning(human_or(title, "configure"), "mutate")
    number = int(count.group(1))
    if number == 0:
        return Meaning(("stop_system",), "mutate")
    return Meaning(("start_system" if number == 1 else "scale_up",), "mutate")


def _rollout(rest: list[str], target: str) -> Meaning:
    match rest[0] if rest else "":
        case "undo":
            return Meaning(("rollback",), "mutate")
        case "restart":
            return Meaning(restarted(target), "mutate")
        case "history":
            return Meaning(("look_deploys",), "read")
        case "status":
            return Meaning(("verify_health",), "read")
        case "pause" | "resume":
            return Meaning(("configure",), "mutate")
        case _:
            return Meaning()


_RUN_VALUED = frozenset({"-e", "--env", "-u", "--user", "-w", "-v", "--volume", "--name", "--network", "--entrypoint"})


def _follows(arguments: list[str]) -> bool:
    """`logs -f`: before the verb, `-f` names the compose file."""
    behind = arguments[arguments.index("logs") + 1 :] if "logs" in arguments else arguments
    return any(a in {"-f", "--follow"} for a in behind)


def docker(arguments: list[str], title: str, inner: Inner) -> Meaning:
    """A docker or docker compose command."""
    words = positional(
        arguments, frozenset({"-f", "--file", "-p", "--name", "-e", "-u", "-w", "--tail", "--since", "-n"})
    )
    if words[:1] in (["compose"], ["container"]):
        words = words[1:]
    verb, rest = (words[0], words[1:]) if words else ("", [])
    target = " ".join(rest) or title
    match verb:
        case "ps" | "inspect" | "images" | "version" | "info":
            return Meaning(("look_status",), "read")
        case "logs":
            return Meaning(verified(title) or ("look_logs",), "read", _follows(arguments))
        case "stats" | "top":
            return Meaning(("look_resources",), "read", verb == "stats" and "--no-stream" not in arguments)
        case "restart":
            return Meaning(restarted(target), "mutate")
        case "stop" | "kill" | "down" | "pause" | "rm":
            return Meaning(("stop_system",), "mutate")
        case "run" if "--rm" in arguments:
            # A container for one command: what it does, the command says, not the container.
            index = arguments.index("run") + 1
            behind = skip_options(arguments[index:], _RUN_VALUED)
            found = inner(behind[1:], title) if len(behind) > 1 else Meaning()
            return found if found.actions or found.effect == "read" else Meaning((), "unknown")
        case "start" | "up" | "run" | "unpause":
            return Meaning(("start_system",), "mutate")
        case "update":
            return Meaning(("raise_limits",), "mutate")
        case "exec":
            index = arguments.index("exec") + 1
            behind = skip_options(arguments[index:], frozenset({"-e", "-u", "-w", "--user", "--env"}))
            return inner(behind[1:], title) if len(behind) > 1 else Meaning()
        case _:
            return Meaning()


def systemctl(arguments: list[str], title: str) -> Meaning:
    """A service manager's command, by its verb and the name of the service."""
    words = positional(arguments, frozenset({"-n", "-u", "-H"}))
    verb = next(
        (
            w
            for w in words
            if w
            in {
                "restart",
                "start",
                "stop",
                "status",
                "reload",
                "kill",
                "is-active",
                "list-units",
                "show",
                "cat",
                "enable",
                "disable",
                "try-restart",
            }
        ),
        "",
    )
    target = " ".join(w for w in words if w != verb)
    match verb:
        case "status" | "is-active" | "list-units" | "show" | "cat":
            return Meaning(verified(title) or ("look_status",), "read")
        case "restart" | "try-restart" | "reload":
            return Meaning(restarted(target), "mutate")
        case "stop" | "kill" | "disable":
            return Meaning(("stop_system",), "mutate")
        case "start" | "enable":
            started = restarted(target)
            return Meaning(("start_system",) if started == ("restart",) else started, "mutate")
        case _:
            return Meaning()


def helm(arguments: list[str], title: str) -> Meaning:
    """A helm command."""
    verb = next((a for a in arguments if not a.startswith("-")), "")
    named = {
        "rollback": ("rollback", "mutate"),
        "history": ("look_deploys", "read"),
        "list": ("look_deploys", "read"),
        "status": ("look_status", "read"),
    }
    action, effect = named.get(verb, ("configure", "mutate"))
    return Meaning((action,), "read" if effect == "read" else "mutate")


def powershell(action: str) -> Inner:
    """A cmdlet that does `action` to a service."""

    def handler(arguments: list[str], title: str) -> Meaning:
        return Meaning(restarted(" ".join(arguments)) if action == "restart" else (action,), "mutate")

    return handler
