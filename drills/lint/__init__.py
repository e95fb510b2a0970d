"""The linter: what is wrong with a runbook before anybody has to follow it at night."""
