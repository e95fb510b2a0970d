"""Both shells side by side, built once: what they are given is put back before each text."""

from __future__ import annotations

import pytest

from tests.drills.shell.twins import Twin


@pytest.fixture(scope="module")
def twin(tmp_path_factory: pytest.TempPathFactory) -> Twin:
    """Our shell and a folder for the real one."""
    return Twin(tmp_path_factory.mktemp("real") / "w")
