"""kubectl scale, delete, set, cordon, drain, wait: what changes workloads and nodes."""

from __future__ import annotations

import re
from collections.abc import Callable

from drills.shell.inventory import WORKLOADS
from drills.shell.naming import GATEWAY
from drills.shell.tool import NotHere, Result
from drills.shell.tools.durations import STOP_GRACE_US
from drills.shell.tools.firm import (
    effect,
    length_us,
    reconnect_after,
    restart_of,
    restarted,
    settings_changed,
    start_of,
    wait_for,
)
from drills.shell.tools.kubectl.errors import ServerError, not_found, usage
from drills.shell.tools.kubectl.line import Line
from drills.shell.tools.kubectl.read import find_pod, objects_of
from drills.shell.tools.kubectl.show import FULL, kind_of
from drills.shell.tools.kubectl.view import DeploymentView, PodView, matching
from sim.config import TRADING_SYSTEM

_MIB = {"Ki": 1 / 1024, "Mi": 1.0, "Gi": 1024.0, "Ti": 1024.0**2, "K": 1e3 / 2**20, "k": 1e3 / 2**20, "M": 1e6 / 2**20,
        "G": 1e9 / 2**20, "": 1 / 2**20}  # fmt: skip


def full_name(view: DeploymentView) -> str:
    """As kubectl writes a workload in its answers."""
    return f"{FULL['statefulset' if view.stateful else 'deployment']}/{view.name}"


def scale(line: Line) -> Result:
    """Kubectl scale."""
    replicas = _whole(line.options.one("replicas"), "replicas")
    words = line.words
    if not words and line.options.one("selector"):
        raise usage("scaling by selector needs a resource type")
    views = [line.workload(kind, name) for kind, name in line.targets() if name]
    if not views and line.options.one("selector"):
        kept = matching([line.view.deployment_object(v) for v in line.view.deployments()], line.options.one("selector"))
        views = [line.view.deployment(each["metadata"]["name"]) for each in kept]
    if not views and line.options.has("all"):
        views = line.view.deployments()
    if not views:
        raise (
            usage("resource(s) were provided, but no name was specified")
            if words
            else usage("required flag(s) not given")
        )
    current = line.options.one("current-replicas")
    for view in views:
        if current and int(current) != view.deployment.replicas:
            raise usage(f"Expected replicas to be {current}, was {view.deployment.replicas}")
        set_replicas(line, view, replicas)
    return Result("".join(f"{full_name(view)} scaled\n" for view in views))


def set_replicas(line: Line, view: DeploymentView, replicas: int) -> None:
    """Want another number of pods, and write down what that stands for."""
    before = view.deployment.replicas
    if replicas == before:
        return
    line.firm.cluster.scale(view.workload, replicas)
    if view.workload not in WORKLOADS:
        action = ""
    elif replicas == 0:
        action = "halt" if view.workload == GATEWAY else "stop_system" if view.workload == TRADING_SYSTEM else ""
    elif before == 0:
        action = start_of(view.workload)
    else:
        action = "scale_up" if replicas > before else "configure"
    if action == "scale_up":
        line.call.terminal.nemesis.mitigate(("node_pressure",))
    effect(line.call, action, f"{view.name} scaled from {before} to {replicas} replicas")


def delete(line: Line) -> Result:
    """Kubectl delete."""
    if line.options.one("filename"):
        raise NotHere("kubectl delete -f: objects are deleted here by kind and name only")
    targets = line.targets()
    if not targets:
        raise usage("You must provide one or more resources by argument or filename.")
    selector, out = line.options.one("selector"), ""
    for kind, name in targets:
        if not name and not selector and not line.options.has("all"):
            raise usage("resource(s) were provided, but no name was specified")
        names = [name] if name else [
            each["metadata"]["name"] for each in matching(objects_of(line, kind), selector)]  # fmt: skip
        if not names:
            return Result("No resources found\n")
        for each in names:
            out += _delete_one(line, kind, each)
    return Result(out)


