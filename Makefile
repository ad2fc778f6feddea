# The few verbs a person needs. Each does all its own set-up on a machine that has python3 and make; what is already
# done is not done again. As root, missing Debian packages are installed; otherwise one line says which.

VENV := .venv
PYTHON := $(VENV)/bin/python
TOWNLINE := $(VENV)/bin/townline
PACKAGES := registry callbridge dispatch console
# The daemon of a USB modem, which the tests play.
MODEM := gammu-smsd libdbd-sqlite3
# What makes the private Asterisk; without root it also needs subordinate ids.
EXCHANGE := mmdebstrap $(if $(filter 0,$(shell id -u)),,uidmap)
# What the city's candidates are compared with.
BESIDE := postgresql-15-postgis-3
# More arguments for pytest: make test ARGS="-k intake"
ARGS ?=
# The tests wait for telephones most of the time: three of them at once keep two cores busy.
WORKERS ?= 3

.PHONY: help setup demo test check bench soak

help:
	@echo "make setup   the virtual environment .venv with the locked dependencies"
	@echo "make demo    a rehearsal of the whole town: exchange, service, console, callers, merchants"
	@echo "make test    every test, on a real Asterisk and a real PostgreSQL"
	@echo "make check   style, types and the direction of imports"
	@echo "make bench   the figures of benchmarks/, with a real Asterisk under load"
	@echo "make soak    a power cut and everything killed while people call: what is lost must be 0 (half an hour)"

setup: $(VENV)/.installed
	@:

demo: setup
	@.ci/packages $(EXCHANGE)
	@$(TOWNLINE) demo

test: setup
	@.ci/packages $(EXCHANGE) $(MODEM) postgresql
	@$(TOWNLINE) pbx install
	@$(PYTHON) -m pytest --numprocesses $(WORKERS) --dist loadgroup --no-loadscope-reorder $(ARGS)

check: setup
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/ruff format --check .
	@$(VENV)/bin/mypy --strict $(PACKAGES:%=-p %)
	@$(VENV)/bin/lint-imports --no-logo

bench: setup
	@.ci/packages $(EXCHANGE) postgresql $(BESIDE)
	@$(TOWNLINE) pbx install
	@$(PYTHON) -m benchmarks $(ARGS)

# One run of them: make soak ARGS="--run kill --minutes 1 --database postgresql"
soak: setup
	@.ci/packages $(EXCHANGE) postgresql
	@$(TOWNLINE) pbx install
	@$(PYTHON) -m benchmarks.soak $(ARGS)

# Three stamps, so that a changed lock does not make a new environment and a changed entry point installs nothing twice.
$(VENV)/.made:
	@.ci/packages python3-venv
	@echo "townline: making the virtual environment $(VENV)"
	@python3 -m venv $(VENV)
	@touch $@

$(VENV)/.locked: requirements.lock | $(VENV)/.made
	@.ci/dependencies $(PYTHON) requirements.lock
	@touch $@

$(VENV)/.installed: pyproject.toml $(VENV)/.locked
	@$(PYTHON) -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@
	@echo "townline: ready, $(TOWNLINE) --help"
