"""Invariants of an incident, one family per file; `sim.checkers.suite` runs them all."""
