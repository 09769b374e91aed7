# make demo   install and forecast the bundled example; prints where the report is
# make test   install the test extras and run the suite
# make reference  the tests of the recurrent core without the compiled kernels
# make check  lint, format, types, import contracts, then the suite and the reference: what must hold before a merge
# make sanitized  the tests that TESTS names, on kernels that check every access to memory; needs GCC
# make exhaustive  the suite with its slow tests, with and without the kernels and on sanitized ones
#
# Needs Python 3.11 or later, a C++ compiler and make. PYTHON names the interpreter, PIP_FIND_LINKS folders of wheels.
# Without a compiler all but `make check` goes on without the kernels, only slower.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.PHONY: demo test reference check sanitized exhaustive clean

PYTHON ?= python3
JOBS ?= 2
BIN := .venv/bin
WHEELS := $(foreach folder,$(PIP_FIND_LINKS),--find-links "$(folder)")
UV := $(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python $(WHEELS) \
      --constraint constraints.txt --build-constraint constraints.txt
SOURCES := $(shell find src -name '*.py' -o -name '*.html' -o -name '*.css' -o -name '*.js')
KERNELS := CMakeLists.txt $(wildcard src/tidegate/kernels/csrc/*)
RECURRENT := tests/unit/kernels tests/unit/nn tests/properties/test_recurrent_shapes.py \
             $(filter-out %_keras_own_tests.py,$(wildcard tests/oracles/test_torch_*.py tests/oracles/test_*variants.py))
TESTS ?= tests/unit/kernels
SANITIZED := build/sanitized

demo: tidegate-demo/report.html
	@echo "The report is $(CURDIR)/tidegate-demo/report.html"

test: .venv/.test
	$(BIN)/pytest -n $(JOBS) -m "not slow"

reference: .venv/.test
	TIDEGATE_KERNELS=none $(BIN)/pytest -n $(JOBS) -m "not slow" $(RECURRENT)

check: .venv/.check
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(MAKE) test
	$(MAKE) reference

# The sanitizers' library must be in the process before anything else, and with it what it replaces functions of.
# A request beyond any memory has to fail as it does without them, with a null pointer: the tests read its message.
sanitized: .venv/.test
	TIDEGATE_REQUIRE_KERNELS=1 $(BIN)/uv build --quiet --wheel --python $(BIN)/python --out-dir $(SANITIZED)/wheel \
	  --build-constraint constraints.txt --config-setting build-dir=$(SANITIZED) \
	  --config-setting cmake.define.TIDEGATE_SANITIZE=address,undefined --config-setting cmake.define.TIDEGATE_LEVELS=native
	LD_PRELOAD="$$($(CXX) -print-file-name=libasan.so) $$($(CXX) -print-file-name=libstdc++.so)" \
	  ASAN_OPTIONS=detect_leaks=0:allocator_may_return_null=1 TIDEGATE_KERNELS_FOLDER=$(SANITIZED)/kernels $(BIN)/pytest -n $(JOBS) $(TESTS)

exhaustive: .venv/.test
	$(BIN)/pytest -n $(JOBS)
	TIDEGATE_KERNELS=none $(BIN)/pytest -n $(JOBS) $(RECURRENT)
	$(MAKE) sanitized

clean:
	rm -rf .venv build tidegate-demo .mypy_cache .ruff_cache .pytest_cache .import_linter_cache

tidegate-demo/report.html: .venv/.demo $(SOURCES)
	$(BIN)/tidegate forecast --example air-passengers --horizon 12 --output tidegate-demo --force
	@touch $@

# One stamp per set of extras: a second run installs nothing unless the requirements or the kernels changed.
# The demonstration compiles the kernels for this machine alone, unless the tests have them all already.
.venv/.demo: EXTRA := boost
.venv/.demo: LEVELS = $(if $(wildcard .venv/.test .venv/.check),all,native)
.venv/.test: EXTRA := test
.venv/.check: EXTRA := check
.venv/.check: export TIDEGATE_REQUIRE_KERNELS = 1
.venv/.test .venv/.check: LEVELS := all
.venv/.demo .venv/.test .venv/.check: .venv/.uv pyproject.toml constraints.txt $(KERNELS)
	$(call install,--editable ".[$(EXTRA)]" --reinstall-package tidegate \
	  --config-settings-package "tidegate:cmake.define.TIDEGATE_LEVELS=$(LEVELS)")
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
