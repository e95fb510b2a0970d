"""kubectl rollout: restart, undo, status, history, pause, resume."""

from __future__ import annotations

from drills.shell.tool import NotHere, Result
from drills.shell.tools.durations import ROLLOUT_PATIENCE_US
from drills.shell.tools.firm import effect, length_us, reconnect_after, restart_of, restarted, wait_for
from drills.shell.tools.kubectl.change import full_name
from drills.shell.tools.kubectl.errors import usage
from drills.shell.tools.kubectl.line import Line
from drills.shell.tools.kubectl.view import DeploymentView
from drills.shell.tools.tables import columns


def rollout(line: Line) -> Result:
    """Dispatch on the word behind `rollout`."""
    verbs = {"restart": _restart, "undo": _undo, "status": _status, "history": _history}
    if not line.words:
        raise usage("rollout needs restart, undo, status or history")
    verb, words = line.words[0], line.words[1:]
    if verb in ("pause", "resume"):
        raise NotHere(f"kubectl rollout {verb}: roll-outs cannot be held here")
    if verb not in verbs:
        raise usage(f'unknown command "{verb}" for "kubectl rollout"')
    return verbs[verb](line, line.one_workload(words))


def _restart(line: Line, view: DeploymentView) -> Result:
    line.firm.cluster.restart(view.workload)
    restarted(line.call, view.workload)
    action = restart_of(view.workload)
    effect(line.call, action, f"{view.name} restarted")
    reconnect_after(line.call, view.workload)
    return Result(f"{full_name(view)} restarted\n")


def _undo(line: Line, view: DeploymentView) -> Result:
    deployment, wanted = view.deployment, line.options.one("to-revision")
    earlier = {revision.number: revision for revision in deployment.revisions[:-1]}
    number = int(wanted) if wanted.isdigit() and int(wanted) else None
    if number is not None and number == deployment.revision.number:
        return Result(f"{full_name(view)} skipped rollback (current template already matches revision {number})\n")
    if number is not None and number not in earlier:
        raise usage(f"unable to find specified revision {number} in history")
    if not earlier:
        raise usage(f'no rollout history found for deployment "{view.name}"')
    before = deployment.revision.version
    line.firm.cluster.rollback(view.workload, number)
    if deployment.revision.version != before:
        line.call.terminal.nemesis.mitigate(("memory_leak",))
    restarted(line.call, view.workload)
    effect(line.call, "rollback", f"{view.name} from {before} back to {deployment.revision.version}")
    return Result(f"{full_name(view)} rolled back\n")


def _status(line: Line, view: DeploymentView) -> Result:
    deployment = view.deployment

    def progress() -> tuple[int, int, int]:
        updated = [pod for pod in deployment.pods if pod.revision is deployment.revision]
        return len(updated), sum(pod.ready for pod in updated), len(deployment.pods) - len(updated)

    def done() -> bool:
        updated, ready, old = progress()
        return updated >= deployment.replicas and ready >= deployment.replicas and not old

    said: list[str] = []

    def look() -> bool:
        updated, ready, old = progress()
        wanted = deployment.replicas
        if updated < wanted:
            words = f"{updated} out of {wanted} new replicas have been updated..."
        elif old:
            words = f"{old} old replicas are pending termination..."
        else:
            words = f"{ready} of {wanted} updated replicas are available..."
        text = f'Waiting for deployment "{view.name}" rollout to finish: {words}\n'
        if not done() and text not in said:
            said.append(text)
        return done()

    asked = line.options.one("timeout")
    patience = length_us(asked) if asked and asked != "0s" else ROLLOUT_PATIENCE_US
    if patience is None:
        raise usage(f'invalid argument "{asked}" for "--timeout" flag: time: invalid duration "{asked}"')
    if line.options.one("watch") == "false" and "watch" in line.options.given:
        look()
    elif not wait_for(line.call, look, patience):
        why = (
            "timed out waiting for the condition"
            if asked
            else f'deployment "{view.name}" exceeded its progress deadline'
        )
        return Result("".join(said), f"error: {why}\n", 1)
    if not done():
        return Result("".join(said))
    return Result("".join(said) + f'deployment "{view.name}" successfully rolled out\n')


def _history(line: Line, view: DeploymentView) -> Result:
    wanted = line.options.one("revision")
    if wanted:
        found = next((r for r in view.deployment.revisions if str(r.number) == wanted), None)
        if found is None:
            raise usage(f"unable to find the specified revision {wanted}")
        return Result(
            f"{full_name(view)} with revision #{wanted}\nPod Template:\n  Labels:\tapp={view.name}\n  Containers:\n"
            f"   {view.name}:\n    Image:\t{view.name}:{found.version}\n    Limits:\n      "
                f"memory:\t{found.limit_mib:.0f}Mi\n"
        )
    rows = [["REVISION", "CHANGE-CAUSE"]]
    rows += [[str(revision.number), _cause(revision.cause, revision.version)] for revision in view.deployment.revisions]
    return Result(f"{full_name(view)} \n{columns(rows, gap=2)}\n")


def _cause(cause: str, version: str) -> str:
    return f"image {version}" if cause == "deploy" else "<none>"
