"""kubectl get, describe, logs, top: what looking shows."""

from __future__ import annotations

from typing import Any

from drills.shell.tool import NotHere, Result
from drills.shell.tools.firm import length_us, stamp
from drills.shell.tools.kubectl import jsonpath
from drills.shell.tools.kubectl.errors import ServerError, no_such_kind, not_found, usage
from drills.shell.tools.kubectl.line import Line
from drills.shell.tools.kubectl.show import KINDS, kind_of, print_objects
from drills.shell.tools.kubectl.view import Object, PodView, matching
from drills.shell.tools.lines import Line as LogLine
from drills.shell.tools.lines import lines_of, starts_of
from drills.shell.tools.tables import columns
from sim.pods import PENDING

_GROUPED = {
    "deployment": "deployments.apps",
    "statefulset": "statefulsets.apps",
    "ingress": "ingresses.networking.k8s.io",
}
_NOT_KEPT = {
    "secret", "secrets", "pvc", "persistentvolumeclaims", "persistentvolumeclaim", "pv", "hpa",
    "horizontalpodautoscaler",
    "job", "jobs", "cronjob", "cronjobs", "cj", "endpoints", "ep", "networkpolicy", "netpol", "daemonset", "daemonsets",
    "ds", "replicaset", "replicasets", "rs", "serviceaccount", "sa", "role", "clusterrole", "storageclass", "sc", "crd",
    "resourcequota", "quota", "limitrange", "certificate", "certificates", "virtualservice", "gateway", "pdb", "lease",
}  # fmt: skip


def objects_of(line: Line, kind: str) -> list[Object]:
    """Every object of a kind that is seen from the line's namespace."""
    view = line.view
    if kind == "pod":
        return [view.pod_object(each) for each in view.pods()]
    if kind in ("deployment", "statefulset"):
        return [view.deployment_object(each) for each in view.deployments() if each.stateful == (kind == "statefulset")]
    if kind == "service":
        return [view.service_object(each) for each in view.deployments()]
    if kind == "namespace":
        spaces = sorted(
            {
                *view.firm.inventory.namespaces.values(),
                "default",
                "kube-system",
                view.firm.inventory.default_namespace or "default",
            }
        )
        return [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}} for name in spaces]
    made: dict[str, Any] = {
        "ingress": view.ingress_objects, "event": view.event_objects, "node": view.node_objects,
        "configmap": view.map_objects,
    }  # fmt: skip
    if kind not in made:
        if kind in _NOT_KEPT:
            raise NotHere(f"kubectl: objects of kind {kind} are not kept here")
        raise no_such_kind(kind)
    found: list[Object] = made[kind]()
    return found


def get(line: Line) -> Result:
    """Kubectl get."""
    if not line.words:
        raise usage(
            'You must specify the type of resource to get. Use "kubectl api-resources" for a complete list of '
                'supported resources.'
        )
    if line.words[0] == "all":
        return _get_all(line)
    result = _get_once(line)
    if line.options.has("watch") and not result.code:
        line.call.terminal.observe()
        changed = _get_once(line)
        return result if changed.out == result.out else Result(result.out + changed.out)
    return result


def _get_all(line: Line) -> Result:
    parts = []
    for kind in ("pod", "service", "deployment", "statefulset"):
        objects = objects_of(line, kind)
        if objects:
            parts.append(
                print_objects(line.view, kind, objects, line.options.one("output"), single=False, headers=True)
            )
    return Result("\n".join(parts)) if parts else _nothing(line)


def _get_once(line: Line) -> Result:
    options, out, kinds = line.options, [], dict.fromkeys(kind for kind, _ in line.targets())
    for kind in kinds:
        names = [name for each, name in line.targets() if each == kind and name]
        objects = objects_of(line, kind)
        if names:
            objects = [_named(line, kind, name, objects) for name in names]
        objects = _chosen(objects, options.one("selector"), options.one("field-selector"))
        objects = _sorted(objects, options.one("sort-by"))
        if objects or options.one("output").partition("=")[0] in ("json", "yaml", "jsonpath"):
            out.append(
                print_objects(
                    line.view,
                    kind,
                    objects,
                    options.one("output"),
                    single=len(names) == 1 and len(kinds) == 1,
                    headers=not options.has("no-headers"),
                )
            )
    return Result("\n".join(out)) if out else _nothing(line)


