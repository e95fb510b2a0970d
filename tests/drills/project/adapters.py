"""Adapters as `firedrill init` writes them, and a switch to write one for."""

from __future__ import annotations

import ast
from pathlib import Path

from drills.project.survey import survey
from drills.project.wiring import adapter, chosen
from tests.drills.project.repositories import repository

SWITCH = '''
class KillSwitch:
    def __init__(self):
        self.halted = False

    def engage(self, reason, who="bot"):
        self.halted = True

    def rearm(self, note):
        if not note:
            return False
        self.halted = False
        return True
'''


def wired(root: Path, **files: str) -> str:
    """The adapter for a repository of these files."""
    found = survey(repository(root, **files))
    text = adapter(chosen(found.candidates, found.classes), found.classes)
    ast.parse(text)
    return text


def body_of(text: str, name: str) -> str:
    """A method of the adapter."""
    [method] = [n for n in ast.walk(ast.parse(text)) if isinstance(n, ast.FunctionDef) and n.name == name]
    return ast.get_source_segment(text, method) or ""
