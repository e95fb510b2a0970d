"""The cluster as its API shows it: pods, deployments, services, nodes, events, maps, each as a JSON object.

Names and namespaces are the team's (`drills.shell.inventory`), everything else is read from the World at the
moment of the call. A pod that the runbook names (`postgres-0`) is shown under that name; the others get the
names that a platform makes up.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple
from zlib import crc32

from drills.shell.naming import POSTGRES, REDIS
from drills.shell.tools.firm import AGE_BEFORE_US, Firm, stamp
from drills.shell.tools.kubectl.errors import not_found
from sim.config import TRADING_SYSTEM
from sim.pods import CRASHLOOP, OOMKILLED, PENDING, RUNNING, STARTING, Pod
from sim.workloads import Deployment

Object = dict[str, Any]

_LETTERS = "bcdfghjklmnpqrstvwxz2456789"
PORTS = {TRADING_SYSTEM: 8080, POSTGRES: 5432, REDIS: 6379}
_STATUS = {
    PENDING: "Pending",
    STARTING: "Running",
    RUNNING: "Running",
    OOMKILLED: "OOMKilled",
    CRASHLOOP: "CrashLoopBackOff",
}
_REASON = {
    "workload.oomkilled": ("Warning", "OOMKilling", "Memory limit reached, container killed"),
    "workload.crashed": ("Warning", "Error", "Container exited with an error"),
    "workload.backoff": ("Warning", "BackOff", "Back-off restarting failed container"),
    "workload.started": ("Normal", "Started", "Started container"),
    "workload.ready": ("Normal", "Ready", "Readiness probe succeeded"),
    "workload.stopped": ("Normal", "Killing", "Stopping container"),
    "workload.scaled": ("Normal", "ScalingReplicaSet", "Scaled replica set"),
    "workload.deployed": ("Normal", "ScalingReplicaSet", "Rolling out a new replica set"),
    "workload.rolled_back": ("Normal", "DeploymentRollback", "Rolled back deployment"),
    "workload.restarted": ("Normal", "ScalingReplicaSet", "Rolling out a restart"),
    "workload.pending": ("Warning", "FailedScheduling", "0 nodes are available: insufficient memory"),
    "workload.evicted": ("Warning", "Evicted", "The node was low on resource: memory"),
    "workload.node_pressure": ("Warning", "NodeHasMemoryPressure", "Node status is now: MemoryPressure"),
}  # fmt: skip


class PodView(NamedTuple):
    """A pod under the name that the API shows."""

    name: str
    namespace: str
    deployment: str
    workload: str
    pod: Pod


class DeploymentView(NamedTuple):
    """A deployment or stateful set under the team's name."""

    name: str
    namespace: str
    workload: str
    stateful: bool
    deployment: Deployment


