"""State that outlives the process: one JSON file a name, replaced as a whole."""

import json
import os


class StateStore:
    def __init__(self, folder):
        self.folder = folder
        self.folder.mkdir(parents=True, exist_ok=True)

    def save(self, name, value):
        path = self.folder / f"{name}.json"
        fresh = path.with_suffix(".tmp")
        fresh.write_text(json.dumps(value))
        os.replace(fresh, path)

    def load(self, name):
        path = self.folder / f"{name}.json"
        if not path.exists():
            return None
        try:
            return json.loads(path.read_text())
        except ValueError:
            return {"damaged": True}

    def drop(self, name):
        (self.folder / f"{name}.json").unlink(missing_ok=True)
