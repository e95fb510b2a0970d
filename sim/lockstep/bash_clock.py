"""What bash is told before each script (by BASH_ENV): where its chance starts, and, if need be, the time.

`$RANDOM` is seeded, so that a back-off with jitter repeats. `$SECONDS`, `$EPOCHSECONDS`, `$EPOCHREALTIME` and
`printf '%(...)T'` read the machine's clock inside bash; where a script of the project uses them, they are kept
at the World's time before each command.
"""

from __future__ import annotations

import re
from pathlib import Path

_CLOCK = re.compile(rb"\bSECONDS\b|\bEPOCHSECONDS\b|\bEPOCHREALTIME\b|%\([^)]*\)T")
_LARGEST = 1 << 20

_START = """\
RANDOM={seed}
"""

_WITH_KILL = """\
kill() {{ builtin kill "$@" 2>/dev/null || "{kill}" "$@"; }}
"""
"""What bash's own `kill` does not find may be a process of the firm, whose number `pgrep` gave."""

_WITH_CLOCK = """\
unset EPOCHSECONDS EPOCHREALTIME
__firedrill_now() {{
  local __fd_line __fd_s __fd_r __fd_q
  IFS= read -r __fd_line <"{clock}" || return 0
  __fd_line=$((10#$__fd_line))
  EPOCHSECONDS=$((__fd_line / 1000000))
  builtin printf -v EPOCHREALTIME '%d.%06d' "$EPOCHSECONDS" $((__fd_line % 1000000))
  __fd_s=0
  if [[ -n ${{__FIREDRILL_AT-}} ]]; then
    while :; do  # what the machine's clock has added since is taken off again
      builtin printf -v __fd_r '%(%s)T' -1; __fd_s=$SECONDS; builtin printf -v __fd_q '%(%s)T' -1
      [[ $__fd_r == "$__fd_q" ]] && break
    done
    __fd_s=$((__fd_s - __fd_r + __FIREDRILL_REAL + EPOCHSECONDS - __FIREDRILL_AT))
  fi
  while :; do
    builtin printf -v __fd_r '%(%s)T' -1; SECONDS=$__fd_s; builtin printf -v __fd_q '%(%s)T' -1
    [[ $__fd_r == "$__fd_q" ]] && break
  done
  __FIREDRILL_REAL=$__fd_r __FIREDRILL_AT=$EPOCHSECONDS
}}
printf() {{
  case "$1 $2 $3" in *'%('*)  ;; *) builtin printf "$@"; return ;; esac
  local -a __fd_a=("$@")
  local __fd_i=0 __fd_n __fd_r
  [[ ${{__fd_a[0]}} == -v ]] && __fd_i=2
  [[ ${{__fd_a[__fd_i]}} == -- ]] && __fd_i=$((__fd_i + 1))
  __fd_n=$__fd_i __fd_r=${{__fd_a[__fd_i]}}
  while [[ $__fd_r == *%* ]]; do
    __fd_r=${{__fd_r#*%}}
    if [[ $__fd_r == %* ]]; then __fd_r=${{__fd_r#%}}; continue; fi
    __fd_n=$((__fd_n + 1))
    if [[ $__fd_r == \\(*\\)T* ]]; then
      case "${{__fd_a[__fd_n]--1}}" in -1|-2) __fd_a[__fd_n]=$EPOCHSECONDS ;; esac
      __fd_r=${{__fd_r#*)T}}
    fi
  done
  builtin printf "${{__fd_a[@]}}"
}}
set -T
trap __firedrill_now DEBUG
"""


def reads_clock(project: Path) -> bool:
    """Whether a script of the project reads the clock inside bash."""
    for file in sorted(project.rglob("*")):
        if file.suffix in (".sh", ".bash", "") and file.is_file() and file.stat().st_size <= _LARGEST:
            content = file.read_bytes()
            if b"\0" not in content and _CLOCK.search(content):
                return True
    return False


def bash_start_file(seed: int, clock: Path | None, kill: Path | None = None) -> str:
    """The text that bash reads before a script.

    `clock` is the file that holds the time in microseconds, `kill` the shim that signals processes of the firm.
    """
    text = _START.format(seed=seed) + ("" if kill is None else _WITH_KILL.format(kill=kill))
    return text + ("" if clock is None else _WITH_CLOCK.format(clock=clock))
