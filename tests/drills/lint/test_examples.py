"""Each rule on examples: what it must find, and what it must leave alone."""

from __future__ import annotations

import pytest

from drills.lint.registry import all_rules
from tests.drills.lint.pages import page_of, problems, rules_in

SEVERITIES = """# Desk runbook

## Severity levels

| Level | Impact | Response Time |
|---|---|---|
| SEV1 | Trading halted | {one} |
| SEV2 | Degraded | 1 hour |

## Feed lost

{body}
"""

TRUE_COMMANDS = [
    ("RB101", "docker restart <service_name>"),
    ("RB101", 'curl -s "https://desk.internal/v1/orders/{{ order_id }}"'),
    ("RB101", "export API_KEY=YOUR_API_KEY"),
    ("RB102", "kubectl logs <pod-name> -n trading --previous"),
    ("RB102", "deskctl cancel <order id> --now"),
    ("RB103", "# TODO: systemctl restart feed"),
    ("RB104", "deskctl status\n\n# Request a new node from the cloud provider\n# Notify the vendor"),
    ("RB105", """kubectl patch cm flags -p '{"data":{"f":"$(cat f.yaml)"}}'"""),
    ("RB105", """curl -X POST desk:8080/api/x -d '{"symbol": "$SYMBOL"}'"""),
    ("RB106", 'python -c "\n    import os\n    print(os.getcwd())\n"'),
    ("RB106", "python -c 'print(1'"),
    ("RB106", 'psql -c "SELECT count(* FROM trades;"'),
    ("RB106", 'psql -c "SELCT 1;"'),
    ("RB106", "python - <<EOF\nfor x in y\n    print(x)\nEOF"),
    ("RB107", "tail -f logs/trading.log"),
    ("RB107", "kubectl logs deploy/api -f | grep ERROR"),
    ("RB107", "watch -n 5 deskctl status"),
    ("RB107", "kubectl port-forward svc/prometheus 9090"),
    ("RB107", "docker stats"),
    ("RB107", "kubectl exec -it deploy/api -- bash"),
    ("RB108", "kubectl exec -it deploy/api -- python -c 'print(1)'"),
    ("RB108", "docker exec -ti bot deskctl status"),
    ("RB109", "ps aux | grep trading_bot"),
    ("RB109", "ps -ef | grep bot | wc -l"),
    ("RB111", 'curl -s "http://prometheus:9090/api/v1/query?query=rate(x[5m])"'),
    ("RB111", "curl 'http://prometheus:9090/api/v1/query?query=up{job=\"bot\"}'"),
    ("RB112", 'psql -c "SELECT query, mean_time FROM pg_stat_statements"'),
    ("RB112", "kubectl get deployment api --export -o yaml"),
    ("RB112", "kubectl drain node-1 --delete-local-data"),
    ("RB113",
        "# Option A: stop everything\ndeskctl halt\n\n# Option B: one strategy\ndeskctl strategy stop mean-reversion"),
    ("RB114", 'curl -H "Authorization: Bearer $ADMIN_TOKEN" https://desk.internal/v1/status'),
    ("RB115", "rm -rf $STATE_DIR/cache"),
    ("RB115", "STATE_DIR=/var/bot\nkubectl delete pod $STATE_DIR"),
    ("RB116", "pkill -f trading"),
    ("RB116", "killall python"),
    ("RB116", "kill -9 $(ps aux | grep bot | awk '{print $2}')"),
    ("RB117", "cd /home/mirko/traderunner && ls"),
    ("RB117", r"python C:\Users\jane\bot\run.py"),
    ("RB118", "kubectl get pods -n desk\nkubectl top pods -n desk\nkubectl logs deploy/bot"),
    ("RB119", "systemctl restart feed\necho 'feed restarted'"),
    ("RB119", """python -c "
from bot import ks
ks.reset_halt()
print('reset done')
\""""),
    ("RB120", "kubectl scale deployment bot --replicas=0\nkubectl exec bot-7f -- deskctl flatten"),
    ("RB120", "docker stop bot\ndocker exec bot deskctl flatten"),
    ("RB121", "curl -s http://desk/api | jq .data[0].value"),
    ("RB121", "curl -s http://desk/api/positions?symbol=SPY"),
    ("RB122", """kubectl patch configmap c -p '{"data":{"x":"'$(base64 -w0 x)'"}}'"""),
    ("RB124", "python -c 'from k import KillSwitch; KillSwitch().reset_halt()'"),
    ("RB125", "# Manual approval required\n\n# Scale up\nkubectl scale deployment bot --replicas=1"),
    ("RB126", "curl http://desk/api/orders?status=open&limit=500"),
    ("RB127", 'echo "the bot is down'),
]  # fmt: skip

