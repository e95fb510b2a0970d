"""The first process of a run of somebody's program: shuts it in, starts it, reaps what it leaves.

Started as `python -I -S launcher.py CONFIG` in a process of its own, so it imports nothing of ours and little
of the standard library. Two ways of shutting in, by `CONFIG["isolation"]`:

    netns   namespaces of its own for users, network (only `lo`, down to the kernel no way out), processes,
            mounts, IPC and host name. The machine's files are read-only, `/tmp` is fresh, and the shims lie
            over the real `sleep`, `date`, ... so that `/bin/sleep` finds them too.
    shim    no namespace. Where the kernel can, a seccomp filter refuses sockets of the internet families, and
            Landlock refuses to write outside of the run's files and to signal processes outside of the run.

It reports on file descriptor `CONFIG["status_fd"]`, one line each: `ready NETWORK`, `failed STAGE: WHY`,
`exited CODE` (negative: killed by that signal). It ends when nothing of the program is left.
"""

from __future__ import annotations

import ctypes
import fcntl
import json
import os
import signal
import struct
import sys
from typing import Any, NoReturn

_LIBC = ctypes.CDLL(None, use_errno=True)
_NEWNS, _NEWUTS, _NEWIPC, _NEWUSER, _NEWPID, _NEWNET = (
    0x00020000, 0x04000000, 0x08000000, 0x10000000, 0x20000000, 0x40000000,
)  # fmt: skip
_MS_BIND, _MS_REC, _MS_PRIVATE, _MS_NOSUID, _MS_NODEV, _MS_NOEXEC = 4096, 16384, 1 << 18, 2, 4, 8
_PR_SET_PDEATHSIG, _PR_SET_SECCOMP, _PR_SET_CHILD_SUBREAPER, _PR_SET_NO_NEW_PRIVS = 1, 22, 36, 38
_SYS_MOUNT_SETATTR, _AT_FDCWD, _AT_RECURSIVE, _ATTR_RDONLY = 442, -100, 0x8000, 1

_ARCHITECTURES = {"x86_64": (0xC000003E, 41), "aarch64": (0xC00000B7, 198)}
"""Of a machine: its number in seccomp data, and the number of `socket`."""
_SECCOMP = {"x86_64": 317, "aarch64": 277}
_IO_URING_SETUP = 425
_X32_BIT = 0x40000000
_INTERNET = (2, 10, 17, 40)  # AF_INET, AF_INET6, AF_PACKET, AF_VSOCK
_EACCES, _ENOSYS = 13, 38


class Failed(Exception):
    """A step of shutting in is not possible here."""


def main(config: dict[str, Any]) -> int:
    """Run the program of `config`; returns when nothing of it is left."""
    status = config["status_fd"]
    for fd in (status, config["watch_fd"]):
        if fd >= 0:
            fcntl.fcntl(fd, fcntl.F_SETFD, fcntl.FD_CLOEXEC)

    def tell(line: str) -> None:
        os.write(status, f"{line}\n".encode())

    try:
        if config["isolation"] == "netns":
            return _in_namespaces(config, tell)
        return _behind_shims(config, tell)
    except (Failed, OSError) as why:
        tell(f"failed {why}")
        return 1


def _in_namespaces(config: dict[str, Any], tell: Any) -> int:
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    uid, gid = os.geteuid(), os.getegid()
    _must(_LIBC.unshare(_NEWUSER | _NEWNS | _NEWUTS | _NEWIPC | _NEWPID | _NEWNET), "namespaces")
    _write("/proc/self/setgroups", "deny")
    _write("/proc/self/uid_map", f"{uid} {uid} 1")
    _write("/proc/self/gid_map", f"{gid} {gid} 1")
    init = os.fork()
    if init:
        _, code = os.waitpid(init, 0)
        return os.waitstatus_to_exitcode(code) and 1
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    try:
        _mounts(config)
        _loopback_up()
        _must(_LIBC.sethostname(b"drill", 5), "host name")
    except (Failed, OSError) as why:
        tell(f"failed {why}")
        os._exit(1)
    _tell_of_sockets(config["watch_fd"])
    tell("ready no network")
    _start_and_reap(config, tell)
    os._exit(0)


def _behind_shims(config: dict[str, Any], tell: Any) -> int:
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)
    signal.signal(signal.SIGTERM, lambda *_: _kill_children())
    _prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)
    told = _tell_of_sockets(config["watch_fd"])
    walls = (told or _refuse_sockets(), "sockets refused"), (_refuse_writes(config["writable"]), "writes refused")
    tell("ready " + (", ".join(name for stands, name in walls if stands) or "shims only"))
    _start_and_reap(config, tell)
    return 0


