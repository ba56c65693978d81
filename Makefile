# Printdesk. `make` lists the targets; each installs what it needs first.

.DEFAULT_GOAL := help
.PHONY: help setup setup-dev chromium run demo test test-system lint format bench recheck clean

VENV := .venv
PY := $(VENV)/bin/python
PIP := $(PY) -m pip install -qq --disable-pip-version-check
ARGS ?=
DEV_PATHS := .
# More than there are cores: tests spend much of their time waiting for the processes they start.
WORKERS := $(shell expr $$(getconf _NPROCESSORS_ONLN) + 2)
# One file or a few tests finish before parallel workers would have started.
PYTEST = $(PY) -m pytest $(if $(ARGS),,-n $(WORKERS) --dist worksteal)

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(VENV)/.ready ## Make .venv and install the packages (only when they changed)
	@:

run: setup ## Start Printdesk; Ctrl-C stops it
	@$(PY) -m launch

demo: setup ## Start a second Printdesk with an invented lab and two years of history
	@$(PY) -m demo $(ARGS)

# With ARGS, Chromium is installed by the first chosen test that needs it.
test: setup-dev $(if $(ARGS),,chromium) ## Run the tests; ARGS="-k name" or a path to choose
	@$(PYTEST) -m "not system" $(ARGS)

test-system: setup-dev $(if $(ARGS),,chromium) ## Run the slow tests: crashes, whole launches, other servers
	@./.ci/debian-servers
	@$(PYTEST) -m system $(ARGS)

lint: setup-dev ## Check style and types of Python, JavaScript and CSS
	@$(PY) -m ruff check --quiet $(DEV_PATHS)
	@$(PY) -m ruff format --check --quiet $(DEV_PATHS)
	@$(PY) -m mypy
	@./.ci/check-assets $(PY)

format: setup-dev ## Format the code
	@$(PY) -m ruff check --fix --quiet $(DEV_PATHS)
	@$(PY) -m ruff format --quiet $(DEV_PATHS)

bench: setup-dev ## Run the benchmarks
	@set -e; for file in bench/*.py; do echo "== $$file"; $(PY) $$file; done

recheck: setup ## Have a running Printdesk check every model again
	@$(PY) -m launch.recheck

clean: ## Remove .venv, caches and tools from npm; data in var and storage stays
	@rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache
	@find . \( -name __pycache__ -o -name node_modules \) -type d -prune -exec rm -rf {} +

setup-dev: $(VENV)/.ready-dev

chromium: setup-dev
	@./.ci/chromium $(PY)

$(VENV)/.ready: requirements.txt
	@./.ci/venv $(VENV)
	@echo "Installing packages (once, about a minute)..."
	@$(PIP) -r requirements.txt || { echo "Installation failed. Where no prebuilt Redis exists for this Python, a C compiler is needed (Debian: apt-get install gcc make; macOS: xcode-select --install)." >&2; exit 1; }
	@touch $@

$(VENV)/.ready-dev: $(VENV)/.ready requirements-dev.txt
	@echo "Installing packages for tests and checks..."
	@$(PIP) -r requirements-dev.txt
	@touch $@
