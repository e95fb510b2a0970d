"""Settings from the environment, with defaults."""

import os
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Settings:
    api_base: str = "https://paper-api.alpaca.markets"
    key_id: str = field(default_factory=lambda: os.environ.get("APCA_API_KEY_ID", "key"))
    secret: str = field(default_factory=lambda: os.environ.get("APCA_API_SECRET_KEY", "secret"))
    timeout_s: float = 3.0
    poll_s: float = 1.0
    account_poll_s: float = 10.0
    reconcile_s: float = 30.0
    state_dir: Path = field(default_factory=lambda: Path(os.environ.get("TRADEGUARD_STATE", "tradeguard-state")))
