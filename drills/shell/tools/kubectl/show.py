"""Objects as kubectl prints them: a table, wide, names, JSON, YAML, JSONPath, custom columns."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

from drills.shell.tool import NotHere
from drills.shell.tools.firm import age
from drills.shell.tools.kubectl import jsonpath
from drills.shell.tools.kubectl.errors import usage
from drills.shell.tools.kubectl.view import Object, View
from drills.shell.tools.tables import columns

KINDS = {
    "pod": "pods", "deployment": "deployments", "statefulset": "statefulsets", "service": "services",
    "ingress": "ingresses", "event": "events", "node": "nodes", "configmap": "configmaps",
    "namespace": "namespaces",
}  # fmt: skip
SHORT = {
    "po": "pod", "pods": "pod", "deploy": "deployment", "deployments": "deployment", "deployment.apps": "deployment",
    "deployments.apps": "deployment", "sts": "statefulset", "statefulsets": "statefulset", "svc": "service",
    "services": "service", "ing": "ingress", "ingresses": "ingress", "ev": "event", "events": "event", "no": "node",
    "nodes": "node", "cm": "configmap", "configmaps": "configmap", "ns": "namespace", "namespaces": "namespace",
}  # fmt: skip
"""Spelling -> kind."""

FULL = {"deployment": "deployment.apps", "statefulset": "statefulset.apps", "ingress": "ingress.networking.k8s.io"}
"""Kinds as they are written before a name."""


def kind_of(word: str) -> str:
    """The kind a word means, or the word itself."""
    return SHORT.get(word.lower(), word.lower())


def print_objects(view: View, kind: str, objects: Sequence[Object], output: str, *, single: bool, headers: bool) -> str:
    """`objects` in the format of `-o`; `single` when one was asked for by name."""
    name, _, argument = output.partition("=")
    if name in ("json", "yaml", "jsonpath"):
        document: Any = (
            objects[0]
            if single
            else {"apiVersion": "v1", "items": list(objects), "kind": "List", "metadata": {"resourceVersion": ""}}
        )
        return _document(name, argument, document)
    if name == "name":
        return "".join(f"{FULL.get(kind, kind)}/{each['metadata']['name']}\n" for each in objects)
    if name == "custom-columns":
        return _custom(argument, objects)
    if name not in ("", "wide"):
        if name.startswith("go-template"):
            raise NotHere("kubectl -o go-template: Go templates are not evaluated here; jsonpath is")
        raise usage(f'unable to match a printer suitable for the output format "{output}", allowed formats are: '
                    "custom-columns,go-template,json,jsonpath,name,wide,yaml")  # fmt: skip
    rows = [_ROWS[kind](view, each) for each in objects]
    heads = _HEADS[kind]
    wide = name == "wide"
    shown = len(heads) if wide else len(heads) - _WIDE_ONLY.get(kind, 0)
    every = view.namespace is None and kind != "node" and kind != "namespace"
    table = [row[:shown] for row in ([heads, *rows] if headers else rows)]
    if every:
        spaces = [each["metadata"].get("namespace", "") for each in objects]
        table = [[space, *row] for space, row in zip((["NAMESPACE"] if headers else []) + spaces, table, strict=True)]
    return columns(table)


def _document(name: str, argument: str, document: Any) -> str:
    if name == "json":
        return json.dumps(document, indent=4) + "\n"
    if name == "yaml":
        import yaml

        return yaml.safe_dump(document, default_flow_style=False, sort_keys=False)
    if not argument:
        raise usage("template format specified but no template given")
    return jsonpath.render(argument, document)


def _custom(argument: str, objects: Sequence[Object]) -> str:
    specs = [spec.partition(":") for spec in argument.split(",")]
    if any(not path for _, _, path in specs):
        raise usage("custom-columns format specified but no custom columns given")
    rows = [[head for head, _, _ in specs]]
    for each in objects:
        found = [jsonpath.values(path, each) for _, _, path in specs]
        rows.append([",".join(str(value) for value in values) if values else "<none>" for values in found])
    return columns(rows)


def _pod(view: View, each: Object) -> list[str]:
    status = each["status"]["containerStatuses"][0]
    pod = view.pod(each["metadata"]["name"]).pod
    restarts = str(pod.restarts)
    if pod.restarts and pod.last_ended_us is not None:
        restarts += f" ({age(view.world.env.now - pod.last_ended_us)} ago)"
    return [
        each["metadata"]["name"], f"{int(status['ready'])}/1", view.status_of(pod), restarts,
        age(view.age_us(pod.created_us)), each["status"]["podIP"], pod.node or "<none>", "<none>", "<none>",
    ]  # fmt: skip


def _deployment(view: View, each: Object) -> list[str]:
    status, spec = each["status"], each["spec"]
    container = spec["template"]["spec"]["containers"][0]
    return [
        each["metadata"]["name"], f"{status['readyReplicas']}/{spec['replicas']}", str(status["updatedReplicas"]),
        str(status["availableReplicas"]), age(view.age_us(0)), container["name"], container["image"],
        f"app={each['metadata']['name']}",
    ]  # fmt: skip


def _stateful(view: View, each: Object) -> list[str]:
    row = _deployment(view, each)
    return [row[0], row[1], row[4], row[5], row[6]]


def _service(view: View, each: Object) -> list[str]:
    port = each["spec"]["ports"][0]["port"]
    return [
        each["metadata"]["name"], "ClusterIP", each["spec"]["clusterIP"], "<none>", f"{port}/TCP", age(view.age_us(0)),
        f"app={each['metadata']['name']}",
    ]  # fmt: skip


def _ingress(view: View, each: Object) -> list[str]:
    hosts = ",".join(rule["host"] for rule in each["spec"]["rules"])
    return [each["metadata"]["name"], "nginx", hosts, "203.0.113.10", "80, 443", age(view.age_us(0))]


def _event(view: View, each: Object) -> list[str]:
    from datetime import datetime

    seen = datetime.fromisoformat(each["lastTimestamp"])
    target = each["involvedObject"]
    ago = age(view.world.env.now - view.world.clock.us_at(seen))
    return [ago, each["type"], each["reason"], f"{target['kind'].lower()}/{target['name']}", each["message"]]


def _node(view: View, each: Object) -> list[str]:
    status = "Ready,SchedulingDisabled" if each["spec"].get("unschedulable") else "Ready"
    return [each["metadata"]["name"], status, "<none>", age(view.age_us(0)), "v1.30.4"]


def _config_map(view: View, each: Object) -> list[str]:
    return [each["metadata"]["name"], str(len(each["data"])), age(view.age_us(0))]


def _namespace(view: View, each: Object) -> list[str]:
    return [each["metadata"]["name"], "Active", age(view.age_us(0))]


_ROWS: dict[str, Callable[[View, Object], list[str]]] = {
    "pod": _pod, "deployment": _deployment, "statefulset": _stateful, "service": _service, "ingress": _ingress,
    "event": _event, "node": _node, "configmap": _config_map, "namespace": _namespace,
}  # fmt: skip
_HEADS = {
    "pod": ["NAME", "READY", "STATUS", "RESTARTS", "AGE", "IP", "NODE", "NOMINATED NODE", "READINESS GATES"],
    "deployment": ["NAME", "READY", "UP-TO-DATE", "AVAILABLE", "AGE", "CONTAINERS", "IMAGES", "SELECTOR"],
    "statefulset": ["NAME", "READY", "AGE", "CONTAINERS", "IMAGES"],
    "service": ["NAME", "TYPE", "CLUSTER-IP", "EXTERNAL-IP", "PORT(S)", "AGE", "SELECTOR"],
    "ingress": ["NAME", "CLASS", "HOSTS", "ADDRESS", "PORTS", "AGE"],
    "event": ["LAST SEEN", "TYPE", "REASON", "OBJECT", "MESSAGE"],
    "node": ["NAME", "STATUS", "ROLES", "AGE", "VERSION"], "configmap": ["NAME", "DATA", "AGE"],
    "namespace": ["NAME", "STATUS", "AGE"],
}  # fmt: skip
_WIDE_ONLY = {"pod": 4, "deployment": 3, "statefulset": 2, "service": 1}
"""How many columns at the end are shown with `-o wide` only."""
