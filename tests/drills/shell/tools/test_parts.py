"""The small parts of the programs: JSONPath, URL sets, options, log lines, lengths of time, tables."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drills.shell.tools.firm import age, length_us, settings_in
from drills.shell.tools.kubectl import jsonpath
from drills.shell.tools.kubectl.errors import ServerError
from drills.shell.tools.kubectl.view import matching
from drills.shell.tools.lines import lines_of
from drills.shell.tools.options import UnknownOption, read_options
from drills.shell.tools.tables import columns
from drills.shell.tools.web.globbing import GlobError, expand
from sim.clock import DAY, HOUR, MINUTE, SECOND
from tests.sim.worlds import Firm

PODS = {"items": [{"metadata": {"name": "a", "labels": {"app.kubernetes.io/name": "x"}}, "ready": True, "n": 1},
                  {"metadata": {"name": "b", "labels": {}}, "ready": False, "n": 3}]}  # fmt: skip


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{.items[*].metadata.name}", "a b"), ("{.items[0].metadata.name}", "a"), ("{.items[-1].metadata.name}", "b"),
        (".items[0].n", "1"), ('{range .items[*]}{.metadata.name}{"\\t"}{.n}{"\\n"}{end}', "a\t1\nb\t3\n"),
        ("{.items[?(@.n>2)].metadata.name}", "b"), ('{.items[?(@.metadata.name=="a")].n}', "1"), ("{.items[0:1].n}",
        "1"),
        ("{.items[0].metadata.labels.app\\.kubernetes\\.io/name}", "x"), ("{..name}", "a b"), ("n: {.items[1].n}!",
        "n: 3!"),
        ("{.items[0].ready}", "true"), ("{.nosuch}", ""), ("{.items[0].metadata.labels['app.kubernetes.io/name']}",
        "x"),
    ],
)  # fmt: skip
def test_jsonpath_finds(template: str, text: str) -> None:
    assert jsonpath.render(template, PODS) == text


@pytest.mark.parametrize("template", ["{.items[9].n}", "{range .items[*]}{.n}", "{.a b}"])
def test_jsonpath_refuses(template: str) -> None:
    with pytest.raises(ServerError):
        jsonpath.render(template, PODS)


@settings(max_examples=80)
@given(st.text(max_size=60))
def test_any_template_ends_in_a_text_or_in_an_error(template: str) -> None:
    try:
        jsonpath.render(template, PODS)
    except (ServerError, ValueError):
        pass


@pytest.mark.parametrize(
    ("url", "urls"),
    [
        ("http://a/{x,y}", ["http://a/x", "http://a/y"]), ("http://a/[1-3]", ["http://a/1", "http://a/2", "http://a/3"]),
        ("http://a/[08-10]", ["http://a/08", "http://a/09", "http://a/10"]), ("http://a/[a-e:2]", ["http://a/a",
        "http://a/c", "http://a/e"]),
        ("http://[::1]:80/", ["http://[::1]:80/"]), ("http://a/\\[5m\\]", ["http://a/[5m]"]), ("http://a/b", ["http://a/b"]),
        ('http://a/?q=up{job="x"}', ['http://a/?q=upjob="x"']),
    ],
)  # fmt: skip
def test_sets_and_ranges_of_urls(url: str, urls: list[str]) -> None:
    assert expand(url) == urls


@pytest.mark.parametrize(
    ("url", "position"), [("http://a/[5m]", 11), ("http://a/{b", 10), ("http://a/b}", 11), ("http://a/[3-1]", 11)]
)
def test_what_curl_takes_for_a_broken_set(url: str, position: int) -> None:
    with pytest.raises(GlobError) as caught:
        expand(url)
    assert caught.value.position == position


def test_options_are_read_in_every_spelling() -> None:
    valued, flags = {"-n": "lines", "--lines": "lines"}, {"-f": "follow", "-q": "quiet"}
    for words in (["-n", "5"], ["-n5"], ["--lines=5"], ["--lines", "5"], ["-fqn5"], ["-fqn", "5"]):
        assert read_options(words, valued, flags).one("lines") == "5"
    found = read_options(["a", "-f", "b", "--", "-n"], valued, flags)
    assert (found.words, found.behind, found.has("follow")) == (["a", "b"], ["-n"], True)
    assert read_options(["x", "-n", "5"], valued, flags, stop_at_word=True).words == ["x", "-n", "5"]
    for words in (["-z"], ["--wrong"], ["-n"], ["--lines"]):
        with pytest.raises(UnknownOption):
            read_options(words, valued, flags)


@pytest.mark.parametrize(
    ("length", "text"),
    [(45 * SECOND, "45s"), (150 * SECOND, "2m30s"), (12 * MINUTE, "12m"), (185 * MINUTE, "3h5m"), (9 * HOUR, "9h"),
    (3 * DAY, "3d"),
     (3 * DAY + 5 * HOUR, "3d5h")],
)  # fmt: skip
def test_ages_are_kubectls(length: int, text: str) -> None:
    assert age(length) == text


def test_lengths_of_time_and_settings_are_read() -> None:
    assert (length_us("1h30m"), length_us("90s"), length_us("soon")) == (90 * MINUTE, 90 * SECOND, None)
    assert settings_in('# x\n[risk]\nrisk_per_trade = 0.5\nname: "a"\n- item\n') == {"risk_per_trade": 0.5, "name": "a"}


def test_selectors_choose_by_labels() -> None:
    objects: list[dict[str, Any]] = [
        {"metadata": {"labels": labels}} for labels in ({"app": "a", "tier": "x"}, {"app": "b"})
    ]

    def chosen(selector: str) -> int:
        return len(matching(objects, selector))

    assert [chosen(s) for s in ("app=a", "app!=a", "app in (a,b)", "tier", "!tier", "app=a,tier=x", "app notin (a)",
    "app==b")] == [
        1, 1, 2, 1, 1, 1, 1, 1]  # fmt: skip


def test_columns_are_as_wide_as_their_widest_cell() -> None:
    assert columns([["NAME", "A"], ["longer", "b"]]) == "NAME     A\nlonger   b\n"
    assert columns([]) == ""


def test_each_service_logs_what_happened_to_it() -> None:
    firm = Firm(monitored=True)
    world = firm.world
    firm.soon(lambda: world.trading.set_safe_mode(True, by="test"))
    firm.soon(lambda: world.database.long_query(1_000_000))
    firm.soon(lambda: world.feed.corrupt("frozen"))
    firm.run(60)
    texts = {
        name: " ".join(line.text for line in lines_of(world, name))
        for name in ("trading-system", "postgres", "market-data")
    }
    assert "SAFE_MODE enabled" in texts["trading-system"]
    assert "log_min_duration_statement" in texts["postgres"]
    assert "SLA violation" in texts["market-data"]
