"""curl's command line, read as curl reads it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.lockstep.curl_options import Wrong, parse
from sim.lockstep.durations import FOREVER_US, duration_us


def no_file(path: str) -> bytes:
    raise AssertionError(path)


def test_clusters_and_values_glued_on() -> None:
    options = parse(["-sSfLXPOST", "-m5", "-H", "A: b", "https://x/y", "-o", "out", "--connect-timeout", "2.5"])
    assert options.flags == {"silent", "show-error", "fail", "location"}
    assert options.values["request"] == "POST"
    assert options.seconds("max-time") == 5_000_000
    assert options.seconds("connect-timeout") == 2_500_000
    assert options.headers == ["A: b"]
    assert (options.urls, options.outputs) == (["https://x/y"], ["out"])


def test_data_is_joined_and_files_are_read() -> None:
    options = parse(["-d", "a=1", "-d@body.txt", "--data-urlencode", "q=x y&z", "x"])
    assert options.body({"body.txt": b"l1\nl2\n"}.__getitem__) == b"a=1&l1l2&q=x%20y%26z"
    assert parse(["--data-binary", "@f", "x"]).body({"f": b"l1\nl2\n"}.__getitem__) == b"l1\nl2\n"
    assert parse(["--data-raw", "@not-a-file", "x"]).body(no_file) == b"@not-a-file"
    assert parse(["--json", '{"a":1}', "x"]).body(no_file) == b'{"a":1}'
    assert parse(["x"]).body(no_file) is None


def test_standard_input_is_asked_for_only_when_needed() -> None:
    assert parse(["-d", "@-", "x"]).wants_stdin
    assert parse(["-T", "-", "x"]).wants_stdin
    assert not parse(["-d", "@file", "x"]).wants_stdin


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ([], "no URL specified!"),
        (["--frobnicate", "x"], "option --frobnicate: is unknown"),
        (["x", "-X"], "option -X: requires parameter"),
    ],
)
def test_what_curl_refuses(args: list[str], message: str) -> None:
    with pytest.raises(Wrong, match=message) as wrong:
        parse(args)
    assert (wrong.value.code, wrong.value.simulated) == (2, True)


def test_a_number_that_is_none() -> None:
    with pytest.raises(Wrong, match="numerical"):
        parse(["-m", "soon", "x"]).seconds("max-time")
    with pytest.raises(Wrong, match="numerical"):
        parse(["--retry", "x", "u"]).number("retry", 0)


def test_what_the_drill_cannot_give_says_so() -> None:
    with pytest.raises(Wrong, match="not simulated in a drill") as wrong:
        parse(["--unix-socket", "/var/run/docker.sock", "http://x"])
    assert not wrong.value.simulated


def test_a_file_of_options_stands_where_it_is_named() -> None:
    file = b'# ours\nurl = "https://api.test/orders"\nheader: "X-Key: a\\"b"\nsilent\n-m 5\n'
    options = parse(["-K", "halt.cfg", "-f"], {"halt.cfg": file}.__getitem__)
    assert options.urls == ["https://api.test/orders"]
    assert options.headers == ['X-Key: a"b']
    assert options.flags == {"silent", "fail"}
    assert options.seconds("max-time") == 5_000_000


def test_a_file_of_options_that_is_not_there() -> None:
    def read(path: str) -> bytes:
        raise FileNotFoundError(path)

    with pytest.raises(Wrong, match="cannot read config") as wrong:
        parse(["-K", "none.cfg"], read)
    assert wrong.value.code == 26


def test_options_that_change_nothing_are_taken() -> None:
    options = parse(["-k", "--cacert", "ca.pem", "--http1.1", "-4", "--compressed", "-v", "--no-buffer", "https://x"])
    assert options.urls == ["https://x"]


@given(st.lists(st.text(alphabet="-=@abdfHmXsoKz0159.{[ ", max_size=8), max_size=6))
def test_any_words_are_options_or_refused(words: list[str]) -> None:
    try:
        options = parse(words)
        options.seconds("max-time")
        options.number("retry", 0)
    except Wrong as refusal:
        code = refusal.code
    else:
        code = 0 if options.urls else -1
    assert code in (0, 2)


@given(st.floats(0, 1e5), st.sampled_from("smhd"))
def test_durations_are_what_they_say(number: float, unit: str) -> None:
    us = duration_us(f"{number:.6f}{unit}")
    assert us is not None
    assert abs(us - float(f"{number:.6f}") * {"s": 1e6, "m": 6e7, "h": 3.6e9, "d": 8.64e10}[unit]) <= 1


@given(st.text(max_size=6))
def test_other_words_are_no_durations(text: str) -> None:
    us = duration_us(text)
    assert us is None or us >= 0
    assert duration_us("infinity") == FOREVER_US
    assert duration_us("1e3") == 1_000_000_000
