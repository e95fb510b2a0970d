# Firedrill. `make drill` for a first look, `make test` for everything CI checks.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: help drill test lint types unit old-client bench soak selftest clean

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## */\t/' | expand -t 12

$(STAMP): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Firedrill needs Python 3.11 or newer; set PYTHON=python3.x")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --group dev --group compat --editable .
	@touch $@

drill: $(STAMP)  ## set up, then run the Q1 kill-switch drill
	@$(BIN)/firedrill run q1 --seed 7

test: lint types unit  ## everything CI checks

lint: $(STAMP)  ## ruff and the import layers
	$(BIN)/ruff check .
	$(BIN)/lint-imports --no-cache

types: $(STAMP)  ## mypy, strict
	$(BIN)/mypy

unit: $(STAMP)  ## the test suite, without the soaks
	$(BIN)/pytest -q -n auto -m 'not slow'

old-client: $(STAMP)  ## the environment of alpaca-trade-api, which the tests else make at first use
	$(BIN)/python tests/fakes/alpaca/old_environment.py

soak: $(STAMP)  ## the long tests
	$(BIN)/pytest -q -n auto -m slow

bench: $(STAMP)  ## one line per ratio: name, ratio, target, ok or short
	$(BIN)/python -m drills.bench

selftest: $(STAMP)  ## planted defects caught, reference bot clean
	$(BIN)/firedrill selftest

clean:  ## forget the environment and the stored runs
	rm -rf $(VENV) results/runs .pytest_cache .mypy_cache .ruff_cache .hypothesis
