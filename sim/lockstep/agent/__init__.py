"""What runs in the user's own interpreter, and makes its process live in the World's time.

Python 3.8 and later, the standard library only, nothing of ours beside it: `sim.lockstep.bundle` hands the modules
of this folder over as one file. They replace what the standard library would ask of the machine: `clock`, `threads`,
`signals`, `net`, `selecting`, `tls`, `machine`, `stdio`, `files`; `wire` speaks to the World, `desk` shows the
firm's desk, `main` runs the user's code.
"""
