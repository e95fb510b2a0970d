"""How a program is shut in: what this machine allows, and what was asked for."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

from sim.errors import BadInput

MODES = ("auto", "netns", "shim")
LAUNCHER = Path(__file__).with_name("launcher.py")
_Run = subprocess.run


def chosen(wanted: str) -> str:
    """`netns` or `shim`, for what was asked; BadInput for what is not known or not possible here."""
    if wanted not in MODES:
        raise BadInput("is no way to isolate", field="--isolation", value=wanted, mend=f"use one of {', '.join(MODES)}")
    if not sys.platform.startswith("linux") or not os.path.isdir("/proc/self/task"):
        raise BadInput(
            "processes can be lock-stepped on Linux only, by what its /proc shows", field="--exec", value=sys.platform,
            mend="run it in a Linux container or against a live drill",
        )  # fmt: skip
    if wanted == "shim":
        return "shim"
    reason = why_no_namespaces()
    if reason is None:
        return "netns"
    if wanted == "netns":
        raise BadInput(
            f"namespaces cannot be had here: {reason}", field="--isolation", value="netns",
            mend="allow unprivileged user namespaces, or use --isolation shim",
        )  # fmt: skip
    return "shim"


@cache
def why_no_namespaces() -> str | None:
    """Why this machine gives no namespaces to this user; None when it does. Tried once."""
    with tempfile.TemporaryDirectory(prefix="firedrill-try-") as folder:
        config = Path(folder) / "try.json"
        read_end, write_end = os.pipe()
        config.write_text(json.dumps({
            "isolation": "netns", "status_fd": write_end, "watch_fd": -1, "binds": [[folder, folder, True]],
            "originals": [], "masks": [], "fresh": ["/tmp"], "overlays": [],
            "argv": ["/bin/sh", "-c", ":"], "environ": {}, "cwd": "/",
        }))  # fmt: skip
        try:
            _Run(launcher_command(config), pass_fds=(write_end,), env={}, capture_output=True, timeout=30, check=False)
        finally:
            os.close(write_end)
        said = os.read(read_end, 4096).decode()
        os.close(read_end)
    lines = said.splitlines()
    if "exited 0" in lines:
        return None
    return lines[0].removeprefix("failed ") if lines else "the launcher said nothing"


def launcher_command(config: Path) -> list[str]:
    """How the launcher is started."""
    return [sys.executable, "-I", "-S", str(LAUNCHER), str(config)]
