# One command per intention; CI calls the same ones.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.DEFAULT_GOAL := help
.PHONY: help install demo up real test test-all check format bench lock clean

help: ## What can be done here
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

install: $(STAMP) ## Only the .venv, with the comptroller command in it

$(STAMP): requirements.lock pyproject.toml
	@echo "Installing into $(VENV) (about a minute) ..."
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed, this is " + sys.version.split()[0])'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

demo: install ## The main job on an invented company: load, allocate, plan, report
	@$(BIN)/comptroller demo

up: install ## API, scheduler and dashboard on 127.0.0.1
	@$(BIN)/comptroller up

SHARED_DATA ?= ../shared/data
real: install ## The main job on real prices and real jobs (SHARED_DATA=folder)
	@$(BIN)/python -m benchmarks.real_input --data $(SHARED_DATA)

test: install ## The tests that need nothing beyond the lock file
	@$(BIN)/pytest -q -n auto --maxprocesses 4

test-all: install ## Installs what the other tests need (Debian packages, peers in .peers), then runs everything
	@bash .ci/install-extras $(PYTHON)
	@$(BIN)/coverage erase
	@$(BIN)/coverage run -m pytest -q --all -n auto --maxprocesses 4 --junitxml=$(VENV)/tests.xml
	@$(BIN)/coverage combine --quiet
	@$(BIN)/coverage json --quiet -o $(VENV)/coverage.json
	@$(BIN)/python .ci/gate.py $(VENV)/tests.xml $(VENV)/coverage.json
	@bash .ci/on-external-server $(BIN)/pytest -q tests/service/store tests/warehouse
	@bash .ci/check-wheel $(PYTHON)

check: install ## Lint, format, types, layers, models against migrations
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy .
	@$(BIN)/lint-imports
	@$(BIN)/comptroller db check-models

format: install ## Format and sort
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

bench: install ## The benchmarks of docs/benchmarks.md
	@$(BIN)/python -m benchmarks.ledger
	@$(BIN)/python -m benchmarks.load
	@$(BIN)/python -m benchmarks.questions
	@$(BIN)/python -m benchmarks.maintain
	@$(BIN)/python -m benchmarks.plan
	@$(BIN)/python -m benchmarks.usage
	@$(BIN)/python -m benchmarks.waste

LOCK := uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header
lock: ## The lock files anew from pyproject.toml and .ci/bigquery.in (needs uv)
	$(LOCK) pyproject.toml --group dev --output-file requirements.lock
	$(LOCK) pyproject.toml --group dev --extra spark --output-file requirements-spark.lock
	$(LOCK) .ci/bigquery.in --output-file .ci/bigquery.lock

clean: ## What was installed and built
	rm -rf $(VENV) dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage*
