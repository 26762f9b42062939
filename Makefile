# Every target builds .venv by itself when it is missing, stale or broken. README.md has each one without make.
#
# PYTHON=python3.13  the Python to build .venv with (default: the first of the list below that is 3.11 or newer)
# JOBS=4             processes for the tests (default 2)
# PYTEST="-k kpis"   further words for pytest

PYTHON ?=
JOBS ?= 2
PYTEST ?=
VENV := .venv
BIN := $(VENV)/bin

# .locked says that the packages of the lock are in place, .complete, written last, that the project is too.
# An interrupted install leaves no stamp and is done again.
LOCKED := $(VENV)/.locked
COMPLETE := $(VENV)/.complete
# Database engines that only the tests need (half a gigabyte). Where one cannot be had, its tests say so.
ENGINES := $(VENV)/.engines

# A .venv whose Python has gone or changed, or which another folder's project is installed in, is built anew.
HERE = import importlib.util as i, os; print(os.path.samefile(os.path.dirname(i.find_spec("finops_toolkit").origin), "finops_toolkit"))
ifneq ($(wildcard $(COMPLETE)),)
ifneq ($(shell $(BIN)/python -I -c '$(HERE)' 2>/dev/null),True)
$(shell rm -f $(LOCKED) $(COMPLETE) $(ENGINES))
endif
endif

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help report test prove lab session notebooks pictures bench lock clean

help: ## show this list
	@echo "finops_toolkit: how a company's finance and operations departments work together"
	@echo
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' Makefile | while IFS="$$(printf '\t')" read -r name text; do \
	  printf '  make %-9s %s\n' "$$name" "$$text"; done

report: $(COMPLETE) ## one report for each unit of the generated company, and an index page, in reports/
	$(BIN)/finops report

test: $(COMPLETE) $(ENGINES) ## style, types, tests and notebooks: everything must pass (minutes)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -n $(JOBS) --dist loadscope $(PYTEST)

prove: $(COMPLETE) $(ENGINES) ## the long proofs: hundreds of kills, mutations and seeds (half an hour)
	$(BIN)/python -m pytest -m prove -n $(JOBS) --dist load $(PYTEST) tests

lab: $(COMPLETE) ## open the lessons in JupyterLab
	$(BIN)/finops lab

session: $(COMPLETE) ## the 90-minute session as pages for laptops where nothing runs, in build/session/
	$(BIN)/python .ci/notebooks.py --session

notebooks: $(COMPLETE) ## run lessons and solutions anew, and make the exercises from them (after a change of code or data)
	$(BIN)/python .ci/notebooks.py

pictures: $(COMPLETE) ## the documentation's charts and screenshots anew (after a change of looks; needs Chromium)
	$(BIN)/python .ci/pictures.py

bench: $(COMPLETE) $(ENGINES) ## how fast it is, against the alternatives (an hour)
	$(BIN)/python -m benchmarks

lock: $(COMPLETE) ## renew requirements.lock and environment.yml after a change of dependencies (needs uv)
	$(BIN)/python .ci/lock.py

clean: ## remove .venv and the caches; reports/ stays
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(COMPLETE): $(LOCKED) pyproject.toml
	rm -f $@
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .
	touch $@

$(ENGINES): engines.lock | $(COMPLETE)
	@echo "Installing PostgreSQL and Spark for the tests: another minute or two, the first time."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r engines.lock || \
	  echo "Not all of it could be installed (the reason is above): the tests that need it will be skipped, and say so."
	@touch $@

$(LOCKED): requirements.lock
	@rm -f $(LOCKED) $(COMPLETE) $(ENGINES)
	@for python in $(or $(PYTHON),python3 python3.14 python3.13 python3.12 python3.11 python); do \
	  if $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then \
	    echo "Building .venv with $$($$python --version): a minute or two, the first time and when the lock changes."; \
	    $$python -m venv --clear $(VENV) || { \
	      echo "This Python cannot make a virtual environment (the reason is above)."; \
	      echo "On Debian and Ubuntu: apt-get install python3-venv. Or choose another: make PYTHON=/path/to/python3"; \
	      exit 1; } >&2; \
	    exit 0; \
	  fi; \
	done; \
	{ echo "No Python 3.11 or newer is found; tried: $(or $(PYTHON),python3 python3.14 python3.13 python3.12 python3.11 python)."; \
	  echo "Install one (python.org, conda, or the system's packages) or name it: make PYTHON=/path/to/python3"; exit 1; } >&2
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	touch $@
