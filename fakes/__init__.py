"""Protocol cores of the outside systems: each handles a request with an injected clock, without sockets."""
