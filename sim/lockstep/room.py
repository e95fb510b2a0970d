"""Where programs of one World run: their files, their environment, the shims, and the walls around them.

A run has one directory of its own: a copy of the project that its starts share (what one leaves, the next
finds), a home that is empty, the shims and the pipes. With namespaces the copy lies at the project's own
path, `/tmp` is fresh, what is written under /var, /etc, /opt and the like lands in layers that are thrown
away, and the rest of the machine is read-only. Without, programs start in the copy.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from sim.actors.environment import scrubbed
from sim.actors.hosts import hosts_of
from sim.actors.runtime import runtime_of
from sim.lockstep.bash_clock import bash_start_file, reads_clock
from sim.lockstep.bundle import write_agent
from sim.lockstep.isolation import launcher_command
from sim.lockstep.layers import overlays
from sim.lockstep.project_copy import copy_project
from sim.lockstep.pythons import customize_text, standard_libraries
from sim.lockstep.server import Server
from sim.lockstep.shims import keep_real, masked, write_shims

if TYPE_CHECKING:
    from sim.lockstep.requests import Request
    from sim.lockstep.session import Session

_OVERLAID = ("/var", "/etc", "/opt", "/srv", "/usr/local", "/home", "/root", "/mnt", "/data")
_FRESH = ("/tmp", "/var/tmp", "/run", "/dev/shm")
_DROPPED = (
    "SSH_AUTH_SOCK", "SSH_AGENT_PID", "DBUS_SESSION_BUS_ADDRESS", "DOCKER_HOST", "KUBECONFIG", "XDG_RUNTIME_DIR",
    "DISPLAY", "WAYLAND_DISPLAY", "BASH_ENV", "ENV", "PROMPT_COMMAND", "LD_PRELOAD", "SHELLOPTS", "BASHOPTS", "TMOUT",
    "OLDPWD", "MAIL", "HISTFILE", "CURL_HOME", "TMUX", "STY",
)  # fmt: skip
_OF_PROCESSES = ("ps", "pgrep", "pkill", "kill", "killall", "pidof")
_SOURCES = (".sh", ".bash", ".py", ".pl", ".rb", ".js", "")
_LARGEST_SOURCE = 1 << 18
_JOB = re.compile(r"(: line )\d+(: +)\d+ (?=[A-Z])")
_ADDRESS = re.compile(r"\b0x[0-9a-f]{6,16}\b")


class Tools(Protocol):
    """Programs of the simulated firm."""

    names: frozenset[str]

    def run(self, request: Request) -> None:
        """Do what a shim was called for, and answer it."""


class Room:
    """The place of one World's programs."""

    def __init__(
        self, world: Any, project: Path, isolation: str, variables: Mapping[str, str], tools: Tools | None = None
    ) -> None:  # fmt: skip
        """Copy `project`; `isolation` is `netns` or `shim`; `variables` are given to every program."""
        self.tools = tools
        """The firm's own programs; None where there is no firm."""
        self.world, self.project, self.isolation = world, project.resolve(), isolation
        self.hosts, self.zone = hosts_of(world), world.clock.zone.key
        self.sessions: list[Session] = []
        self.number = 0
        self.network = ""
        """What the launcher said of the network, once a program has started."""
        self._variables = dict(variables)
        self.directory = Path(tempfile.mkdtemp(prefix="firedrill-exec-")).resolve()
        self.copy = self.directory / "project"
        self._original = self.directory / "original"
        (self.directory / "home").mkdir()
        self._shims = self.directory / "shims"
        self._shims.mkdir()
        self._real = keep_real(self.directory / "real", ("date", *(_OF_PROCESSES if tools is not None else ())))
        if isolation == "netns":
            self._original.mkdir()
        else:
            self._original.symlink_to(self.project)
        copy_project(self.project, self.copy, str(self._original))
        self.runtime = runtime_of(world)
        self.runtime.add_root(str(self.working_directory))
        self.server = Server()
        self._agent = write_agent(self.server.folder)
        self._needs_clock = reads_clock(self.copy)
        self._clock_file = self.directory / "clock"
        self._sources: list[tuple[str, list[str]]] | None = None

    @property
    def working_directory(self) -> Path:
        """Where programs start."""
        return self.project if self.isolation == "netns" else self.copy

    @property
    def _firm_names(self) -> frozenset[str]:
        return frozenset() if self.tools is None else self.tools.names

    @property
    def hidden_levels(self) -> int:
        """How many processes above a program are ours."""
        return 2 if self.isolation == "netns" else 1

    def close(self) -> None:
        """Kill what still runs, and remove every file of the run."""
        for session in list(self.sessions):
            session.kill()
        self.server.close()
        shutil.rmtree(self.directory, ignore_errors=True)

    # For a session.

    def new_session_folder(self) -> Path:
        """A folder for the pipes of one start."""
        self.number += 1
        folder = self.directory / f"s{self.number}"
        folder.mkdir()
        return folder

    def launcher_command(self, config: Path) -> list[str]:
        """How to start the launcher."""
        return launcher_command(config)

    def learned(self, network: str) -> None:
        """What the launcher says of the network."""
        self.network = network

    def real(self, name: str) -> str:
        """Where the machine's own program of this name can be started by a shim."""
        if self.isolation == "netns" and name in self._real:
            return str(self.directory / "real" / name)
        return self._real.get(name) or shutil.which(name) or name

    def own_real(self, name: str) -> str | None:
        """The machine's program where it sees the processes of the run and no others; None where it does not."""
        return self.real(name) if self.isolation == "netns" and name in self._real else None

    def tick(self) -> None:
        """Tell shells that read the clock by themselves what time it is."""
        if self._needs_clock:
            micros = int(self.world.clock.epoch.timestamp()) * 1_000_000 + self.world.env.now
            self._clock_file.write_text(f"{micros:020d}\n")

    def environ(self, folder: Path, seed: int) -> dict[str, str]:
        """The variables of a program: the machine's, without credentials and without ways out, and the World's."""
        kept = {name: value for name, value in os.environ.items() if name not in _DROPPED}
        values = scrubbed(kept, self._variables)
        shims = self._session_shims(folder)
        start = folder / "bash_start"
        kill = shims / "kill" if "kill" in self._firm_names else None
        start.write_text(bash_start_file(seed, self._clock_file if self._needs_clock else None, kill))
        values |= {
            "PATH": f"{shims}:{values.get('PATH', '/usr/local/bin:/usr/bin:/bin')}", "PWD": str(self.working_directory),
            "HOME": str(self.directory / "home"), "TMPDIR": "/tmp" if self.isolation == "netns" else self._tmp(),
            "TZ": self.zone, "BASH_ENV": str(start), "FIREDRILL": "1", "FIREDRILL_HUB": str(self.server.path),
            "PYTHONPATH": os.pathsep.join([str(self._agent), *filter(None, [values.get("PYTHONPATH")])]),
            "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1", "PYTHONUNBUFFERED": "1",
        }  # fmt: skip
        return values

    def _tmp(self) -> str:
        (self.directory / "tmp").mkdir(exist_ok=True)
        return str(self.directory / "tmp")

    def _session_shims(self, folder: Path) -> Path:
        shims = folder / "shims"
        if not shims.exists():
            write_shims(shims, folder, shared_processes=self.isolation != "netns", more=self._firm_names)
        return shims

    def write_config(
        self, folder: Path, argv: list[str], environ: dict[str, str], status_fd: int, watch_fd: int
    ) -> Path:  # fmt: skip
        """What the launcher shall do, as a file."""
        found = argv[0] if "/" in argv[0] else shutil.which(argv[0]) or argv[0]
        if "/" in argv[0] and not argv[0].startswith("/"):
            found = str(self.working_directory / argv[0])
        shim = str(folder / "shims" / ".shim")
        config: dict[str, Any] = {
            "isolation": self.isolation, "status_fd": status_fd, "watch_fd": watch_fd, "argv": [found, *argv[1:]],
            "environ": environ, "cwd": str(self.working_directory),
            "binds": [], "originals": [], "masks": [], "fresh": [], "overlays": [],
            "writable": [str(self.directory), str(self.server.folder), "/dev"],
        }  # fmt: skip
        if self.isolation == "netns":
            self.tick()
            layers = self.directory / "layers"
            config["fresh"] = [place for place in _FRESH if os.path.isdir(place) and not os.path.islink(place)]
            config["originals"] = [
                [str(self.project), str(self._original)],
                *([real, str(self.directory / "real" / name)] for name, real in self._real.items()),
            ]
            config["binds"] = [
                [str(self.directory), str(self.directory), True], [str(self.copy), str(self.project), True],
                [str(self.server.folder), str(self.server.folder), True],
            ]  # fmt: skip
            config["masks"] = [[shim, place] for place in masked(self._firm_names)]
            places = [p for p in _OVERLAID if os.path.isdir(p) and not os.path.islink(p) and not self._covers_own(p)]
            config["overlays"] = overlays(places, standard_libraries(self.project), layers, self._customize)
        else:
            self.tick()
        file = folder / "launch.json"
        file.write_text(json.dumps(config))
        return file

    def _customize(self, library: Path) -> str:
        return customize_text(library, self._agent, self.server.path)

    def _covers_own(self, place: str) -> bool:
        """Whether an overlay on `place` would hide the copy or the run's own files."""
        return any(Path(own).is_relative_to(place) for own in (self.project, self.directory))

    # For messages.

    def plain(self, text: str) -> str:
        """Without what differs between two runs of one seed, and without bytes that are no text."""
        text = text.encode("utf-8", "replace").decode()
        text = text.replace(f"{self.copy}/", "").replace(str(self.copy), ".")
        text = text.replace(f"{self.project}/", "").replace(str(self.project), ".")
        text = text.replace(str(self.directory), "").replace(str(self.server.folder), "")
        text = _JOB.sub(r"\1...\2... ", text)  # bash tells of a job that a signal ended when it happens to hear of it
        return _ADDRESS.sub("0x...", text)

    def line_that_says(self, text: str) -> str:
        """`file:line` of the source line that has most of the words of `text`; empty when none has half of them."""
        words = set(re.findall(r"[A-Za-z_]{3,}", text))
        if not words:
            return ""
        best, place = 0.5, ""
        for name, lines in self._read_sources():
            for number, line in enumerate(lines, 1):
                if line.lstrip().startswith("#"):
                    continue
                share = len(words & set(re.findall(r"[A-Za-z_]{3,}", line))) / len(words)
                if share > best:
                    best, place = share, f"{name}:{number}"
        return place

    def _read_sources(self) -> list[tuple[str, list[str]]]:
        if self._sources is None:
            self._sources = []
            for file in sorted(self.copy.rglob("*")):
                if file.suffix in _SOURCES and file.is_file() and file.stat().st_size <= _LARGEST_SOURCE:
                    content = file.read_bytes()
                    if b"\0" not in content:
                        name = file.relative_to(self.copy).as_posix()
                        self._sources.append((name, content.decode("utf-8", "replace").splitlines()))
        return self._sources
