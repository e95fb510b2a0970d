"""What all programs share of one firm: its naming, its configuration, and how an effect is written down."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from drills.shell.inventory import WORKLOADS, Inventory
from drills.shell.naming import GATEWAY, MONITORING, POSTGRES, REDIS, guess
from drills.shell.tools.durations import POLL_US
from sim.clock import DAY, HOUR, MINUTE, SECOND
from sim.config import TRADING_SYSTEM

if TYPE_CHECKING:
    from drills.shell.tool import Call, Terminal
    from sim.cluster import Cluster
    from sim.world import World

AGE_BEFORE_US = 3 * DAY
"""How long the firm had been running when the run began: what is shown as the age of its first pods."""

_SIZES = re.compile(r"risk[_-]?per[_-]?trade|position[_-]?size|size[_-]?(?:factor|multiplier)|max[_-]?position", re.I)


class Firm:
    """One firm, as its programs see it; kept by the terminal."""

    def __init__(self, world: World, inventory: Inventory) -> None:
        """Give the World what the team has beside it: services and configuration maps."""
        self.world, self.inventory = world, inventory
        self.namespace = ""
        """The context's namespace, once `kubectl config set-context` has set one."""
        self.settings: dict[str, Any] = {"risk_per_trade": 1.0, "max_portfolio_risk": 20, "max_open_positions": 10}
        self.usual_settings = dict(self.settings)
        """Those of the start: the ones that this firm reads."""
        self.checked_out: str | None = None
        """The version that the next start of the trading system runs; None for the one that is deployed."""
        self.places: dict[str, str] = {}
        """Machines that somebody entered -> the workload that runs there."""
        self.give_services()
        for name in inventory.config_maps:
            world.cluster.config_maps.declare(name, _map_of(name, self.settings))
        world.cluster.config_maps.on_apply.append(self._apply_map)

    @property
    def cluster(self) -> Cluster:
        """The platform."""
        return self.world.cluster

    def give_services(self) -> None:
        """Let the platform run what the team has beside the World's own."""
        from sim.workloads import Workload

        for name in self.inventory.extra_workloads():
            if name not in self.world.cluster.deployments:
                self.world.cluster.add(Workload(name, base_mib=128.0, startup_us=0))

    def configure(self, changes: Mapping[str, Any]) -> None:
        """Change the running system's settings; those about size change the size of its orders."""
        self.settings.update(changes)
        for name, value in changes.items():
            usual = self.usual_settings.get(name)
            if _SIZES.search(name) and _is_number(value) and _is_number(usual):
                self.world.strategies.size_factor = max(0.0, float(value) / float(usual))  # type: ignore[arg-type]

    def _apply_map(self, name: str, data: Mapping[str, str]) -> None:
        """A started system reads its maps: what can be read as settings is taken, other text changes nothing."""
        for text in data.values():
            self.configure(settings_in(text))


def settings_changed(call: Call, changes: Mapping[str, Any]) -> None:
    """Say of each setting that nothing in this firm reads it: what it would do in the team's system is not known."""
    known = firm_of(call.terminal).usual_settings
    for name in changes:
        if name.lower() not in known:
            call.terminal.finding("unknown_setting", f"nothing in this firm reads the setting {name}")


def firm_of(terminal: Terminal) -> Firm:
    """The firm of a terminal."""
    return terminal.keep(Firm, lambda: Firm(terminal.world, terminal.keep(Inventory, Inventory)))


def _map_of(name: str, settings: Mapping[str, Any]) -> dict[str, str]:
    if "flag" in name:
        return {"flags.yaml": "flags:\n  conservative_mode:\n    enabled: false\n    rollout_percentage: 0\n"}
    return {"config.toml": "".join(f"{key} = {json.dumps(value)}\n" for key, value in settings.items())}


def settings_in(text: str) -> dict[str, Any]:
    """Settings of a configuration text, `key = value` or `key: value`; sections and other lines are passed over."""
    found: dict[str, Any] = {}
    for line in text.splitlines():
        match = re.fullmatch(r"\s*([A-Za-z_][\w-]*)\s*[:=]\s*([^#]+?)\s*(?:#.*)?", line)
        if match:
            try:
                found[match.group(1)] = json.loads(match.group(2))
            except ValueError:
                found[match.group(1)] = match.group(2).strip("\"'")
    return found


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value > 0


