"""The progress line is for people who wait: after a second, on a terminal, gone at the end."""

from __future__ import annotations

import io

import pytest

from drills.progress import ProgressLine


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def told(stream: io.StringIO, monkeypatch: pytest.MonkeyPatch, show_after_s: float) -> str:
    monkeypatch.setattr("sys.stderr", stream)
    monkeypatch.setenv("TERM", "xterm")
    with ProgressLine(show_after_s) as progress:
        progress("q1-manual", 0, 2)
        progress("q1-[odd]", 1, 2)
    return stream.getvalue()


def test_on_a_terminal_the_case_and_the_count_are_shown_and_taken_away(monkeypatch: pytest.MonkeyPatch) -> None:
    text = told(Terminal(), monkeypatch, show_after_s=0)
    assert "q1-manual" in text
    assert "q1-[odd]" in text
    assert "1/2" in text
    assert text.rstrip("\r\n").endswith(("\x1b[2K", "\x1b[?25h", "\x1b[1A"))


def test_nothing_is_shown_before_its_time_or_in_a_log(monkeypatch: pytest.MonkeyPatch) -> None:
    assert told(Terminal(), monkeypatch, show_after_s=3600) == ""
    assert told(io.StringIO(), monkeypatch, show_after_s=0) == ""
