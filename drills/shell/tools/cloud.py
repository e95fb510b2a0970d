"""helm on the firm's releases; aws, gcloud, terraform, ansible and their like as far as they are clear here."""

from __future__ import annotations

from collections.abc import Callable

from drills.shell.program import Program
from drills.shell.tool import Call, NotHere, Result
from drills.shell.tools.durations import extra_us
from drills.shell.tools.firm import effect, firm_of, restarted, stamp, wait_for
from drills.shell.tools.kubectl.errors import ServerError
from drills.shell.tools.kubectl.view import DeploymentView, View
from drills.shell.tools.options import UnknownOption, read_options
from drills.shell.tools.tables import columns
from sim.clock import MINUTE

_VALUED = {"-n": "namespace", "--namespace": "namespace", "--timeout": "timeout", "-f": "values", "--set": "set",
           "--version": "version", "--max": "max", "-o": "output", "--kube-context": "context"}  # fmt: skip
_FLAGS = {"-A": "all", "--all-namespaces": "all", "--wait": "wait", "--force": "force", "--install": "install",
          "--cleanup-on-fail": "cleanup", "--atomic": "atomic", "-a": "all-states",
          "--recreate-pods": "recreate"}  # fmt: skip


def helm(call: Call) -> Result:
    """Helm list, status, history, rollback."""
    try:
        options = read_options(call.args, _VALUED, _FLAGS)
    except UnknownOption as error:
        return Result(err=f"Error: unknown flag: {error.option}\n", code=1)
    verb, names = (options.words[0], options.words[1:]) if options.words else ("", [])
    call.wait_us(extra_us("helm", verb))
    firm = firm_of(call.terminal)
    namespace = None if options.has("all") else options.one("namespace") or firm.namespace or "default"
    view = View(firm, namespace)
    if verb in ("list", "ls"):
        rows = [["NAME", "NAMESPACE", "REVISION", "STATUS", "CHART", "APP VERSION"]]
        rows += [[d.name, d.namespace, str(d.deployment.revision.number), "deployed", f"{d.name}-1.0.0",
        d.deployment.revision.version]
                 for d in view.deployments()]  # fmt: skip
        return Result(columns(rows, gap=1))
    if verb not in ("status", "history", "rollback"):
        raise NotHere(f"helm {verb}: charts are not rendered here")
    if not names:
        return Result(err=f'Error: "helm {verb}" requires at least 1 argument\n', code=1)
    try:
        release = view.deployment(names[0])
    except ServerError:
        return Result(err="Error: release: not found\n", code=1)
    return _RELEASE[verb](call, release, names[1:], options.has("wait"))


def _status(call: Call, release: DeploymentView, rest: list[str], wait: bool) -> Result:
    revision = release.deployment.revision
    return Result(
        f"NAME: {release.name}\nNAMESPACE: {release.namespace}\nSTATUS: deployed\nREVISION: {revision.number}\n"
    )


def _history(call: Call, release: DeploymentView, rest: list[str], wait: bool) -> Result:
    rows = [["REVISION", "UPDATED", "STATUS", "APP VERSION", "DESCRIPTION"]]
    newest = release.deployment.revision
    for revision in release.deployment.revisions:
        state = "deployed" if revision is newest else "superseded"
        rows.append([str(revision.number), stamp(call.terminal.world, revision.created_us), state, revision.version,
                     "Install complete" if revision.number == 1 else "Upgrade complete"])  # fmt: skip
    return Result(columns(rows, gap=1))


def _rollback(call: Call, release: DeploymentView, rest: list[str], wait: bool) -> Result:
    deployment, firm = release.deployment, firm_of(call.terminal)
    wanted = int(rest[0]) if rest and rest[0].isdigit() and int(rest[0]) else None
    earlier = [revision.number for revision in deployment.revisions[:-1]]
    if wanted is None and not earlier:
        return Result(err="Error: release has no 0 version\n", code=1)
    if wanted is not None and wanted not in earlier and wanted != deployment.revision.number:
        return Result(err=f"Error: release has no {wanted} version\n", code=1)
    if wanted != deployment.revision.number:
        before = deployment.revision.version
        firm.cluster.rollback(release.workload, wanted)
        if deployment.revision.version != before:
            call.terminal.nemesis.mitigate(("memory_leak",))
        restarted(call, release.workload)
        effect(call, "rollback", f"{release.name} from {before} back to {deployment.revision.version}")
    if wait and not wait_for(call, lambda: firm.cluster.ready(release.workload), 5 * MINUTE):
        return Result(err="Error: timed out waiting for the condition\n", code=1)
    return Result("Rollback was a success! Happy Helming!\n")


_RELEASE: dict[str, Callable[[Call, DeploymentView, list[str], bool], Result]] = {
    "status": _status, "history": _history, "rollback": _rollback,
}  # fmt: skip


def aws(call: Call) -> Result:
    """`aws s3 cp FILE s3://...` keeps evidence and changes nothing here; the rest is not part of the firm."""
    words = [word for word in call.args if not word.startswith("--")]
    if words[:2] == ["s3", "cp"] and len(words) > 3 and words[3].startswith("s3://"):
        try:
            text = "" if words[2] == "-" else call.read(words[2])
        except FileNotFoundError:
            return Result(err=f"\nThe user-provided path {words[2]} does not exist.\n", code=255)
        call.wait_us(extra_us("aws", "s3"))
        return Result(f"upload: {words[2]} to {words[3]}\n" if text or words[2] != "-" else "")
    if words[:2] == ["sts", "get-caller-identity"]:
        return Result('{\n    "Account": "000000000000",\n    "Arn": "arn:aws:iam::000000000000:user/on-call"\n}\n')
    raise NotHere(f"aws {' '.join(words[:2])}: the cloud account is not part of the simulated firm")


def _outside(what: str) -> Callable[[Call], Result]:
    def run(call: Call) -> Result:
        raise NotHere(f"{call.name} {' '.join(call.args[:2])}: {what} not part of the simulated firm")

    return run


_ACCOUNT = "the cloud account is"
_PLANS = "what it would change is"
TOOLS = {
    "helm": Program(helm, "list status history rollback"),
    "aws": Program(aws, "s3 cp of evidence; else not here"),
    **{name: Program(_outside(_ACCOUNT), "not here") for name in ("gcloud", "az", "gsutil", "eksctl", "doctl")},
    **{name: Program(_outside(_PLANS), "not here") for name in ("terraform", "ansible", "ansible-playbook", "argocd",
    "flux")},
}  # fmt: skip
