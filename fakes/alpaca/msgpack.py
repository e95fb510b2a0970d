"""As much of MessagePack as Alpaca's market-data stream uses: maps, lists, text, numbers and time stamps."""

from __future__ import annotations

import struct
from datetime import UTC, datetime, timedelta
from typing import Any


def pack(value: Any) -> bytes:
    """Encode; a datetime becomes the time-stamp extension."""
    out = bytearray()
    _pack(value, out)
    return bytes(out)


def _pack(value: Any, out: bytearray) -> None:
    if value is None:
        out.append(0xC0)
    elif isinstance(value, bool):
        out.append(0xC3 if value else 0xC2)
    elif isinstance(value, int):
        out += struct.pack("!Bq", 0xD3, value) if not 0 <= value < 128 else bytes([value])
    elif isinstance(value, float):
        out += struct.pack("!Bd", 0xCB, value)
    elif isinstance(value, str):
        data = value.encode()
        out += struct.pack("!BI", 0xDB, len(data)) + data
    elif isinstance(value, datetime):
        seconds, rest = divmod((value - _UNIX) // timedelta(microseconds=1), 1_000_000)
        out += struct.pack("!BBbIq", 0xC7, 12, -1, rest * 1000, seconds)
    elif isinstance(value, dict):
        out += struct.pack("!BI", 0xDF, len(value))
        for key, item in value.items():
            _pack(key, out)
            _pack(item, out)
    else:
        out += struct.pack("!BI", 0xDD, len(value))
        for item in value:
            _pack(item, out)


def unpack(data: bytes) -> Any:
    """Decode one value; ValueError when it is none, or is cut off."""
    try:
        value, end = _unpack(data, 0)
    except (struct.error, IndexError, TypeError, RecursionError) as broken:
        raise ValueError(f"no MessagePack: {broken}") from None
    if end != len(data):
        raise ValueError("no MessagePack: something follows the value")
    return value


_SIZED = {0xD9: ("!B", "text"), 0xDA: ("!H", "text"), 0xDB: ("!I", "text"), 0xC4: ("!B", "bytes"),
          0xC5: ("!H", "bytes"), 0xDC: ("!H", "list"), 0xDD: ("!I", "list"), 0xDE: ("!H", "map"),
          0xDF: ("!I", "map")}  # fmt: skip
_FIXED = {0xCC: "!B", 0xCD: "!H", 0xCE: "!I", 0xCF: "!Q", 0xD0: "!b", 0xD1: "!h", 0xD2: "!i", 0xD3: "!q", 0xCA: "!f",
          0xCB: "!d"}  # fmt: skip
_UNIX = datetime(1970, 1, 1, tzinfo=UTC)
_STAMP = bytes([0xC7, 12, 0xFF])
"""How a time stamp begins: an extension of twelve bytes, type -1."""
_PLAIN = {0xC0: None, 0xC2: False, 0xC3: True}


def _unpack(data: bytes, at: int) -> tuple[Any, int]:
    head = data[at]
    at += 1
    if head < 0x80:
        return head, at
    if head >= 0xE0:
        return head - 256, at
    if head in _PLAIN:
        return _PLAIN[head], at
    if head in _FIXED:
        return struct.unpack_from(_FIXED[head], data, at)[0], at + struct.calcsize(_FIXED[head])
    if head in _SIZED:
        form, kind = _SIZED[head]
        size = struct.unpack_from(form, data, at)[0]
        return _body(data, at + struct.calcsize(form), kind, size)
    if head == _STAMP[0] and data[at : at + 2] == _STAMP[1:]:
        rest_ns, seconds = struct.unpack_from("!Iq", data, at + 2)
        return _UNIX + timedelta(seconds=seconds, microseconds=rest_ns // 1000), at + 14
    if not 0x80 <= head < 0xC0:
        raise ValueError(f"no MessagePack of ours: {head:#x}")
    kind = "text" if head & 0xE0 == 0xA0 else "list" if head & 0xF0 == 0x90 else "map"
    return _body(data, at, kind, head & (0x1F if kind == "text" else 0x0F))


def _body(data: bytes, at: int, kind: str, size: int) -> tuple[Any, int]:
    if size > len(data) - at:  # every item takes a byte at least
        raise ValueError("no MessagePack: it is cut off")
    if kind == "text":
        return data[at : at + size].decode(), at + size
    if kind == "bytes":
        return data[at : at + size], at + size
    items = []
    for _ in range(size * (2 if kind == "map" else 1)):
        item, at = _unpack(data, at)
        items.append(item)
    return (dict(zip(items[::2], items[1::2], strict=True)) if kind == "map" else items), at
