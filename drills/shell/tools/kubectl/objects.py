"""kubectl patch, apply, create, edit: objects that are written as JSON or YAML."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from drills.shell.tool import NotHere, Result
from drills.shell.tools.firm import effect, settings_changed, settings_in
from drills.shell.tools.kubectl.change import deploy, full_name, mib, set_limit, set_replicas
from drills.shell.tools.kubectl.errors import ServerError, not_found, usage
from drills.shell.tools.kubectl.line import Line
from drills.shell.tools.kubectl.view import DeploymentView
from fakes.prometheus.promql.values import QueryError
from fakes.prometheus.rules import alert_rule
from sim.errors import BadInput


def patch(line: Line) -> Result:
    """Kubectl patch, in its three types."""
    text = line.options.one("patch")
    if not text and line.options.one("patch-file"):
        text = _file(line, line.options.one("patch-file"))
    if not text:
        raise usage("must specify --patch or --patch-file containing the contents of the patch")
    given = _document(text)
    targets = line.targets()
    if not targets or not targets[0][1]:
        raise usage("one or more resources must be specified as <resource> <name> or <resource>/<name>")
    kind, name = targets[0]
    if line.options.one("type") == "json":
        given = _from_operations(given)
    if not isinstance(given, dict):
        raise ServerError("Error from server (BadRequest): invalid character or type in patch: an object was expected")
    if kind == "configmap":
        return Result(f"configmap/{name} {_patch_map(line, name, given)}\n")
    view = line.workload(kind, name)
    changed = _apply_workload(line, view, given)
    return Result(f"{full_name(view)} patched{'' if changed else ' (no change)'}\n")


def _document(text: str) -> Any:
    import yaml

    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        where = str(error).replace("\n", " ")
        raise usage(f"unable to parse {json.dumps(text)}: yaml: {where}") from error


def _from_operations(given: Any) -> dict[str, Any]:
    """A JSON patch (RFC 6902) of replaced and added values as the object that says the same."""
    if not isinstance(given, list) or not all(isinstance(each, dict) for each in given):
        raise ServerError("Error from server (BadRequest): json patch must be an array of operations")
    built: dict[str, Any] = {}
    for operation in given:
        if operation.get("op") not in ("replace", "add"):
            raise NotHere(f"kubectl patch --type=json: operation {operation.get('op')!r} is not known here")
        keys = [k.replace("~1", "/").replace("~0", "~") for k in str(operation.get("path", "")).strip("/").split("/")]
        node: Any = built
        for at, key in enumerate(keys[:-1]):
            following = keys[at + 1]
            empty: Any = [] if following.isdigit() or following == "-" else {}
            if isinstance(node, list):
                if not node:
                    node.append(empty)
                node = node[0]
            else:
                node = node.setdefault(key, empty)
        if isinstance(node, list):
            node.append(operation.get("value"))
        else:
            node[keys[-1]] = operation.get("value")
    return built


def _patch_map(line: Line, name: str, given: Mapping[str, Any]) -> str:
    maps = line.firm.cluster.config_maps
    data = maps.get(name) if line.view.map_objects() else None
    if data is None:
        raise not_found("configmaps", name)
    changes = given.get("data") or {}
    merged = {key: value for key, value in {**data, **_texts(changes)}.items() if changes.get(key, "") is not None}
    if merged == data:
        return "patched (no change)"
    _warn_of_literals(line, name, merged, data)
    maps.put(name, merged, "on-call")
    effect(line.call, "configure", f"configmap {name}: {', '.join(sorted(changes))}")
    return "patched"


def _texts(data: Any) -> dict[str, str]:
    if not isinstance(data, dict):
        raise ServerError('Error from server (BadRequest): "data" must be a map of strings')
    for key, value in data.items():
        if value is not None and not isinstance(value, str):
            raise ServerError(
                f'Error from server (BadRequest): ConfigMap in version "v1" cannot be handled as a ConfigMap: json: '
                f"cannot unmarshal {type(value).__name__} into Go struct field ConfigMap.data.{key} of type string"
            )
    return {str(key): value or "" for key, value in data.items()}


def _warn_of_literals(line: Line, name: str, new: Mapping[str, str], old: Mapping[str, str]) -> None:
    for key, value in new.items():
        if value == old.get(key):
            continue
        settings_changed(line.call, {k: v for k, v in settings_in(value).items() if settings_in(old.get(key,
        "")).get(k) != v})
        if "$(" in value or re.search(r"\$\{?\w+", value):
            line.call.terminal.finding("literal", f"{name} now holds the text {value[:60]!r}: nothing expanded it")
        elif re.fullmatch(r"[A-Za-z0-9+/=\n]{16,}", value) and "." in key:
            line.call.terminal.finding("base64", f"{name} now holds base64 in {key}: data of a ConfigMap is plain text")


def _apply_workload(line: Line, view: DeploymentView, given: Mapping[str, Any]) -> bool:
    """Do what a patch or a manifest says of a workload; whether anything changed."""
    spec = given.get("spec") or {}
    before = (view.deployment.replicas, view.deployment.revision)
    unknown = set(spec) - {"replicas", "template", "selector", "strategy", "revisionHistoryLimit", "serviceName"}
    if unknown:
        raise NotHere(f"{view.name}: spec.{sorted(unknown)[0]} is not modelled here")
    pod = ((spec.get("template") or {}).get("spec") or {}) if isinstance(spec, dict) else {}
    for container in pod.get("containers") or ():
        _apply_container(line, view, container)
    notes = ((spec.get("template") or {}).get("metadata") or {}).get("annotations")
    if notes:
        line.firm.cluster.restart(view.workload)
        effect(line.call, "restart", f"{view.name} restarted by an annotation")
    if "replicas" in spec:
        if not isinstance(spec["replicas"], int) or isinstance(spec["replicas"], bool) or spec["replicas"] < 0:
            raise ServerError(
                f'The Deployment "{view.name}" is invalid: spec.replicas: Invalid value: '
                    f'{json.dumps(spec["replicas"])}: '
                "must be greater than or equal to 0"
            )
        set_replicas(line, view, spec["replicas"])
    return before != (view.deployment.replicas, view.deployment.revision)


def _apply_container(line: Line, view: DeploymentView, container: Mapping[str, Any]) -> None:
    image = str(container.get("image", ""))
    if ":" in image.rpartition("/")[2]:
        deploy(line, view, image.rpartition(":")[2])
    limit = ((container.get("resources") or {}).get("limits") or {}).get("memory")
    if limit is not None:
        set_limit(line, view, mib(str(limit)))
    environment = {str(e["name"]): str(e["value"]) for e in container.get("env") or () if "name" in e and "value" in e}
    changes: dict[str, str | None] = {k: v for k, v in environment.items() if view.deployment.environment.get(k) != v}
    if changes:
        line.firm.cluster.set_environment(view.workload, changes)
        effect(line.call, "configure", f"environment of {view.name}: {', '.join(sorted(changes))}")


# apply and create


def apply(line: Line) -> Result:
    """Kubectl apply, create -f, replace -f."""
    if line.verb == "create" and not line.options.one("filename"):
        return _create(line)
    if line.options.one("kustomize"):
        raise NotHere("kubectl apply -k: kustomize is not run here")
    names = line.options.all("filename")
    if not names:
        raise usage("must specify one of -f and -k")
    out = ""
    for name in names:
        documents = _documents(line, name)
        if not documents:
            raise usage("no objects passed to apply")
        out += "".join(_apply_one(line, document) for document in documents)
    return Result(out)


def _documents(line: Line, name: str) -> list[dict[str, Any]]:
    import yaml

    text = (line.call.stdin or "") if name == "-" else _file(line, name)
    if name.startswith(("http://", "https://")):
        raise NotHere(f"kubectl apply -f {name}: nothing is fetched from outside the simulated firm")
    try:
        found = [document for document in yaml.safe_load_all(text) if document is not None]
    except yaml.YAMLError as error:
        where = str(error).replace("\n", " ")
        shown = "STDIN" if name == "-" else name
        raise usage(f"error parsing {shown}: error converting YAML to JSON: yaml: {where}") from error
    documents: list[dict[str, Any]] = []
    for document in found:
        if not isinstance(document, dict) or "kind" not in document or "apiVersion" not in document:
            missing = "kind" if not isinstance(document, dict) or "kind" not in document else "apiVersion"
            raise usage(f'error validating "STDIN": error validating data: {missing} not set; if you choose to ignore '
                        "these errors, turn validation off with --validate=false")  # fmt: skip
        documents += document["items"] if document["kind"] == "List" else [document]
    return documents


def _file(line: Line, name: str) -> str:
    try:
        return line.call.read(name)
    except IsADirectoryError:
        raise NotHere(f"kubectl -f {name}: folders are not read here, name the files") from None
    except FileNotFoundError:
        raise usage(f'the path "{name}" does not exist') from None


def _apply_one(line: Line, document: dict[str, Any]) -> str:
    kind, meta = str(document["kind"]), document.get("metadata") or {}
    name = str(meta.get("name", ""))
    if not name:
        raise usage("error when retrieving current configuration: resource name may not be empty")
    appliers: dict[str, Callable[[Line, str, dict[str, Any]], str]] = {
        "ConfigMap": _apply_map, "Deployment": _apply_deployment, "StatefulSet": _apply_deployment,
        "PrometheusRule": _apply_rules,
    }  # fmt: skip
    if kind not in appliers:
        raise NotHere(f"kubectl apply: objects of kind {kind} are not kept here ({name})")
    return appliers[kind](line, name, document)


def _apply_map(line: Line, name: str, document: dict[str, Any]) -> str:
    maps, data = line.firm.cluster.config_maps, _texts(document.get("data") or {})
    before = maps.get(name)
    if before == data:
        return f"configmap/{name} unchanged\n"
    _warn_of_literals(line, name, data, before or {})
    maps.put(name, data, "on-call")
    effect(line.call, "configure", f"configmap {name} written")
    return f"configmap/{name} {'created' if before is None else 'configured'}\n"


def _apply_deployment(line: Line, name: str, document: dict[str, Any]) -> str:
    view = line.view.deployment(name)
    changed = _apply_workload(line, view, document)
    return f"{full_name(view)} {'configured' if changed else 'unchanged'}\n"


def _apply_rules(line: Line, name: str, document: dict[str, Any]) -> str:
    """A PrometheusRule: its alerts become rules of the World's monitoring."""
    monitoring, read = line.firm.world.monitoring, []
    for group in (document.get("spec") or {}).get("groups") or ():
        for rule in group.get("rules") or ():
            try:
                made = alert_rule(rule, line.firm.inventory.metrics)
            except (QueryError, BadInput, ValueError) as error:
                raise ServerError(
                    'Error from server: error when creating "STDIN": admission webhook "prometheusrulemutate.monitoring'
                    f'.coreos.com" denied the request: rule {rule.get("alert", "")!r}: {error}'
                ) from error
            if made is None:
                raise NotHere(f"the alert rule {rule.get('alert') or rule.get('record')!r} of {name} cannot be "
                              f"evaluated by the monitoring of this firm: {rule.get('expr')}")  # fmt: skip
            read.append(made)
    known = {rule.name for rule in monitoring.rules}
    fresh = [rule for rule in read if rule.name not in known]
    for unmatched in monitoring.adopt_rules(fresh):
        line.call.terminal.finding("rule_without_metric", f"{unmatched} watches a metric that nothing exports")
    effect(line.call, "configure", f"alert rules {', '.join(rule.name for rule in read)}")
    return f"prometheusrule.monitoring.coreos.com/{name} {'created' if fresh else 'configured'}\n"


def _create(line: Line) -> Result:
    if line.words[:1] not in (["configmap"], ["cm"]):
        raise NotHere(f"kubectl create {' '.join(line.words[:1])}: only config maps and -f are known here")
    if len(line.words) < 2:
        raise usage("exactly one NAME is required, got 0")
    name, data = line.words[1], {}
    if line.firm.cluster.config_maps.get(name) is not None:
        raise ServerError(f'error: failed to create configmap: configmaps "{name}" already exists')
    for pair in line.options.all("from-literal"):
        key, equals, value = pair.partition("=")
        if not equals:
            raise usage(f"invalid literal source {pair}, expected key=value")
        data[key] = value
    for pair in line.options.all("from-file"):
        key, equals, path = pair.partition("=")
        data[key if equals else pair.rsplit("/", 1)[-1]] = _file(line, path if equals else pair)
    line.firm.cluster.config_maps.put(name, data, "on-call")
    effect(line.call, "configure", f"configmap {name} created")
    return Result(f"configmap/{name} created\n")
