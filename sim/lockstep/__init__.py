"""Other processes in virtual time: they run on the machine, one at a time, while the World stands still.

`protocol` says what is spoken. `channel` and `server` carry it, `calls` answers it, `remote_program` is the
World's side of one such process, `user_code` starts the user's code that way, `interpreter` looks at the Python
that was named, `values` and `desk_calls` carry the desk. `agent` is what runs in the child: it imports nothing of
ours and nothing that is not in every Python from 3.8 on, and is handed over as one file (`bundle`).

A program of any language (`--exec`) is a `session`: a family of processes in a `room`, started by the `launcher`
behind the walls that `isolation` finds possible. `tree` tells when all of them rest. What they call in place of the
machine's commands (`shims`, `shim_pipes`) is a request (`requests`) that `commands`, `curl`, `wget`, `probes`, `limits`
and `dates` answer; `guests` are the Pythons among them, `refusals` tells what cannot be lock-stepped, `printed` keeps
what they say.
"""