def _nothing(line: Line) -> Result:
    where = "" if line.view.namespace is None else f" in {line.view.namespace} namespace"
    return Result(err="No resources found\n" if not where else f"No resources found{where}.\n")


def _named(line: Line, kind: str, name: str, objects: list[Object]) -> Object:
    for each in objects:
        if each["metadata"]["name"] == name:
            return each
    if kind == "pod":
        return line.view.pod_object(find_pod(line, name))
    raise not_found(_GROUPED.get(kind, KINDS.get(kind, kind)), name)


def find_pod(line: Line, name: str) -> PodView:
    """A pod by name; when it is not found, why is written down for whoever reads the runbook's findings."""
    try:
        return line.view.pod(name)
    except ServerError:
        why = line.view.why_no_pod(name)
        if why:
            line.call.terminal.finding("not_found", f'pod "{name}" is not found: {why}')
        raise


def _chosen(objects: list[Object], selector: str, fields: str) -> list[Object]:
    if selector:
        objects = matching(objects, selector)
    for term in filter(None, fields.split(",")):
        path, sign, value = term.partition("!=") if "!=" in term else term.partition("=")
        if not sign:
            raise usage(f'invalid selector: "{fields}"')
        objects = [
            each for each in objects
            if (str((jsonpath.values(path, each) or [""])[0]) == value.lstrip("=")) == (sign == "=")
        ]  # fmt: skip
    return objects


def _sorted(objects: list[Object], path: str) -> list[Object]:
    if not path:
        return objects

    def key(each: Object) -> tuple[bool, Any]:
        found = jsonpath.values(path, each)
        return (not found, found[0] if found else "")

    try:
        return sorted(objects, key=key)
    except TypeError as error:
        raise usage(f"cannot sort by {path}: values of different kinds") from error


# describe


def describe(line: Line) -> Result:
    """Kubectl describe."""
    targets = line.targets()
    if not targets:
        raise usage("You must specify the type of resource to describe.")
    texts = []
    for kind, name in targets:
        objects = objects_of(line, kind)
        chosen = [_named(line, kind, name, objects)] if name else _chosen(objects, line.options.one("selector"), "")
        texts += [_described(line, kind, each) for each in chosen]
    return Result("\n\n".join(texts)) if texts else _nothing(line)


def _described(line: Line, kind: str, each: Object) -> str:
    meta = each["metadata"]
    rows = [["Name:", meta["name"]]]
    if "namespace" in meta:
        rows.append(["Namespace:", meta["namespace"]])
    rows.append(["Labels:", ",".join(f"{k}={v}" for k, v in meta.get("labels", {}).items()) or "<none>"])
    extra = {"pod": _pod_rows, "deployment": _deployment_rows, "statefulset": _deployment_rows, "node": _node_rows}
    if kind in extra:
        rows += extra[kind](line, each)
    elif kind == "configmap":
        rows += [["", ""], ["Data", ""], ["====", ""]]
        rows += [[f"{key}:", "\n----\n" + value] for key, value in each["data"].items()]
    return columns(rows, gap=2) + _events_of(line, meta["name"])


