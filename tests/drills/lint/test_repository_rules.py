"""A runbook against the code it speaks of: what it names and the repository does not have."""

from __future__ import annotations

from pathlib import Path

import pytest

from drills.lint.repository import Repository
from sim.errors import BadInput
from tests.drills.lint.pages import page_of, problems

FILES = {
    "Makefile": ".PHONY: health-check\nhealth-check:\n\tcurl -s localhost\ndata\\:fetch data\\:validate:\n\techo\n",
    "scripts/emergency_stop.sh": "#!/bin/sh\n",
    "requirements.txt": "somebroker-sdk==1.0\n",
    "src/__init__.py": "",
    "src/execution/__init__.py": "",
    "src/execution/alpaca_adapter.py": """
from src.execution.base import Base

class AlpacaAdapter(Base):
    def __init__(self):
        self.client = None
    def close_position(self, symbol): ...

class Magic:
    def __getattr__(self, name): ...
""",
    "src/execution/base.py": "class Base:\n    def cancel_all_orders(self): ...\n",
    "src/star.py": "from somewhere import *\n",
    "src/api.py": """
from fastapi import FastAPI
from prometheus_client import Gauge, Counter
app = FastAPI()
DRAWDOWN = Gauge("drawdown_percentage", "x", namespace="trading")
ORDERS = Counter("orders_total", "x")
MAX_DRAWDOWN_PCT = 15
config = {"max_daily_loss": 0.02}
@app.get("/api/status")
def status(): ...
@app.post("/orders/{order_id}/cancel")
def cancel(order_id): ...
""",
    "deploy/bot.yaml": """
apiVersion: apps/v1
kind: Deployment
metadata: {name: trading-bot, namespace: desk}
---
apiVersion: v1
kind: Service
metadata: {name: trading-bot, namespace: desk}
""",
}


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path


MISSING = [
    ("RB301", "./scripts/rollback.sh", "./scripts/rollback.sh is not in the repository"),
    ("RB301", "python run_bot.py --once", "run_bot.py is not in the repository"),
    ("RB301", "bash scripts/stop.sh", "scripts/stop.sh is not in the repository"),
    ("RB302", "make deploy", "no makefile has the target deploy"),
    ("RB302", "make -C sub health-check data:reset", "no makefile has the target data:reset"),
    ("RB303", "python -m src.tools.reconcile", "module src.tools.reconcile is not in the repository"),
    ("RB303", "kubectl exec deploy/bot -- python -c 'from quant.db import engine'", "module quant.db is not in"),
    ("RB304", "python -c 'from src.execution.alpaca_adapter import Adapter'", "has no Adapter"),
    ("RB304", "python -c \"from src.execution.alpaca_adapter import AlpacaAdapter as A; a = A(); a.flatten('SPY')\"",
        "A has no flatten"),
    ("RB305", "curl -X POST http://localhost:8080/api/safe-mode", "serves /api/safe-mode"),
    ("RB306", "curl -s 'http://prometheus:9090/api/v1/query?query=rate(order_errors_total[5m])'",
        "no metric order_errors"),
    ("RB307", "kubectl rollout restart deployment/bot -n desk", "no manifest defines the deployment bot"),
    ("RB307", "kubectl scale deployment bot --replicas=1 -n desk", "no manifest defines the deployment bot"),
    ("RB307", "kubectl get pods -n trading", "no manifest names the namespace trading"),
    ("RB308", "# max_daily_loss: 0.05 is the limit\ndeskctl status", "max_daily_loss is 0.05 here and 0.02"),
    ("RB308", "# max_order_rate: 10\ndeskctl status", "the repository has no parameter max_order_rate"),
]  # fmt: skip

PRESENT = [
    ("RB301", "./scripts/emergency_stop.sh"),
    ("RB301", "cd scripts\n./emergency_stop.sh"),
    ("RB301", "kubectl exec pod -- /opt/tools/x.sh"),
    ("RB301", "echo 'echo hi' > fix.sh\nbash fix.sh"),
    ("RB302", "make health-check data:fetch DEBUG=1"),
    ("RB303", "python -c 'import json, requests, somebroker_sdk; from src.execution import base'"),
    ("RB303", "python -m http.server"),
    ("RB304", "python -c \"from src.execution.alpaca_adapter import AlpacaAdapter; a = AlpacaAdapter(); "
        "a.cancel_all_orders(); a.close_position('SPY'); a.client\""),
    ("RB304", "python -c 'from src.execution.alpaca_adapter import Magic; m = Magic(); m.anything()'"),
    ("RB304", "python -c 'from src.star import whatever'"),
    ("RB304", "python -c 'from src.execution import base'"),
    ("RB305", "curl -s http://localhost:8080/api/status"),
    ("RB305", "curl -X POST http://localhost:8080/v1/orders/abc-1/cancel"),
    ("RB305", "curl -s https://status.alpaca.markets/api/v2/summary"),
    ("RB305", "curl -sG http://prometheus:9090/api/v1/query --data-urlencode 'query=up'"),
    ("RB306", "curl -s 'http://prometheus:9090/api/v1/query?query=trading_drawdown_percentage'"),
    ("RB306", "curl -s 'http://prometheus:9090/api/v1/query?query=sum(rate(orders_total{s=\"buy\"}[5m])) by (venue)'"),
    ("RB306", "curl -s 'http://prometheus:9090/api/v1/query?query=node_memory_free_bytes'"),
    ("RB307", "kubectl rollout restart deployment/trading-bot -n desk"),
    ("RB307", "kubectl rollout restart statefulset/prometheus -n monitoring"),
    ("RB308", "# max_drawdown_pct: 15 %\ndeskctl status"),
    ("RB308", "# max_daily_loss: 2 %\ndeskctl status"),
    ("RB308", "curl -X POST http://localhost:8080/api/status -d '{\"max_daily_loss\": 0.5}'"),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "commands", "message"), MISSING)
def test_what_the_repository_does_not_have_is_found(repo: Path, rule: str, commands: str, message: str) -> None:
    found = problems(page_of(commands), repo, select=rule)
    assert any(message in problem.message for problem in found), [problem.message for problem in found]


@pytest.mark.parametrize(("rule", "commands"), PRESENT)
def test_what_the_repository_has_is_left_alone(repo: Path, rule: str, commands: str) -> None:
    assert [problem.message for problem in problems(page_of(commands), repo, select=rule)] == []


def test_without_a_repository_nothing_is_compared() -> None:
    assert problems(page_of("./scripts/rollback.sh"), select="RB3") == []


def test_code_of_the_repository_is_never_run(tmp_path: Path) -> None:
    (tmp_path / "bot.py").write_text("raise SystemExit('imported')\ndef halt(): ...\n", encoding="utf-8")
    assert problems(page_of("python -c 'from bot import halt'"), tmp_path, select="RB3") == []


def test_a_helm_chart_hides_its_names(repo: Path) -> None:
    (repo / "Chart.yaml").write_text("name: bot\n", encoding="utf-8")
    assert problems(page_of("kubectl get pods -n trading"), repo, select="RB307") == []


def test_a_file_that_is_no_repository_is_bad_input(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="is no folder"):
        Repository(tmp_path / "nothing")
