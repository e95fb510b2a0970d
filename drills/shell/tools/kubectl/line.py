"""A kubectl command line: verb, targets, options, and the cluster seen from its namespace."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drills.shell.tools.firm import Firm, firm_of
from drills.shell.tools.kubectl.errors import no_such_kind, usage
from drills.shell.tools.kubectl.show import KINDS, kind_of
from drills.shell.tools.kubectl.view import DeploymentView, View
from drills.shell.tools.options import Options, read_options

if TYPE_CHECKING:
    from drills.shell.tool import Call

_VALUED = {
    "-n": "namespace", "--namespace": "namespace", "-l": "selector", "--selector": "selector", "-c": "container",
    "--container": "container", "-o": "output", "--output": "output", "--sort-by": "sort-by",
    "--field-selector": "field-selector", "--tail": "tail", "--since": "since", "--since-time": "since-time",
    "--replicas": "replicas", "-p": "patch", "--patch": "patch", "--patch-file": "patch-file", "--type": "type",
    "--to-revision": "to-revision", "--revision": "revision", "--timeout": "timeout", "-f": "filename",
    "--filename": "filename", "-k": "kustomize", "--context": "context", "--kubeconfig": "kubeconfig",
    "--cluster": "cluster", "--user": "user", "--as": "as", "--limits": "limits", "--requests": "requests",
    "--from-literal": "from-literal", "--from-file": "from-file", "--grace-period": "grace-period", "--for": "for",
    "-e": "env", "--env": "env", "--image": "image", "--request-timeout": "request-timeout",
    "--current-replicas": "current-replicas", "--limit-bytes": "limit-bytes", "--max-log-requests": "max-log-requests",
    "--min": "min", "--max": "max", "--cpu-percent": "cpu-percent", "--token": "token", "--server": "server",
}  # fmt: skip
_FLAGS = {
    "-A": "all-namespaces", "--all-namespaces": "all-namespaces", "-w": "watch", "--watch": "watch", "--all": "all",
    "--previous": "previous", "--follow": "follow", "--timestamps": "timestamps", "--prefix": "prefix",
    "--all-containers": "all-containers", "-i": "stdin", "--stdin": "stdin", "-t": "tty", "--tty": "tty",
    "--force": "force", "--now": "now", "--wait": "wait", "--no-headers": "no-headers", "--show-labels": "show-labels",
    "--ignore-not-found": "ignore-not-found", "--dry-run": "dry-run", "--overwrite": "overwrite",
    "--current": "current", "--record": "record", "--show-events": "show-events", "--containers": "containers",
    "--ignore-daemonsets": "ignore-daemonsets", "--delete-emptydir-data": "delete-emptydir-data", "-q": "quiet",
    "--quiet": "quiet", "--watch-only": "watch", "--server-side": "server-side", "--minify": "minify",
    "--raw": "raw", "--list": "list", "-R": "recursive", "--validate": "validate", "--insecure-skip-tls-verify": "tls",
}  # fmt: skip


class Line:
    """One command line, read."""

    def __init__(self, call: Call, verb: str, arguments: list[str]) -> None:
        """Read the options behind `verb`; UnknownOption for one that kubectl does not have."""
        valued, flags = dict(_VALUED), dict(_FLAGS)
        if verb == "logs":  # here -f follows and -p means the container before
            del valued["-f"], valued["-p"]
            flags |= {"-f": "follow", "-p": "previous"}
        if verb == "rollout" and "-w" in arguments:
            flags["-w"] = "watch"
        stops = verb == "exec" and "--" not in arguments
        self.call, self.verb = call, verb
        self.options: Options = read_options(arguments, valued, flags)
        if stops and len(self.options.words) > 1:
            # The old form without `--`: everything behind the pod's name is the command.
            at = arguments.index(self.options.words[0]) + 1
            self.options = read_options(arguments[:at], valued, flags)
            self.options.behind = arguments[at:]
        self.firm: Firm = firm_of(call.terminal)
        self.view = View(self.firm, self._namespace())

    @property
    def words(self) -> list[str]:
        """What is no option."""
        return self.options.words

    def _namespace(self) -> str | None:
        if self.options.has("all-namespaces"):
            return None
        return self.options.one("namespace") or self.firm.namespace or "default"

    def targets(self, words: list[str] | None = None, default: str = "") -> list[tuple[str, str]]:
        """(kind, name) of `kind name...`, `kind/name...` or, with a default kind, `name...`; no name gives ""."""
        words = self.words if words is None else words
        if not words:
            return []
        if "/" in words[0] or default:
            found = []
            for word in words:
                kind, slash, name = word.partition("/")
                if not slash and not default:
                    raise usage("there is no need to specify a resource type as a separate argument when passing "
                                "arguments in resource/name form (e.g. 'kubectl get resource/<resource_name>' instead "
                                "of 'kubectl get resource resource/<resource_name>'")  # fmt: skip
                found.append((kind_of(kind), name) if slash else (default, word))
            return found
        kinds = [kind_of(kind) for kind in words[0].split(",")]
        return [(kind, name) for kind in kinds for name in words[1:] or [""]]

    def workload(self, kind: str, name: str) -> DeploymentView:
        """A deployment or stateful set by kind and name."""
        if kind not in ("deployment", "statefulset", "daemonset", "replicaset"):
            raise (
                no_such_kind(kind)
                if kind not in KINDS
                else usage(f"the resource {kind}/{name} cannot be scaled or rolled out")
            )
        return self.view.deployment(name, kind=f"{kind}s.apps")

    def one_workload(self, words: list[str]) -> DeploymentView:
        """The deployment that `deployment/x`, `deployment x` or `x` names."""
        targets = self.targets(words)
        if not targets or not targets[0][1]:
            raise usage("required resource not specified")
        return self.workload(*targets[0])
