"""What kubectl says when something is not there or not right."""

from __future__ import annotations


class ServerError(Exception):
    """An answer of the API server, or of kubectl itself, that ends the command with exit code 1."""


def not_found(kind: str, name: str) -> ServerError:
    """`kind` as the API writes it: `pods`, `deployments.apps`."""
    return ServerError(f'Error from server (NotFound): {kind} "{name}" not found')


def no_such_kind(name: str) -> ServerError:
    """A resource type that the server does not have."""
    return ServerError(f'error: the server doesn\'t have a resource type "{name}"')


def usage(text: str) -> ServerError:
    """A line that kubectl does not understand."""
    return ServerError(f"error: {text}")
