"""kubectl in the simulated firm: its words and exit codes, and what its changes do to orders and positions."""

from __future__ import annotations

import json

import pytest

from sim.clock import SECOND
from tests.drills.shell.tools.naming_desk import actions, failed, findings, typist

STOP = 'kubectl patch deployment trading-system -n production -p \'{"spec":{"replicas":0}}\''
CLOSE = (
    "kubectl exec -it trading-system-pod -n production -- curl -X POST http://localhost:8080/api/close-all-positions"
)


def test_the_pod_that_should_close_positions_is_gone_once_its_deployment_has_no_replica() -> None:
    who = typist(STOP, CLOSE)
    held = dict(who.world.ledger.positions())
    assert held
    assert who.out(STOP) == "deployment.apps/trading-system patched\n"
    outcome = who.type(CLOSE)
    failed(outcome, 1, 'Error from server (NotFound): pods "trading-system-pod" not found')
    assert outcome.findings == (
        'pod "trading-system-pod" is not found: trading-system was scaled to 0 replicas, so it has no pod',
    )
    who.hands.firm.run(120)
    assert who.world.ledger.positions() == held, "nobody has closed anything"


def test_in_the_other_order_positions_are_closed() -> None:
    who = typist(STOP, CLOSE)
    assert '"status":"ok"' in who.out(CLOSE)
    who.hands.firm.run(30)
    who.out(STOP)
    assert who.world.ledger.positions() == {}
    assert actions(who) == ["flatten", "stop_system"]


def test_a_pod_without_a_namespace_is_looked_for_in_default() -> None:
    close = CLOSE.replace(" -n production", "")
    who = typist("kubectl get pods -n production", close)
    outcome = who.type(close)
    failed(outcome, 1, 'pods "trading-system-pod" not found')
    assert 'it runs in namespace "production", the command looks in "default"' in outcome.findings[0]


def test_pods_are_listed_as_a_table_by_name_and_as_json() -> None:
    who = typist("kubectl get pods -l app=quant-trader -n prod", "kubectl logs postgres-0 -n prod")
    lines = who.out("kubectl get pods -n prod").splitlines()
    assert lines[0].split() == ["NAME", "READY", "STATUS", "RESTARTS", "AGE"]
    assert [line.split()[1:4] for line in lines[1:]] == [["1/1", "Running", "0"]] * 5
    assert "postgres-0" in lines[3] or any(line.startswith("postgres-0 ") for line in lines)
    assert who.out("kubectl get po -n prod -l app=quant-trader -o name").startswith("pod/quant-trader-")
    document = json.loads(who.out("kubectl get pod postgres-0 -n prod -o json"))
    assert (document["kind"], document["metadata"]["namespace"]) == ("Pod", "prod")
    assert who.out("kubectl get pods -n prod -l app=quant-trader -o jsonpath='{.items[0].status.phase}'") == "Running"
    assert len(who.out("kubectl get pods -A --no-headers").splitlines()) == 5


def test_what_is_not_there_is_not_found() -> None:
    who = typist("kubectl get pods -n prod")
    failed(who.type("kubectl get pod nosuch -n prod"), 1, 'Error from server (NotFound): pods "nosuch" not found')
    failed(who.type("kubectl scale deployment/nosuch --replicas=1 -n prod"), 1, 'deployments.apps "nosuch" not found')
    failed(who.type("kubectl get widgets -n prod"), 1, 'the server doesn\'t have a resource type "widgets"')
    failed(who.type("kubectl get cm nosuch -n prod"), 1, 'configmaps "nosuch" not found')
    assert who.type("kubectl get pods -n elsewhere").err == "No resources found in elsewhere namespace.\n"
    failed(who.type("kubectl get pods --wrong"), 1, "unknown flag: --wrong")
    failed(who.type("kubectl frobnicate"), 1, 'unknown command "frobnicate"')


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("kubectl edit deployment trading-system", "waits for a person"),
        ("kubectl get secret keys", "not kept here"),
        ("kubectl set selector svc/x a=b", "not known here"),
        ("kubectl get pods -o go-template-file=x", "Go templates"),
        ("kubectl port-forward svc/prometheus 9090", "until it is interrupted"),
    ],
)
def test_what_cannot_be_done_here_is_said(command: str, words: str) -> None:
    (why,) = typist().type(command).not_here
    assert words in why


