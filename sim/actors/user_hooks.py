"""Hooks of the user's repository, in virtual time like everything else that is theirs.

`build(desk)` is imported from the project into a program of its own, and each hook it returns runs on a strand:
`datetime.now()`, `requests.get` and `time.sleep` inside a hook are those of the World, nothing reaches a real
network, and a hook that waits keeps its process busy as on one thread. A restart imports everything anew.
"""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sim.actors.main_calls import MainCalls
from sim.actors.process import HOOKS, TABLES, Hooks
from sim.actors.user_program import UserProgram
from sim.errors import BadInput


@dataclass(frozen=True)
class UserHooks:
    """Where `build` is."""

    target: str
    """`package.module:build` or `path/to/file.py:build`, relative to `project`."""
    project: Path = field(default_factory=Path.cwd)
    environ: Mapping[str, str] = field(default_factory=dict)
    find: Callable[[], Callable[[Any], Any]] | None = None
    """Imports it in the program and gives what is called with the desk; None imports what `target` says."""
    roots: tuple[Path, ...] = ()
    """Folders beside the project whose modules are the user's too, and are loaded anew at each start."""

    def build(self, desk: Any) -> dict[str, Any]:
        """As a mitigation of a World: import, build, and return the hooks, each on a strand."""
        if ":" not in self.target:
            raise BadInput("no function named", field="code", value=self.target, mend="write package.module:build")
        source = UserProgram(self.target, (), self.project, self.environ)
        program = source.prepare(desk._world, desk._process)
        for root in self.roots:
            program.runtime.add_root(str(root))
        calls = MainCalls(program)
        built = calls.on_strand(lambda: self._built(source, desk))()
        hooks = Hooks(built, self.target)
        return {
            **{name: calls.on_strand(hook) for name, hook in hooks.single.items() if name in (*HOOKS, "run")},
            **{table: self._table(calls, built, table) for table in TABLES},
        }

    def _built(self, source: UserProgram, desk: Any) -> Any:
        if self.find is not None:
            return self.find()(desk)
        name, _, function = self.target.partition(":")
        try:
            module: Any = source.load(name) if name.endswith(".py") else importlib.import_module(name)
            build = functools.reduce(getattr, function.split("."), module)
        except (ImportError, AttributeError) as missing:
            raise BadInput(
                f"cannot be imported: {missing}", file=self.target, mend="check the name, and --project"
            ) from missing
        return build(desk)

    @staticmethod
    def _table(calls: MainCalls, built: Any, name: str) -> dict[Any, Any]:
        table = built.get(name) if isinstance(built, Mapping) else getattr(built, name, None)
        return {key: calls.on_strand(call) for key, call in (table or {}).items()}
