"""Which step an entry of a trace names: by its id, its number, its title's words, or an action.

People write "stopped everything", "2b", "3. reconcile" or "Orders storniert". An entry that names a number and
words is taken by its number when the words do not name another step better. What names nothing is kept, with
the nearest step, for a person to look at; it is never guessed.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from difflib import SequenceMatcher

from drills.actions import ACTIONS
from drills.runbook.model import Procedure, Step
from drills.runbook.text import plain, slug
from drills.runbook.vocabulary import actions_in
from drills.score.tense import imperative

_ORDINAL = re.compile(
    r"(?:(?:step|schritt|paso|étape|nr\.?|no\.?|#)\s*)?(?P<n>\d{1,3})(?:\.(?P<sub>\d{1,2})|(?P<letter>[a-z]))?"
    r"(?:\s*[.):–-]+\s*|\s+|$)(?P<rest>.*)",
    re.I | re.S,
)
_ENOUGH, _CLEARLY = 0.6, 0.15
_STOP = frozenset(
    re.findall(
        r"\w+",
        "the a an and or of to in on for with at all any our we i it is was were be been done did has have had then "
        "now der die das den dem ein eine und oder von zu im am mit für alle wir ist wurde "
        "el la los las un una y o de del en con por para todos todas se",
    )
)


@dataclass(frozen=True, slots=True)
class Named:
    """What an entry names: a step, or actions that no single step was named for; `nearest` if neither."""

    step: Step | None = None
    actions: tuple[str, ...] = ()
    nearest: Step | None = None


class Names:
    """The names of one procedure's steps."""

    def __init__(self, procedure: Procedure) -> None:
        """Index the steps by id, number and title."""
        self.procedure = procedure
        self._steps = list(procedure.walk())
        self._by_id = {step.id: step for step in self._steps}
        self._words = {step.id: words_of(step.title) for step in self._steps}

    def find(self, text: str) -> Named:
        """What `text` names."""
        words = plain(text).strip(" .:;")
        named = self._exactly(words) or self._by_number(words) or self._by_title(words)
        if named is not None:
            return Named(named)
        action = re.sub(r"[\s-]+", "_", words.lower())
        actions = (action,) if action in ACTIONS else actions_in(imperative(words)) or actions_in(words)
        return Named(None, actions, None if actions else self._nearest(words))

    def _exactly(self, words: str) -> Step | None:
        if words in self._by_id:
            return self._by_id[words]
        asked = slug(words)
        ends = [step for step in self._steps if step.id.rsplit("/", 1)[-1] == asked or step.id.endswith(f"/{words}")]
        return ends[0] if len(ends) == 1 else None

    def _by_number(self, words: str) -> Step | None:
        match = _ORDINAL.fullmatch(words)
        if match is None:
            return None
        number = int(match.group("n"))
        numbered = [step for step in self.procedure.steps if step.ordinal == number]
        if not numbered and not any(step.ordinal is not None for step in self.procedure.steps):
            numbered = list(self.procedure.steps[number - 1 : number]) if number else []
        below = int(match.group("sub") or 0) or _letter(match.group("letter"))
        candidates = [child for step in numbered if (child := _child(step, below)) is not None]
        rest = match.group("rest").strip()
        if rest and (titled := self._by_title(rest)) is not None and titled not in candidates:
            inside = any(titled in candidate.walk() for candidate in candidates)
            return titled if inside or not candidates or self._closeness(rest, titled) >= _ENOUGH + _CLEARLY else None
        if len(candidates) > 1 and rest:
            return max(candidates, key=lambda step: self._closeness(rest, step))
        return candidates[0] if len(candidates) == 1 else None

    def _by_title(self, words: str) -> Step | None:
        ranked = sorted(
            ((self._closeness(words, step), -n, step) for n, step in enumerate(self._steps)), key=_first_two
        )
        if not ranked or ranked[-1][0] < _ENOUGH:
            return None
        second = ranked[-2][0] if len(ranked) > 1 else 0.0
        best = ranked[-1]
        close = [step for score, _, step in ranked if score >= best[0] - 1e-9]
        if len(close) > 1:  # a group and the only step in it, or the same title twice: the first
            return close[-1]
        return best[2] if best[0] - second >= _CLEARLY or best[0] >= 0.99 else None

    def _closeness(self, words: str, step: Step) -> float:
        """The share of the title's words that `words` has, or of `words` that the title has, whichever is less kind."""
        said, titled = words_of(words), self._words[step.id]
        if not said or not titled:
            return 0.0
        common = sum(max(_alike(a, b) for b in said) for a in titled)
        back = sum(max(_alike(a, b) for b in titled) for a in said)
        return max(
            common / len(titled) * 0.9 + 0.1 * back / len(said), 0.95 * back / len(said) if len(said) > 1 else 0.0
        )

    def _nearest(self, words: str) -> Step | None:
        said = " ".join(words_of(words))

        def likeness(step: Step) -> float:
            return SequenceMatcher(None, said, " ".join(self._words[step.id])).ratio()

        return max(self._steps, key=likeness, default=None)


def _first_two(entry: tuple[float, int, Step]) -> tuple[float, int]:
    return entry[0], entry[1]


def _letter(letter: str | None) -> int:
    return ord(letter.lower()) - ord("a") + 1 if letter else 0


def _child(step: Step, number: int) -> Step | None:
    if not number:
        return step
    own = [child for child in step.children if child.ordinal == number]
    return own[0] if own else step.children[number - 1] if number <= len(step.children) else None


def words_of(text: str) -> tuple[str, ...]:
    """The words that tell, without endings that only conjugate."""
    folded = unicodedata.normalize("NFKD", imperative(text).lower())
    bare = "".join(c for c in folded if not unicodedata.combining(c))
    return tuple(dict.fromkeys(word for word in re.findall(r"[a-z0-9]+", bare) if word not in _STOP))


def _alike(a: str, b: str) -> float:
    if a == b:
        return 1.0
    short, long = sorted((a, b), key=len)
    if len(short) >= 4 and long.startswith(short[: max(4, len(short) - 2)]) and len(long) - len(short) <= 4:
        return 0.9
    return 0.0