def test_scaling_to_zero_and_back_stops_and_starts_the_trading_system() -> None:
    who = typist("kubectl scale deployment bot -n x --replicas=0")
    who.out("kubectl scale deployment bot -n x --replicas=0")
    assert not who.world.trading.up
    assert who.out("kubectl get deploy bot -n x --no-headers").split()[:2] == ["bot", "0/0"]
    who.out("kubectl scale deployment bot -n x --replicas=1 && kubectl rollout status deployment/bot -n x")
    assert who.world.trading.up
    assert actions(who) == ["stop_system", "start_system"]


def test_a_gateway_at_zero_replicas_lets_no_order_out() -> None:
    who = typist("kubectl scale deployment/order-router --replicas=0 -n trading")
    who.out("kubectl scale deployment/order-router --replicas=0 -n trading")
    order = who.hands.rest()
    assert order.status == "rejected"
    (denied,) = who.history.of("order.denied")
    assert denied.get("reason") == "no execution gateway"
    assert actions(who) == ["halt"]


def test_a_bad_deployment_is_seen_in_the_history_and_rolled_back() -> None:
    fault = {"kind": "bad_deploy", "version": "2.0.0", "symptom": "crash"}
    who = typist("kubectl rollout undo deployment/api -n trading", faults=[fault])
    history = who.out("kubectl rollout history deployment/api -n trading").splitlines()
    assert [line.split(maxsplit=1) for line in history[2:4]] == [["1", "<none>"], ["2", "image 2.0.0"]]
    assert int(who.out("kubectl get pods -n trading -l app=api --no-headers").split()[3]) >= 1, "it restarts"
    assert "process starting version=2.0.0" in who.out("kubectl logs deploy/api -n trading")
    who.out("kubectl rollout undo deployment/api -n trading && kubectl rollout status deployment/api -n trading")
    assert who.world.cluster["trading-system"].revision.version == "1.0.0"
    assert who.world.cluster.ready("trading-system")
    assert actions(who) == ["rollback"]


def test_without_an_earlier_revision_there_is_nothing_to_undo() -> None:
    who = typist("kubectl rollout undo deployment/api -n trading")
    failed(
        who.type("kubectl rollout undo deployment/api -n trading"), 1, 'no rollout history found for deployment "api"'
    )


def test_a_roll_out_that_never_gets_ready_exceeds_its_deadline() -> None:
    fault = {"kind": "bad_deploy", "version": "2.0.0", "symptom": "crash"}
    who = typist("kubectl rollout status deployment/api", faults=[fault])
    who.hands.world.cluster.crash_on_start("trading-system", "2.0.0")
    outcome = who.type("kubectl rollout status deployment/api --timeout=60s")
    failed(outcome, 1, "error: timed out waiting for the condition")
    assert outcome.statements[0].duration_us > 60 * SECOND


def test_a_deleted_pod_comes_back_under_another_name() -> None:
    who = typist("kubectl get pods -l app=feed-handler")
    before = who.out("kubectl get pods -l app=feed-handler -o name").strip()
    assert f'pod "{before.removeprefix("pod/")}" deleted' in who.out(f"kubectl delete {before}")
    who.hands.firm.run(30)
    after = who.out("kubectl get pods -l app=feed-handler -o name").strip()
    assert after
    assert after != before
    assert actions(who) == ["restart_service"]


def test_a_restart_gives_back_the_connections_that_the_service_held() -> None:
    who = typist("kubectl rollout restart deployment/api-service -n trading", faults=[{"kind": "pool_exhausted"}])
    assert who.world.database.in_use == who.world.database.pool_size
    who.out("kubectl rollout restart deployment/api-service -n trading")
    assert who.world.database.in_use < who.world.database.pool_size
    assert who.history.of("fault.healed")


