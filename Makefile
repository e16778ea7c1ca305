# Everything that people do here; each target sets itself up, quietly and only once.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RUN_TIME := $(VENV)/.run-time
DEVELOPMENT := $(VENV)/.development
PYTEST := $(BIN)/python -m pytest
# A folder's tests stay together, for what they share, until a process has nothing left to do.
BOTH_CORES := -n 2 --dist worksteal
# For every platform and every Python that we run on; no address of an index stands in a lock.
LOCK := $(BIN)/uv pip compile --quiet --no-config --upgrade --universal --python-version 3.11 \
	--generate-hashes --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock"

.DEFAULT_GOAL := help
.PHONY: help demo run emulator test check bench storm lock

help: ## Show this list
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' Makefile | expand -t 10

demo: $(RUN_TIME) ## Run a whole campaign on this machine, with a crash in the middle
	@$(BIN)/python -m functions demo

run: $(RUN_TIME) ## Serve Clarion on SQLite
	@$(BIN)/python -m functions serve

emulator: $(RUN_TIME) ## Serve Clarion on the Firestore emulator; its data is kept
	@$(BIN)/python infra/emulator.py $(BIN)/python -m functions serve

test: $(DEVELOPMENT) ## Run the quick tests
	@$(PYTEST) $(BOTH_CORES) -m "not slow and not storm"

check: $(DEVELOPMENT) ## Do what CI does: format, lint, types, layers, tests
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/lint-imports --no-logo
	@$(PYTEST) $(BOTH_CORES) -m "not storm"

bench: $(RUN_TIME) ## Measure, and print the figures
	@$(BIN)/python -m benchmarks

storm: $(DEVELOPMENT) ## Run the long version of the kill tests
	@$(PYTEST) -m storm

lock: $(DEVELOPMENT) ## Resolve the requirements anew, into the locks that every target installs from
	@$(LOCK) requirements-dev.txt -o requirements-dev.lock
	@$(LOCK) requirements.txt -c requirements-dev.lock -o requirements.lock

# pip's own output is of use only when it fails, and then it speaks for itself.
define set_up
	@echo "Setting up .venv (once)"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Clarion needs Python 3.11 or newer; name one: make PYTHON=python3.12")'
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --require-hashes -r $(1)
	@touch $(2)
endef

$(RUN_TIME): requirements.lock
	$(call set_up,requirements.lock,$(RUN_TIME))

$(DEVELOPMENT): requirements-dev.lock
	$(call set_up,requirements-dev.lock,$(RUN_TIME) $(DEVELOPMENT))