FALSE_COMMANDS = [
    ("RB101", "docker ps --format '{{.Names}}'"),
    ("RB101", "sort < in.txt > out.txt"),
    ("RB101", "kubectl get pods -o go-template='{{range .items}}{{.metadata.name}}{{end}}'"),
    ("RB101", "curl -s desk/page | grep '<b>halted</b>'"),
    ("RB101", "cat <<EOF\nhello\nEOF"),
    ("RB102", "docker restart <service_name>"),
    ("RB102", 'kubectl logs "<pod-name>" -n trading'),
    ("RB103", "# Check the to-do list of the desk\ndeskctl todo list"),
    ("RB104", "# Check the status\ndeskctl status"),
    ("RB104", "deskctl status\n\n# Expected: running"),
    ("RB105", """bash -c 'echo "$(date)"'"""),
    ("RB105", """ssh host 'kill "$(cat /run/bot.pid)"'"""),
    ("RB105", "awk '{print $1}' positions.csv"),
    ("RB105", """curl -d "{\\"at\\": \\"$(date +%s)\\"}" http://desk/api/mark"""),
    ("RB105", "jq '.data | map(select(.a == $x))' f.json"),
    ("RB106", "python -c \"\nfrom audit import log\nlog('x', '$(date -d '4 hours ago' --iso-8601)')\n\""),
    ("RB106", """psql -c "SELECT count(*) FROM trades WHERE note = 'it''s (odd';" """),
    ("RB106", 'psql -d trading -c "\\dt"'),
    ("RB106", 'python -c "print(1)"'),
    ("RB107", "timeout 60 tail -f logs/trading.log"),
    ("RB107", "tail -50 logs/trading.log"),
    ("RB107", "kubectl logs deploy/api --tail=200"),
    ("RB107", "kubectl apply -f manifest.yaml"),
    ("RB107", "ping -c 3 broker.example.com"),
    ("RB107", "kubectl port-forward svc/prometheus 9090 &"),
    ("RB107", "# follow it, end with Ctrl+C\ntail -f logs/trading.log"),
    ("RB107", "top -b -n 1 | head -20"),
    ("RB108", "kubectl exec deploy/api -- python -c 'print(1)'"),
    ("RB108", "kubectl exec -it deploy/api -- bash"),
    ("RB108", "kubectl exec -i deploy/db -- psql < fix.sql"),
    ("RB109", "ps aux | grep '[t]rading_bot'"),
    ("RB109", "ps aux | grep trading_bot | grep -v grep"),
    ("RB109", "pgrep -af trading_bot"),
    ("RB111", "curl -sG http://prometheus:9090/api/v1/query --data-urlencode 'query=rate(x[5m])'"),
    ("RB111", "curl -g 'http://prometheus:9090/api/v1/query?query=rate(x[5m])'"),
    ("RB111", 'curl -d \'{"a": [1]}\' http://desk/api/config'),
    ("RB111", "curl 'http://[::1]:8080/health'"),
    ("RB111", "curl -O 'http://desk/logs/part-[1-9].gz'"),
    ("RB112", 'psql -c "SELECT mean_exec_time FROM pg_stat_statements"'),
    ("RB112", 'psql -c "SELECT mean_time FROM our_latency"'),
    ("RB113", "# Check the book\ndeskctl positions\n\n# Check orders\ndeskctl orders list"),
    ("RB114", 'TOKEN=$(cat token)\ncurl -H "X: $TOKEN" https://desk.internal/v1/status'),
    ("RB114", 'curl -H "X: ${TOKEN:?see the vault}" https://desk.internal/v1/status'),
    ("RB114", "for pod in a b; do kubectl logs $pod; done"),
    ("RB114", "echo $HOME $?"),
    ("RB114", "awk '{print $NF}' x.csv"),
    ("RB115", 'rm -rf -- "${STATE_DIR:?}/cache"'),
    ("RB115", "ls $STATE_DIR"),
    ("RB116", "systemctl stop bot"),
    ("RB116", "kill $(cat /run/bot.pid)"),
    ("RB116", "pkill -x trading-bot"),
    ("RB117", "cd /opt/traderunner && ls /home/trader/logs"),
    ("RB118", "kubectl get pods -n desk\nkubectl top pods -n desk\nkubectl get nodes"),
    ("RB118", "kubectl get pods\nkubectl logs deploy/bot"),
    ("RB118",
        "kubectl config set-context --current --namespace=desk\nkubectl get pods -n desk\n"
        "kubectl get pods -n desk\nkubectl logs x"),
    ("RB119", "systemctl restart feed && echo 'feed restarted'"),
    ("RB119", "deskctl status\necho 'status done'"),
    ("RB119", "set -e\nsystemctl restart feed\necho 'feed restarted'"),
    ("RB119", 'systemctl restart feed\necho "exit code $?"'),
    ("RB119", "python -c 'from bot import ks; print(ks.reset_halt())'"),
    ("RB120", "kubectl exec bot-7f -- deskctl flatten\nkubectl scale deployment bot --replicas=0"),
    ("RB120", "kubectl scale deployment bot --replicas=0\nkubectl exec gateway-1 -- deskctl flatten"),
    ("RB120",
        "kubectl scale deployment bot --replicas=0\nkubectl scale deployment bot --replicas=1\n"
        "kubectl exec bot-1 -- ls"),
    ("RB121", "curl -s http://desk/api | jq '.data[0].value'"),
    ("RB121", "curl -s 'http://desk/api/positions?symbol=SPY'"),
    ("RB121", "ls logs/*.log"),
    ("RB122", "kubectl create secret generic s --from-literal=x=$(base64 -w0 x)"),
    ("RB122", "kubectl get secret s -o jsonpath='{.data.x}' | base64 -d"),
    ("RB124", "python -c 'from bot import AlpacaAdapter; AlpacaAdapter().cancel_all_orders()'"),
    ("RB124", "python -c 'from bot import DeskClient; DeskClient().resume()'"),
    ("RB125", "# Manual approval was given in the step above\ndeskctl status"),
    ("RB126", "curl 'http://desk/api/orders?status=open&limit=500'"),
    ("RB126", "python feed.py &"),
    ("RB127", "echo \"the desk's bot is down\""),
    ("RB127", "cat <<EOF\nthe desk's bot\nEOF"),
]  # fmt: skip

