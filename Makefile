# From a fresh clone, with nothing but make and Python 3.11 or newer:
#
#   make run      start everything on http://localhost:8000 (PORT=… for another port)
#   make test     the whole suite, against a PostgreSQL and a Valkey of its own
#   make stress   everybody books at once while things go wrong (SECONDS=60 SEED=7)
#   make bench    how quick it is, with servers of its own (NAMES=clinics)
#   make isolation  40 threads and 40 sockets mix two clinics (SECONDS=60)
#   make check    format, lint, types, templates, migrations, deployment settings
#   make lock     pin requirements*.in again (needs uv on the PATH)
#   make messages collect and compile translations (needs gettext)

VENV   := .venv
PYTHON := $(VENV)/bin/python
PIP    := $(PYTHON) -m pip --disable-pip-version-check
# As many test processes as the machine has processors, but no more than eight.
TEST_JOBS ?= logical
PYTEST_ARGS ?=

.PHONY: run test stress isolation bench check lock messages
.DEFAULT_GOAL := run
.DELETE_ON_ERROR:

# `exec`: signals for make's child reach `up` itself, no shell stands in between.
# DEBUG is on unless the environment or .env says otherwise.
run: $(VENV)/requirements.txt
	@grep -qs '^ *DEBUG=' .env || export DEBUG="$${DEBUG-1}"; exec $(PYTHON) manage.py up

test: $(VENV)/requirements-dev.txt
	@$(PYTHON) -m config.tests.chromium
	@$(PYTHON) -m pytest -n $(TEST_JOBS) --maxprocesses 8 --dist loadgroup $(PYTEST_ARGS)

# Two never get the same time, whatever is killed meanwhile (bookings/tests/stress).
SECONDS ?= 60
SEED ?= $(shell date +%s)
stress: $(VENV)/requirements-dev.txt
	@mkdir -p var && STRESS_SECONDS="$(SECONDS)" STRESS_SEED="$(SEED)" \
		$(PYTHON) -m pytest bookings/tests/stress/test_stress.py -q -s -k wrong \
		--basetemp var/stress

NAMES ?=
bench: $(VENV)/requirements-dev.txt
	@$(PYTHON) -m benchmarks $(NAMES)

# No clinic sees another's, while connections are killed (tenants/tests/isolation).
isolation: $(VENV)/requirements-dev.txt
	@ISOLATION_SECONDS="$(SECONDS)" \
		$(PYTHON) -m pytest tenants/tests/isolation/test_mixed.py -q -s

# What production needs set, made up, so that `check --deploy` judges the settings.
PRODUCTION_LIKE = env DEBUG=0 PUBLIC_SCHEME=https EMAIL_URL=smtp://localhost:25 \
	SECRET_KEY="$$($(RANDOM_SECRET))" JWT_SECRET="$$($(RANDOM_SECRET))"
RANDOM_SECRET = $(PYTHON) -c 'import secrets; print(secrets.token_urlsafe(64))'

check: $(VENV)/requirements-dev.txt
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m ruff check .
	DEBUG=1 $(PYTHON) -m mypy .
	$(PYTHON) -m djlint templates --lint --quiet
	DEBUG=1 $(PYTHON) manage.py check
	DEBUG=1 $(PYTHON) manage.py missing_migrations
	DEBUG=1 $(PYTHON) manage.py lint_migrations
	@echo "manage.py check --deploy"
	@$(PRODUCTION_LIKE) $(PYTHON) manage.py check --deploy --fail-level WARNING

lock:
	@command -v uv >/dev/null || { echo "make lock needs uv: pip install uv" >&2; exit 1; }
	for name in requirements requirements-dev; do \
		uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
			--no-emit-index-url --no-annotate --custom-compile-command "make lock" \
			$(LOCK_ARGS) $$name.in -o $$name.txt || exit 1; \
	done

messages: $(VENV)/requirements.txt
	@command -v msgfmt >/dev/null || { echo "make messages needs gettext." >&2; exit 1; }
	DEBUG=1 $(PYTHON) manage.py makemessages --all --no-obsolete
	DEBUG=1 $(PYTHON) manage.py compilemessages

# The copy inside .venv is the record of what is installed there: compared by content,
# so that a fresh checkout of the same pins costs nothing.
$(VENV)/%.txt: %.txt | $(PYTHON)
	@cmp -s $< $@ || { echo "Installing $<"; $(PIP) install --quiet --require-hashes -r $<; }
	@cp $< $@

# Tests and checks need both sets; the runtime pins come first.
$(VENV)/requirements-dev.txt: $(VENV)/requirements.txt

CANDIDATES = python3.13 python3.12 python3.11 python3 python
CAN_BUILD_VENV = import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))

$(PYTHON):
	@for name in $(CANDIDATES); do \
		if $$name -c "$(CAN_BUILD_VENV)" >/dev/null 2>&1; then \
			echo "Making $(VENV) with $$($$name --version)"; \
			exec $$name -m venv --clear $(VENV); \
		fi; \
	done; \
	echo "No Python 3.11 or newer with venv found (Debian: apt install python3-venv)." >&2; \
	exit 1
