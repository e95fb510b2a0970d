"""Rules over time that a runbook states in prose: "only after approval", "don't rush to restart".

Only prose and comments are searched, never code or templates, and each line yields one rule at most. The
two sides are given as actions of `drills.actions` where the words are understood.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from drills.actions import ACTIONS, Effect
from drills.runbook.durations import read_duration
from drills.runbook.model import Constraint, Source
from drills.runbook.vocabulary import actions_in

_N_TIMES = re.compile(
    r"\b(?:after|nach|tras|después de)\s+(?P<count>\d{1,3}|two|three|four|five|zwei|drei|vier|fünf|dos|tres|"
    r"cuatro|cinco)\s+(?:failed |erfolglosen |fehlgeschlagenen )?(?:attempts?|tries|retries|versuchen?|"
    r"intentos?|reintentos?)\b",
    re.I,
)
_COUNTS = {
    "two": 2,
    "three": 3,
    "four": 4,
    "five": 5,
    "zwei": 2,
    "drei": 3,
    "vier": 4,
    "fünf": 5,
    "dos": 2,
    "tres": 3,
    "cuatro": 4,
    "cinco": 5,
}
_APPROVAL = re.compile(
    r"(?:^(?:with|con|mit|avec|com)\b[^.\n]{0,25}\b(?:approval|sign-?off|autorización|aprobación|freigabe|genehmigung|"
    r"zustimmung|validation|accord|aprovação)\b|\bget\b[^.\n]{0,40}\b(?:approval|sign-?off)\b[^.\n]{0,4}\bfirst\b|"
    r"\b(?:once|until|when)\b[^.,\n]{2,40}\b(?:agrees?|approves?|signs? off|(?:has|have) (?:agreed|approved|signed "
    r"off))\b|\b(?:uniquement|seulement)\b[^.\n]{0,60}\b(?:après|avec)\b[^.\n]{0,40}\b(?:validation|accord|"
    r"approbation|autorisation)|\b(?:somente|só|apenas)\b[^.\n]{0,60}\b(?:após|com|depois)\b[^.\n]{0,40}\b(?:aprovação|"
    r"autorização)|"
    r"\bonly\b[^.\n]{0,60}\b(?:after|with|once)\b[^.\n]{0,60}\b(?:approv\w*|sign-?off|authori[sz]\w*)|"
    r"\b(?:after|requires?|needs?|without|until)\b[^.\n]{0,50}\b(?:approval|sign-?off|authori[sz]ation)|"
    r"\b(?:approval|sign-?off|authori[sz]ation)\b[^.\n]{0,30}\b(?:is |are )?(?:required|needed|mandatory|"
    r"before)\b|\bmanual approval\b|\bmanually verify\b[^.\n]{0,30}\bbefore\b|"
    r"\b(?:erst|nur)\b[^.\n]{0,60}\b(?:nach|mit)\b[^.\n]{0,40}\b(?:freigabe|genehmigung|zustimmung)|"
    r"\bohne\b[^.\n]{0,30}\b(?:freigabe|genehmigung)|\b(?:freigabe|"
    r"genehmigung)\b[^.\n]{0,40}\b(?:erforderlich|nötig|notwendig)|"
    r"\b(?:solo|sólo|únicamente)\b[^.\n]{0,60}\b(?:tras|con|después de)\b[^.\n]{0,40}\b(?:aprobación|"
    r"autorización)|\bsin\b[^.\n]{0,30}\b(?:aprobación|autorización)|\b(?:aprobación|"
    r"autorización)\b[^.\n]{0,40}\b(?:requerida|necesaria|obligatoria|previa))",
    re.I,
)
_BEFORE = re.compile(
    r"^(?P<first>[^\n]{3,160}?)\s*,?\s+\b(?:before|prior to|bevor|vor dem|antes de(?: "
    r"que)?)\b\s*(?P<then>[^\n]{2,160})$",
    re.I,
)
_ONLY_AFTER = re.compile(
    r"^(?P<then>[^\n]{0,160}?)\s*\b(?:only|not|erst|nur|solo|sólo)\b[^\n]{0,40}?\b(?:after|once|until|when|"
    r"nach|wenn|tras|después de|hasta)\b\s*(?P<first>[^\n]{2,160})$",
    re.I,
)
_ABSENCE = re.compile(
    r"(?:(?:^|[.;:!–—-]\s*|,\s+(?:and |but )?|\b(?:please|but|you) )(?:do not|don['’]t|never|avoid)|"
    r"\b(?:must|should) (?:not|never))\s+(?P<a>[^\n.;]{3,120})|\b(?P<keep>keep\b[^\n.;]{3,60}\bactive\b)|"
    r"\b(?P<block>\w[\w ]{2,40}\bblocks?\s+\w[^\n.;]{2,80})|"
    r"\b(?:nicht|niemals|keinesfalls)\s+(?!\w+(?:t|en)(?:\s+(?:ist|sind|wird|wurden?|war|"
    r"waren))?\s*[:,])(?P<de>[^\n.;]{3,120})|(?:^|[.;:]\s*)(?:no|nunca)\s+(?P<es>(?:se "
    r"debe\s+)?\w{3,}(?:ar|ir|ender|romper|mover)\b[^\n.;]{2,120})",
    re.I,
)
_WAIT = re.compile(
    r"(?:^|[.;:(]\s*)(?P<what>(?:wait|warten|abwarten|esperar|aguardar)\b[^\n.;]{2,120}|(?:monitor|observe|"
    r"watch|beobacht\w*|überwach\w*|monitore?ar|vigilar|observar|supervisar)\b[^\n.;]{0,60}\b(?:for|für|"
    r"durante|während)\b[^\n.;]{0,40}\d[^\n.;]{0,60}|[^\n.;]{0,40}\d+\s*\w{1,8}\s+(?:lang\s+)?(?:warten|"
    r"abwarten|beobachten|überwachen)\b)",
    re.I,
)
_WITHIN = re.compile(
    r"\b(?:within|innerhalb(?: von)?|binnen|dentro de|en un plazo de|no later than|spätestens "
    r"nach)\s+(?:the (?:next|first)\s+)?(?P<time>\d[\w. ]{1,20}?(?:minutes?|mins?|hours?|days?|weeks?|h|d|"
    r"min|stunden?|minuten|tagen?|wochen?|horas?|minutos?|días?|semanas?))\b",
    re.I,
)
_TRADING_AGAIN = re.compile(
    r"\b(?:trad(?:e|es|ing)|full operation|normal operations?|proceed\w*|go(?:ing)? live|handel|operativa)\b", re.I
)
_IGNORED = re.compile(r"^(?:verify|confirm|check|ensure|prüfe|verificar|comprobar|why|note that)\b", re.I)
_NOTHING_TO_DO = re.compile(r"^(?:worry|panic|forget|hesitate|apply|exist|matter)\b", re.I)


def constraint_in(text: str, src: Source, context: Sequence[str] = ()) -> Constraint | None:
    """The rule that a line of prose states, if it states one; `context` are the actions of the step it belongs to."""
    words = " ".join(text.split())[:400]
    if not words:
        return None
    for read in (_retry, _approval, _wait, _only_after, _before, _absence, _within):
        found = read(words, src)
        if (
            found is not None
            and found.template == "precedence"
            and found.a == "approve"
            and found.b is None
            and context
        ):
            return found.model_copy(update={"b": context[0]})
        if found is not None:
            return found
    return None


def states_approval(text: str) -> bool:
    """Whether a comment demands approval."""
    return _APPROVAL.search(text) is not None


def _retry(words: str, src: Source) -> Constraint | None:
    match = _N_TIMES.search(words)
    if match is None:
        return None
    tried = words[: match.start()]
    if re.fullmatch(r"\W*(?:if|when|wenn|falls|sofern|si|cuando)\b\W*(?:even|auch|immer noch)?\W*", tried, re.I):
        return None  # "If after 3 attempts ...": a branch; what is tried stands elsewhere
    count = match.group("count").lower()
    return Constraint(
        src=src,
        template="retry_max",
        a=_action(words[: match.start()]),
        count=_COUNTS.get(count) or int(count),
        raw=words,
    )


def _approval(words: str, src: Source) -> Constraint | None:
    if _APPROVAL.search(words) is None:
        return None
    around = re.split(
        r"[:;,.]|\b(?:only )?(?:after|before|until|without|erst nach|nur nach|nach|vor|tras|antes de)\b",
        words,
        flags=re.I,
    )
    named = [
        action
        for part in around
        for action in actions_in(_verb_form(part))
        if action != "approve" and ACTIONS[action].effect is Effect.MUTATE
    ]
    named.sort(key=lambda action: action not in {"reset_halt", "resume"})
    return Constraint(
        src=src, template="precedence", a="approve", b=named[0] if named else None, critical=True, raw=words
    )


def _verb_form(part: str) -> str:
    """Bring "Only reset" and "resetting" to the bare verb."""
    bare = re.sub(r"^\W*(?:only|nur|erst|solo|sólo)\s+", "", part, flags=re.I).strip()
    plain_verb = re.sub(
        r"^(?!trading)(\w{3,}?)(tt|pp)?ing\b", lambda m: m.group(1) + (m.group(2) or "")[:1], bare, flags=re.I
    )
    with_e = re.sub(r"^(\w+)", r"\1e", plain_verb)  # "closing" is of "close"
    return with_e if plain_verb != bare and not actions_in(plain_verb) and actions_in(with_e) else plain_verb


def _wait(words: str, src: Source) -> Constraint | None:
    match = _WAIT.search(words)
    if match is None or re.search(r"\bwait for (?:approval|sign)", words, re.I):
        return None
    span = read_duration(match.group("what"))
    seconds = None if span is None else span.hi_s if span.hi_s is not None else span.lo_s
    return Constraint(src=src, template="wait", a="monitor", within_s=seconds, raw=words)


def _only_after(words: str, src: Source) -> Constraint | None:
    match = _ONLY_AFTER.match(words)
    if match is None or _IGNORED.match(words) or re.match(r"(?:if|when|wenn|falls|si)\b", words, re.I):
        return None
    first, then = _action(match.group("first")), _action(_verb_form(match.group("then")))
    if then not in ACTIONS or ACTIONS[then].effect is not Effect.MUTATE:
        return None
    return Constraint(src=src, template="precedence", a=first, b=then, raw=words)


def _before(words: str, src: Source) -> Constraint | None:
    match = _BEFORE.match(words)
    if match is None or not actions_in(match.group("first")):
        return None
    then = match.group("then")
    # "before 18:00" is a time; "before every submission" is what a machine does each time.
    if re.match(r"\W*(?:(?:las|los|the|um)\s+)?\d|(?:each|every|any|cada|todo|jede[rmns]?)\b", then, re.I):
        return None
    return Constraint(
        src=src,
        template="precedence",
        a=_action(match.group("first")),
        b=_action(_verb_form(match.group("then"))),
        raw=words,
    )


def _absence(words: str, src: Source) -> Constraint | None:
    match = _ABSENCE.search(words)
    if match is None or _IGNORED.match(words):
        return None
    what = next(group for group in match.groups() if group)
    if _NOTHING_TO_DO.match(what):
        return None
    if (
        not match.group("keep")
        and not match.group("block")
        and not any(ACTIONS[a].effect is Effect.MUTATE for a in actions_in(what))
    ):
        return None
    forbidden = re.sub(r"^(?:rush to|just|simply|ever|yet|einfach)\s+", "", what, flags=re.I)
    if match.group("keep"):
        return Constraint(src=src, template="not_until", a="reset_halt", b="approve", raw=words)
    if match.group("block"):
        # "SLA violations block promotion": what is forbidden stands behind the verb, in the author's words.
        return Constraint(
            src=src, template="absence", a=re.split(r"\bblocks?\b", words, flags=re.I)[-1].strip(" ."), raw=words
        )
    return Constraint(src=src, template="absence", a=_action(forbidden), raw=words)


def _within(words: str, src: Source) -> Constraint | None:
    match = _WITHIN.search(words)
    span = read_duration(match.group("time")) if match else None
    if match is None or span is None:
        return None
    return Constraint(src=src, template="response", a=_action(_WITHIN.sub("", words)), within_s=span.hi_s, raw=words)


def _action(words: str) -> str:
    """The first action the words name, else the words."""
    found = actions_in(words)
    if not found and _TRADING_AGAIN.search(words):
        return "resume"
    return found[0] if found else words.strip(" ,.;:")