TRUE_PAGES = [
    ("RB110", page_of("cd /opt/bot\nls") + "\n3. **Look**\n\n```bash\ncat state/positions.json\n```\n"),
    ("RB110", page_of("POD=$(deskctl pod)") + '\n3. **Look**\n\n```bash\ndeskctl logs "$POD"\n```\n'),
    ("RB123", page_of("python -c \"from b import x; x.close_position('SPY')\"", "Flatten all positions")),
    ("RB123", page_of("curl -X DELETE https://broker/v2/positions/SPY", "Close all positions")),
    ("RB201", SEVERITIES.format(one="", body="1. Restart the feed")),
    ("RB202", "# Drawdown\n\n## Severity Levels\n\n### Level 1 (5-10% drawdown)\n- **Response Time**: 1 hour\n\n"
        "### Level 2 (8-20% drawdown)\n- **Response Time**: 5 min\n\n## Response\n\n1. Halt trading\n"),
    ("RB203", SEVERITIES.format(one="5 minutes", body="### 1. Triage (4 min)\n\n- Determine the severity\n"
        "- Check the dashboards\n\n### 2. Notify (2 min)\n\n- Notify stakeholders\n\n"
        "### 3. Mitigate\n\n- Halt trading\n")),
    ("RB204", "# Bot\n\n## Feed lost\n\n1. Restart the feed\n\n## Contacts\n\n- **On-call**: [Phone]\n"),
    ("RB205", "# Bot\n\n## Feed lost\n\n1. Restart the feed\n\n**Next Review:** 2026-02-27\n"),
    ("RB205", "# Bot\n\n## Feed lost\n\n1. Restart the feed\n\nNext review: March 3, 2026\n"),
    ("RB206",
        "# Bot\n\n## Feed lost\n\n1. Restart the feed\n\n## Quarterly drills\n\n- Q1: Simulate kill switch trigger\n"),
    ("RB207",
        "# Bot\n\n## Feed lost\n\n1. **Restart**\n   ```bash\n   systemctl restart bot\n   ```\n2. Tell the desk\n"),
    ("RB208", "# Bot\n\n## P0: Down\n\n1. Stop\n2. Restart the bot\n\n## P1: Halted\n\n1. **Look**\n"
        "   - Reset the kill switch (see P0 step 2)\n"),
    ("RB208", "# Bot\n\n## P0: Down\n\n1. Stop\n\n## P1: Halted\n\n1. **Look**\n   - Flatten (see P0 step 7)\n"),
    ("RB209", "# Bot\n\n## Feed lost\n\n1. **Decide**\n   - If the loss is within an acceptable range → go on\n"),
    ("RB209",
        "# Bot\n\n## Feed lost\n\n1. **Emergency flatten (if needed)**\n   ```bash\n   deskctl flatten\n   ```\n"),
    ("RB210", "# Bot\n\n## Feed lost\n\n1. Restart the feed\n"),
    ("RB211",
        "# Bot\n\n## Feed lost\n\nThe daily loss limit is 2 %.\n\n"
        "1. Halt when the daily loss limit of 3 % is broken\n"),
    ("RB211",
        SEVERITIES.format(one="5 minutes", body="1. Restart\n\n"
        "For SEV2 the on-call must respond within 30 minutes.\n")),
    ("RB212", SEVERITIES.format(one="1 minute", body="1. **Set up the alert**\n```bash\nkubectl apply -f - <<EOF\n"
        "    - alert: Down\n      expr: up == 0\n      for: 5m\nEOF\n```\n")),
    ("RB213", "# Bot\n\n## Feed lost\n\n1. **Restart**\n   ```bash\n   # TODO: systemctl restart feed\n   ```\n"),
    ("RB214", "# Bot\n\n## Feed lost\n\n1. Restart the feed\n\n```bash\ndeskctl status\n"),
    ("RB215", SEVERITIES.format(one="15 minutes", body="").replace("## Feed lost", "## SEV1: Feed lost") +
        "\n### Initial Response (First 5 Minutes)\n\n#### 1. Check the feed\n\n- Look at the status page\n\n"
        "#### 2. Restart the feed\n\n- Restart it\n"),
]  # fmt: skip

