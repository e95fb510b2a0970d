"""Found on PYTHONPATH by an interpreter that a process of the drill starts: it then lives in the World's time too."""

from __future__ import annotations

import os
import sys


def _chain() -> None:
    """Run the sitecustomize that this one stands before, if there is one."""
    from importlib.machinery import PathFinder

    own = os.path.dirname(os.path.abspath(__file__))
    spec = PathFinder.find_spec("sitecustomize", [entry for entry in sys.path if os.path.abspath(entry) != own])
    if spec is not None and spec.loader is not None:
        import importlib.util

        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)


if os.environ.get("FIREDRILL_HUB"):
    from sim.lockstep.agent.main import begin

    begin()
_chain()
