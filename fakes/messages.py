"""Services that carry messages to people: chat, pagers, mail and text messages, heartbeats.

A script that tells a channel before it acts must find the channel there: on the day, it would. What is sent is
written down as `message.sent` and thought delivered; a claim in it counts as one.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl

from sim.actors.hosts import hosts_of
from sim.actors.http import HttpService, PlainCore, Request, Response
from sim.claims import claims_in

NAMES = (
    "hooks.slack.com", "slack.com", "discord.com", "discordapp.com", "api.telegram.org", "events.pagerduty.com",
    "events.eu.pagerduty.com", "api.pagerduty.com", "api.opsgenie.com", "api.eu.opsgenie.com", "api.twilio.com",
    "api.pushover.net", "ntfy.sh", "api.pushbullet.com", "outlook.office.com", "outlook.office365.com",
    "webhook.office.com", "chat.googleapis.com", "open.feishu.cn", "oapi.dingtalk.com", "qyapi.weixin.qq.com",
    "sctapi.ftqq.com", "alert.victorops.com", "api.statuspage.io", "api.sendgrid.com", "api.mailgun.net",
    "api.resend.com", "api.postmarkapp.com", "hc-ping.com", "healthchecks.io", "cronitor.link", "maker.ifttt.com",
)  # fmt: skip
"""Hosts that answer."""
_ACCEPTED = ("pagerduty", "opsgenie", "sendgrid", "victorops")
_SPOKEN = ("text", "content", "message", "summary", "title", "description", "body", "subject", "Body", "caption")
_LONGEST, _DEEPEST = 400, 6


def register(world: Any) -> None:
    """Let them exist in a World."""
    hosts = hosts_of(world)
    for name in NAMES:
        hosts.add(name, HttpService(PlainCore(lambda request, name=name: _take(world, name, request), "message")))  # type: ignore[misc]


def _take(world: Any, name: str, request: Request) -> Response:
    lines = list(dict.fromkeys(_words(request)))
    if request.method not in ("GET", "HEAD") or lines:
        text = " | ".join(lines)[:_LONGEST]
        world.history.emit("message.sent", name, text=text, method=request.method)
        for line in lines:
            for claim in claims_in(line):
                world.note_claim(claim, line[:_LONGEST], name, "")
    if any(word in name for word in _ACCEPTED):
        return Response.of_json({"status": "success", "message": "Event processed", "dedup_key": "drill"}, 202)
    if name == "api.telegram.org":
        return Response.of_json({"ok": True, "result": {"message_id": 1, "date": 0, "chat": {"id": 0}}})
    if name in ("discord.com", "discordapp.com"):
        return Response(204)
    if name == "hooks.slack.com":
        return Response.of_text("ok")
    return Response.of_json({"ok": True, "status": 1, "id": "drill"})


def _words(request: Request) -> Iterator[str]:
    """What a person would read in it."""
    yield from _spoken(request.query)
    text = request.body.decode("utf-8", "replace")
    try:
        yield from _spoken(json.loads(text))
        return
    except ValueError:
        pass
    kind = request.headers.get("content-type", "")
    if "form-urlencoded" in kind:
        yield from _spoken(dict(parse_qsl(text)))
    elif "multipart" in kind:
        yield from _spoken(_parts(text, kind))
    elif text.strip():
        yield text.strip()


def _spoken(value: Any, depth: int = 0) -> Iterator[str]:
    if depth > _DEEPEST:
        return
    if isinstance(value, dict):
        for key, inner in value.items():
            if isinstance(inner, str):
                if (key in _SPOKEN or (depth == 0 and key == "payload")) and inner.strip():
                    yield from _payload(inner) if key == "payload" else (inner.strip(),)
            else:
                yield from _spoken(inner, depth + 1)
    elif isinstance(value, list):
        for inner in value:
            yield from _spoken(inner, depth + 1)


def _payload(text: str) -> Iterator[str]:
    """Slack's old form field holds JSON."""
    try:
        yield from _spoken(json.loads(text))
    except ValueError:
        yield text.strip()


def _parts(text: str, kind: str) -> dict[str, str]:
    """The plain fields of a form with parts."""
    boundary = kind.partition("boundary=")[2].strip('"')
    found = {}
    for part in text.split(f"--{boundary}") if boundary else ():
        head, _, body = part.partition("\r\n\r\n")
        name = head.partition('name="')[2].partition('"')[0]
        if name and "filename=" not in head:
            found[name] = body.removesuffix("\r\n")
    return found
