"""The Pythons of this machine: each takes itself into the World's time, whatever a script says of PYTHONPATH.

Beside PYTHONPATH, which scripts set for themselves, the agent is found in the standard library of every interpreter
that a program can reach: with namespaces a file is laid over it there, which nobody outside sees. So an environment's
own `bin/python`, `python -I` and `env -i python` live in virtual time too.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

_ENVIRONMENTS = (".venv", "venv", "env", ".env", "virtualenv")
_COLLECTIONS = (
    "/usr", "/usr/local", "/opt/*", "~/.pyenv/versions/*", "~/.local/share/uv/python/*", "~/miniconda3", "~/anaconda3",
    "~/miniconda3/envs/*", "~/anaconda3/envs/*", "/opt/conda/envs/*",
)  # fmt: skip
_TEXT = """\
import sys
if "firedrill_agent" not in sys.modules:
    import os
    os.environ.setdefault("FIREDRILL_HUB", {hub!r})
    sys.path.insert(0, {agent!r})
    sys.modules.pop("sitecustomize", None)
    import sitecustomize
"""


def standard_libraries(project: Path) -> list[Path]:
    """Where the interpreters that a program of `project` may start have their standard library; real paths, sorted."""
    found = set(_of_machine())
    for name in _ENVIRONMENTS:
        home = _home_of(project / name / "pyvenv.cfg")
        if home is not None:
            found.update(_below(home.parent))
    return sorted(found)


@cache
def _of_machine() -> tuple[Path, ...]:
    prefixes = {Path(sys.base_prefix)}
    for pattern in _COLLECTIONS:
        place = Path(pattern).expanduser()
        prefixes.update(Path(place.anchor).glob(str(place.relative_to(place.anchor))))
    for name in ("python3", "python"):
        program = shutil.which(name)
        if program is not None:
            prefixes.add(Path(os.path.realpath(program)).parent.parent)
    return tuple(sorted({library for prefix in prefixes for library in _below(prefix)}))


def _below(prefix: Path) -> Iterator[Path]:
    for library in prefix.glob("lib/python3*"):
        if (library / "os.py").is_file():
            yield Path(os.path.realpath(library))


def _home_of(config: Path) -> Path | None:
    """The folder of the interpreter that an environment was made from."""
    try:
        lines = config.read_text("utf-8", "replace").splitlines()
    except OSError:
        return None
    pairs = (line.partition("=") for line in lines)
    return next((Path(value.strip()) for name, _, value in pairs if name.strip() == "home"), None)


def customize_text(library: Path, agent: Path, hub: Path) -> str:
    """What is laid over `sitecustomize.py` of a standard library; what stood there is done after it."""
    text = _TEXT.format(hub=str(hub), agent=str(agent))
    try:
        return text + (library / "sitecustomize.py").read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return text
