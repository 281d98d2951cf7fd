# One command each; every target builds the environment first if it is missing or stale.
#   make demo | look | pictures | test | check | up | bench | handbook | lock | clean
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-builtin-rules

VENV   := .venv
PY     := $(VENV)/bin/python
STAMP  := $(VENV)/.stamp
UV_VERSION := 0.13.8

# The checkout is the package root; a user's own settings for other projects stay outside.
export PYTHONPATH := $(CURDIR)
unexport PIP_FIND_LINKS UV_FIND_LINKS VIRTUAL_ENV
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)

.PHONY: help venv system-packages test check check-types check-sql check-style check-layers check-definitions format demo look pictures up bench handbook lock clean

help:
	@echo "make demo     two years of real sample input through Airflow, start to finish"
	@echo "make look     what the demonstration left, in the portal and in Airflow, until Ctrl-C"
	@echo "make pictures every page of the portal as a picture, from what the demonstration left"
	@echo "make test     all tests"
	@echo "make check    style, types, layers, SQL, definitions"
	@echo "make up       PostgreSQL, Airflow and the portal running until Ctrl-C"
	@echo "make bench    this pipeline beside what a team would otherwise write"
	@echo "make handbook the handbook of forms, rules and indicators as pages, below .run/handbook"
	@echo "make lock     resolve requirements.in again"
	@echo "make clean    remove the environment and everything a run made"

venv: $(STAMP)

# Redone only when the lock changes. A shim that exists but does not run is passed over.
$(STAMP): requirements.lock
	@python=""; for candidate in python3.13 python3.12 python3.11 python3; do \
	  if "$$candidate" -c 'import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' \
	      >/dev/null 2>&1; then python="$$candidate"; break; fi; done; \
	if [ -z "$$python" ]; then \
	  echo "Python 3.11, 3.12 or 3.13 with the venv module is needed (on Debian: apt-get install python3-venv)." >&2; \
	  exit 1; fi; \
	if ! [ -x $(PY) ]; then echo "Creating $(VENV) with $$($$python --version)"; "$$python" -m venv --clear $(VENV); fi
	@if ! $(PY) -m uv --version 2>/dev/null | grep -qF 'uv $(UV_VERSION)'; then \
	  $(PY) -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION); fi
	@$(PY) -m uv pip install --quiet --python $(PY) --require-hashes --compile-bytecode -r requirements.lock
	@touch $@

# Rendering tests want these; everything else runs without them.
system-packages:
	@bash deploy/system-packages

test: venv system-packages
	@$(PY) -m pytest -n auto --dist loadfile

check: venv
	@$(MAKE) --no-print-directory -j2 --output-sync=target check-types check-sql check-style check-layers check-definitions

check-types:
	mypy

check-sql:
	if compgen -G 'sql/**/*.sql' >/dev/null || compgen -G 'sql/*.sql' >/dev/null; then sqlfluff lint sql; fi

check-style:
	ruff check .
	ruff format --check .

check-layers:
	lint-imports

check-definitions:
	$(PY) -m definitions check

format: venv
	ruff check --fix .
	ruff format .

demo: venv
	@$(PY) -m running demo

look: venv
	@$(PY) -m running up --demo

pictures: venv
	@$(PY) -m running pictures

up: venv
	@$(PY) -m running up

bench: venv
	@$(PY) -m bench

handbook: venv
	@$(PY) -m pipelines handbook --out .run/handbook

# No index address, no local path, no header: the same file wherever it is resolved.
lock: venv
	@$(PY) -m uv pip compile requirements.in --quiet --universal --python-version 3.11 \
	  --generate-hashes --no-emit-index-url --no-emit-find-links --no-header $(LOCK_ARGS) -o requirements.lock
	@! grep -nE '://|/opt/|--find-links|--index' requirements.lock

clean:
	@if [ -d .run ] && [ -x $(PY) ]; then $(PY) -m running stop || true; fi
	rm -rf $(VENV) .run .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
