# `make` alone lists the targets. Nothing is installed outside .venv, except Debian packages that `test` needs and root may add.
.DEFAULT_GOAL := help
.PHONY: help run test test-full lint bench lock servers browser clean
.NOTPARALLEL:

# Without compiled files every start takes two seconds longer.
unexport PYTHONDONTWRITEBYTECODE

PYTHON := .venv/bin/python
RUNTIME := .venv/.runtime-installed
TOOLS := .venv/.tools-installed
UV = $(or $(wildcard .venv/bin/uv),uv)
COMPILE = $(UV) pip compile --quiet pyproject.toml --group build --universal --python-version 3.11 \
	--upgrade --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --no-annotate

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: $(RUNTIME) ## start the demo: the whole product on SQLite with replayed sample traffic
	@exec .venv/bin/switchwise up --demo

test: servers lint ## lint, types, import rules and every test that is not marked `full`
	@exec $(PYTHON) -m pytest -m "not full" $(PYTEST)

test-full: servers browser lint ## everything that `test` does, and the slow and exotic tests too
	@exec $(PYTHON) -m pytest --hypothesis-profile=full $(PYTEST)

lint: $(TOOLS) ## ruff, mypy --strict and the import contracts
	@$(PYTHON) -m ruff check --quiet .
	@$(PYTHON) -m ruff format --quiet --check . || \
		{ echo "some files are not formatted; format them with: $(PYTHON) -m ruff format ." >&2; exit 1; }
	@$(PYTHON) -m mypy --no-error-summary
	@.venv/bin/lint-imports --no-logo > .venv/lint-imports.txt || { cat .venv/lint-imports.txt >&2; exit 1; }

bench: $(TOOLS) servers ## run the benchmarks
	@exec $(PYTHON) -m bench

lock: ## resolve the dependencies again and write both lock files
	@$(COMPILE) --output-file requirements.txt
	@$(COMPILE) --extra dev --constraint requirements.txt --output-file requirements-dev.txt

clean: ## remove .venv and every cache (the data directory stays)
	@rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis dist *.egg-info
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

servers: $(TOOLS)
	@sh deploy/setup/packages.sh redis-server:redis-server postgres:postgresql promtool:prometheus

browser: $(TOOLS)
	@sh deploy/setup/packages.sh chromium:chromium

$(RUNTIME): requirements.txt pyproject.toml deploy/setup/venv.sh
	@sh deploy/setup/venv.sh requirements.txt
	@touch $@

$(TOOLS): requirements-dev.txt pyproject.toml deploy/setup/venv.sh
	@sh deploy/setup/venv.sh requirements-dev.txt
	@touch $@ $(RUNTIME)