class View:
    """The cluster, seen from one namespace or from all (None)."""

    def __init__(self, firm: Firm, namespace: str | None) -> None:
        """Look at `namespace`."""
        self.firm, self.world, self.namespace = firm, firm.world, namespace

    def here(self, namespace: str) -> bool:
        """Whether what lives in `namespace` is seen from here; without a naming of them, all of it is."""
        return self.namespace is None or not self.firm.inventory.default_namespace or namespace == self.namespace

    # Finding

    def deployments(self) -> list[DeploymentView]:
        """Every one that is seen from here."""
        found = []
        for name, workload in self.firm.inventory.services.items():
            deployment = self.firm.cluster.deployments.get(workload)
            namespace = self.firm.inventory.namespace_of(name)
            if deployment is not None and self.here(namespace):
                stateful = any(pod.startswith(f"{name}-") and pod.removeprefix(f"{name}-").isdigit()
                               for pod in self.firm.inventory.pods)  # fmt: skip
                found.append(DeploymentView(name, self._shown(namespace), workload, stateful, deployment))
        return found

    def deployment(self, name: str, *, kind: str = "deployments.apps") -> DeploymentView:
        """By name; NotFound when it is not in this namespace."""
        for each in self.deployments():
            if each.name == name:
                return each
        raise not_found(kind, name)

    def pods(self, deployment: str | None = None) -> list[PodView]:
        """Every pod that is seen from here, of one deployment or of all."""
        found: list[PodView] = []
        for each in self.deployments():
            if deployment in (None, each.name):
                names = self._pod_names(each)
                found += [
                    PodView(name, each.namespace, each.name, each.workload, pod)
                    for name, pod in zip(names, each.deployment.pods, strict=True)
                ]
        return sorted(found, key=lambda pod: pod.name)

    def pod(self, name: str) -> PodView:
        """By name, shown or the World's own; NotFound when no such pod runs in this namespace."""
        for each in self.pods():
            if name in (each.name, each.pod.name):
                return each
        base = self.firm.inventory.pods.get(name)
        for each in self.pods(base) if base is not None else ():
            if self._primary(each):  # a second name of the same pod
                return each
        raise not_found("pods", name)

    def _primary(self, view: PodView) -> bool:
        pods = self.firm.cluster[view.workload].pods
        return view.pod is pods[0]

    def why_no_pod(self, name: str) -> str:
        """Why a pod that the runbook counts on is not found; "" when nothing is known of it."""
        inventory = self.firm.inventory
        base = inventory.pods.get(name, name)
        if base not in inventory.services:
            return ""
        workload, namespace, reasons = inventory.services[base], inventory.namespace_of(base), []
        if not self.here(namespace):
            reasons.append(f'it runs in namespace "{namespace}", the command looks in "{self.namespace}"')
        if self.firm.cluster[workload].replicas == 0:
            reasons.append(f"{base} was scaled to 0 replicas, so it has no pod")
        return "; ".join(reasons)

    def _shown(self, namespace: str) -> str:
        if not self.firm.inventory.default_namespace and self.namespace is not None:
            return self.namespace
        return namespace

    def _pod_names(self, each: DeploymentView) -> list[str]:
        """Names for its pods in their order: the runbook's own first, then made-up ones."""
        own = [pod for pod, base in self.firm.inventory.pods.items() if base == each.name and pod != each.name]
        names = []
        for place, pod in enumerate(each.deployment.pods):
            if each.stateful:
                names.append(f"{each.name}-{place}")
            elif place == 0 and own:
                names.append(own[0])
            else:
                hashed = _word(f"{each.name}/{pod.revision.number}", 10, "0123456789abcdef")
                names.append(f"{each.name}-{hashed}-{_word(pod.name, 5, _LETTERS)}")
        return names

    # Objects

    def pod_object(self, view: PodView) -> Object:
        """A pod."""
        pod, workload = view.pod, self.firm.cluster[view.workload]
        status: Object = {
            "phase": "Pending" if pod.state == PENDING else "Running",
            "podIP": _address(pod.name), "startTime": stamp(self.world, pod.created_us),
            "conditions": [{"type": "Ready", "status": "True" if pod.ready else "False"}],
            "containerStatuses": [
                {
                    "name": self.container(view), "ready": pod.ready, "restartCount": pod.restarts,
                    "image": f"{view.deployment}:{pod.revision.version}", "state": self._state(pod),
                    "lastState": self._last_state(pod),
                }
            ],
        }  # fmt: skip
        return {
            "apiVersion": "v1", "kind": "Pod",
            "metadata": self._meta(view.name, view.namespace, pod.created_us, {"app": view.deployment}),
            "spec": {
                "nodeName": pod.node,
                "containers": [self._container(view.deployment, view.workload, workload, pod.revision.version)],
            },
            "status": status,
        }  # fmt: skip

    def deployment_object(self, view: DeploymentView) -> Object:
        """A deployment or stateful set."""
        deployment = view.deployment
        current = [pod for pod in deployment.pods if pod.revision is deployment.revision]
        ready = sum(pod.ready for pod in deployment.pods)
        meta = self._meta(view.name, view.namespace, 0, {"app": view.name})
        meta["annotations"] = {"deployment.kubernetes.io/revision": str(deployment.revision.number)}
        return {
            "apiVersion": "apps/v1", "kind": "StatefulSet" if view.stateful else "Deployment", "metadata": meta,
            "spec": {
                "replicas": deployment.replicas, "selector": {"matchLabels": {"app": view.name}},
                "strategy": {"type": "Recreate" if deployment.workload.strategy == "recreate" else "RollingUpdate"},
                "template": {
                    "metadata": {"labels": {"app": view.name}},
                    "spec": {
                        "containers": [
                            self._container(view.name, view.workload, deployment, deployment.revision.version)
                        ]
                    },
                },
            },
            "status": {
                "replicas": len(deployment.pods), "readyReplicas": ready, "availableReplicas": ready,
                "updatedReplicas": len(current), "unavailableReplicas": max(0, deployment.replicas - ready),
            },
        }  # fmt: skip

    def service_object(self, view: DeploymentView) -> Object:
        """The service in front of a deployment."""
        port = PORTS.get(view.workload, 8080)
        return {
            "apiVersion": "v1", "kind": "Service",
            "metadata": self._meta(view.name, view.namespace, 0, {"app": view.name}),
            "spec": {
                "type": "ClusterIP", "clusterIP": _address(f"svc/{view.name}"), "selector": {"app": view.name},
                "ports": [{"port": port, "protocol": "TCP", "targetPort": port}],
            },
        }  # fmt: skip

    def ingress_objects(self) -> list[Object]:
        """The way in from outside: one rule for each host that the team calls its API by."""
        view = next((each for each in self.deployments() if each.workload == TRADING_SYSTEM), None)
        hosts = [host for host, here in self.firm.inventory.hosts.items() if here == "firm" and "." in host]
        if view is None:
            return []
        return [
            {
                "apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
                "metadata": self._meta(f"{view.name}-ingress", view.namespace, 0, {"app": view.name}),
                "spec": {"ingressClassName": "nginx", "rules": [{"host": host} for host in hosts or ["*"]]},
                "status": {"loadBalancer": {"ingress": [{"ip": "203.0.113.10"}]}},
            }
        ]  # fmt: skip

    def map_objects(self) -> list[Object]:
        """Configuration maps."""
        namespace = self._shown(self.firm.inventory.default_namespace or "default")
        maps = self.firm.cluster.config_maps
        if not self.here(namespace):
            return []
        return [self._map(name, namespace, maps.get(name) or {}) for name in sorted(maps.names())]

    def _map(self, name: str, namespace: str, data: dict[str, str]) -> Object:
        meta = self._meta(name, namespace, 0, {})
        del meta["labels"]
        applied = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}}
        meta["annotations"] = {"kubectl.kubernetes.io/last-applied-configuration": json.dumps(applied)}
        return {"apiVersion": "v1", "data": data, "kind": "ConfigMap", "metadata": meta}

    def node_objects(self) -> list[Object]:
        """The machines."""
        found = []
        for node in self.firm.cluster.nodes.values():
            tight = node.free_mib() < 0 or node.closed_until_us > self.world.env.now
            found.append(
                {
                    "apiVersion": "v1",
                    "kind": "Node",
                    "metadata": self._meta(node.name, "", 0, {"kubernetes.io/hostname": node.name}),
                    "spec": {"unschedulable": True} if node.cordoned else {},
                    "status": {
                        "capacity": {"cpu": "8", "memory": f"{round(node.capacity_mib)}Mi"},
                        "conditions": [
                            {"type": "MemoryPressure", "status": "True" if tight else "False"},
                            {"type": "Ready", "status": "True"},
                        ],
                        "nodeInfo": {"kubeletVersion": "v1.30.4"},
                    },
                }
            )
        return found

    def event_objects(self) -> list[Object]:
        """What the platform reported, oldest first."""
        seen = {each.workload: each for each in self.deployments()}
        pods = {view.pod.name: view.name for view in self.pods()}
        found = []
        for event in self.world.history.of(*_REASON):
            view = seen.get(event.subject)
            if view is None and event.kind != "workload.node_pressure":
                continue
            kind, reason, message = _REASON[event.kind]
            pod = event.get("pod")
            target = {"kind": "Pod", "name": pods.get(pod, pod)} if pod else {
                "kind": "Deployment" if view else "Node", "name": view.name if view else event.subject}  # fmt: skip
            namespace = view.namespace if view else "default"
            at = stamp(self.world, event.t_us)
            found.append(
                {
                    "apiVersion": "v1",
                    "kind": "Event",
                    "type": kind,
                    "reason": reason,
                    "message": message,
                    "metadata": self._meta(f"{target['name']}.{event.seq:x}", namespace, event.t_us, {}),
                    "involvedObject": {**target, "namespace": namespace},
                    "firstTimestamp": at,
                    "lastTimestamp": at,
                    "count": 1,
                }
            )
        return found

    def status_of(self, pod: Pod) -> str:
        """The STATUS column."""
        return _STATUS.get(pod.state, "Error")

    def age_us(self, created_us: int) -> int:
        """How old something is; what was there at the start of the run had been for days."""
        return self.world.env.now - created_us + (AGE_BEFORE_US if created_us == 0 else 0)

    def container(self, view: PodView) -> str:
        """The name of a pod's container."""
        return self.firm.inventory.pod_containers.get(view.deployment, view.deployment)

    def _meta(self, name: str, namespace: str, created_us: int, labels: dict[str, str]) -> Object:
        created = stamp(self.world, created_us - (AGE_BEFORE_US if created_us == 0 else 0))
        meta: Object = {"creationTimestamp": created, "labels": labels, "name": name}
        return {**meta, "namespace": namespace} if namespace else meta

    def _container(self, name: str, workload: str, deployment: Deployment, version: str) -> Object:
        limit = round(deployment.revision.limit_mib)
        return {
            "name": self.firm.inventory.pod_containers.get(name, name), "image": f"{name}:{version}",
            "env": [{"name": key, "value": value} for key, value in deployment.environment.items()],
            "ports": [{"containerPort": PORTS.get(workload, 8080)}],
            "resources": {
                "limits": {"memory": f"{limit}Mi"}, "requests": {"memory": f"{round(deployment.base_mib)}Mi"},
            },
        }  # fmt: skip

    def _state(self, pod: Pod) -> Object:
        if pod.state in (RUNNING, STARTING):
            since = pod.running_since_us if pod.running_since_us is not None else pod.created_us
            return {"running": {"startedAt": stamp(self.world, since)}}
        if pod.state == PENDING:
            return {"waiting": {"reason": "ContainerCreating"}}
        return {"waiting": {"reason": self.status_of(pod)}}

    def _last_state(self, pod: Pod) -> Object:
        if not pod.last_reason or pod.last_ended_us is None:
            return {}
        code = 137 if pod.last_reason == "OOMKilled" else 1
        ended = stamp(self.world, pod.last_ended_us)
        return {"terminated": {"reason": pod.last_reason, "exitCode": code, "finishedAt": ended}}