def test_memory_limits_images_and_environment_are_rolled_out() -> None:
    who = typist("kubectl set resources deployment bot --limits=memory=1Gi")
    who.out("kubectl set resources deployment bot --limits=memory=1Gi")
    assert who.world.cluster["trading-system"].revision.limit_mib == 1024
    who.out("kubectl set image deployment/bot bot=registry/bot:1.2.0")
    assert who.world.cluster["trading-system"].revision.version == "1.2.0"
    who.out("kubectl set image deployment/bot bot=registry/bot:1.0.0")
    who.out("kubectl set env deployment/bot RISK_PER_TRADE=0.5")
    assert who.world.strategies.size_factor == 0.5
    failed(who.type("kubectl set image deployment/bot other=x:1"), 1, 'unable to find container named "other"')
    assert actions(who) == ["raise_limits", "configure", "rollback", "configure"]


def test_a_configuration_map_is_patched_and_read_at_the_next_start() -> None:
    who = typist("kubectl get configmap trading-config -n production")
    text = '{"data":{"config.toml":"risk_per_trade = 0.25"}}'
    patch = f"kubectl patch configmap trading-config -n production --patch '{text}'"
    assert who.out(patch) == "configmap/trading-config patched\n"
    assert who.out(patch) == "configmap/trading-config patched (no change)\n"
    assert who.world.strategies.size_factor == 1.0, "a running process has read its configuration already"
    who.out("kubectl rollout restart deployment/trading-system -n production")
    who.hands.firm.run(60)
    assert who.world.strategies.size_factor == 0.25
    assert "risk_per_trade = 0.25" in who.out("kubectl get cm trading-config -n production -o yaml")


def test_a_substitution_in_single_quotes_lands_in_the_map_as_it_stands() -> None:
    who = typist("kubectl get configmap trading-config -n production")
    text = 'kubectl patch configmap trading-config -n production --patch \'{"data":{"a":"$(cat x | base64)"}}\''
    assert who.out(text) == "configmap/trading-config patched\n"
    maps = who.world.cluster.config_maps.get("trading-config")
    assert maps is not None
    assert maps["a"] == "$(cat x | base64)"
    assert findings(who) == ["literal"]


def test_a_patch_that_is_no_json_is_refused() -> None:
    who = typist("kubectl get configmap trading-config -n production")
    outcome = who.type("kubectl patch configmap trading-config -n production -p '{\"data\": '")
    failed(outcome, 1, "unable to parse")


RULE = """kubectl apply -f - <<EOF
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: more-alerts
spec:
  groups:
  - name: drawdown.rules
    rules:
    - alert: SafeModeSeen
      expr: {expr}
      for: 30s
      labels:
        severity: critical
EOF"""


def test_an_applied_alert_rule_fires_in_this_firm() -> None:
    who = typist("kubectl get pods")
    assert "prometheusrule.monitoring.coreos.com/more-alerts created" in who.out(
        RULE.format(expr="trading_safe_mode > 0")
    )
    who.hands.firm.soon(lambda: who.world.trading.set_safe_mode(True, by="test"))
    who.hands.firm.run(90)
    assert "SafeModeSeen" in [alert.name for alert in who.world.monitoring.firing()]


def test_a_rule_about_a_metric_that_nothing_exports_is_a_finding() -> None:
    who = typist("kubectl get pods")
    who.out(RULE.format(expr="increase(nobody_exports_this[5m]) > 5"))
    assert findings(who) == ["rule_without_metric"]


def test_a_rule_that_this_monitoring_cannot_evaluate_is_not_here() -> None:
    (why,) = typist().type(RULE.format(expr="sum(rate(a[5m])) / sum(rate(b[5m])) > 0.5")).not_here
    assert "cannot be evaluated by the monitoring of this firm" in why


def test_exec_propagates_the_exit_code_and_says_that_there_is_no_tty() -> None:
    who = typist("kubectl exec -it postgres-0 -- psql")
    outcome = who.type("kubectl exec -it postgres-0 -- bash -c 'exit 3'")
    assert (outcome.code, outcome.err) == (
        3, "Unable to use a TTY - input is not a terminal or the right kind of file\ncommand terminated with exit "
            "code 3\n",
    )  # fmt: skip
    failed(who.type("kubectl exec postgres-0"), 1, "you must specify at least one command for the container")


def test_the_api_answers_inside_its_own_pod_only() -> None:
    who = typist("kubectl exec trader-pod -- true", "kubectl exec postgres-0 -- true")
    assert '"status":"ok"' in who.out("kubectl exec trader-pod -- curl -s http://localhost:8080/health")
    outcome = who.type("kubectl exec postgres-0 -- curl http://localhost:8080/health")
    assert outcome.code == 52, "a database does not speak HTTP"