def _delete_one(line: Line, kind: str, name: str) -> str:
    cluster = line.firm.cluster
    if kind == "pod":
        try:
            view = find_pod(line, name)
        except ServerError:
            if line.options.has("ignore-not-found"):
                return ""
            raise
        _delete_pod(line, view)
        return f'pod "{name}"' + _forced(line) + " deleted\n"
    if kind in ("deployment", "statefulset"):
        workload = line.workload(kind, name)
        set_replicas(line, workload, 0)
        del line.firm.inventory.services[name]
        return f'{FULL[kind]} "{name}" deleted\n'
    if kind == "configmap":
        if not cluster.config_maps.remove(name, "on-call"):
            raise not_found("configmaps", name)
        effect(line.call, "configure", f"configmap {name} deleted")
        return f'configmap "{name}" deleted\n'
    raise NotHere(f"kubectl delete {kind}: objects of this kind cannot be deleted here")


def _forced(line: Line) -> str:
    return " force" if line.options.has("force") else ""


def _delete_pod(line: Line, view: PodView) -> None:
    if not line.options.has("force"):
        line.call.wait_us(STOP_GRACE_US)
    if any(row.pod == view.pod.name for row in line.firm.cluster.status(view.workload)):
        line.firm.cluster.delete_pod(view.pod.name)
    restarted(line.call, view.workload)
    action = restart_of(view.workload)
    effect(line.call, action, f"pod {view.name} deleted")
    reconnect_after(line.call, view.workload)


def set_(line: Line) -> Result:
    """Kubectl set image, env, resources."""
    if not line.words:
        raise usage("set needs image, env or resources")
    what, words = line.words[0], line.words[1:]
    verbs: dict[str, Callable[[Line, DeploymentView, list[str]], str]] = {
        "image": _set_image, "env": _set_env, "resources": _set_resources,
    }  # fmt: skip
    if what not in verbs:
        raise NotHere(f"kubectl set {what} is not known here")
    if "/" in (words[0] if words else ""):
        view, rest = line.one_workload(words[:1]), words[1:]
    else:
        view, rest = line.one_workload(words[:2]), words[2:]
    return Result(verbs[what](line, view, rest))


def _set_image(line: Line, view: DeploymentView, rest: list[str]) -> str:
    pairs = [word.partition("=") for word in rest if "=" in word]
    if not pairs:
        raise usage("at least one image update is required")
    for container, _, image in pairs:
        if container not in (line.firm.inventory.pod_containers.get(view.name, view.name), view.name, "*"):
            raise usage(f'unable to find container named "{container}"')
        version = image.rpartition(":")[2] if ":" in image.rpartition("/")[2] else "latest"
        deploy(line, view, version)
    return f"{full_name(view)} image updated\n"


def deploy(line: Line, view: DeploymentView, version: str) -> None:
    """Roll a version out; going back to one that ran before is a rollback."""
    known = [revision.version for revision in view.deployment.revisions]
    before = view.deployment.revision.version
    if version == before:
        return
    line.firm.cluster.deploy(view.workload, version)
    if version in known:
        line.call.terminal.nemesis.mitigate(("memory_leak",))
    restarted(line.call, view.workload)
    effect(line.call, "rollback" if version in known else "configure", f"{view.name} from {before} to {version}")


def _set_env(line: Line, view: DeploymentView, rest: list[str]) -> str:
    if line.options.has("list"):
        shown = "".join(f"{key}={value}\n" for key, value in view.deployment.environment.items())
        return f"# {full_name(view)}, container {view.name}\n{shown}"
    pairs = [*rest, *line.options.all("env")]
    changes: dict[str, str | None] = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals and not pair.endswith("-"):
            raise usage(f"environment variables must be of the form key=value: {pair}")
        changes[key if equals else pair[:-1]] = value if equals else None
    if not changes:
        raise usage("at least one environment variable must be provided")
    line.firm.cluster.set_environment(view.workload, changes)
    restarted(line.call, view.workload)
    if view.workload == TRADING_SYSTEM:
        line.firm.configure({key.lower(): _number(value) for key, value in changes.items() if value is not None})
    settings_changed(line.call, changes)
    effect(line.call, "configure", f"environment of {view.name}: {', '.join(sorted(changes))}")
    return f"{full_name(view)} env updated\n"


