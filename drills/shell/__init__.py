"""A shell in the simulated firm: what a runbook's commands do, in virtual time, on the World's own models.

Start at `tool` (what a program is given and answers), then `shell` (the language), then `tools` (the programs).
"""
