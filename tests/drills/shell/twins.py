"""The same text in our shell and in the real one: what is printed and how it ends must be equal.

The real one runs in a folder of its own with a bare environment; the same files lie in ours under /tmp/w.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from drills.shell.console import TimeUp
from drills.shell.tool import NotHere, Result
from sim.clock import HOUR
from tests.drills.shell.terminals import Typist

BASH = shutil.which("bash")
FOLDER = "/tmp/w"
FILES = {
    "a.txt": "alpha\nbeta\ngamma\n", "b.txt": "beta\ndelta\n\nalpha beta\n", "n.txt": "10\n9\n2\n33\n2\n",
    "c.csv": "id,symbol,qty,price\n1,SPY,100,590.5\n2,QQQ,-50,505.25\n3,SPY,25,591\n",
    "log.txt": "2026-03-10 INFO start\n2026-03-10 ERROR broker timeout\n2026-03-10 WARN slow\n2026-03-10 ERROR: no\n",
    "j.json": '{"data": {"result": [{"value": [1, "0.05"]}]}, "n": 1.50, "list": [1, 2, 3], "s": "a b"}\n',
    "noend": "last line has no end", "empty": "", "sub/d.txt": "deep\nERROR in sub\n", "sub/e.log": "x\n",
    "sp ace.txt": "spaced\n", "tabs.tsv": "a\tb\tc\nd\te\tf\n", "k.txt": "b 2\na 10\nc 1\na 2\n",
}  # fmt: skip


class Twin:
    """Both shells, side by side."""

    def __init__(self, folder: Path) -> None:
        """The real one's files lie in `folder`."""
        self.folder = folder
        self.typist = Typist()
        self.console = self.typist.session.console
        self.reset()

    def reset(self) -> None:
        """The files as they were."""
        shutil.rmtree(self.folder, ignore_errors=True)
        for name, text in FILES.items():
            (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / name).write_text(text)
        files = self.console.files
        for path in [path for path in files._written if path.startswith(FOLDER)]:
            files.remove(path)
        for folder in sorted((f for f in files._folders if f.startswith(FOLDER)), reverse=True):
            files.remove(folder)
        files.make_folder(FOLDER)
        files.make_folder(f"{FOLDER}/sub")
        for name, text in FILES.items():
            files.write(f"{FOLDER}/{name}", text)

    def ours(self, text: str, stdin: str = "") -> Result:
        """In virtual time; NotHere passes on."""
        results: list[Result | NotHere] = []

        def body() -> None:
            try:
                with self.console.limited(HOUR):
                    results.append(
                        self.console.run(text, stdin, {"LC_ALL": "C", "PATH": "/usr/bin:/bin", "HOME": FOLDER}, FOLDER)
                    )
            except NotHere as finding:
                results.append(finding)
            except TimeUp:
                results.append(NotHere("did not end"))

        self.typist.hands.firm.soon(lambda: self.typist.firm.start(body, text))
        for _ in range(1000):
            self.typist.hands.firm.run(5)
            if results:
                break
        result = results[0]
        if isinstance(result, NotHere):
            raise result
        return result

    def real(self, text: str, stdin: str = "") -> Result:
        """As bash does it."""
        assert BASH is not None
        bare = {"LC_ALL": "C", "PATH": os.defpath, "HOME": str(self.folder), "TZ": "UTC"}
        done = subprocess.run(
            ["bash", "--norc", "--noprofile", "-c", text], executable=BASH, cwd=self.folder, env=bare,
            capture_output=True,
            input=stdin.encode("utf-8", "surrogateescape"), timeout=20, check=False,
        )  # fmt: skip
        out = done.stdout.decode("utf-8", "surrogateescape").replace(str(self.folder), FOLDER)
        return Result(out, done.stderr.decode("utf-8", "replace").replace(str(self.folder), FOLDER), done.returncode)
