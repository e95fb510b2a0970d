"""The commands that a program of a run finds in place of the machine's: one small shell script for all.

A shim says its process id to the hub and waits at a pipe of its own; what the hub writes there is shell text
that the shim runs. So all that a command means is decided in the World, with the arguments, directory and
variables that /proc shows of the shim, and a call costs two short processes.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from pathlib import Path

TIMED = ("sleep", "usleep", "date", "timeout")
NETWORK = ("curl", "wget", "nc", "ncat", "netcat", "ping")
RECORDED = ("logger", "mail", "mailx", "sendmail", "wall", "notify-send")
"""They tell a person something; it is written down."""
CHANCE = ("uuidgen", "mktemp")
REFUSED = (
    "ssh", "scp", "sftp", "rsync", "telnet", "ftp", "dig", "host", "nslookup", "docker", "podman", "kubectl", "helm",
    "systemctl", "service", "journalctl", "shutdown", "reboot", "halt", "poweroff", "at", "batch", "crontab",
    "aws", "gcloud", "az", "hwclock", "timedatectl",
)  # fmt: skip
"""They would act on the machine or on others, or wait by its clock."""

BY_NAME = ("pkill", "killall")
"""They look for processes by name: harmless among the processes of a namespace, refused among those of a machine."""

PREFIXES = ("sudo", "doas", "watch")
"""They run another command: as the same person here, and in the World's time."""

NAMES = (*TIMED, *NETWORK, *RECORDED, *CHANCE, *PREFIXES, *REFUSED)

_SYSTEM_FOLDERS = ("/usr/local/bin", "/usr/bin", "/bin", "/usr/local/sbin", "/usr/sbin", "/sbin")


def write_shims(folder: Path, run: Path, shared_processes: bool, more: Iterable[str] = ()) -> Path:
    """Write every shim into `folder`; they speak to the hub that keeps its pipes in `run`. The script they all are.

    `shared_processes` tells that the program sees the processes of the machine; `more` are programs of the firm.
    """
    folder.mkdir(parents=True, exist_ok=True)
    script = folder / ".shim"
    mkfifo = shutil.which("mkfifo") or "mkfifo"
    script.write_text(
        f"#!/bin/sh\n"
        f'[ -p "{run}/r/$$" ] || {mkfifo} "{run}/r/$$" || exit 125\n'
        # A signal may end the wait: then nothing is said of it, and the shell dies by that signal.
        f'exec 9>&2 2>/dev/null\necho "$$" >"{run}/hub" && command . "{run}/r/$$"\n'
    )  # fmt: skip
    script.chmod(0o755)
    for name in (*NAMES, *(BY_NAME if shared_processes else ()), *sorted(more)):
        place = folder / name
        if not place.exists():
            os.link(script, place)
    return script


def keep_real(folder: Path, names: tuple[str, ...] = ("date",)) -> dict[str, str]:
    """Where each of `names` really is, by name; the places in `folder` are for when shims lie over them."""
    folder.mkdir(parents=True, exist_ok=True)
    found = {}
    for name in names:
        real = shutil.which(name, path=os.pathsep.join(_SYSTEM_FOLDERS)) or shutil.which(name)
        if real is not None:
            (folder / name).touch()
            found[name] = real
    return found


def masked(more: Iterable[str] = ()) -> list[str]:
    """The machine's own programs that shims lie over, so that a path such as /bin/sleep finds the shim."""
    found: dict[str, None] = {}
    names = {*NAMES, *more}  # membership only
    for folder in _SYSTEM_FOLDERS:
        for name in (*NAMES, *sorted(more)):
            place = Path(folder) / name
            if place.is_file():
                found[os.path.realpath(place)] = None
    return [path for path in found if os.path.basename(path) in names]
