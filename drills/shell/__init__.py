"""A shell in the simulated firm: what a runbook's commands do, in virtual time, on the World's own models.

Start at `session` (a terminal and what is typed into it). Below it: `parser` and `lexer` (text to `syntax`),
`interpreter` with `expand`, `compound`, `builtins` and `redirects` (what runs), `firm` and `console` (machines, and
what a program may ask them), `files` with `layers` and `meanings` (what lies there). `tool` is the seam to the
programs, which are in `tools`, one module per family.
"""