def _start_and_reap(config: dict[str, Any], tell: Any) -> None:
    program = os.fork()
    if not program:
        _become(config, tell)
    while True:
        try:
            pid, code = os.waitpid(-1, 0)
        except ChildProcessError:
            return
        if pid == program:
            tell(f"exited {os.waitstatus_to_exitcode(code)}")


def _become(config: dict[str, Any], tell: Any) -> NoReturn:
    os.setsid()
    for number in (signal.SIGPIPE, signal.SIGXFSZ, signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)
    try:
        os.chdir(config["cwd"])
        os.execve(config["argv"][0], config["argv"], config["environ"])
    except OSError as why:
        tell(f"unstartable {why.strerror}: {config['argv'][0]}")
    os._exit(127)


def _kill_children() -> NoReturn:
    """The end from outside: everything below is killed, stopped first so that nothing forks meanwhile."""
    for number in (signal.SIGSTOP, signal.SIGKILL):
        below = _below(os.getpid())
        while below:
            for pid in below:
                try:
                    os.kill(pid, number)
                except ProcessLookupError:
                    pass
            now = _below(os.getpid())
            below = [pid for pid in now if pid not in below] if number == signal.SIGSTOP else []
    os._exit(1)


def _below(pid: int) -> list[int]:
    found = []
    try:
        for task in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{task}/children") as file:
                children = [int(word) for word in file.read().split()]
            for child in children:
                found += [child, *_below(child)]
    except OSError:
        pass
    return found


# Namespaces.


def _mounts(config: dict[str, Any]) -> None:
    _mount("none", "/", None, _MS_REC | _MS_PRIVATE)
    kept = [(os.open(source, os.O_PATH), target, writable) for source, target, writable in config["binds"]]
    for source, target in config["originals"]:
        _mount(source, target, None, _MS_BIND)
    shims = [(os.open(source, os.O_PATH), target) for source, target in config["masks"]]
    for place in config["fresh"]:
        _mount("tmpfs", place, "tmpfs", _MS_NOSUID | _MS_NODEV)
        os.chmod(place, 0o1777)
    writable_places = list(config["fresh"])
    for fd, target, writable in kept:
        os.makedirs(target, exist_ok=True)
        _mount(f"/proc/self/fd/{fd}", target, None, _MS_BIND | _MS_REC)
        if writable:
            writable_places.append(target)
    for source, target in shims:
        _mount(f"/proc/self/fd/{source}", target, None, _MS_BIND)
    _set_readonly("/", True, _AT_RECURSIVE)
    for place in writable_places:
        _set_readonly(place, False, 0)
    for target, upper, work in config["overlays"]:
        options = f"lowerdir={target},upperdir={upper},workdir={work},userxattr"
        _LIBC.mount(b"overlay", target.encode(), b"overlay", 0, options.encode())  # where it cannot be: read-only
    for fd in (*(fd for fd, _, _ in kept), *(fd for fd, _ in shims)):
        os.close(fd)
    _LIBC.mount(b"proc", b"/proc", b"proc", _MS_NOSUID | _MS_NODEV | _MS_NOEXEC, None)  # in a container: the old one


def _mount(source: str, target: str, kind: str | None, flags: int) -> None:
    done = _LIBC.mount(source.encode(), target.encode(), None if kind is None else kind.encode(), flags, None)
    _must(done, f"mount on {target}")


class _Attributes(ctypes.Structure):
    _fields_ = (
        ("attr_set", ctypes.c_uint64), ("attr_clr", ctypes.c_uint64), ("propagation", ctypes.c_uint64),
        ("userns_fd", ctypes.c_uint64),
    )  # fmt: skip


def _set_readonly(place: str, on: bool, flags: int) -> None:
    wanted = _Attributes(_ATTR_RDONLY if on else 0, 0 if on else _ATTR_RDONLY, 0, 0)
    done = _LIBC.syscall(
        _SYS_MOUNT_SETATTR, _AT_FDCWD, ctypes.c_char_p(place.encode()), flags, ctypes.byref(wanted),
        ctypes.sizeof(wanted),
    )  # fmt: skip
    _must(done, f"read-only {place}")


def _loopback_up() -> None:
    import _socket

    made = _socket.socket(2, 2)
    fcntl.ioctl(made.fileno(), 0x8914, struct.pack("16sh14x", b"lo", 0x1 | 0x40))
    made.close()


# Without namespaces.


class _Instruction(ctypes.Structure):
    _fields_ = (("code", ctypes.c_ushort), ("jt", ctypes.c_ubyte), ("jf", ctypes.c_ubyte), ("k", ctypes.c_uint32))


