"""Starting, stopping and restarting a service of the firm, whatever program asks for it.

A service is a workload of the World, or its monitoring. What was started is waited for as its own program would
wait; what it stands for is written down.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from drills.shell.inventory import WORKLOADS
from drills.shell.naming import MONITORING
from drills.shell.tool import NotHere
from drills.shell.tools.durations import STOP_GRACE_US
from drills.shell.tools.firm import effect, firm_of, reconnect_after, restart_of, restarted, start_of
from drills.shell.tools.versions import deploy_checked_out
from sim.config import GATEWAY, TRADING_SYSTEM
from sim.pods import ALIVE, STOPPED

if TYPE_CHECKING:
    from drills.shell.tool import Call
    from sim.pods import Pod
    from sim.workloads import Deployment

RUNNING, EXITED, FAILED, RESTARTING, STARTING = "running", "exited", "failed", "restarting", "starting"


def deployment_of(call: Call, workload: str) -> Deployment:
    """The World's side of a service."""
    return firm_of(call.terminal).cluster[workload]


def state_of(call: Call, workload: str) -> str:
    """What a supervisor says of it."""
    if workload == MONITORING:
        return RUNNING if call.terminal.world.monitoring.alive else EXITED
    deployment = deployment_of(call, workload)
    if deployment.replicas == 0 or not deployment.pods:
        return EXITED
    pod = first_pod(deployment)
    if pod is None or pod.state == STOPPED:
        return FAILED
    if pod.ready:
        return RUNNING
    return STARTING if pod.state in ALIVE else RESTARTING


def first_pod(deployment: Deployment) -> Pod | None:
    """The pod that serves, or else the first one."""
    return deployment.primary or (deployment.pods[0] if deployment.pods else None)


def start(call: Call, workload: str, name: str) -> None:
    """Start a service that does not run; nothing when it does."""
    if workload == MONITORING:
        call.terminal.act("restore_monitoring")
        return
    if state_of(call, workload) in (EXITED, FAILED):
        _take_checked_out(call, workload)
        firm_of(call.terminal).cluster.start(workload)
        restarted(call, workload)
        effect(call, start_of(workload), f"{name} started")
        reconnect_after(call, workload)


def stop(call: Call, workload: str, name: str) -> None:
    """Stop a service, giving it the time to end."""
    if workload == MONITORING:
        raise NotHere(f"stopping {name}: monitoring cannot be stopped by hand here")
    if state_of(call, workload) == EXITED:
        return
    call.wait_us(STOP_GRACE_US)
    firm_of(call.terminal).cluster.stop(workload)
    action = {TRADING_SYSTEM: "stop_system", GATEWAY: "halt"}.get(workload, "")
    effect(call, action, f"{name} stopped")


def restart(call: Call, workload: str, name: str) -> None:
    """Restart a service, or start it when it does not run."""
    if workload == MONITORING:
        call.terminal.act("restore_monitoring")
        return
    cluster = firm_of(call.terminal).cluster
    _take_checked_out(call, workload)
    if cluster[workload].replicas == 0:
        cluster.start(workload)
    else:
        call.wait_us(STOP_GRACE_US)
        cluster.restart(workload)
    restarted(call, workload)
    effect(call, restart_of(workload), f"{name} restarted")
    reconnect_after(call, workload)


def kill(call: Call, workload: str, name: str, *, comes_back: bool) -> None:
    """End a service's process at once; its supervisor starts it again where it has one."""
    if workload == MONITORING:
        raise NotHere(f"killing {name}: monitoring cannot be stopped by hand here")
    firm_of(call.terminal).cluster.kill(workload, "killed", stays_down=not comes_back)
    action = "" if workload not in WORKLOADS else "restart" if workload == TRADING_SYSTEM and comes_back else (
        "stop_system" if workload == TRADING_SYSTEM else "restart_service")  # fmt: skip
    effect(call, action, f"{name} killed")


def _take_checked_out(call: Call, workload: str) -> None:
    if workload == TRADING_SYSTEM:
        deploy_checked_out(firm_of(call.terminal))