def _number(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text


def _set_resources(line: Line, view: DeploymentView, rest: list[str]) -> str:
    limits = dict(part.partition("=")[::2] for part in line.options.one("limits").split(",") if part)
    requests = line.options.one("requests")
    if not limits and not requests:
        raise usage("you must specify an update to requests or limits (in the form of --requests/--limits)")
    if "memory" in limits:
        set_limit(line, view, mib(limits["memory"]))
    return f"{full_name(view)} resource requirements updated\n"


def set_limit(line: Line, view: DeploymentView, limit_mib: float) -> None:
    """Roll out another memory limit."""
    before = view.deployment.revision.limit_mib
    if limit_mib == before:
        return
    if limit_mib <= view.deployment.base_mib:
        raise NotHere(f"a limit of {limit_mib:.0f} MiB is below what {view.name} needs to start here")
    line.firm.cluster.set_limit(view.workload, limit_mib)
    restarted(line.call, view.workload)
    action = "raise_limits" if limit_mib > before and view.workload in WORKLOADS else "configure"
    effect(line.call, action, f"memory limit of {view.name} from {before:.0f} to {limit_mib:.0f} MiB")


def mib(text: str) -> float:
    """A quantity such as `512Mi` or `1G` in MiB."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)(Ki|Mi|Gi|Ti|K|k|M|G|)", text)
    if match is None:
        raise usage("quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'")
    return float(match.group(1)) * _MIB[match.group(2)]


def cordon(line: Line) -> Result:
    """Kubectl cordon, uncordon, drain."""
    if not line.words:
        raise usage(f"one or more nodes must be given: kubectl {line.verb} NODE")
    out = ""
    for name in line.words:
        if name not in list(line.firm.cluster.nodes):
            raise not_found("nodes", name)
        on = line.verb != "uncordon"
        line.firm.cluster.cordon(name, on=on)
        effect(line.call, "configure", f"node {name} {'closed to' if on else 'open for'} new pods")
        out += f"node/{name} {'cordoned' if on else 'uncordoned'}\n"
        if line.verb == "drain":
            out += _drain(line, name)
    return Result(out)


def _drain(line: Line, node: str) -> str:
    out = ""
    for view in [view for view in line.view.pods() if view.pod.node == node]:
        out += f"evicting pod {view.namespace}/{view.name}\n"
        _delete_pod(line, view)
        out += f"pod/{view.name} evicted\n"
    return f"{out}node/{node} drained\n"


def wait(line: Line) -> Result:
    """Kubectl wait --for=condition=Ready|Available, --for=delete."""
    wanted = line.options.one("for").lower()
    patience = length_us(line.options.one("timeout", "30s"))
    if patience is None:
        raise usage(f'invalid argument "{line.options.one("timeout")}" for "--timeout" flag')
    if wanted not in ("condition=ready", "condition=available", "delete"):
        raise NotHere(f"kubectl wait --for={line.options.one('for')}: only Ready, Available and delete are known here")
    kind = line.targets()[0][0] if line.words else ""
    if kind == "pod":
        names = [name for _, name in line.targets() if name] or [
            each["metadata"]["name"] for each in matching(objects_of(line, "pod"),
            line.options.one("selector"))]  # fmt: skip
        if not names:
            raise usage("no matching resources found")
        views = [find_pod(line, name) for name in names]
        met = wait_for(line.call, lambda: all(v.pod.ready for v in views) != (wanted == "delete"), patience)
        shown = [f"pod/{view.name}" for view in views]
    else:
        deployments = [line.workload(kind_of(k), name) for k, name in line.targets() if name]
        met = wait_for(line.call, lambda: all(line.firm.cluster.ready(d.workload) for d in deployments), patience)
        shown = [full_name(view) for view in deployments]
    if met:
        return Result("".join(f"{name} condition met\n" for name in shown))
    return Result(err="".join(f"error: timed out waiting for the condition on {name}\n" for name in shown), code=1)


def _whole(text: str, name: str) -> int:
    if not text:
        raise usage(f'required flag(s) "{name}" not set')
    try:
        number = int(text)
    except ValueError as error:
        raise usage(
            f'invalid argument "{text}" for "--{name}" flag: strconv.ParseInt: parsing "{text}": invalid syntax'
        ) from error
    if number < 0:
        raise usage(f"The --{name}=COUNT flag is required, and COUNT must be greater than or equal to 0")
    return number


__all__ = ["cordon", "delete", "deploy", "full_name", "mib", "scale", "set_", "set_limit", "set_replicas", "wait"]
