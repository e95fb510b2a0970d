"""User code in virtual time: waiting, processes and (for unmodified code) the patched standard library.

Start at `user_program` (scripts, modules, functions) and `user_hooks` (`build(desk)`), inside
`runtime.virtual_time`. A `program` is a simulated operating-system process whose threads are strands
(`strand`); `vtime`, `threads`, `signals`, `aio`, `selecting`, `sockets`, `tls`, `environment`, `output`,
`files` and `guards` replace what the standard library would ask of the machine; `hosts`, `http` and
`websocket` are the network that programs see; `watchdog` ends busy loops.
"""
