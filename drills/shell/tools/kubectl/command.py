"""The program `kubectl`: splits the line, takes its time, dispatches, and turns errors into exit codes."""

from __future__ import annotations

from collections.abc import Callable

from drills.shell.program import Program
from drills.shell.tool import Call, NotHere, Result
from drills.shell.tools.durations import extra_us
from drills.shell.tools.firm import firm_of
from drills.shell.tools.kubectl import change, enter, objects, read, rollout
from drills.shell.tools.kubectl.errors import ServerError
from drills.shell.tools.kubectl.line import Line
from drills.shell.tools.options import UnknownOption
from sim.errors import BadInput

_VERBS: dict[str, Callable[[Line], Result]] = {
    "get": read.get, "describe": read.describe, "logs": read.logs, "log": read.logs, "top": read.top,
    "scale": change.scale, "delete": change.delete, "set": change.set_, "cordon": change.cordon,
    "uncordon": change.cordon, "drain": change.cordon, "wait": change.wait, "rollout": rollout.rollout,
    "patch": objects.patch, "apply": objects.apply, "create": objects.apply, "replace": objects.apply,
    "exec": enter.execute, "cp": enter.copy,
}  # fmt: skip
_UNKNOWN_HERE = {
    "edit": "opens an editor and waits for a person; use patch or apply", "attach": "attaches a terminal",
    "port-forward": "holds a tunnel open until it is interrupted", "proxy": "runs until it is interrupted",
    "debug": "starts a container that is not modelled", "run": "starts a pod that is not modelled",
    "expose": "makes a service that is not modelled", "autoscale": "autoscalers are not modelled",
    "label": "labels of objects are fixed here", "annotate": "annotations are not kept here",
    "taint": "taints are not modelled", "auth": "permissions are not modelled", "explain": "has no API documentation",
    "diff": "compares with a server-side dry run that is not modelled", "certificate": "is not modelled",
}  # fmt: skip


def kubectl(call: Call) -> Result:
    """Run one kubectl command."""
    # Options may stand in front of the verb: `kubectl -n trading get pods`.
    verb, arguments = _split(list(call.args))
    if not verb:
        return Result("kubectl controls the Kubernetes cluster manager.\n")
    call.wait_us(extra_us("kubectl", verb))
    if verb in _UNKNOWN_HERE:
        raise NotHere(f"kubectl {verb}: {_UNKNOWN_HERE[verb]}")
    if verb in ("version", "cluster-info", "config", "api-resources"):
        return _OWN[verb](call, arguments)
    if verb not in _VERBS:
        return Result(err=f'error: unknown command "{verb}" for "kubectl"\n', code=1)
    try:
        return _VERBS[verb](Line(call, verb, arguments))
    except ServerError as error:
        return Result(err=f"{error}\n", code=1)
    except BadInput as error:
        return Result(err=f"error: {error.problem}\n", code=1)
    except UnknownOption as error:
        if error.lacks_value:
            return Result(
                err=f"error: flag needs an argument: {error.option}\nSee 'kubectl {verb} --help' for usage.\n", code=1
            )
        kind = "unknown flag" if error.option.startswith("--") else f"unknown shorthand flag: '{error.option[1:]}' in"
        return Result(err=f"error: {kind}: {error.option}\nSee 'kubectl {verb} --help' for usage.\n", code=1)


_BEFORE_VERB = ("-n", "--namespace", "--context", "--kubeconfig", "--cluster", "--user", "--as", "-s", "--server")


def _split(words: list[str]) -> tuple[str, list[str]]:
    front: list[str] = []
    while words and words[0].startswith("-"):
        option = words.pop(0)
        front.append(option)
        if option in _BEFORE_VERB and words:
            front.append(words.pop(0))
    return (words[0], front + words[1:]) if words else ("", front)


def _version(call: Call, arguments: list[str]) -> Result:
    return Result("Client Version: v1.30.4\nKustomize Version: v5.0.4\nServer Version: v1.30.4\n")


def _cluster_info(call: Call, arguments: list[str]) -> Result:
    return Result("Kubernetes control plane is running at https://10.43.0.1:6443\n")


def _api_resources(call: Call, arguments: list[str]) -> Result:
    return Result(
        "".join(
            f"{name}\n"
            for name in (
                "configmaps",
                "deployments",
                "events",
                "ingresses",
                "namespaces",
                "nodes",
                "pods",
                "services",
                "statefulsets",
            )
        )
    )


def _config(call: Call, arguments: list[str]) -> Result:
    firm = firm_of(call.terminal)
    verb = arguments[0] if arguments else ""
    if verb == "current-context":
        return Result("production\n")
    if verb == "get-contexts":
        return Result(
            f"CURRENT   NAME         CLUSTER      AUTHINFO   NAMESPACE\n*         production   production   on-call "
                f"   {firm.namespace}\n"
        )
    if verb == "set-context":
        namespace = next((a.partition("=")[2] for a in arguments if a.startswith("--namespace=")), "")
        if "--namespace" in arguments[:-1]:
            namespace = arguments[arguments.index("--namespace") + 1]
        firm.namespace = namespace or firm.namespace
        return Result('Context "production" modified.\n')
    if verb == "use-context":
        name = arguments[1] if len(arguments) > 1 else ""
        return Result(f'Switched to context "{name}".\n')
    if verb == "view":
        return Result("apiVersion: v1\nkind: Config\ncurrent-context: production\n")
    raise NotHere(f"kubectl config {verb} is not known here")


_OWN = {"version": _version, "cluster-info": _cluster_info, "config": _config, "api-resources": _api_resources}

_ABOUT = "get describe logs top scale patch rollout exec delete apply create set cordon drain wait cp config"
TOOLS = {name: Program(kubectl, _ABOUT) for name in ("kubectl", "oc", "k")}
