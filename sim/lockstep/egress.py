"""No way out for a child, whatever it is written in: a network namespace of its own, where the machine gives one.

The agent refuses what goes through Python. A library in C that opens a connection by itself meets a machine without
a network.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from functools import cache

_run = subprocess.run  # bound here: in a strand no process can be started
_TRY_S = 20.0


@cache
def without_network() -> tuple[str, ...]:
    """The words to put before a command so that it has no network; none where that cannot be had. Tried once."""
    tool = shutil.which("unshare")
    if tool is None or not sys.platform.startswith("linux"):
        return ()
    for words in ((tool, "--net"), (tool, "--user", "--net", "--map-current-user")):
        try:
            tried = _run([*words, "--", "true"], capture_output=True, timeout=_TRY_S, check=False)
        except (OSError, subprocess.TimeoutExpired):
            continue
        if tried.returncode == 0:
            return (*words, "--")
    return ()
