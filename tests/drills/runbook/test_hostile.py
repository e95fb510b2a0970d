"""Documents made to hurt: they are read, or refused in one line, and never end in a crash."""

from __future__ import annotations

import pytest

from drills.runbook.reader import read_text


@pytest.mark.parametrize("wrapper", ["sudo ", "sudo env ", "nice timeout 5 "])
def test_thousands_of_wrapped_wrappers_are_read_and_not_followed_to_the_bottom(wrapper: str) -> None:
    text = f"# Runbook\n\n1. Do it\n\n   ```bash\n   {wrapper * 3000}ls\n   ```\n"
    assert [step.title for step in read_text(text, "x.md", {}).walk()] == ["Do it"]