# Effects

_MENDED_BY_RESTART = {
    POSTGRES: ("pool_exhausted", "database_slow"), REDIS: ("cache_full",), TRADING_SYSTEM: ("pool_exhausted",),
    MONITORING: ("monitoring_dead", "monitoring_late", "monitoring_lying", "pages_lost"),
}  # fmt: skip
"""Faults that are over once a service of this kind has started anew."""


def effect(call: Call, action: str, text: str) -> None:
    """Write down that a command changed the firm, and the action of `drills.actions` it stands for ("" for none)."""
    if action:
        call.terminal.did(action, True, text)
    call.terminal.changed(text)


def restarted(call: Call, workload: str) -> None:
    """What a restart of a service ends beside its process: connections it held, faults that lived in it."""
    world = call.terminal.world
    if workload == TRADING_SYSTEM:
        world.database.release("api-service")  # the pool of connections was its own
    call.terminal.nemesis.mitigate(_MENDED_BY_RESTART.get(_kind(workload), ()))


def _kind(workload: str) -> str:
    """One of the World's own services, its monitoring, or "" for a service that only this team has."""
    if workload in (*WORKLOADS, MONITORING):
        return workload
    found = guess(workload)
    return MONITORING if found is not None and found.here == MONITORING else ""


def start_of(workload: str) -> str:
    """The action that starting a service again stands for; "" for one that only this team has."""
    named = {"": "", TRADING_SYSTEM: "start_system", MONITORING: "restore_monitoring"}
    return named.get(_kind(workload), "restart_service")


def restart_of(workload: str) -> str:
    """The action that restarting a service stands for; "" for one that only this team has."""
    named = {"": "", TRADING_SYSTEM: "restart", MONITORING: "restore_monitoring", GATEWAY: "reconnect"}
    return named.get(_kind(workload), "restart_service")


def reconnect_after(call: Call, workload: str) -> None:
    """A gateway that was started anew logs in again, as it does when it starts."""
    world = call.terminal.world
    down = workload == GATEWAY and not world.connection.connected
    if down and wait_for(call, lambda: world.cluster.serving(GATEWAY), 30 * SECOND):
        call.terminal.act("reconnect")


def wait_for(call: Call, ready: Callable[[], bool], patience_us: int, every_us: int = POLL_US) -> bool:
    """Let time pass until `ready()`, `patience_us` at most; whether it came to that."""
    world = call.terminal.world
    until_us = world.env.now + patience_us
    while not ready():
        left_us = until_us - world.env.now
        if left_us <= 0:
            return False
        call.wait_us(min(every_us, left_us))
    return True


# Time as these programs write it

_AGE_UNITS = (("d", DAY), ("h", HOUR), ("m", MINUTE), ("s", SECOND))


def age(length_us: int) -> str:
    """A length of time as kubectl shows it: `45s`, `2m30s`, `12m`, `3h5m`, `5d`."""
    seconds = max(0, length_us) // SECOND
    if seconds < 120:
        return f"{seconds}s"
    minutes = seconds // 60
    if minutes < 10:
        return f"{minutes}m{seconds % 60}s" if seconds % 60 else f"{minutes}m"
    if minutes < 180:
        return f"{minutes}m"
    hours = minutes // 60
    if hours < 8:
        return f"{hours}h{minutes % 60}m" if minutes % 60 else f"{hours}h"
    if hours < 48:
        return f"{hours}h"
    days = hours // 24
    return f"{days}d{hours % 24}h" if days < 8 and hours % 24 else f"{days}d"


def stamp(world: World, t_us: int) -> str:
    """An instant as the platform writes it."""
    return world.clock.utc(t_us).strftime("%Y-%m-%dT%H:%M:%SZ")


_LENGTH = re.compile(r"(\d+(?:\.\d+)?)(ms|us|s|m|h|d)")


def length_us(text: str) -> int | None:
    """Microseconds of `10m`, `1h30m`, `90s`; None for anything else."""
    parts = _LENGTH.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        return None
    units = {"us": 1, "ms": 1000, "s": SECOND, "m": MINUTE, "h": HOUR, "d": DAY}
    return round(sum(float(number) * units[unit] for number, unit in parts))
