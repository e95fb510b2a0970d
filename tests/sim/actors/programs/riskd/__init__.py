"""A risk daemon in a package: run with `python -m riskd`, imports relative, a reader thread, a queue."""
# ruff: noqa