FALSE_PAGES = [
    ("RB110", page_of("cd /opt/bot\ncat state/positions.json")),
    ("RB110", page_of("POD=$(deskctl pod)\ndeskctl logs $POD")),
    ("RB123", page_of("python -c 'from b import x; x.close_all_positions()'", "Flatten all positions")),
    ("RB123", page_of("curl -X DELETE https://broker/v2/positions/SPY", "Close the SPY position")),
    ("RB201", SEVERITIES.format(one="5 minutes", body="1. Restart the feed")),
    ("RB202", "# Drawdown\n\n## Severity Levels\n\n### Level 1 (5-10% drawdown)\n- **Response Time**: 1 hour\n\n"
        "### Level 2 (>10% drawdown)\n- **Response Time**: 5 min\n\n## Response\n\n1. Halt trading\n"),
    ("RB203", SEVERITIES.format(one="5 minutes", body="### 1. Triage (1 min)\n\n- Determine the severity\n"
        "- Check the dashboards\n\n### 2. Mitigate\n\n- Halt trading\n")),
    ("RB203",
        SEVERITIES.format(one="5 minutes", body="### 1. Acknowledge the page (5 min)\n\n"
        "### 2. Halt trading\n\n- Halt\n")),
    ("RB204",
        "# Bot\n\n## Feed lost\n\n1. Restart the feed\n\n## Contacts\n\n- **On-call**: pager rota desk-primary\n"),
    ("RB205",
        "# Bot\n\n## Feed lost\n\n1. Restart the feed\n\n**Next Review:** 2027-02-27\n**Last Review:** 2025-01-01\n"),
    ("RB206",
        "# Bot\n\n## Kill switch triggered\n\n1. Look\n\n## Quarterly drills\n\n- Q1: Simulate kill switch trigger\n"),
    ("RB207",
        "# Bot\n\n## Feed lost\n\n1. **Restart**\n   ```bash\n   systemctl restart bot\n"
        "   systemctl status bot\n   ```\n"),
    ("RB207",
        "# Bot\n\n## Feed lost\n\n1. **Restart**\n   ```bash\n   systemctl restart bot\n   ```\n"
        "2. Verify health of the bot\n"),
    ("RB208", "# Bot\n\n## P0: Down\n\n1. Stop\n2. Restart the bot\n\n## P1: Halted\n\n1. **Look**\n"
        "   - Restart the bot (see P0 step 2)\n"),
    ("RB209", "# Bot\n\n## Feed lost\n\n1. **Decide**\n   - If the loss is below 2 % of equity → go on\n"),
    ("RB209", "# Bot\n\n## Feed lost\n\n1. Update the runbook if needed\n2. Look at the normal range of spreads\n"),
    ("RB210", "# Bot\n\n**RTO:** 30 minutes\n\n## Feed lost\n\n1. Restart the feed\n"),
    ("RB211", "# Bot\n\n## Feed lost\n\nThe daily loss limit is 2 %, the weekly loss limit is 5 %.\n\n1. Halt\n"),
    ("RB211",
        SEVERITIES.format(one="5 minutes", body="1. Restart\n\nFor SEV1 the on-call must respond within 5 minutes.\n")),
    ("RB212", SEVERITIES.format(one="10 minutes", body="1. **Set up the alert**\n```bash\nkubectl apply -f - <<EOF\n"
        "    - alert: Down\n      expr: up == 0\n      for: 5m\nEOF\n```\n")),
    ("RB213",
        "# Bot\n\n## Feed lost\n\n1. **Restart**\n   ```bash\n   # TODO: notify\n   systemctl restart feed\n   ```\n"),
    ("RB214", page_of("deskctl status")),
    ("RB215", SEVERITIES.format(one="5 minutes", body="").replace("## Feed lost", "## SEV1: Feed lost") +
        "\n### Initial Response (First 15 Minutes)\n\n#### 1. Check the feed\n\n- Look at the status page\n\n"
        "#### 2. Restart the feed\n\n- Restart it\n"),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "commands"), TRUE_COMMANDS)