def _word(seed: str, length: int, letters: str) -> str:
    number = crc32(seed.encode()) * 2_654_435_761 & ((1 << 62) - 1)
    made = []
    for _ in range(length):
        number, place = divmod(number, len(letters))
        made.append(letters[place])
    return "".join(made)


def _address(seed: str) -> str:
    number = crc32(seed.encode())
    return f"10.42.{number >> 8 & 0xFF}.{number % 254 + 1}"


def matching(objects: list[Object], selector: str) -> list[Object]:
    """The objects whose labels meet a selector: `a=b`, `a!=b`, `a in (b,c)`, `a`, `!a`, joined by commas."""
    tests = [_test(term) for term in _terms(selector)]
    return [each for each in objects if all(test(each["metadata"].get("labels", {})) for test in tests)]


def _terms(selector: str) -> Iterator[str]:
    depth, term = 0, ""
    for letter in selector:
        depth += (letter == "(") - (letter == ")")
        if letter == "," and depth == 0:
            yield term
            term = ""
        else:
            term += letter
    if term.strip():
        yield term


def _test(term: str) -> Callable[[dict[str, str]], bool]:
    term = term.strip()
    words = term.replace("(", " ( ").split()
    if len(words) > 2 and words[1] in ("in", "notin"):
        values = [value.strip() for value in term.partition("(")[2].rstrip(")").split(",")]
        wanted = words[1] == "in"
        return lambda labels: (labels.get(words[0], "") in values) == wanted
    for sign, equal in (("!=", False), ("==", True), ("=", True)):
        if sign in term:
            key, _, value = term.partition(sign)
            return lambda labels: (labels.get(key.strip()) == value.strip()) == equal
    if term.startswith("!"):
        return lambda labels: term[1:] not in labels
    return lambda labels: term in labels
