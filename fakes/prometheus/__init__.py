"""Prometheus and its Alertmanager, as far as an on-call asks them: queries, rules, alerts, targets, silences.

`promql` evaluates the language; `source` shows it a World's monitoring; `core` speaks the HTTP API.
"""
