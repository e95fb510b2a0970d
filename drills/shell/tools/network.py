"""ping, nc, telnet, dig, nslookup, host, traceroute, ss, netstat: the firm's network as its machines see it.

Inside the firm names resolve and paths are healthy; a port answers while the service behind it does. The way to
the broker is the World's link: refused, swallowed or slow, as its rules have it.
"""

from __future__ import annotations

import re
from zlib import crc32

from drills.shell.naming import POSTGRES, REDIS
from drills.shell.program import Program
from drills.shell.tool import Call, NotHere, Result
from drills.shell.tools.durations import extra_us
from drills.shell.tools.firm import firm_of
from drills.shell.tools.processes import running
from drills.shell.tools.tables import columns
from drills.shell.tools.web import hosts
from drills.shell.tools.web.wire import web_of
from sim.clock import MS, SECOND
from sim.config import TRADING_SYSTEM
from sim.network import BrokerUnreachable

_PORTS = {hosts.PROMETHEUS: (9090,), hosts.ALERTMANAGER: (9093,), hosts.GRAFANA: (3000,), POSTGRES: (5432,),
REDIS: (6379,),
          hosts.FIRM: (80, 443, 8000, 8080, 8443)}  # fmt: skip
_LISTENING = ((8080, TRADING_SYSTEM), (5432, POSTGRES), (6379, REDIS), (22, ""), (9090, "prometheus"))


def answers(call: Call, host: str, port: int = 0) -> str:
    """Who is at `host`, or NotHere when nobody of this firm and its surroundings is."""
    here = web_of(call).answering(call, host.lower(), port or 443)
    if not here and re.fullmatch(r"[\d.]+", host):
        here = hosts.INTERNET
    if not here:
        raise NotHere(f"the host {host} is not part of the simulated firm")
    return here


def address(host: str, here: str) -> str:
    """An address for a name: outside ones are public, inside ones private; the same each time."""
    if re.fullmatch(r"[\d.]+", host):
        return host
    number = crc32(host.encode())
    if here in (hosts.BROKER, hosts.BROKER_STATUS, hosts.DATA_PROVIDER, hosts.NOTIFY, hosts.INTERNET):
        return f"198.51.100.{number % 254 + 1}"
    return f"10.43.{number >> 8 & 0xFF}.{number % 254 + 1}"


def reachable(call: Call, here: str) -> tuple[str, int]:
    """`open`, `refused` or `swallowed`, and the round trip in microseconds."""
    firm, world = firm_of(call.terminal), call.terminal.world
    if here == hosts.BROKER:
        verdict = world.link.verdict("connect")
        if verdict.hang:
            return "swallowed", 0
        trip = world.link.one_way_us() + world.link.one_way_us()
        return ("refused" if isinstance(verdict.error, BrokerUnreachable) else "open"), trip
    if here == hosts.FIRM:
        return ("open" if world.listening else "refused"), MS
    if here == hosts.PROMETHEUS:
        return ("open" if world.monitoring.alive else "refused"), MS
    if here in firm.cluster.deployments:
        return ("open" if firm.cluster.serving(here) else "refused"), MS
    return "open", 12 * MS


def ping(call: Call) -> Result:
    """`ping -c N HOST`; without a count it runs until somebody ends it."""
    words = [word for word in call.args if not word.startswith("-")]
    count_at = next((at for at, word in enumerate(call.args) if word == "-c"), None)
    count = 0
    if count_at is not None and count_at + 1 < len(call.args) and call.args[count_at + 1].isdigit():
        count = int(call.args[count_at + 1])
        words = [word for word in words if word != call.args[count_at + 1]] or words
    if not words:
        return Result(err="ping: usage error: Destination address required\n", code=1)
    host = words[-1]
    here = answers(call, host)
    where = address(host, here)
    out, heard = f"PING {host} ({where}) 56(84) bytes of data.\n", 0
    if not count:
        call.terminal.observe()
        count = 4
    else:
        call.wait_us(max(0, count - 1) * SECOND)
    for number in range(1, count + 1):
        state, trip = reachable(call, here) if here == hosts.BROKER else ("open", 400)
        if state != "swallowed":
            heard += 1
            out += f"64 bytes from {where}: icmp_seq={number} ttl=57 time={trip / MS:.1f} ms\n"
    lost = round(100 * (count - heard) / count)
    out += f"\n--- {host} ping statistics ---\n{count} packets transmitted, {heard} received, {lost}% packet loss\n"
    return Result(out, code=0 if heard else 1)