def test_logs_are_those_of_the_container_that_runs_and_of_the_one_before() -> None:
    who = typist("kubectl logs bot-0")
    assert who.type("kubectl logs bot-0 --previous").code == 1
    who.hands.firm.soon(lambda: who.world.trading.halt("too much loss", by="test"))
    who.hands.firm.run(1)
    assert "KILL SWITCH TRIGGERED" in who.out("kubectl logs bot-0 --tail=1")
    who.hands.firm.soon(lambda: who.world.cluster.kill("trading-system"))
    who.hands.firm.run(60)
    assert "KILL SWITCH" not in who.out("kubectl logs bot-0")
    assert "KILL SWITCH TRIGGERED" in who.out("kubectl logs bot-0 -p")


def test_followed_logs_are_looked_at_for_a_while() -> None:
    who = typist("kubectl logs bot-0 -f")
    outcome = who.type("kubectl logs bot-0 -f", observe_us=20 * SECOND)
    assert outcome.statements[0].observed
    assert 20 * SECOND <= outcome.statements[0].duration_us < 25 * SECOND


def test_a_node_is_cordoned_and_takes_no_new_pod() -> None:
    who = typist("kubectl get nodes")
    assert who.out("kubectl cordon node-a") == "node/node-a cordoned\n"
    assert "Ready,SchedulingDisabled" in who.out("kubectl get nodes")
    who.out("kubectl rollout restart deployment/market-data && kubectl rollout status deployment/market-data")
    assert {row.node for row in who.world.cluster.status("market-data")} == {"node-b"}
    failed(who.type("kubectl cordon node-z"), 1, 'nodes "node-z" not found')


def test_wait_describes_and_tops() -> None:
    who = typist("kubectl wait --for=condition=ready pod -l app=bot")
    assert "condition met" in who.out("kubectl wait --for=condition=ready pod -l app=bot --timeout=30s")
    assert "Restart Count:" in who.out("kubectl describe pod $(kubectl get pods -l app=bot -o name | cut -d/ -f2)")
    assert who.out("kubectl top pods").splitlines()[0].split() == ["NAME", "CPU(cores)", "MEMORY(bytes)"]
    assert "node-a" in who.out("kubectl top nodes")


def test_the_same_commands_leave_the_same_history() -> None:
    digests = set()
    for _ in range(2):
        who = typist(STOP, CLOSE)
        who.type(f"{CLOSE}\n{STOP}\nkubectl get pods -A -o yaml\nkubectl top pods -A")
        digests.add(who.history.digest())
    assert len(digests) == 1


def test_a_restarted_prometheus_sees_again() -> None:
    text = "kubectl rollout restart deployment/prometheus -n monitoring"
    who = typist(text, faults=[{"kind": "monitoring_dead"}])
    assert not who.world.monitoring.alive
    who.out(text)
    assert who.world.monitoring.alive
    assert actions(who) == ["restore_monitoring"]


def test_a_container_goes_by_the_name_that_the_runbook_uses() -> None:
    who = typist("kubectl logs deploy/bot -c main --tail=1")
    assert who.out("kubectl logs deploy/bot -c main --tail=1")
    failed(who.type("kubectl logs deploy/bot -c other"), 1, "container other is not valid for pod")
    who.out("kubectl set image deployment/bot main=bot:1.1.0")
    assert who.world.cluster["trading-system"].revision.version == "1.1.0"


def test_a_pod_without_a_database_has_no_socket_to_one() -> None:
    who = typist("kubectl exec deploy/bot -- psql", "kubectl exec deploy/bot -- psql -h postgres")
    failed(who.type("kubectl exec deploy/bot -- psql -c 'SELECT 1'"), 2, "No such file or directory")
    assert "(1 row)" in who.out("kubectl exec deploy/bot -- psql -h postgres -c 'SELECT 1'")


def test_a_setting_that_nothing_reads_is_said_to_be_one() -> None:
    who = typist("kubectl set env deployment/bot TRADING_ENABLED=false")
    who.out("kubectl set env deployment/bot TRADING_ENABLED=false")
    assert findings(who) == ["unknown_setting"]
    assert who.world.trading.halted is None
