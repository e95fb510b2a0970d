"""From YAML files to models, and the library of stock scenarios.

A file that cannot be used raises one `BadInput` with file, line, field, value and the mend.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from scenarios.complaints import bad_input
from scenarios.scenario import Scenario
from scenarios.spec import Spec
from scenarios.yaml_lines import Document, parse_document, read_document
from sim.errors import BadInput

LIBRARY = Path(__file__).parent / "library"

Model = TypeVar("Model", bound=BaseModel)


def load_yaml_model(path: str | Path, model: type[Model]) -> Model:
    """Read the YAML file at `path` as a `model`."""
    return validate(read_document(path), model)


def parse_yaml_model(text: str, model: type[Model], file: str = "<text>") -> Model:
    """Read YAML `text` as a `model`; `file` names it in complaints."""
    return validate(parse_document(text, file), model)


def validate(document: Document, model: type[Model]) -> Model:
    """Make a `model` of a parsed document."""
    if not isinstance(document.data, dict):
        raise BadInput(
            f"a {model.__name__.lower()} is a mapping of fields",
            mend="write it as lines of name: value",
            file=document.file,
            line=document.line(()),
        )
    try:
        return model.model_validate(document.data)
    except ValidationError as error:
        raise bad_input(error, document, model) from error


def dump_yaml(spec: Spec, brief: bool = False) -> str:
    """YAML text that reads back as an equal model; `brief` leaves out what is so by default."""
    return yaml.safe_dump(spec.yaml_data(brief), sort_keys=False, allow_unicode=True, width=100)


class Library(Mapping[str, Model]):
    """The YAML files of a folder by name; each is read when it is first asked for."""

    def __init__(self, folder: Path, load: Callable[[Path], Model]) -> None:
        """Offer the files of `folder`, read by `load`."""
        self.folder, self._load = folder, load
        self._paths = {path.stem: path for path in sorted(folder.glob("*.yaml"), key=lambda path: path.stem)}
        self._loaded: dict[str, Model] = {}

    def __getitem__(self, name: str) -> Model:
        """What is called `name`; KeyError when there is none."""
        if name not in self._loaded:
            self._loaded[name] = self._load(self._paths[name])
        return self._loaded[name]

    def __contains__(self, name: object) -> bool:
        """Whether there is a file of this name; it is not read."""
        return name in self._paths

    def __iter__(self) -> Iterator[str]:
        """The names, sorted."""
        return iter(self._paths)

    def __len__(self) -> int:
        """How many there are."""
        return len(self._paths)


@cache
def library() -> Library[Scenario]:
    """The scenarios that come with Firedrill."""
    return Library(LIBRARY, lambda path: load_yaml_model(path, Scenario))


def load_scenario(name_or_path: str | Path) -> Scenario:
    """A stock scenario by its name, or one from a YAML file by its path."""
    text = str(name_or_path)
    if text in library():
        return library()[text]
    if looks_like_a_path(text):
        return load_yaml_model(text, Scenario)
    raise unknown_name("scenario", text, list(library()))


def looks_like_a_path(text: str) -> bool:
    """Whether `text` names a file and not something of a library."""
    return "/" in text or "\\" in text or text.endswith((".yaml", ".yml"))


def unknown_name(what: str, name: str, known: list[str]) -> BadInput:
    """The complaint about a `name` that no library holds."""
    near = get_close_matches(name, known, n=1)
    mend = f"did you mean {near[0]}?" if near else f"use one of {', '.join(known)}, or a path to a YAML file"
    return BadInput(f"there is no {what} of this name", mend=mend, field=what, value=name)