def netcat(call: Call) -> Result:
    """`nc -z [-v] [-w S] HOST PORT`."""
    words = [word for word in call.args if not word.startswith("-")]
    wait = next((call.args[at + 1] for at, w in enumerate(call.args[:-1]) if w == "-w"), "")
    if wait and wait in words:
        words.remove(wait)
    if len(words) != 2 or not words[1].isdigit():
        return Result(err="usage: nc [-46CDdFhklNnrStUuvZz] [-w timeout] [destination] [port]\n", code=1)
    flags = "".join(word.lstrip("-") for word in call.args if word.startswith("-") and not word.startswith("--"))
    host, port = words[0], int(words[1])
    here = answers(call, host, port)
    state, trip = reachable(call, here)
    if state == "open" and here in _PORTS and port not in _PORTS[here] and here != hosts.FIRM:
        state = "refused"
    if state == "swallowed":
        call.wait_us((int(wait) if wait.isdigit() else 130) * SECOND)
        if not wait:
            call.terminal.finding("hang", f"no -w was given: nc {host} {port} waits for two minutes")
        return Result(err=f"nc: connect to {host} port {port} (tcp) timed out: Operation now in progress\n", code=1)
    call.wait_us(trip)
    if state == "refused":
        return Result(
            err=f"nc: connect to {host} port {port} (tcp) failed: Connection refused\n"
            if "v" in flags or "z" not in flags
            else "",
            code=1,
        )
    if "z" not in flags:
        raise NotHere(f"nc {host} {port} without -z: a conversation that a person types is not simulated")
    return Result(err=f"Connection to {host} {port} port [tcp/*] succeeded!\n" if "v" in flags else "")


def telnet(call: Call) -> Result:
    """Whether a port answers."""
    if len(call.args) != 2 or not call.args[1].isdigit():
        raise NotHere("telnet: only HOST PORT is known here")
    host, port = call.args[0], int(call.args[1])
    here = answers(call, host, port)
    state, trip = reachable(call, here)
    out = f"Trying {address(host, here)}...\n"
    if state == "open":
        call.wait_us(trip)
        call.terminal.observe()
        return Result(f"{out}Connected to {host}.\nEscape character is '^]'.\n")
    if state == "swallowed":
        call.wait_us(130 * SECOND)
    return Result(
        out,
        f"telnet: Unable to connect to remote host: Connection {'timed out' if state == 'swallowed' else 'refused'}\n",
        1,
    )


def dig(call: Call) -> Result:
    """Names resolve; a name that nobody here has is not known."""
    words = [
        word for word in call.args if not word.startswith(("+", "-", "@")) and word not in ("A", "AAAA", "ANY", "IN")
    ]
    if not words:
        return Result(err="dig: no name given\n", code=1)
    host = words[0]
    where = address(host, answers(call, host))
    if "+short" in call.args:
        return Result(f"{where}\n")
    if call.name == "nslookup":
        return Result(f"Server:\t\t10.43.0.10\nAddress:\t10.43.0.10#53\n\nName:\t{host}\nAddress: {where}\n\n")
    if call.name == "host":
        return Result(f"{host} has address {where}\n")
    return Result(
        f";; ->>HEADER<<- opcode: QUERY, status: NOERROR\n;; ANSWER SECTION:\n{host}.\t\t60\tIN\tA\t{where}\n"
    )


def traceroute(call: Call) -> Result:
    """The hops to a host; behind a black hole only stars."""
    words = [word for word in call.args if not word.startswith("-")]
    if not words:
        return Result(err='Specify "host" missing argument.\n', code=2)
    host = words[-1]
    here = answers(call, host)
    where = address(host, here)
    call.wait_us(extra_us("traceroute"))
    state, trip = reachable(call, here)
    rows = [
        f"traceroute to {host} ({where}), 30 hops max, 60 byte packets",
        " 1  10.0.0.1  0.4 ms",
        " 2  203.0.113.1  1.1 ms",
    ]
    rows += [f"{hop:2}  * * *" for hop in range(3, 9)] if state == "swallowed" else [f" 3  {where}  {trip / MS:.1f} ms"]
    return Result("\n".join(rows) + "\n")


def sockets(call: Call) -> Result:
    """`ss -tlnp`, `netstat -tlnp`, `netstat -an`: what listens, and the session with the broker."""
    pids = {row.workload: row for row in running(call) if row.workload}
    world = call.terminal.world
    rows = [["State", "Recv-Q", "Send-Q", "Local Address:Port", "Peer Address:Port", "Process"]]
    for port, workload in _LISTENING:
        row = pids.get(workload)
        up = row is not None and firm_of(call.terminal).cluster.serving(workload)
        if workload == "" or (workload == "prometheus" and world.monitoring.alive) or up:
            shown = f'users:(("{row.name}",pid={row.pid},fd=7))' if row is not None else ""
            rows.append(["LISTEN", "0", "128", f"0.0.0.0:{port}", "0.0.0.0:*", shown])
    flags = "".join(word.lstrip("-") for word in call.args if word.startswith("-"))
    listening_only = "l" in flags and "a" not in flags
    if not listening_only and world.connection.connected and TRADING_SYSTEM in pids:
        rows.append(["ESTAB", "0", "0", "10.0.0.12:51514", "198.51.100.7:443", ""])
    return Result(columns(rows, gap=2))


TOOLS = {
    "ping": Program(ping, "-c; the way to the broker as the link has it"), "nc": Program(netcat, "-z -v -w"),
    "ncat": Program(netcat, "-z -v -w"), "telnet": Program(telnet, "whether a port answers"),
    "dig": Program(dig, "+short"), "nslookup": Program(dig, "a name"), "host": Program(dig, "a name"),
    "traceroute": Program(traceroute, "hops, stars in a black hole"), "mtr": Program(traceroute, "hops"),
    "tracepath": Program(traceroute, "hops"), "ss": Program(sockets, "what listens, and the broker session"),
    "netstat": Program(sockets, "what listens, and the broker session"),
}  # fmt: skip
