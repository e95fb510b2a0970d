"""House rules that no linter knows: every module says what it models, files stay readable, nothing is put off."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("sim", "fakes", "scenarios", "results", "drills")
CODE = [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]
TESTS = sorted((ROOT / "tests").rglob("*.py"))
MAX_CODE_LINES, MAX_TEST_LINES = 450, 600


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def module_docstring(path: Path) -> str:
    return ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""


def comments(path: Path) -> list[str]:
    readline = io.StringIO(path.read_text(encoding="utf-8")).readline
    return [token.string for token in tokenize.generate_tokens(readline) if token.type == tokenize.COMMENT]


def test_there_is_code_to_look_at() -> None:
    assert {path.parts[len(ROOT.parts)] for path in CODE} == set(PACKAGES)


@pytest.mark.parametrize("path", [*CODE, *TESTS], ids=name)
def test_every_module_says_what_it_is_about(path: Path) -> None:
    assert len(module_docstring(path).split()) >= 5, f"{name(path)}: say in the docstring what it models and why"


def test_no_file_is_longer_than_a_person_reads() -> None:
    limits = {**dict.fromkeys(CODE, MAX_CODE_LINES), **dict.fromkeys(TESTS, MAX_TEST_LINES)}
    lengths = {name(path): len(path.read_text(encoding="utf-8").splitlines()) for path in limits}
    long = [
        f"{name(path)}: {lengths[name(path)]} lines" for path, limit in limits.items() if lengths[name(path)] > limit
    ]
    assert not long, f"one concept, one file; split {long}"


def test_nothing_is_put_off() -> None:
    later = re.compile(r"#\s*(TODO|FIXME|XXX|HACK)\b", re.IGNORECASE)
    put_off = [f"{name(path)}: {text}" for path in (*CODE, *TESTS) for text in comments(path) if later.match(text)]
    assert not put_off, f"do it, or open an issue: {put_off}"


def test_every_test_file_has_its_place_under_the_package_it_tests() -> None:
    lost = [name(path) for path in TESTS if path.parent != ROOT / "tests" and path.parent.name not in PACKAGES]
    nested = [n for n in lost if Path(n).parts[1] not in PACKAGES]
    assert not nested, f"tests of a package live in tests/<package>/: {nested}"


def test_documents_have_one_title() -> None:
    for path in (*sorted(ROOT.glob("*.md")), *sorted((ROOT / "drills" / "runbooks").glob("*.md"))):
        text = re.sub(r"^```.*?^```", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
        titles = [line for line in text.splitlines() if line.startswith("# ")]
        assert len(titles) == 1, f"{name(path)}: {titles}"