class _Filter(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.POINTER(_Instruction)))


def _tell_of_sockets(watch_fd: int) -> bool:
    """Let the kernel ask whoever has the other end of `watch_fd` about each socket of the internet families.

    The answer is no; but who asks is then known: a program that talks past the World. False where the kernel cannot.
    """
    import _socket

    wanted = _socket_filter(0x7FC00000)
    if wanted is None or watch_fd < 0:
        return False
    listener = _LIBC.syscall(_SECCOMP[os.uname().machine], 1, 8, ctypes.byref(wanted))  # SET_MODE_FILTER, NEW_LISTENER
    if listener < 0:
        return False
    channel = _socket.socket(fileno=watch_fd)
    fds = struct.pack("i", listener)
    channel.sendmsg([b"."], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, fds)])
    channel.close()
    os.close(listener)
    return True


def _refuse_sockets() -> bool:
    """Let the kernel refuse sockets of the internet families to this process and all below; whether it does."""
    wanted = _socket_filter(0x00050000 | _EACCES)
    return wanted is not None and bool(_LIBC.prctl(_PR_SET_SECCOMP, 2, ctypes.byref(wanted), 0, 0) == 0)


def _socket_filter(deny: int) -> _Filter | None:
    """A filter that does `deny` for sockets of the internet families; None on an unknown machine."""
    known = _ARCHITECTURES.get(os.uname().machine)
    if known is None:
        return None
    architecture, socket_call = known
    load, equal, at_least, give = 0x20, 0x15, 0x35, 0x06
    allow, unknown = 0x7FFF0000, 0x00050000 | _ENOSYS
    program = [
        (load, 0, 0, 4), (equal, 1, 0, architecture), (give, 0, 0, unknown),
        (load, 0, 0, 0), (at_least, 0, 1, _X32_BIT), (give, 0, 0, unknown),
        (equal, 0, 1, _IO_URING_SETUP), (give, 0, 0, unknown),
        (equal, 1, 0, socket_call), (give, 0, 0, allow),
        (load, 0, 0, 16),
        *((equal, len(_INTERNET) - i, 0, family) for i, family in enumerate(_INTERNET)),
        (give, 0, 0, allow), (give, 0, 0, deny),
    ]  # fmt: skip
    code = (_Instruction * len(program))(*(_Instruction(*line) for line in program))
    return _Filter(len(program), code)


class _Ruleset(ctypes.Structure):
    _fields_ = (("fs", ctypes.c_uint64), ("net", ctypes.c_uint64), ("scoped", ctypes.c_uint64))


class _Beneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("allowed", ctypes.c_uint64), ("parent", ctypes.c_int32))


def _refuse_writes(places: list[str]) -> bool:
    """Landlock: let this process and all below change files beneath `places` only; whether the kernel does that."""
    create, add, restrict = 444, 445, 446
    version = _LIBC.syscall(create, None, ctypes.c_size_t(0), 1)
    if version < 1:
        return False
    # Write, remove, make: bits 1 and 4 to 12; moving between folders (2) and truncating (3) came with later versions.
    changes = 1 << 1 | 0x1FF0 | (1 << 13 if version >= 2 else 0) | (1 << 14 if version >= 3 else 0)
    wanted = _Ruleset(changes, 3 if version >= 4 else 0, 3 if version >= 6 else 0)
    size = 24 if version >= 6 else 16 if version >= 4 else 8
    rules = _LIBC.syscall(create, ctypes.byref(wanted), ctypes.c_size_t(size), 0)
    if rules < 0:
        return False
    for place in places:
        parent = os.open(place, os.O_PATH)
        allowed = changes if os.path.isdir(place) and place != "/dev" else 1 << 1 | changes & 1 << 14
        rule = _Beneath(allowed, parent)
        _LIBC.syscall(add, rules, 1, ctypes.byref(rule), 0)
        os.close(parent)
    _LIBC.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    done = _LIBC.syscall(restrict, rules, 0)
    os.close(rules)
    return bool(done == 0)


# The kernel.


def _prctl(option: int, value: int) -> None:
    _LIBC.prctl(option, value, 0, 0, 0)


def _must(answer: int, stage: str) -> None:
    if answer != 0:
        raise Failed(f"{stage}: {os.strerror(ctypes.get_errno())}")


def _write(path: str, text: str) -> None:
    with open(path, "w") as file:
        file.write(text)


if __name__ == "__main__":
    with open(sys.argv[1]) as given:
        sys.exit(main(json.load(given)))
