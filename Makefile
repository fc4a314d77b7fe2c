# `make` prints this help. Everything runs from .venv, which `make setup` makes from requirements.lock.
PY := .venv/bin/python
export PYTHONDONTWRITEBYTECODE ?=

.DEFAULT_GOAL := help
.PHONY: help setup region scenario test check lint types layers protos drift pytest access-matrix peers format generate charts cluster-test lock bench bench-gateway bench-exchange bench-footprint simulate fuzz moves faults alerts observe clean

help: ## Print this help
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## Make .venv with the locked dependencies
	@sh tools/setup.sh

region: setup ## Start the centre, Fiji and Tonga on this machine, until Ctrl-C
	@exec .venv/bin/bluepacific region $(ARGS)

scenario: setup ## Play one working day in the running region
	@.venv/bin/bluepacific scenario $(ARGS)

test: check pytest ## Run every check and the whole test suite

check: lint types layers protos drift ## Run the checks alone

lint: setup
	.venv/bin/ruff check --quiet .
	.venv/bin/ruff format --quiet --check .

types: setup
	.venv/bin/mypy libs/verify/src libs/access/src libs/kit/src libs/client/src libs/node/src $(wildcard services/*/src)

layers: setup
	.venv/bin/lint-imports --no-logo

protos: setup
	@sh tools/lint_protos.sh

drift: setup
	@sh tools/drift.sh

pytest: setup
	@sh tools/charts.sh
	$(PY) -m pytest -q -n auto --no-loadscope-reorder $(ARGS)

access-matrix: setup ## Ask the access policies every question of docs/access.md: `cells N wrong M`
	@$(PY) -m tests.access $(ARGS)

peers: setup ## Sign in with clients, a provider and a browser's passkeys that others wrote
	$(PY) -m pytest -q tests/sign_in $(ARGS)

format: setup ## Format the code and mend what ruff can
	.venv/bin/ruff check --quiet --fix . ; .venv/bin/ruff format --quiet .

generate: setup ## Generate libs/protos and docs/errors.md from protos/, and the charts' schemas from the settings
	sh tools/generate.sh
	$(PY) tools/write_errors.py
	$(PY) tools/write_chart_schemas.py

charts: ## Put the charts together in build/charts/node, for `helm install`
	@python3 tools/build_charts.py

cluster-test: setup ## Install a region on the cluster of KUBECONFIG, play the day, kill, upgrade and roll back; needs the images
	$(PY) -m pytest -q -p no:randomly tests/cluster $(ARGS)

lock: setup ## Resolve the dependencies anew into requirements.lock
	sh tools/lock.sh --upgrade

bench: setup ## Run the benchmarks and write docs/bench.md
	$(PY) -m tests.bench

bench-%: setup
	$(PY) -m tests.bench $* $(ARGS)

PROMTOOL ?= promtool
alerts: ## Check the alert rules and try each of them, by PROMTOOL=promtool
	@$(PROMTOOL) check rules deploy/observability/alerts.yaml
	@$(PROMTOOL) test rules deploy/observability/alerts_test.yaml

observe: setup ## A region's day seen by JAEGER=jaeger and PROMETHEUS=prometheus: a trace over two nodes, every metric
	@$(PY) -m tests.observability --jaeger $(or $(JAEGER),jaeger) --prometheus $(or $(PROMETHEUS),prometheus) $(ARGS)

SEEDS ?= 10000
moves: setup ## A service to its other place and back, its mover killed at each step in turn
	@BP_KILL_POINTS=all $(PY) -m pytest -q -n 0 tests/pods/test_moving.py $(ARGS)

faults: setup ## Real nodes under real faults: ROUNDS=n each, KILLS=n more by kill -9, SCENES="disk-full ..."
	@$(PY) -m tests.faults --rounds $(or $(ROUNDS),1) --kills $(or $(KILLS),0) $(SCENES) $(ARGS)

simulate: setup ## Simulate whole networks: SEEDS=10000; ARGS="--seed S" replays one, ARGS=--json
	@$(PY) -m tests.simulation --seeds $(SEEDS) $(ARGS)

fuzz: setup ## Fuzz what reads a peer's bytes; SECONDS=60 for each of ten entrances
	@sh tools/fuzz.sh $(or $(SECONDS),60)

clean: ## Remove the environment, caches and the region's state
	rm -rf .venv .tools .cache .state build .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
