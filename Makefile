# make demo   install and forecast the bundled example; prints where the report is
# make test   install the test extras and run the suite
# make check  lint, format, types, import contracts, then the suite: what must hold before a change is merged
# make exhaustive  the suite with its slow tests
#
# Needs Python 3.11 or later, a C++ compiler and make. PYTHON names the interpreter, PIP_FIND_LINKS folders of wheels.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.PHONY: demo test check exhaustive clean

PYTHON ?= python3
JOBS ?= 2
BIN := .venv/bin
WHEELS := $(foreach folder,$(PIP_FIND_LINKS),--find-links "$(folder)")
UV := $(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python --constraint constraints.txt $(WHEELS)
SOURCES := $(shell find src -name '*.py' -o -name '*.html' -o -name '*.css' -o -name '*.js')

demo: tidegate-demo/report.html
	@echo "The report is $(CURDIR)/tidegate-demo/report.html"

test: .venv/.test
	$(BIN)/pytest -n $(JOBS) -m "not slow"

check: .venv/.check
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(MAKE) test

exhaustive: .venv/.test
	$(BIN)/pytest -n $(JOBS)

clean:
	rm -rf .venv tidegate-demo .mypy_cache .ruff_cache .pytest_cache .import_linter_cache

tidegate-demo/report.html: .venv/.demo $(SOURCES)
	$(BIN)/tidegate forecast --example air-passengers --horizon 12 --output tidegate-demo --force
	@touch $@

# One stamp per set of extras: a second run installs nothing unless the requirements changed.
.venv/.demo: EXTRA := boost
.venv/.test: EXTRA := test
.venv/.check: EXTRA := check
.venv/.demo .venv/.test .venv/.check: .venv/.uv pyproject.toml constraints.txt
	$(call install,--editable ".[$(EXTRA)]")
	@touch $@

.venv/.uv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "tidegate needs Python 3.11 or later; this is " + sys.version.split()[0] + ". Name another one with make PYTHON=python3.12.")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt uv
	@touch $@

# Without wheels of our own, torch comes from its index of CPU builds; where that cannot be reached, from PyPI.
define install
$(if $(WHEELS),$(UV) $(1),$(UV) --torch-backend cpu $(1) || { echo "The index of CPU builds cannot be reached: installing torch from PyPI, which is larger." >&2; $(UV) $(1); })
endef
