# Everything that people do here; each target sets itself up, quietly and only once.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RUN_TIME := $(VENV)/.run-time
DEVELOPMENT := $(VENV)/.development
PYTEST := $(BIN)/python -m pytest
CONSOLE := functions/console
TOOLCHAIN := $(VENV)/.toolchain
MODULES := $(CONSOLE)/node_modules/.installed
DENO := cd $(CONSOLE) && DENO_DIR=$(CURDIR)/$(VENV)/deno DENO_NO_UPDATE_CHECK=1 $(CURDIR)/$(BIN)/deno
# What is compiled is kept, whatever the machine says: hundreds of processes read the same source.
export PYTHONDONTWRITEBYTECODE :=
# More processes than cores: tests of servers, browsers and the emulator mostly wait.
SIDE_BY_SIDE := -n 4 --dist worksteal
# For every platform and every Python that we run on; no address of an index stands in a lock.
LOCK := $(BIN)/uv pip compile --quiet --no-config --upgrade --universal --python-version 3.11 \
	--generate-hashes --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock"

.DEFAULT_GOAL := help
.PHONY: help demo run console emulator test check lint-console lint-python bench storm lock

help: ## Show this list
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' Makefile | expand -t 10

demo: $(RUN_TIME) ## Run a whole campaign on this machine, with a crash in the middle
	@$(BIN)/python -m functions demo

run: $(RUN_TIME) ## Serve Clarion on SQLite, with the console
	@$(MAKE) --no-print-directory --silent console 2>$(VENV)/console.log || \
		echo "The console could not be built ($(VENV)/console.log says why); the API is served" \
			$$(test -f $(CONSOLE)/dist/index.html && echo "with the one before" || echo "without it")
	@$(BIN)/python -m functions serve

console: $(CONSOLE)/dist/index.html ## Build the console

emulator: $(RUN_TIME) ## Serve Clarion on the Firestore emulator; its data is kept
	@$(BIN)/python infra/emulator.py $(BIN)/python -m functions serve

test: $(DEVELOPMENT) ## Run the quick tests
	@$(PYTEST) $(SIDE_BY_SIDE) -m "not slow and not storm"

check: $(DEVELOPMENT) ## Do what CI does: format, lint, types, layers, tests
	@$(MAKE) --no-print-directory --jobs=2 lint-console lint-python
	@$(PYTEST) $(SIDE_BY_SIDE) -m "not storm"

lint-console: console
	@$(DENO) fmt --check --quiet
	@$(DENO) lint --quiet
	@$(DENO) check --quiet .
	@$(DENO) test --quiet --reporter=dot

lint-python: $(DEVELOPMENT)
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/lint-imports --no-logo

bench: $(RUN_TIME) ## Measure, and print the figures
	@$(BIN)/python -m benchmarks

storm: $(DEVELOPMENT) ## Run the long version of the kill tests
	@$(PYTEST) -m storm

lock: $(DEVELOPMENT) ## Resolve the requirements anew, into the locks that every target installs from
	@$(LOCK) requirements-setup.txt -o requirements-setup.lock
	@$(LOCK) requirements-dev.txt -o requirements-dev.lock
	@$(LOCK) requirements.txt -c requirements-dev.lock -o requirements.lock
	@$(LOCK) $(CONSOLE)/requirements.txt -o $(CONSOLE)/requirements.lock

# What the console is made of; its types are made of the API's own document.
SOURCES := $(shell find $(CONSOLE) -name node_modules -prune -o -name dist -prune -o \
	\( -name '*.ts' -o -name '*.tsx' -o -name '*.css' -o -name index.html \) ! -name schema.d.ts -print)
API := $(shell find functions/api functions/domain functions/web -name '*.py')

$(CONSOLE)/dist/index.html: $(SOURCES) $(CONSOLE)/schema.d.ts
	@$(DENO) run --quiet --allow-read --allow-write --allow-env --allow-run build.ts

$(CONSOLE)/schema.d.ts: $(API) $(MODULES)
	@$(BIN)/python -m functions openapi > $(CONSOLE)/node_modules/openapi.json
	@$(DENO) run --quiet --allow-all types.ts < $(CURDIR)/$(CONSOLE)/node_modules/openapi.json

$(MODULES): $(CONSOLE)/deno.json $(CONSOLE)/deno.lock $(TOOLCHAIN)
	@$(DENO) install --quiet --frozen
	@touch $(MODULES)

$(TOOLCHAIN): $(CONSOLE)/requirements.lock $(RUN_TIME)
	@echo "Setting up what builds the console (once)"
	$(call install,$(CONSOLE)/requirements.lock)
	@touch $(TOOLCHAIN)

# pip's own output is of use only when it fails, and then it speaks for itself.
PIP := $(BIN)/python -m pip install -qq --disable-pip-version-check --require-hashes

# uv takes a fifth of pip's time. pip is left to do it where uv cannot: where there is no uv for the
# machine, or behind an index of which pip alone has been told.
define install
	@$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes \
		-r $(1) 2>/dev/null || $(PIP) -r $(1)
endef

define set_up
	@echo "Setting up .venv (once)"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Clarion needs Python 3.11 or newer; name one: make PYTHON=python3.12")'
	@$(PYTHON) -m venv $(VENV)
	@$(PIP) --only-binary=:all: -r requirements-setup.lock 2>/dev/null || true
	$(call install,$(1))
	@touch $(2)
endef

$(RUN_TIME): requirements.lock
	$(call set_up,requirements.lock,$(RUN_TIME))

$(DEVELOPMENT): requirements-dev.lock
	$(call set_up,requirements-dev.lock,$(RUN_TIME) $(DEVELOPMENT))
