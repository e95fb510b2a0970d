"""Other processes in virtual time: they run on the machine, one at a time, while the World stands still.

`protocol` says what is spoken. `channel` and `server` carry it, `calls` answers it, `remote_program` is the
World's side of one such process, `user_code` starts the user's code that way, `interpreter` looks at the Python
that was named, `values` and `desk_calls` carry the desk. `agent` is what runs in the child: it imports nothing of
ours and nothing that is not in every Python from 3.8 on, and is handed over as one file (`bundle`).
"""
