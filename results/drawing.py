"""The sheet that the plots are drawn on: pixels of a page 1000 wide, colours and fonts of the page.

Matplotlib draws through `Figure` and the SVG backend, without pyplot's global state. Colours become CSS
variables, so that one drawing serves light, dark and paper; text stays text, so that it is searchable and
takes the page's font. The same record gives the same bytes.
"""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Container, Iterator, Sequence
from contextlib import contextmanager
from html import escape
from typing import Any

from results.layout import TimeScale
from results.wording import one_line

WIDTH, GUTTER, MARGIN = 1000.0, 68.0, 14.0
"""Of the sheet; left of the time axis, for names; right of it."""
TEXT, SMALL = 10.5, 9.5
"""Sizes of type."""
PLAIN = "plain"
"""Group of texts on a filled bar, which need no halo."""

# Colours that mean something; each is drawn as a made-up hex value and replaced by its CSS variable.
_COLOURS = {
    "ink": ("#010101", "#1c2024"),
    "muted": ("#020202", "#6b7280"),
    "rule": ("#030303", "#e3e5e8"),
    "good": ("#040404", "#1a7f4b"),
    "warning": ("#050505", "#b36b00"),
    "bad": ("#060606", "#c0362c"),
    "accent": ("#070707", "#3b5b92"),
    "fault": ("#080808", "#c0362c"),
}
INK, MUTED, RULE, GOOD, WARNING, BAD, ACCENT, FAULT = (mark for mark, _ in _COLOURS.values())
LEVELS = {
    "bad": (BAD, "D", 5.0),
    "warning": (WARNING, "^", 6.0),
    "good": (GOOD, "o", 5.5),
    "info": (MUTED, "o", 4.5),
}
"""Colour, shape and size of a mark: shape, so that colour is never all there is. The important first."""


@contextmanager
def drawing() -> Iterator[None]:
    """Settings for the drawing only: reproducible ids, text as text, silence about foreign scripts."""
    import matplotlib as mpl

    settings: Any = {
        "svg.hashsalt": "firedrill",
        "svg.fonttype": "none",
        "font.family": "DejaVu Sans",
        "path.simplify": True,
    }
    with mpl.rc_context(settings), warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # a glyph our font lacks; the browser's will have it
        yield


class Canvas:
    """A figure in pixels, y downwards."""

    def __init__(self, height: float) -> None:
        """A sheet of this height."""
        from matplotlib.figure import Figure

        self.height = height
        self.figure: Any = Figure(figsize=(WIDTH / 72, height / 72), dpi=72)
        self.figure.patch.set_visible(False)
        self.axes: Any = self.figure.add_axes((0, 0, 1, 1))
        self.axes.set(xlim=(0, WIDTH), ylim=(height, 0))
        self.axes.axis("off")

    def line(self, xs: Sequence[float], ys: Sequence[float], colour: str, width: float = 1.0, **style: Any) -> None:
        """A line through points."""
        self.axes.plot(xs, ys, color=colour, linewidth=width, solid_capstyle="butt", **style)

    def box(self, left: float, top: float, width: float, height: float, colour: str, alpha: float) -> None:
        """A filled rectangle."""
        from matplotlib.patches import Rectangle

        self.axes.add_patch(Rectangle((left, top), width, height, facecolor=colour, edgecolor="none", alpha=alpha))

    def text(self, x: float, y: float, text: str, colour: str = INK, size: float = TEXT, **style: Any) -> None:
        """A line of text, centred on `y`."""
        style = {"va": "center", "ha": "left", "parse_math": False} | style
        self.axes.text(x, y, text, color=colour, fontsize=size, **style)

    def mark(self, x: float, y: float, level: str, scale: float = 1.0) -> None:
        """An event of `level`."""
        colour, marker, size = LEVELS[level]
        filled = colour if level != "info" else "none"
        self.axes.plot(
            [x], [y], marker, color=colour, markersize=size * scale, markerfacecolor=filled, markeredgewidth=1.2
        )

    def svg(self, name: str, label: str) -> str:
        """The drawing, ready for a page; `name` keeps its ids apart from others, `label` is read aloud."""
        from matplotlib.backends.backend_svg import FigureCanvasSVG

        out = io.StringIO()
        metadata = {"Date": None, "Creator": None, "Format": None, "Type": None}
        canvas: Any = FigureCanvasSVG(self.figure)
        canvas.print_svg(out, metadata=metadata)
        return _inline(out.getvalue(), name, label, self.height)


def x_of(scale: TimeScale, seconds: float) -> float:
    """Pixel of an instant."""
    return GUTTER + scale.place(seconds) * (WIDTH - GUTTER - MARGIN)


def width_of(text: str, size: float = TEXT) -> float:
    """Width of `text` in pixels, in a font at least as wide as the page's."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import text_to_path

    return float(text_to_path.get_text_width_height_descent(text, FontProperties(size=size), ismath=False)[0])


def _inline(svg: str, name: str, label: str, height: float) -> str:
    """What matplotlib wrote, fit for a page: no prolog, ids of its own, CSS colours, short numbers."""
    body = re.sub(r"<metadata>.*?</metadata>", "", svg[svg.index("<defs>") :], flags=re.DOTALL)
    used = set(re.findall(r'(?:href="#|url\(#)([^")]+)', body))
    slug = re.sub(r"[^a-z0-9]+", "-", name.lower())
    body = re.sub(r"<[^>]+>", lambda tag: _page_tag(tag.group(0), slug, used), body)
    head = f'<svg class="plot" viewBox="0 0 {WIDTH:g} {height:g}" role="img" aria-label="{escape(one_line(label))}">'
    return head + re.sub(r"\n\s*", "\n", body).strip()


def _page_tag(tag: str, slug: str, used: Container[str]) -> str:
    """One tag of matplotlib's; what stands between the tags is the user's text and stays as it is."""
    tag = tag.replace("xlink:href", "href").replace(f'id="{PLAIN}"', f'class="{PLAIN}"')
    tag = re.sub(r' id="([^"]*)"', lambda i: f' id="{slug}-{i.group(1)}"' if i.group(1) in used else "", tag)
    tag = re.sub(r'(href="#|url\(#)', rf"\g<1>{slug}-", tag)
    tag = re.sub(r' d="[^"]*"', lambda d: re.sub(r"(\.\d\d)\d+", r"\1", d.group(0).replace("\n", " ")), tag)
    for variable, (mark, fallback) in _COLOURS.items():
        tag = tag.replace(mark, f"var(--{variable}, {fallback})")
    return tag
