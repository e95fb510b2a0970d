"""Speaks HTTP over a bare socket and checks a list of hosts, as a connectivity probe does."""
# ruff: noqa
import socket

for name, port in (("broker.test", 80), ("broker.test", 81), ("real-broker.example.org", 443)):
    try:
        with socket.create_connection((name, port), timeout=3) as sock:
            sock.sendall(f"GET /health HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n\r\n".encode())
            print(sock.makefile("rb").readline().decode().strip())
    except OSError as error:
        print(type(error).__name__)
