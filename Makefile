# Printdesk. `make` lists what there is; every target does its own set-up first.

.DEFAULT_GOAL := help
.PHONY: help setup setup-dev chromium run demo test lint format bench recheck clean

VENV := .venv
PY := $(VENV)/bin/python
PIP := $(PY) -m pip install -qq --disable-pip-version-check
ARGS ?=
DEV_PATHS := .
# More than there are cores: much of what tests do is wait for the processes that they start.
WORKERS := $(shell expr $$(getconf _NPROCESSORS_ONLN) + 2)

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(VENV)/.ready ## Make .venv and install the packages (only when they changed)
	@:

run: setup ## Start Printdesk; Ctrl-C stops it
	@$(PY) -m launch

demo: setup ## Start it with an invented lab and two years of history, beside your own
	@$(PY) -m demo $(ARGS)

test: setup-dev chromium ## Run all tests; ARGS="-k name" to choose
	@$(PY) -m pytest -n $(WORKERS) --dist worksteal $(ARGS)

lint: setup-dev ## Check style and types
	@$(PY) -m ruff check --quiet $(DEV_PATHS)
	@$(PY) -m ruff format --check --quiet $(DEV_PATHS)
	@$(PY) -m mypy

format: setup-dev ## Put the code into the house format
	@$(PY) -m ruff check --fix --quiet $(DEV_PATHS)
	@$(PY) -m ruff format --quiet $(DEV_PATHS)

bench: setup-dev ## Run the benchmarks
	@set -e; for file in bench/*.py; do echo "== $$file"; $(PY) $$file; done

recheck: setup ## Have a running Printdesk check every model again
	@$(PY) -m launch.recheck

clean: ## Remove .venv and caches; data in var and storage stays
	@rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

setup-dev: $(VENV)/.ready-dev

chromium: setup-dev
	@./.ci/chromium $(PY)

$(VENV)/.ready: requirements.txt
	@./.ci/venv $(VENV)
	@echo "Installing packages (once, about a minute)..."
	@$(PIP) -r requirements.txt || { echo "Installing failed. Where no ready-made Redis exists for this Python, a C compiler is needed (Debian: apt-get install gcc make; macOS: xcode-select --install)." >&2; exit 1; }
	@touch $@

$(VENV)/.ready-dev: $(VENV)/.ready requirements-dev.txt
	@echo "Installing packages for tests and checks..."
	@$(PIP) -r requirements-dev.txt
	@touch $@