def test_a_command_that_is_wrong_is_found(rule: str, commands: str) -> None:
    assert rule in rules_in(page_of(commands))


@pytest.mark.parametrize(("rule", "commands"), FALSE_COMMANDS)
def test_a_command_that_is_right_is_left_alone(rule: str, commands: str) -> None:
    assert rule not in rules_in(page_of(commands))


@pytest.mark.parametrize(("rule", "page"), TRUE_PAGES)
def test_a_page_that_is_wrong_is_found(rule: str, page: str) -> None:
    assert rule in rules_in(page)


@pytest.mark.parametrize(("rule", "page"), FALSE_PAGES)
def test_a_page_that_is_right_is_left_alone(rule: str, page: str) -> None:
    assert rule not in rules_in(page)


def test_every_rule_has_examples_of_both_kinds_and_a_help_page() -> None:
    right = {rule for rule, _ in (*FALSE_COMMANDS, *FALSE_PAGES)}
    wrong = {rule for rule, _ in (*TRUE_COMMANDS, *TRUE_PAGES)}
    for rule in all_rules():
        assert len(rule.page.split()) >= 8, rule.id
        if not rule.needs_repository:
            assert rule.id in right & wrong, rule.id


def test_a_hit_stands_on_the_line_and_column_of_the_mistake() -> None:
    page = "# Bot\n\n## Feed lost\n\n1. **Look**\n   ```bash\n   deskctl status\n   ps aux | grep bot\n   ```\n"
    (found,) = problems(page, select="RB109")
    assert (found.line, found.column, found.length) == (8, 4, 2)


def test_an_author_can_silence_a_rule_for_a_line_and_for_a_block() -> None:
    assert "RB107" not in rules_in(page_of("# lint-ignore RB107\ntail -f x.log"))
    silent = page_of("deskctl status\ntail -f x.log").replace("```bash", "<!-- lint-ignore RB107, RB114 -->\n```bash")
    assert "RB107" not in rules_in(silent)
    assert "RB107" in rules_in(page_of("# lint-ignore RB108\ntail -f x.log"))
