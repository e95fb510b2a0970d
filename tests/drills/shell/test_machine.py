"""The files of a machine: the World's state and logs, the repository, what is written on top; never the real disk."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from drills.shell.firm import project_in
from drills.shell.meanings import Meanings
from tests.drills.shell.terminals import Typist


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    (tmp_path / "scripts").mkdir()
    (tmp_path / "configs").mkdir()
    stop = tmp_path / "scripts" / "stop.sh"
    stop.write_text('#!/bin/bash\nset -euo pipefail\necho "stopping ${1:-all}" | tee /tmp/stopped\nexit 3\n')
    stop.chmod(0o755)
    (tmp_path / "scripts" / "plain.sh").write_text("echo plain $# >&2\n")
    (tmp_path / "configs" / "risk.yml").write_text("limit: 1\n")
    return tmp_path


class TestState:
    def test_the_state_file_shows_the_present_and_is_damaged_when_it_is(self) -> None:
        typist = Typist()
        assert typist.out("jq '.positions | length' state/positions.json") == "5\n"
        typist.world.disk.truncate("state/positions.json", 0.5)
        outcome = typist.type("jq . state/positions.json")
        assert outcome.code == 2
        assert "jq: parse error" in outcome.err or "jq: " in outcome.err

    def test_a_restored_state_file_is_what_the_system_will_load(self) -> None:
        typist = Typist()
        typist.out("cp state/positions.json /tmp/good.json; rm state/positions.json; ls state")
        assert not typist.world.disk.exists("state/positions.json")
        typist.world.disk.write("state/positions.json", "{")
        typist.out("cp /tmp/good.json state/positions.json")
        assert '"SPY"' in typist.world.disk.read("state/positions.json")
        typist.out("echo '{}' > artifacts/state/positions.json")
        assert typist.world.disk.read("state/positions.json") == "{}\n", "under whatever name it goes"

    def test_logs_are_written_from_what_happened(self) -> None:
        typist = Typist()
        typist.hands.do("halt")
        assert "CRITICAL" in typist.out('tail -50 logs/trading.log | grep -E "(ERROR|CRITICAL)"')
        assert "halt,stopped by the on-call,on-call" in typist.out("tail -20 logs/audit.csv")
        assert typist.out("ls logs") == "audit.csv\nmonitoring.log\norders.csv\ntrades.csv\ntrading.log\n"
        assert typist.out('grep -r "CRITICAL" logs/ | cut -d: -f1 | sort | uniq -c') == "      1 logs/trading.log\n"

    @pytest.mark.parametrize(
        ("name", "stands_for"),
        [
            ("artifacts/state/positions.json", "state/positions.json"),
            ("artifacts/logs/latest.log", "logs/trading.log"),
            ("logs/trade_audit.csv", "logs/audit.csv"), ("logs/paper_trades.csv", "logs/trades.csv"),
            ("artifacts/state/daily_pnl.json", "the day's profit and loss"),
            ("artifacts/quality/latest_sla.json", "the state of the market data"),
            ("artifacts/state/expected_positions.json", "the system's own positions"),
            ("artifacts/state/actual_positions.json", "the positions at the broker"),
            ("reports/slippage_report.json", "what orders cost against their price at decision"),
        ],
    )  # fmt: skip
    def test_a_file_is_found_by_what_its_name_says(self, name: str, stands_for: str) -> None:
        typist = Typist()
        typist.hands.do("halt")
        assert typist.out(f"test -e {name} && cat {name}")
        noted = typist.history.of("shell.stands_for")[0]
        assert (noted.subject, noted.get("what")) == (f"/srv/trading/{name}", stands_for)

    @pytest.mark.parametrize("name", ["configs/risk.yml", "README.md", "notes.txt", "Makefile"])
    def test_a_name_that_says_nothing_stands_for_nothing(self, name: str) -> None:
        assert not Meanings(Typist().world).has(f"/srv/trading/{name}")


class TestRepository:
    def test_scripts_run_with_their_arguments_and_codes(self, repository: Path) -> None:
        typist = Typist(repo=repository)
        outcome = typist.type("./scripts/stop.sh strat-1; echo $?; cat /tmp/stopped")
        assert outcome.out == "stopping strat-1\n3\nstopping strat-1\n"
        assert typist.type("bash scripts/plain.sh a b").err == "plain 2\n"

    def test_a_script_that_is_not_executable_says_so(self, repository: Path) -> None:
        outcome = Typist(repo=repository).type("./scripts/plain.sh")
        assert (outcome.code, outcome.err) == (126, "bash: ./scripts/plain.sh: Permission denied\n")
        assert outcome.findings == ("./scripts/plain.sh is there, but it is not executable",)

    def test_a_missing_script_is_the_runbooks_defect(self, repository: Path) -> None:
        outcome = Typist(repo=repository).type("./scripts/rollback.sh")
        assert (outcome.code, outcome.err) == (127, "bash: ./scripts/rollback.sh: No such file or directory\n")
        assert outcome.findings == ("scripts/rollback.sh is not in the repository",)
        assert Typist(repo=repository).type("bash scripts/rollback.sh").code == 127

    def test_a_missing_backup_is_the_runbooks_defect(self, repository: Path) -> None:
        outcome = Typist(repo=repository).type("cp configs/backup/risk.yml.backup configs/risk.yml")
        assert (outcome.code, outcome.err) == (
            1, "cp: cannot stat 'configs/backup/risk.yml.backup': No such file or directory\n"
        )  # fmt: skip
        assert len(outcome.findings) == 1

    def test_nothing_touches_the_disk(self, repository: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
        here = tmp_path_factory.mktemp("here")
        before = {path: path.read_bytes() for path in repository.rglob("*") if path.is_file()}
        back = os.getcwd()
        os.chdir(here)
        try:
            typist = Typist(repo=repository)
            typist.out(
                "echo x > configs/risk.yml; sed -i s/x/y/ configs/risk.yml; mkdir -p new/deep; touch new/deep/f;"
                "rm -r scripts; mv configs/risk.yml configs/other.yml; echo z | tee -a log.txt;"
                "cp configs/other.yml here.yml; chmod +x here.yml"
            )
            assert typist.out("cat configs/other.yml; ls") == "y\nconfigs\nhere.yml\nlog.txt\nlogs\nnew\nstate\n"
        finally:
            os.chdir(back)
        assert {path: path.read_bytes() for path in repository.rglob("*") if path.is_file()} == before
        assert list(here.iterdir()) == []

    def test_a_link_out_of_the_repository_is_not_followed(self, repository: Path) -> None:
        (repository / "secrets").symlink_to("/etc/passwd")
        assert Typist(repo=repository).type("cat secrets").code == 1


class TestMachines:
    def test_ssh_runs_a_command_on_another_machine_of_the_firm(self) -> None:
        typist = Typist()
        assert typist.out("ssh trading-system 'hostname; whoami; echo hi > /tmp/there'; ls /tmp/there 2>&1; true") == (
            "trading-system\nroot\nls: cannot access '/tmp/there': No such file or directory\n"
        )
        assert typist.out("scp trading-system:/tmp/there /tmp/here; cat /tmp/here") == "hi\n"
        assert "none of the simulated firm's" in typist.type("ssh db-7 uptime").not_here[0]

    def test_a_machine_keeps_its_files_from_call_to_call(self) -> None:
        typist = Typist()
        typist.out("ssh redis 'echo 1 > /tmp/x'")
        assert typist.out("ssh redis 'cat /tmp/x'") == "1\n"

    def test_mail_is_kept_in_the_history(self) -> None:
        typist = Typist()
        typist.out("echo 'we are down' | mail -s 'P1' desk@example.com")
        mail = typist.history.of("shell.mail")[0]
        assert (mail.subject, mail.get("title"), mail.get("text")) == ("desk@example.com", "P1", "we are down\n")

    def test_memory_and_disk_are_the_firms(self) -> None:
        typist = Typist(monitored=True)
        used = sum(pod.usage_mib for pod in typist.world.cluster.status())
        assert typist.out("free -m | awk '/^Mem/ {print $3}'") == f"{round(used)}\n"
        assert typist.out("df -h / | tail -1 | awk '{print $5}'") == "38%\n"
        assert Typist().type("free").not_here


def test_the_folder_that_a_runbook_changes_into_is_the_projects() -> None:
    assert project_in(["ls", "# go\ncd /home/me/trader/\nls"]) == "/home/me/trader"
    assert project_in(["cd /tmp/x", "cd relative"]) is None
    typist = Typist(project="/home/me/trader")
    assert "trading.log" in typist.out("cd /tmp; cd /home/me/trader && ls logs")
