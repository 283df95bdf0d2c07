# `make` alone lists the targets. Nothing is installed outside .venv, except Debian packages that
# `test` needs and root may add.
.DEFAULT_GOAL := help
.PHONY: help run check test test-full lint docs bench bench-litellm ten-weeks trial lock servers browser litellm clean
.NOTPARALLEL:

# Without compiled files every start takes two seconds longer.
unexport PYTHONDONTWRITEBYTECODE

PYTHON := .venv/bin/python
# A file runs in one process, so that its fixtures are made once.
WORKERS := --numprocesses 2 --dist loadfile
NO_SERVERS := --ignore tests/flow --ignore tests/integrations --ignore tests/bench
RUNTIME := .venv/.runtime-installed
TOOLS := .venv/.tools-installed
TRIAL := .venv/.trial-installed
OUT := ten-weeks
LITELLM := .venv-e2e/.installed
UV = $(or $(wildcard .venv/bin/uv),uv)
COMPILE = $(UV) pip compile --quiet pyproject.toml --universal --python-version 3.11 \
	--upgrade --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --no-annotate

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: $(RUNTIME) ## start the demo: the whole product on SQLite with replayed sample traffic
	@exec .venv/bin/switchwise up --demo

check: $(TOOLS) ## lint, types, import rules and the tests that need no server: in about a minute
	@$(MAKE) --no-print-directory lint & lint=$$!; \
	$(PYTHON) -m pytest -m "not full and not server and not filled" --hypothesis-profile=check \
		$(WORKERS) $(NO_SERVERS) $(PYTEST); tests=$$?; wait $$lint && exit $$tests

test: servers lint ## lint, types, import rules and every test that is not marked `full`
	@exec $(PYTHON) -m pytest -m "not full" $(WORKERS) $(PYTEST)

test-full: servers browser litellm lint ## everything that `test` does, and the slow and exotic tests too
	@exec $(PYTHON) -m pytest --hypothesis-profile=full $(PYTEST)

lint: $(TOOLS) ## ruff, mypy --strict and the import contracts
	@$(PYTHON) -m ruff check --quiet .
	@$(PYTHON) -m ruff format --quiet --check . || \
		{ echo "some files are not formatted; format them with: $(PYTHON) -m ruff format ." >&2; exit 1; }
	@$(PYTHON) -m mypy --no-error-summary
	@.venv/bin/lint-imports --no-logo > .venv/lint-imports.txt || { cat .venv/lint-imports.txt >&2; exit 1; }

docs: $(TOOLS) ## write the reference in docs/reference again, from the code
	@$(PYTHON) -m docs.generate

bench: $(TOOLS) servers ## run the benchmarks
	@exec $(PYTHON) -m bench

bench-litellm: servers litellm ## measure what LiteLLM loses, with our callback and without
	@exec $(PYTHON) -m bench.litellm

ten-weeks: $(TOOLS) ## make a ledger of ten weeks of invented traffic, and its /metrics, in OUT (./ten-weeks)
	@exec $(PYTHON) -m bench.tenweeks --out $(OUT)

trial: $(TRIAL) ## add what `switchwise trial run` needs to .venv

lock: ## resolve the dependencies again and write the lock files
	@$(COMPILE) --group build --output-file requirements/runtime.txt
	@$(COMPILE) --group build --extra dev --extra trial --constraint requirements/runtime.txt --output-file requirements/dev.txt
	@$(COMPILE) --group build --extra trial --constraint requirements/dev.txt --output-file requirements/trial.txt
	@$(COMPILE:pyproject.toml=) --group litellm --output-file requirements/litellm-e2e.txt

clean: ## remove what was installed and every cache (the data directory stays)
	@rm -rf .venv .venv-e2e .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis dist *.egg-info
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

servers: $(TOOLS)
	@sh deploy/setup/packages.sh redis-server:redis-server postgres:postgresql promtool:prometheus

browser: $(TOOLS)
	@sh deploy/setup/packages.sh chromium:chromium

litellm: $(LITELLM)

$(LITELLM): requirements/litellm-e2e.txt $(TOOLS)
	@echo "installing LiteLLM's proxy into .venv-e2e, about a minute ..." >&2
	@.venv/bin/uv venv --quiet --clear --python $(PYTHON) .venv-e2e
	@.venv/bin/uv pip install --quiet --python .venv-e2e --require-hashes --no-deps --compile-bytecode --requirement $<
	@touch $@

$(RUNTIME): requirements/runtime.txt pyproject.toml deploy/setup/venv.sh
	@sh deploy/setup/venv.sh requirements/runtime.txt
	@touch $@

$(TRIAL): requirements/trial.txt pyproject.toml deploy/setup/venv.sh
	@sh deploy/setup/venv.sh requirements/trial.txt
	@touch $@ $(RUNTIME)

$(TOOLS): requirements/dev.txt pyproject.toml deploy/setup/venv.sh
	@sh deploy/setup/venv.sh requirements/dev.txt
	@touch $@ $(RUNTIME) $(TRIAL)
