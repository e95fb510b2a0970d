"""Python that a runbook types: compiled first, run for real in virtual time, in a process of its own."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from drills.shell.firm import time_of
from drills.shell.python_reading import acts_on_new_object, foreign, imported, syntax_problem
from drills.shell.session import Outcome
from sim.clock import SECOND
from tests.drills.shell.terminals import Typist

SWITCHES = '''
import time

class KillSwitches:
    """Keeps its halt in memory only."""

    def __init__(self):
        self.halted = True

    def reset_halt(self, why):
        time.sleep(2)
        self.halted = False

class StoredSwitches(KillSwitches):
    """Keeps its halt in a file, which the system reads."""

    def reset_halt(self, why):
        with open("state/halt.json", "w") as file:
            file.write('{"halted": false}')
'''
RESET = "from src.monitoring.switches import {kind}\nks = {kind}()\nks.reset_halt('incident')\nprint('Halt reset')\n"


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    (tmp_path / "src" / "monitoring").mkdir(parents=True)
    (tmp_path / "src" / "monitoring" / "switches.py").write_text(SWITCHES)
    (tmp_path / "src" / "broken.py").write_text("def f(:\n    pass\n")
    (tmp_path / "src" / "needs.py").write_text("import some_vendor_api\n")
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "x"\ndependencies = ["some-vendor-api"]\n')
    (tmp_path / "run.py").write_text("import sys\nprint('args', sys.argv[1:], __name__)\nsys.exit(len(sys.argv) - 1)\n")
    (tmp_path / "scripts").mkdir()
    (tmp_path / "scripts" / "tool.py").write_text("import sys\nfor line in sys.stdin:\n    print(line.strip()[::-1])\n")
    return tmp_path


class Place:
    """A terminal in whose World programs run."""

    def __init__(self, repo: Path | None) -> None:
        self.typist = Typist(repo=repo)
        self.world = self.typist.world

    def type(self, text: str, **options: Any) -> Outcome:
        with time_of(self.world):
            return self.typist.type(text, **options)


@pytest.fixture
def bare() -> Place:
    return Place(None)


@pytest.fixture
def place(repository: Path) -> Iterator[Place]:
    before = digest(repository)
    yield Place(repository)
    assert digest(repository) == before, "the repository on the disk is never written"


def digest(folder: Path) -> str:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return hashlib.sha256(b"".join(str(f).encode() + f.read_bytes() for f in files)).hexdigest()


def quoted(code: str) -> str:
    return f'python -c "\n{code}"'


class TestCompilation:
    def test_an_indented_one_liner_is_refused_in_pythons_words(self, bare: Place) -> None:
        """The reconcile step of a platform runbook: its lines are indented inside the quotes."""
        outcome = bare.type('python -c "\n    from quant_trading.calibration import H\n    print(1)\n  "')
        assert outcome.code == 1
        assert "IndentationError: unexpected indent" in outcome.err
        assert outcome.findings == ("IndentationError: unexpected indent",)

    def test_a_script_that_does_not_compile_is_the_repositorys_defect(self, place: Place) -> None:
        outcome = place.type("python src/broken.py")
        assert (outcome.code, "SyntaxError" in outcome.err) == (1, True)
        assert outcome.findings[0].startswith("src/broken.py: SyntaxError")

    def test_good_code_has_no_problem(self) -> None:
        assert syntax_problem("x = 1\nif x:\n    print(x)\n") is None
        assert syntax_problem("print(\x00)") is not None


class TestWithoutRepository:
    def test_a_module_of_theirs_is_not_here(self, bare: Place) -> None:
        outcome = bare.type("python -m quant_trading.tools.reconcile_positions")
        assert outcome.not_here == (
            "the python module quant_trading.tools.reconcile_positions is not here: name its repository with --repo",
        )

    def test_a_reset_on_a_new_object_cannot_reach_the_system(self, bare: Place) -> None:
        """The manual reset of the paper-trading runbook: an object in another process is told to forget its halt."""
        bare.typist.hands.do("halt")
        rows = bare.world.history.of("system.")
        outcome = bare.type(quoted(RESET.format(kind="KillSwitches")))
        assert outcome.findings == (
            "KillSwitches().reset_halt acts on an object that is built in a new process: it cannot reach the running "
            "system, unless it goes through a file or an endpoint",
        )
        assert bare.world.trading.halted is not None
        assert bare.world.history.of("system.") == rows
        assert bare.world.history.of("shell.finding")[0].subject == "new_object"

    def test_the_standard_library_works_on_what_is_piped_in(self, bare: Place) -> None:
        text = "echo '{\"a\": [1, 2]}' | python3 -c 'import json, sys; print(json.load(sys.stdin)[\"a\"][1])'"
        assert bare.type(text).out == "2\n"
        assert bare.type("echo '{\"b\":1}' | python -m json.tool").out == '{\n    "b": 1\n}\n'
        assert bare.type("echo '{b}' | python -m json.tool").code == 1

    def test_its_clock_is_the_worlds(self, bare: Place) -> None:
        outcome = bare.type(
            "python -c 'import time, datetime; time.sleep(60); print(datetime.datetime.now().strftime(\"%H:%M\"))'"
        )
        assert outcome.out == "10:01\n"
        assert outcome.statements[0].duration_us == 60 * SECOND + 150_000

    def test_exit_codes_and_errors_are_pythons(self, bare: Place) -> None:
        assert bare.type("python -c 'import sys; sys.exit(3)'").code == 3
        outcome = bare.type("python -c '1/0'")
        assert (outcome.code, outcome.err.splitlines()[-1]) == (1, "ZeroDivisionError: division by zero")

    def test_hosts_that_are_none_of_the_firms_are_not_reached(self, bare: Place) -> None:
        outcome = bare.type("python -c 'import urllib.request as u; u.urlopen(\"https://example.com\")'")
        assert outcome.code == 1
        assert "example.com is no host of this drill" in outcome.err

    def test_a_server_is_refused(self, bare: Place) -> None:
        assert bare.type("python -m http.server 8000").not_here

    def test_a_program_that_hangs_is_interrupted_and_what_it_printed_is_kept(self, bare: Place) -> None:
        outcome = bare.type("timeout 5 python -uc 'import time; print(1); time.sleep(900)'")
        assert (outcome.code, outcome.out) == (124, "1\n")


class TestWithRepository:
    def test_the_real_class_runs_and_changes_nothing_in_the_system(self, place: Place) -> None:
        place.typist.hands.do("halt")
        outcome = place.type(quoted(RESET.format(kind="KillSwitches")))
        assert (outcome.code, outcome.out) == (0, "Halt reset\n")
        assert outcome.statements[0].duration_us >= 2 * SECOND, "its sleep is virtual time"
        assert place.world.trading.halted is not None

    def test_what_goes_through_a_file_reaches_the_firms_disk(self, place: Place) -> None:
        place.world.disk.write("state/halt.json", '{"halted": true}')
        assert place.type(quoted(RESET.format(kind="StoredSwitches"))).out == "Halt reset\n"
        assert place.world.disk.read("state/halt.json") == '{"halted": false}'
        assert place.type("cat state/halt.json").out == '{"halted": false}'

    def test_scripts_are_given_their_arguments_and_input(self, place: Place) -> None:
        outcome = place.type("python run.py --once x")
        assert (outcome.out, outcome.code) == ("args ['--once', 'x'] __main__\n", 2)
        assert place.type("echo abc | python scripts/tool.py").out == "cba\n"

    def test_a_module_that_is_not_there_is_the_runbooks_defect(self, place: Place) -> None:
        outcome = place.type("python -m quant_trading.tools.reconcile_positions")
        assert outcome.code == 1
        assert outcome.err == (
            "/usr/bin/python: Error while finding module specification for 'quant_trading.tools.reconcile_positions' "
            "(ModuleNotFoundError: No module named 'quant_trading')\n"
        )
        assert outcome.findings == ("the module quant_trading.tools.reconcile_positions is not in the repository",)

    def test_an_import_that_is_not_there_ends_with_pythons_text(self, place: Place) -> None:
        outcome = place.type("python -c 'from src.monitoring.alarms import Alarm'")
        assert (outcome.code, outcome.err.splitlines()[-1]) == (
            1,
            "ModuleNotFoundError: No module named 'src.monitoring.alarms'",
        )
        assert outcome.findings == ("the module src.monitoring.alarms is not in the repository",)

    def test_a_package_of_others_that_is_not_installed_is_not_the_runbooks_fault(self, place: Place) -> None:
        outcome = place.type("python -m src.needs")
        assert outcome.not_here == ("the program needs the package some_vendor_api, which is not installed here",)

    def test_a_missing_script_is_python_two(self, place: Place) -> None:
        outcome = place.type("python tools/nothing.py")
        assert (outcome.code, outcome.err) == (
            2, "python: can't open file '/srv/trading/tools/nothing.py': [Errno 2] No such file or directory\n"
        )  # fmt: skip
        assert outcome.findings == ("tools/nothing.py is not in the repository",)


class TestReading:
    @pytest.mark.parametrize(
        ("code", "found"),
        [
            ("from a.b import Switch\nSwitch().reset()", ("Switch", "reset", 2)),
            ("from a import m\nx = m.Switch()\nx.clear_halt()", ("Switch", "clear_halt", 3)),
            ("from a import Switch\nprint(Switch().is_halted())", None),
            ("from a import BrokerClient\nc = BrokerClient()\nc.cancel_all()", None),
            ("from pathlib import Path\nPath('x').unlink()", None),
            ("from a import reset\nreset()", None),
        ],
    )
    def test_only_a_change_of_an_own_new_object_is_told(self, code: str, found: tuple[str, str, int] | None) -> None:
        assert acts_on_new_object(code) == found

    def test_imports_are_told_apart(self) -> None:
        code = "import os, numpy as np\nfrom json import loads\nfrom a.b import c\nfrom . import d\n"
        assert imported(code) == ["os", "numpy", "json", "a.b"]
        assert foreign(imported(code)) == ["numpy", "a.b"]
