"""Drills: runbooks and mitigation code against scenarios, from the command line to the verdict."""