def _pod_rows(line: Line, each: Object) -> list[list[str]]:
    pod = line.view.pod(each["metadata"]["name"]).pod
    container = each["spec"]["containers"][0]
    rows = [
        ["Node:", pod.node or "<none>"], ["Start Time:", each["status"]["startTime"]],
        ["Status:", each["status"]["phase"]], ["IP:", each["status"]["podIP"]], ["Containers:", container["name"]],
        ["  Image:", container["image"]], ["  State:", line.view.status_of(pod)],
    ]  # fmt: skip
    if pod.last_reason:
        rows += [["  Last State:", "Terminated"], ["    Reason:", pod.last_reason],
                 ["    Exit Code:", "137" if pod.last_reason == "OOMKilled" else "1"]]  # fmt: skip
    rows += [["  Ready:", str(pod.ready)], ["  Restart Count:", str(pod.restarts)],
             ["  Limits:", f"memory: {container['resources']['limits']['memory']}"]]  # fmt: skip
    return rows


def _deployment_rows(line: Line, each: Object) -> list[list[str]]:
    spec, status = each["spec"], each["status"]
    container = spec["template"]["spec"]["containers"][0]
    return [
        ["Replicas:",
        f"{spec['replicas']} desired | {status['updatedReplicas']} updated | {status['replicas']} total | "
                      f"{status['availableReplicas']} available | {status['unavailableReplicas']} unavailable"],
        ["StrategyType:", spec["strategy"]["type"]], ["Image:", container["image"]],
        ["Limits:", f"memory: {container['resources']['limits']['memory']}"],
        ["Environment:", ",".join(f"{e['name']}={e['value']}" for e in container["env"]) or "<none>"],
    ]  # fmt: skip


def _node_rows(line: Line, each: Object) -> list[list[str]]:
    node = line.firm.cluster.nodes[each["metadata"]["name"]]
    rows = [["Unschedulable:", str(node.cordoned).lower()]]
    rows += [[f"  {c['type']}:", c["status"]] for c in each["status"]["conditions"]]
    return [*rows, ["Allocated memory:", f"{node.usage_mib():.0f}Mi of {node.capacity_mib:.0f}Mi"]]


def _events_of(line: Line, name: str) -> str:
    own = [each for each in line.view.event_objects() if each["involvedObject"]["name"] == name]
    if not own:
        return "Events:  <none>\n"
    rows = [["  Type", "Reason", "Age", "Message"]]
    for each in own[-10:]:
        ago = print_objects(line.view, "event", [each], "", single=True, headers=False).split()[
            0 if line.view.namespace else 1
        ]
        rows.append([f"  {each['type']}", each["reason"], ago, each["message"]])
    return "Events:\n" + columns(rows, gap=2)


# logs


def logs(line: Line) -> Result:
    """Kubectl logs: of a pod, of the first pod of a deployment, or of all that a selector finds."""
    options, selector = line.options, line.options.one("selector")
    if not line.words and not selector:
        raise usage(
            "expected 'logs [-f] [-p] (POD | TYPE/NAME) [-c CONTAINER]'.\nPOD or TYPE/NAME is a required argument "
                "for the logs command"
        )
    pods = _pods_for_logs(line)
    if selector and not pods:
        return _nothing(line)
    container = options.one("container") or (line.words[1] if len(line.words) > 1 else "")
    for view in pods:
        known = {line.view.container(view), *line.firm.inventory.containers}
        if container and container not in known and line.firm.inventory.services.get(container) != view.workload:
            raise usage(f"container {container} is not valid for pod {view.name}")
    tail = _tail(options.one("tail") or ("10" if selector and not options.has("follow") else "-1"))
    out = "".join(_pod_logs(line, view, tail) for view in pods)
    if options.has("follow"):
        from_us = line.firm.world.env.now
        line.call.terminal.observe()
        out += "".join(_shown(line, _own_lines(line, view, from_us)) for view in pods)
    return Result(out)


def _pods_for_logs(line: Line) -> list[PodView]:
    selector = line.options.one("selector")
    if selector:
        objects = matching([line.view.pod_object(each) for each in line.view.pods()], selector)
        return [line.view.pod(each["metadata"]["name"]) for each in objects]
    kind, slash, name = line.words[0].partition("/")
    if not slash:
        return [find_pod(line, kind)]
    if kind_of(kind) == "pod":
        return [find_pod(line, name)]
    found = line.view.pods(line.workload(kind_of(kind), name).name)
    if not found:
        line.call.terminal.finding("not_found", f"{name} has no pod whose log could be read")
        raise usage("timed out waiting for the condition")
    return found[:1]


