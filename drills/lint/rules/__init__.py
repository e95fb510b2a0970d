"""The rules, one module per subject; importing this package registers all of them."""

from __future__ import annotations

from drills.lint.rules import (
    claims,
    cluster,
    code,
    placeholders,
    policy,
    processes,
    quoting,
    repository,
    severity,
    state,
    steps,
    terminal,
    wording,
)

MODULES = (
    claims, cluster, code, placeholders, policy, processes, quoting, repository, severity, state,
    steps, terminal, wording,
)  # fmt: skip
