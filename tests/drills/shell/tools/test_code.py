"""git, make and helm: the firm's code, its Makefile and its releases."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from drills.shell.tool import NotHere
from drills.shell.tools.make import read_makefile
from tests.drills.shell.tools.naming_desk import actions, failed, findings, typist


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    """A repository with two commits, a tag, a Makefile and a script."""
    (tmp_path / "Makefile").write_text(
        "NAME ?= world\nGREETING := hello $(NAME)\n.PHONY: all check data\\:fetch broken\nall: check\n"
        "check: deps\n\t@echo $(GREETING) $$HOME_OF\n\techo done\ndeps:\n\t@echo deps\n"
        "data\\:fetch:\n\t@echo fetching\nbroken:\n\t-false\n\tfalse\n\techo never\nneeds: nosuch\n",
        encoding="utf-8",
    )
    environment = {"GIT_AUTHOR_NAME": "t", "GIT_AUTHOR_EMAIL": "t@example.com", "GIT_COMMITTER_NAME": "t",
                   "GIT_COMMITTER_EMAIL": "t@example.com", "GIT_AUTHOR_DATE": "2026-03-01T00:00:00Z",
                   "GIT_COMMITTER_DATE": "2026-03-01T00:00:00Z", "HOME": str(tmp_path),
                   "PATH": "/usr/bin:/bin"}  # fmt: skip

    def git(*words: str) -> None:
        subprocess.run(["git", *words], cwd=tmp_path, env=environment, check=True, capture_output=True)

    git("init", "-q", "-b", "main")
    git("add", "Makefile")
    git("commit", "-q", "-m", "First")
    git("tag", "v1.0-stable")
    git("commit", "-q", "--allow-empty", "-m", "Second")
    return tmp_path


def test_the_log_is_that_of_the_real_repository(repo: Path) -> None:
    who = typist("git log", repo=repo)
    assert [line.split(maxsplit=1)[1] for line in who.out("git log --oneline -20").splitlines()] == ["Second", "First"]
    assert who.out("git tag -l") == "v1.0-stable\n"


def test_a_tag_that_the_repository_lacks_is_a_finding(repo: Path) -> None:
    who = typist("git checkout v9", repo=repo)
    failed(who.type("git checkout v9"), 1, "error: pathspec 'v9' did not match any file(s) known to git")
    assert findings(who) == ["missing_ref"]


def test_the_real_repository_is_never_written(repo: Path) -> None:
    who = typist(repo=repo)
    head = (repo / ".git" / "HEAD").read_text()
    who.out("git checkout v1.0-stable")
    assert (repo / ".git" / "HEAD").read_text() == head
    assert who.out("git log --oneline").count("\n") == 1, "the simulated tree is at the tag"
    for text in ("git tag v2", "git push origin main", "git log --output=/tmp/x", "git config user.name x", "git frob"):
        assert who.type(text).not_here, text


def test_a_checked_out_version_runs_from_the_next_start_on() -> None:
    who = typist("systemctl restart trader", faults=[{"kind": "bad_deploy", "version": "2.0.0", "symptom": "crash"}])
    assert "Release 2.0.0" in who.out("git log --oneline -1")
    who.out("git checkout v1.0.0")
    assert who.world.cluster["trading-system"].revision.version == "2.0.0"
    who.type("systemctl restart trader")
    who.hands.firm.run(60)
    assert who.world.cluster["trading-system"].revision.version == "1.0.0"
    assert who.world.cluster.ready("trading-system")
    assert actions(who)[0] == "rollback"


def test_a_revert_without_no_edit_opens_an_editor() -> None:
    who = typist()
    assert "editor" in who.type("git revert HEAD~1").not_here[0]
    assert 'Revert "HEAD~1"' in who.out("git revert --no-edit HEAD~1")


def test_targets_are_made_with_what_they_need(repo: Path) -> None:
    who = typist(repo=repo)
    assert who.out("HOME_OF=us make check") == "deps\nhello world us\necho done\ndone\n"
    assert who.out("make NAME=desk").splitlines()[1].split() == ["hello", "desk"]
    assert who.out("make -n deps") == "echo deps\n"
    assert who.out("make data:fetch") == "fetching\n"


def test_a_failed_recipe_ends_make(repo: Path) -> None:
    who = typist(repo=repo)
    outcome = who.type("make broken")
    assert (outcome.code, outcome.out) == (2, "false\nfalse\n")
    assert outcome.err == "make: [Makefile:13: broken] Error 1 (ignored)\nmake: *** [Makefile:14: broken] Error 1\n"
    failed(who.type("make nosuch"), 2, "make: *** No rule to make target 'nosuch'.  Stop.")
    failed(who.type("make needs"), 2, "No rule to make target 'nosuch', needed by 'needs'")
    assert findings(who) == ["missing_target", "missing_target"]


def test_without_a_repository_nothing_is_made() -> None:
    assert typist().type("make health-check").not_here == ("make health-check: name the repository with --repo",)


@pytest.mark.parametrize("text", ["include other.mk\n", "ifeq ($(A),b)\nendif\n", "x: $(wildcard *.c)\n"])
def test_what_a_makefile_may_have_beyond_rules_is_said(text: str) -> None:
    with pytest.raises(NotHere):
        read_makefile(text)


def test_a_release_is_rolled_back() -> None:
    who = typist("helm rollback bot -n prod", faults=[{"kind": "bad_deploy", "version": "2.0.0", "symptom": "crash"}])
    assert len(who.out("helm history bot -n prod").splitlines()) == 3
    assert "Rollback was a success" in who.out("helm rollback bot 1 -n prod --wait")
    assert who.world.cluster.ready("trading-system")
    assert "bot" in who.out("helm list -n prod")
    failed(who.type("helm rollback nosuch -n prod"), 1, "release: not found")
    failed(who.type("helm rollback bot 9 -n prod"), 1, "release has no 9 version")
    assert actions(who) == ["rollback"]


def test_evidence_may_be_kept_outside() -> None:
    who = typist()
    who.out("echo x > /tmp/a && aws s3 cp /tmp/a s3://incidents/a")
    assert who.type("aws s3 cp /tmp/nosuch s3://incidents/a").code == 255
