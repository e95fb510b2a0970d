"""What is spoken between the World and a process that lives in its time.

The rule
--------
The World's time stands still for as long as any thread of a child runs. A thread runs until it asks for
something; it is then blocked by the kernel, in a read of its own connection, until the World answers. The World
answers one thread at a time and then listens to that thread alone, so nothing depends on who is quicker: which
thread runs next is decided by the World's queue of events, as it is for code inside our own process.

Connections
-----------
A Unix stream socket, its path in the variable FIREDRILL_HUB. Each *thread* opens a connection of its own (a
program without threads: one). Both directions carry lines of JSON in UTF-8, each ended by a newline.

    child  {"hello": KEY, "pid": 4711, "ppid": 4710, "argv": ["python", "bot.py"]}
    world  [NOW_US, "ok", SETTINGS]

KEY is the variable FIREDRILL_KEY for the process's first thread, KEY/tN for its thread N. A process that was not
started by the World itself (a child of a shell) has no key that is waited for: whoever owns the server is told
(`Server.strangers`). The World answers a hello when the thread's turn has come.

    child  [NOTE, ..., REQUEST]        each an array: name, arguments
    world  [NOW_US, "ok", VALUE]
    world  [NOW_US, "err", ERROR]      raise this
    world  [NOW_US, "call", WHAT, ARGUMENTS]

A line of the child holds any number of notes, which get no answer, and at the end one request, which gets one.
Instead of its answer a waiting thread may be sent a call: it does WHAT, in the middle of its wait, and ends that
with the request ["done", VALUE] or ["raised", ERROR]; then it goes on waiting for the answer to what it had
asked. Calls nest. Signal handlers and hooks are called so.

Since time stands still while a child runs, NOW_US of the last answer is the time until the next one: reading the
clock costs no crossing.

Requests (arguments in parentheses; times in seconds as the program gave them, null for no limit)
------------------------------------------------------------------------------------------------
    sleep(seconds)                     time.sleep; 0 lets others run at this instant
    park(seconds)                      wait for a wake; answers whether one came
    thread(daemon)                     a new thread: {"number", "ident", "native"}; it says hello itself
    end()                              this thread has ended; never answered
    exit(code, reason)                 the process ends; with a reason at once, else after it has tidied up
    random(count)                      bytes of the run's chance, as text (below)
    resolve(name)                      address of a host of the drill
    socket(family, type, proto)        a socket's number
    socketpair()                       two numbers
    sock(number, operation, ...)       an operation on one, see `calls.SOCKET`
    tls(number, name, handshake)       put TLS on a connection
    select([[number, events], ...], seconds)   [[number, events], ...] that are ready; 1 read, 2 write
    stir([[number, events], ...], seconds, at_once)    the same; answered also when a relative has done something
    alarm(seconds, interval)           signal.setitimer; answers what was left
    alarm_left()
    pause()                            wait for a signal
    handler(signal, kind)              "call", "ignore" or "default"
    kill(signal)                       send a signal to oneself
    desk(path, arguments, keywords, at), read(key, path, arguments), object(id, name, arguments)   see `desk_calls`
    ready()                            the process's first thread waits for its first call

Notes
-----
    wake(thread)                       let a parked thread go on: "" for the first, "/tN"
    out(stream, text, at)              text for "stdout" or "stderr"
    log(level, message, at, logger)    a log record
    error(hook, text, at)              an exception that nobody caught
    answer(text)                       what the program's function returned
    refuse(kind, what, at)             something that a drill does not give
    close(number)                      a socket is closed
    gone(path, is_gone)                a file outside of the working directory was removed or made again

Bytes travel as text in which each character is one byte (latin-1). Values beyond JSON are written as objects with
one key that begins with `$`, see `values`. ERROR is {"class", "bases", "args", "fields", "at", "token"}: `bases`
are the names of built-in exceptions that it derives from; a token stands for an exception object that the child
itself has kept.

A child that is silent for too long while it should run is stuck: in a loop, or in a wait of the real machine.
`channel` tells the two apart. A connection that ends without a request `exit` is a process that died.
"""

from __future__ import annotations

import json
from typing import Any

HUB, KEY = "FIREDRILL_HUB", "FIREDRILL_KEY"
"""Variables of the child: the socket's path, and the key that its first thread says hello with."""

_encode = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode


def line(message: Any) -> bytes:
    """`message` as it is sent."""
    return _encode(message).encode() + b"\n"


def message(line: bytes) -> Any:
    """What was sent; ValueError when it is not JSON."""
    return json.loads(line)


def text_of(data: bytes | bytearray | memoryview) -> str:
    """Bytes as they travel."""
    return bytes(data).decode("latin-1")


def bytes_of(text: str) -> bytes:
    """What travelled as text."""
    return text.encode("latin-1")
