"""A program that cannot even be imported here is bad input, with the way out; what might work is left to the run."""

from __future__ import annotations

from pathlib import Path

import pytest

from drills.code import load_mitigation
from sim.errors import BadInput


def write(folder: Path, **files: str) -> Path:
    for name, source in files.items():
        file = folder / (name.replace("__of__", "/") + ".py")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(source)
    return folder


@pytest.mark.parametrize("target", ["bot.py", "-m bot", "bot:main"])
def test_the_package_the_line_and_the_mend_are_named(tmp_path: Path, target: str) -> None:
    write(tmp_path, bot="import time\nfrom broker import api\n", broker="import os\nimport no_such_sdk.rest\n")
    with pytest.raises(BadInput) as caught:
        load_mitigation(target, tmp_path)
    said = str(caught.value)
    assert "broker.py" in said
    assert "no_such_sdk" in said
    assert "--python" in said
    assert ":2" in said or "line 2" in said


@pytest.mark.parametrize(
    "source",
    [
        "try:\n    import no_such_sdk\nexcept ImportError:\n    no_such_sdk = None\n",
        "import typing\nif typing.TYPE_CHECKING:\n    import no_such_sdk\n",
        "def live():\n    import no_such_sdk\n",
        "import sys\nsys.path.append('vendor')\nimport no_such_sdk\n",
        "import helpers\n",
        "from . import no_such_thing\n",
        "import requests, json, pydantic\n",
    ],
)
def test_what_may_work_is_not_complained_about(tmp_path: Path, source: str) -> None:
    write(tmp_path, bot=source, lib__of__helpers="")
    load_mitigation("bot.py", tmp_path)
