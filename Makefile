# The tools come from uv.lock; uv itself from PATH, or from a virtual environment of its own.
SHELL := /bin/sh
PYTHON := $(shell for name in python3.11 python3.12 python3 python3.13 python3.14; do \
	"$$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && command -v "$$name" && break; done)
UV := $(shell command -v uv || echo .uv/bin/uv)
SYNC = UV_PYTHON_DOWNLOADS=never $(UV) sync --frozen --inexact --quiet --python "$(PYTHON)" --no-dev --group embedded
RUN := .venv/bin/

.DEFAULT_GOAL := help
.PHONY: help up manage check test format lock bench test-crash fuzz conformance clean

help: ## this list
	@grep -E '^[a-z.-]+:.*## ' Makefile | sed -E 's/^([a-z.-]+):.*## /  make \1\t/' | expand -t 22

up: .venv/.synced-up ## start everything on this machine; Ctrl-C ends it (PORT, HOLDFAST_DATA_DIR, HOLDFAST_CONFIG, DATABASE_URL, REDIS_URL)
	@exec $(RUN)python -m config.embedded.up

manage: .venv/.synced-up ## a command of manage.py beside `make up`: make manage ARGS="tenant create Globex"
	@exec $(RUN)python -m config.embedded.manage $(ARGS)

check: .venv/.synced-all ## lint, format, types, layers, templates
	$(RUN)ruff check .
	$(RUN)ruff format --check .
	$(RUN)mypy
	$(RUN)lint-imports
	$(RUN)djlint templates --check --lint --quiet

test: .venv/.synced-all ## all that a change needs
	@$(RUN)python -m tests.js.node
	@$(RUN)python -m tests.browser.chromium
	$(RUN)pytest -n 2 --dist loadgroup

format: .venv/.synced-all ## let the tools rewrite the code
	$(RUN)ruff check --fix-only .
	$(RUN)ruff format .
	$(RUN)djlint templates --reformat --quiet

lock: $(UV) ## bring uv.lock up to date with pyproject.toml
	UV_PYTHON_DOWNLOADS=never $(UV) lock --python "$(PYTHON)"

bench: .venv/.synced-all ## measure against bare LangGraph
	$(RUN)python bench/run.py

test-crash: .venv/.synced-all ## the long form of the crash suite
	$(RUN)pytest tests/crash

fuzz: .venv/.synced-all ## many generated requests for each operation of the OpenAPI document
	$(RUN)pytest tests/fuzz -n 2 --hypothesis-profile=nightly --timeout 1800

conformance: .venv/.synced-all ## the official clients against a server
	$(RUN)pytest tests/conformance

clean: ## remove tools and caches; the data in .holdfast stays
	rm -rf .venv .uv tests/js/node_modules .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.env: ## passwords for docker compose, made from .env.example
	@"$(PYTHON)" -c 'import re, secrets; print(re.sub("change-me", lambda found: secrets.token_hex(24), open(".env.example").read()), end="")' > .env
	@chmod 600 .env

.uv/bin/uv:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed"; exit 1; }
	@echo "installing uv into .uv"
	@"$(PYTHON)" -m venv .uv
	@.uv/bin/python -m pip install --quiet --disable-pip-version-check uv

.venv/.synced-up: uv.lock pyproject.toml | $(UV)
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed"; exit 1; }
	@echo "installing the locked packages into .venv"
	@$(SYNC)
	@touch $@

.venv/.synced-all: uv.lock pyproject.toml | $(UV)
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed"; exit 1; }
	@echo "installing the locked packages and tools into .venv"
	@$(SYNC) --group check --group test
	@touch $@ .venv/.synced-up