def _tail(text: str) -> int:
    try:
        return int(text)
    except ValueError as error:
        raise usage(
            f'invalid argument "{text}" for "--tail" flag: strconv.ParseInt: parsing "{text}": invalid syntax'
        ) from error


def _pod_logs(line: Line, view: PodView, tail: int) -> str:
    options, pod, now = line.options, view.pod, line.firm.world.env.now
    if pod.state == PENDING:
        raise ServerError(
            f'Error from server (BadRequest): container "{line.view.container(view)}" in pod "{view.name}" is '
                'waiting to '
            "start: ContainerCreating"
        )
    starts = starts_of(line.firm.world, pod.name) or [pod.created_us]
    if options.has("previous"):
        if len(starts) < 2:
            raise ServerError(
                f'Error from server (BadRequest): previous terminated container "{line.view.container(view)}" in pod '
                f'"{view.name}" not found'
            )
        lines = lines_of(line.firm.world, view.workload, starts[-2], starts[-1] - 1)
    else:
        since = options.one("since")
        from_us = starts[-1]
        if since:
            back_us = length_us(since)
            if back_us is None:
                raise usage(f'invalid argument "{since}" for "--since" flag: time: invalid duration "{since}"')
            from_us = max(from_us, now - back_us)
        lines = lines_of(line.firm.world, view.workload, from_us)
    return _shown(line, lines[-tail:] if tail > 0 else [] if tail == 0 else lines)


def _own_lines(line: Line, view: PodView, from_us: int) -> list[LogLine]:
    return lines_of(line.firm.world, view.workload, from_us + 1)


def _shown(line: Line, lines: list[LogLine]) -> str:
    world = line.firm.world
    marks = line.options.has("timestamps")
    return "".join(
        f"{stamp(world, each.t_us)} {each.shown(world)}\n" if marks else f"{each.shown(world)}\n" for each in lines
    )


# top


def top(line: Line) -> Result:
    """Kubectl top pods, top nodes: what the metrics server measured."""
    kind = kind_of(line.words[0]) if line.words else ""
    world = line.firm.world
    if kind == "node":
        rows = [["NAME", "CPU(cores)", "CPU%", "MEMORY(bytes)", "MEMORY%"]]
        for node in line.firm.cluster.nodes.values():
            load = min(100, round(15 * node.slowdown))
            share = 100 * node.usage_mib() / node.capacity_mib
            rows.append([node.name, f"{80 * load}m", f"{load}%", f"{node.usage_mib():.0f}Mi", f"{share:.0f}%"])
        return Result(columns(rows))
    if kind != "pod":
        raise usage(f'unknown command "{line.words[0]}" for "kubectl top"' if line.words else "top needs pod or node")
    pods = [find_pod(line, name) for name in line.words[1:]] or line.view.pods()
    if line.options.one("selector"):
        kept = {
            o["metadata"]["name"]
            for o in matching([line.view.pod_object(p) for p in pods], line.options.one("selector"))
        }
        pods = [pod for pod in pods if pod.name in kept]
    running = [view for view in pods if view.pod.usage_mib() > 0]
    if not running:
        return _nothing(line)
    if line.options.one("sort-by") == "memory":
        running.sort(key=lambda view: -view.pod.usage_mib())
    every = line.view.namespace is None
    rows = [(["NAMESPACE"] if every else []) + ["NAME", "CPU(cores)", "MEMORY(bytes)"]]
    for view in running:
        busy = round(25 * world.cluster.slowdown(view.workload))
        rows.append(([view.namespace] if every else []) + [view.name, f"{busy}m", f"{view.pod.usage_mib():.0f}Mi"])
    return Result(columns(rows))


__all__ = ["describe", "find_pod", "get", "logs", "objects_of", "top"]
