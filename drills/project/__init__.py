"""A user's repository: what in it looks like mitigation code, and the files that wire it to the drills.

Start at `survey` (what is there, by parsing alone), then `wiring` (which call serves which hook), `files` (what
`firedrill init` writes) and `settings` (`firedrill.yaml`, which `firedrill run` reads).
"""
