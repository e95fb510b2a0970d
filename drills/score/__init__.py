"""Scoring what people did: recorded traces, read, matched with the steps of a runbook, and judged like a run."""
