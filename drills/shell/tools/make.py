"""make with the repository's own Makefile: rules, prerequisites and plain variables; recipes run through the shell."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from drills.shell.program import Program
from drills.shell.tool import Call, NotHere, Result

_RULE = re.compile(r"^((?:[^\s:#=\\]|\\.)(?:[^:#=\\]|\\.)*?)\s*::?(?!=)\s*([^;#]*)(?:;(.*))?")
_ASSIGNMENT = re.compile(r"^(?:export\s+|override\s+)?([\w.-]+)\s*(\?=|:=|::=|\+=|=)\s*(.*)$")


@dataclass
class Rule:
    """How one target is made."""

    needs: list[str] = field(default_factory=list)
    recipe: list[tuple[int, str]] = field(default_factory=list)
    """Line number and text."""


@dataclass
class Makefile:
    """Rules by target, and variables."""

    rules: dict[str, Rule] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)
    first: str = ""
    fixed: frozenset[str] = frozenset()
    """Variables of the command line."""


def read_makefile(text: str, given: Mapping[str, str] | None = None) -> Makefile:
    """The rules of a Makefile; NotHere for what is not plain rules and variables.

    `given` are variables of the command line, which the file does not overrule.
    """
    made = Makefile(variables=dict(given or {}), fixed=frozenset(given or ()))
    targets: list[str] = []
    for number, line in _logical_lines(text):
        if line.startswith("\t"):
            for target in targets:
                made.rules[target].recipe.append((number, line[1:]))
            continue
        bare = line.split(" #")[0].rstrip() if not line.startswith("#") else ""
        if not bare.strip():
            continue
        if re.match(r"^\s*-?include\b|^\s*(?:ifeq|ifneq|ifdef|ifndef|else|endif|define|endef|vpath)\b", bare):
            raise NotHere(f"make: line {number} of the Makefile ({bare.split()[0]}) is not read here")
        assigned = _ASSIGNMENT.match(bare)
        if assigned:
            _assign(made, *assigned.groups())
            continue
        rule = _RULE.match(bare)
        if rule is None:
            continue
        targets = [name.replace("\\:", ":") for name in expand(rule.group(1), made.variables).split()]
        for target in targets:
            known = made.rules.setdefault(target, Rule())
            known.needs += [
                name.replace("\\:", ":") for name in expand(rule.group(2), made.variables).split() if name != "|"
            ]
            if rule.group(3):
                known.recipe.append((number, rule.group(3).strip()))
            if not made.first and not target.startswith("."):
                made.first = target
    return made


def _logical_lines(text: str) -> list[tuple[int, str]]:
    lines: list[tuple[int, str]] = []
    for number, line in enumerate(text.split("\n"), start=1):
        if lines and lines[-1][1].endswith("\\") and not lines[-1][1].endswith("\\\\"):
            at, before = lines[-1]
            joined = (
                f"{before}\n{line.removeprefix(chr(9))}" if before.startswith("\t") else f"{before[:-1]} {line.strip()}"
            )
            lines[-1] = (at, joined)
        else:
            lines.append((number, line))
    return lines


def _assign(made: Makefile, name: str, sign: str, value: str) -> None:
    if name in made.fixed or (sign == "?=" and name in made.variables):
        return
    if sign in (":=", "::="):
        value = expand(value, made.variables)
    if sign == "+=" and name in made.variables:
        value = f"{made.variables[name]} {value}"
    made.variables[name] = value


def expand(text: str, variables: dict[str, str], depth: int = 0) -> str:
    """`$(NAME)`, `${NAME}` and `$$`; NotHere for functions."""
    if depth > 20:
        raise NotHere("make: a variable refers to itself")

    def one(match: re.Match[str]) -> str:
        name = match.group(1) or match.group(2) or match.group(3)
        if name == "$":
            return "\x00"
        if " " in name or "," in name:
            raise NotHere(f"make: the function $({name}) is not evaluated here")
        return expand(variables.get(name, ""), variables, depth + 1)

    done = re.sub(r"\$(?:\(([^()]*)\)|\{([^{}]*)\}|(.))", one, text)
    return done.replace("\x00", "$") if depth == 0 else done


def make(call: Call) -> Result:
    """Make the goals of the command line."""
    file, folder, goals, given, dry = "", call.cwd, [], {}, False
    words = list(call.args)
    while words:
        word = words.pop(0)
        if word in ("-C", "--directory") and words:
            folder = call.path(words.pop(0))
        elif word in ("-f", "--file") and words:
            file = words.pop(0)
        elif word in ("-n", "--dry-run", "--just-print"):
            dry = True
        elif word.startswith("-j") or word in ("-s", "-k", "-B", "--silent", "--no-print-directory"):
            if word == "-j" and words and words[0].isdigit():
                words.pop(0)
        elif "=" in word:
            name, _, given[name] = word.partition("=")
        else:
            goals.append(word)
    try:
        text = _text(call, folder, file)
    except IsADirectoryError:
        return Result(err=f"make: {file}: read error: Is a directory\nmake: *** No targets.  Stop.\n", code=2)
    if text is None:
        if call.terminal.repo is None:
            raise NotHere(f"make {' '.join(goals)}: name the repository with --repo")
        call.terminal.finding("missing_file", "there is no Makefile")
        return Result(err=f"make: *** No rule to make target '{goals[0]}'.  Stop.\n" if goals else
                      "make: *** No targets specified and no makefile found.  Stop.\n", code=2)  # fmt: skip
    made = read_makefile(text, {"MAKE": "make", **given})
    run = _Run(call, made, folder, dry)
    for goal in goals or [made.first]:
        if not run.make(goal, ""):
            break
    return Result(run.out, run.err, run.code)


def _text(call: Call, folder: str, file: str) -> str | None:
    for name in [file] if file else ["GNUmakefile", "makefile", "Makefile"]:
        path = f"{folder.rstrip('/')}/{name}"
        if call.terminal.exists(path):
            return call.terminal.read_file(path)
    return None


class _Run:
    """One call of make."""

    def __init__(self, call: Call, made: Makefile, folder: str, dry: bool) -> None:
        self.call, self.made, self.folder, self.dry = call, made, folder, dry
        self.out = self.err = ""
        self.code = 0
        self._done: dict[str, bool] = {}

    def make(self, target: str, needed_by: str) -> bool:
        """Make a target and what it needs; False when something failed."""
        if target in self._done:
            return self._done[target]
        self._done[target] = True
        rule = self.made.rules.get(target)
        if rule is None:
            if self.call.terminal.exists(f"{self.folder.rstrip('/')}/{target}"):
                return True
            needs = f", needed by '{needed_by}'" if needed_by else ""
            self.err += f"make: *** No rule to make target '{target}'{needs}.  Stop.\n"
            self.call.terminal.finding("missing_target", f"the Makefile has no target {target}")
            self.code = 2
            return False
        self._done[target] = all(self.make(need, target) for need in rule.needs) and self._recipe(target, rule)
        return self._done[target]

    def _recipe(self, target: str, rule: Rule) -> bool:
        variables = {
            **self.made.variables,
            "@": target,
            "<": rule.needs[0] if rule.needs else "",
            "^": " ".join(rule.needs),
        }
        for number, text in rule.recipe:
            marks = re.match(r"[\s@+-]*", text)
            prefix = marks.group(0) if marks else ""
            command = expand(text[len(prefix) :], variables)
            if not command.strip():
                continue
            if "@" not in prefix or self.dry:
                self.out += f"{command}\n"
            if self.dry:
                continue
            result = self.call.terminal.run(
                f"cd {self.folder} && {command}" if self.folder != "/" else command, env=self.call.env
            )
            self.out, self.err = self.out + result.out, self.err + result.err
            if result.code and "-" in prefix:
                self.err += f"make: [Makefile:{number}: {target}] Error {result.code} (ignored)\n"
            elif result.code:
                self.err += f"make: *** [Makefile:{number}: {target}] Error {result.code}\n"
                self.code = 2
                return False
        return True


TOOLS = {"make": Program(make, "targets of the repository's Makefile; recipes run through this shell")}
