# `make help` lists the targets. Everything happens in .venv; nothing else on the machine changes.

PYTHON := .venv/bin/python
UV ?= uv
LOCK = $(UV) pip compile --python-version 3.10 --generate-hashes --no-header --no-emit-index-url \
	--no-annotate --quiet

.DEFAULT_GOAL := help
.PHONY: help run test check train bench bench-nlu soak lock environment test-environment

help: ## Show this list
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: environment ## Set everything up and run the whole desk until Ctrl-C
	@exec $(PYTHON) -m bot up --under-make

test: test-environment ## Set everything up and run the whole test suite
	@exec $(PYTHON) -m pytest

check: test-environment ## Lint, types, import contracts and the sentences of the model
	$(PYTHON) -m ruff check .
	$(PYTHON) -m mypy
	.venv/bin/lint-imports
	$(PYTHON) scripts/lint_corpus.py

train: environment ## Train the model unless one exists for the present content
	@exec $(PYTHON) -m bot train

bench: test-environment ## Measure under load, beside stock Rasa and bare Flask (BENCH="--json FILE")
	@exec $(PYTHON) -m benchmarks $(BENCH)

bench-nlu: test-environment ## Measure the understanding (DATA=folder of public sets, BENCH="--only tests")
	@exec $(PYTHON) -m benchmarks.nlu $(BENCH)

soak: test-environment ## Kill everything while customers write; a provider that fails; a locked database (SOAK_MESSAGES=500, PAIRS=1)
	$(PYTHON) -m benchmarks.soak
	$(PYTHON) -m benchmarks.soak_provider
	OUTAGE_LOCK_SECONDS=60 $(PYTHON) -m pytest tests/journeys/test_database_outage.py -k sqlite

lock: ## Make both lock files anew from requirements.in and requirements-dev.in
	@command -v $(UV) >/dev/null || { echo "make lock needs uv (pip install uv)" >&2; exit 1; }
	$(LOCK) requirements.in --output-file requirements.txt
	$(LOCK) requirements-dev.in --constraints requirements.txt --output-file requirements-dev.txt

environment:
	@bash scripts/environment.sh requirements.txt

test-environment:
	@bash scripts/environment.sh requirements.txt requirements-dev.txt
