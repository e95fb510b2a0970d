"""The mitigation that the options of a run name: Python code, or with `--exec` a program of any language."""

from __future__ import annotations

from drills.code import REFERENCE, code_sha256, load_mitigation
from drills.options import RunOptions
from sim.world import Mitigation


def mitigation_of(options: RunOptions) -> Mitigation:
    """What is tested, checked once so that complaints come early; BadInput for what cannot be run."""
    if options.exec is None:
        return load_mitigation(options.code, options.project, options.python)
    from drills.executable import Executable

    return Executable.of(options.exec, options.project, options.exec_on, options.isolation).mitigation


def sha256_of(options: RunOptions) -> str:
    """One digest of the user's source."""
    if options.exec is None:
        return code_sha256(options.code, options.project)
    from drills.executable import executable_sha256

    return executable_sha256(options.project)


def walls_of(options: RunOptions) -> str | None:
    """How a program is shut in on this machine: `netns` or `shim`; None for code that is none."""
    if options.exec is None:
        return None
    from sim.lockstep.isolation import chosen

    return chosen(options.isolation)


def spec_of(options: RunOptions) -> str:
    """How records name it."""
    if options.exec is not None:
        return f"--exec {options.exec}"
    return options.code or REFERENCE
