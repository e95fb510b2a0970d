"""What is laid over the machine's folders in a namespace: layers for what is written, and a file for each Python."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path


def overlays(
    places: Sequence[str], libraries: Iterable[Path], layers: Path, text_for: Callable[[Path], str]
) -> list[list[str]]:
    """Place, upper and work folder of each layer.

    `places` may be written to; each of `libraries` has `sitecustomize.py` with `text_for` it. The layers are kept
    in the folder `layers`, from start to start.
    """
    made = {Path(place): _layer(layers, number) for number, place in enumerate(places)}
    for library in libraries:
        covered = next((place for place in made if library.is_relative_to(place)), None)
        if covered is None:
            covered = library
            made[library] = _layer(layers, len(made))
        file = Path(made[covered][0]) / library.relative_to(covered) / "sitecustomize.py"
        if not file.exists():
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text_for(library))
    return [[str(place), upper, work] for place, (upper, work) in made.items()]


def _layer(layers: Path, number: int) -> tuple[str, str]:
    upper, work = layers / f"upper{number}", layers / f"work{number}"
    upper.mkdir(parents=True, exist_ok=True)
    work.mkdir(exist_ok=True)
    return str(upper), str(work)
