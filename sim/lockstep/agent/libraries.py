"""Libraries that wait or talk past Python's standard library: what they do cannot be taken into virtual time."""

from __future__ import annotations

_CONNECTS = "it opens connections by itself, in C"
_NO_DATABASE = "or no database in the drilled part"

PAST_PYTHON = {
    "uvloop": ("its event loop waits by itself, in C", "the standard event loop"),
    "gevent": ("it waits by itself, in C", "threads or asyncio"),
    "eventlet": ("it replaces the standard library itself", "threads or asyncio"),
    "pycares": ("it asks name servers by itself, in C", "the standard resolver"),
    "pycurl": (_CONNECTS, "requests or httpx"),
    "curl_cffi": (_CONNECTS, "requests or httpx"),
    "tls_client": (_CONNECTS, "requests or httpx"),
    "primp": (_CONNECTS, "requests or httpx"),
    "grpc": (_CONNECTS, "an HTTP interface"),
    "zmq": (_CONNECTS, "plain sockets"),
    "quickfix": (_CONNECTS, "the desk's broker"),
    "confluent_kafka": (_CONNECTS, "aiokafka or kafka-python"),
    "psycopg2": (_CONNECTS, f"pg8000, {_NO_DATABASE}"),
    "psycopg": (_CONNECTS, f"pg8000, {_NO_DATABASE}"),
    "MySQLdb": (_CONNECTS, f"PyMySQL, {_NO_DATABASE}"),
    "pymssql": (_CONNECTS, f"pytds, {_NO_DATABASE}"),
    "pyodbc": (_CONNECTS, f"pytds, {_NO_DATABASE}"),
}
"""Top-level modules: why they cannot be simulated, and what can be drilled in their place."""


def complaint(name: str) -> str:
    """What the program is told that imports one of them."""
    why, instead = PAST_PYTHON[name]
    return f"{name} is not available in a drill: {why}; use {instead}"
