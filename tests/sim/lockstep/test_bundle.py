"""What is handed to the user's interpreter: one file, of Python 3.8, that needs nothing but the standard library."""

from __future__ import annotations

import ast
import sys
import zipfile
from pathlib import Path

import pytest

from sim.lockstep import bundle
from sim.lockstep.bundle import PACKAGE, write_agent

SOURCES = sorted((Path(bundle.__file__).parent / "agent").glob("*.py"))


def imported(tree: ast.Module) -> set[str]:
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    return {name for name in names if not name.startswith("sim.lockstep.agent")}


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.name)
def test_each_module_is_python_3_8_and_imports_the_standard_library_only(source: Path) -> None:
    tree = ast.parse(source.read_text("utf-8"), feature_version=(3, 8))
    outside = {name for name in imported(tree) if name.partition(".")[0] not in sys.stdlib_module_names}
    assert not outside
    future = [node for node in tree.body if isinstance(node, ast.ImportFrom) and node.module == "__future__"]
    assert future or len(tree.body) == 1, "annotations of later versions must not be evaluated"


def test_the_file_holds_every_module_under_a_name_of_its_own(tmp_path: Path) -> None:
    with zipfile.ZipFile(write_agent(tmp_path)) as file:
        names = set(file.namelist())
        texts = [file.read(name).decode() for name in names]
    inside = {f"{PACKAGE}/{source.name}" for source in SOURCES if source.name != "sitecustomize.py"}
    assert names == inside | {"sitecustomize.py", "__main__.py"}
    assert not [text for text in texts if "import sim" in text or "from sim" in text]


def test_the_same_agent_is_the_same_file(tmp_path: Path) -> None:
    first = write_agent(tmp_path).read_bytes()
    assert write_agent(tmp_path).read_bytes() == first
