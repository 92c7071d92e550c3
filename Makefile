# Everything here needs Python 3.11 or later with venv, make, and the package registry; uv is used when it is there.
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
# Set, it makes each of the hundreds of processes that the tests start compile every module anew.
export PYTHONDONTWRITEBYTECODE =
UV := $(shell command -v uv 2>/dev/null)

ifdef UV
MAKE_VENV = uv venv --quiet --python $(PYTHON) $(VENV)
INSTALL = VIRTUAL_ENV=$(VENV) uv pip install --quiet
else
MAKE_VENV = $(PYTHON) -m venv $(VENV)
INSTALL = $(BIN)/python -m pip install --quiet --disable-pip-version-check
endif

# COVERED=1 gathers coverage, of child processes too, for `make coverage`.
COVERED ?=
ifneq ($(strip $(COVERED)),)
export COVERAGE_FILE = $(CURDIR)/build/coverage/data
RUN = $(BIN)/python -m coverage run -m
else
RUN = $(BIN)/python -m
endif
# One more than there are cores, for many tests wait for a daemon or a site; each collects all tests, in 10 s of CPU.
WORKERS ?= $(shell $(PYTHON) -c 'import os; print(min((os.cpu_count() or 1) + 1, 8))')
PYTEST = $(RUN) pytest -q --numprocesses=$(WORKERS) --dist=loadgroup
BUSY ?= 10

.PHONY: demo demo-daemon frames test test-long test-properties test-kills test-busy fuzz coverage lint docs bench bench-growth bench-reading bench-scale bench-load audit setup clean

DEMO ?=

demo: $(VENV)/ready  ## crawl a small bundled copy of the site, twice, show what was stored, and serve it; DEMO=--no-serve ends then
	@$(BIN)/python -m tests.demo $(DEMO)

demo-daemon: $(VENV)/ready  ## the daemon for about a minute against that site, which goes on, goes down and comes back
	@$(BIN)/python -m tests.demo_daemon

test: $(VENV)/ready  ## pass every test but the long ones
	@$(if $(strip $(COVERED)),rm -rf build/coverage && mkdir -p build/coverage)
	@$(PYTEST) -m "not long"

frames: $(VENV)/frames-ready  ## install pandas and polars, whose examples in docs/python.md are tested then

test-long: $(VENV)/ready  ## the long ones: soak, the month over a real store, every combination on PostgreSQL
	@$(PYTEST) -m "long"

test-properties: $(VENV)/ready  ## Hypothesis with ten times the examples, random ones
	@$(PYTEST) -m "hypothesis" --hypothesis-profile=long

test-kills: $(VENV)/ready  ## 200 kills of daemons and crawls on both databases, about 20 minutes
	@$(BIN)/python -m tests.kills

INPUTS ?= 1000000
fuzz: $(VENV)/ready  ## hostile feeds, pages, dates and URLs, each under a limit of CPU time
	@$(BIN)/python -m tests.fuzz $(INPUTS)

test-busy: $(VENV)/ready  ## `make test` beside ten busy loops
	@$(BIN)/python -m tests.busy $(BUSY) $(MAKE) --no-print-directory test

coverage: $(VENV)/ready  ## what `make test COVERED=1` reached, by package, and the floors
	@$(BIN)/python -m tests.coverage_floors build/coverage

lint: $(VENV)/ready  ## ruff (lint and format) and mypy --strict
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

docs: $(VENV)/docs-ready  ## build the documentation into build/docs, without a network; warnings are errors
	@$(BIN)/python -m docs.generate
	@$(BIN)/python -m sphinx -q -W --keep-going -b html -d build/doctrees docs build/docs
	@echo "build/docs/index.html"

bench: $(VENV)/ready  ## measure beside the least that the same work can cost; fails if a goal is missed
	@$(BIN)/python -m benchmarks

bench-growth: $(VENV)/ready  ## measure polls, health checks and status beside 1k, 30k and 1M stored articles, on both databases
	@$(BIN)/python -m benchmarks.growth

bench-scale: $(VENV)/ready  ## crawl 200 hosts by 1, 4 and 16 workers of a queue, then kill workers meanwhile; takes about 25 minutes
	@$(BIN)/python -m benchmarks.scale
	@$(BIN)/python -m benchmarks.scale_faults --hosts 200 --articles 40 --restart --away 120 --freeze 60 --leader

bench-load: $(VENV)/ready  ## fill PostgreSQL with three million articles and measure lists, searches, counts, saves and vacuum
	@$(BIN)/python -m benchmarks.store_load

bench-reading: $(VENV)/bench-ready  ## read the real pages of DIR without selectors, and score them beside trafilatura
	@test -n "$(DIR)" || { echo "make bench-reading DIR=FOLDER: a folder of index.jsonl.gz and pages (docs/measured.md)"; exit 2; }
	@$(BIN)/python -m benchmarks.reading $(DIR)

audit: $(VENV)-audit/ready  ## look the pinned dependencies up among the published advisories; needs the network
	@for file in requirements.txt requirements-cluster.txt requirements-dev.txt requirements-docs.txt requirements-audit.txt requirements-bench.txt requirements-frames.txt; do \
		$(VENV)-audit/bin/python -m pip_audit --strict --require-hashes --disable-pip --progress-spinner off -r $$file \
		|| exit 1; done

setup: $(VENV)/ready  ## only set up, so that .venv/bin/presswatch can be used

$(VENV)/ready: requirements-dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("Presswatch needs Python 3.11 or later; name one with make PYTHON=python3.12")'
	@echo "setting up $(VENV) (once, about a minute)"
	@$(MAKE_VENV)
	@$(INSTALL) --require-hashes -r requirements-dev.txt
	@$(INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/docs-ready: $(VENV)/ready requirements-docs.txt
	@$(INSTALL) --require-hashes -r requirements-docs.txt
	@touch $@

$(VENV)/frames-ready: $(VENV)/ready requirements-frames.txt
	@$(INSTALL) --require-hashes -r requirements-frames.txt
	@touch $@

$(VENV)/bench-ready: $(VENV)/ready requirements-bench.txt
	@$(INSTALL) --require-hashes -r requirements-bench.txt
	@touch $@

# A place of its own: what the audit needs is no dependency of the program.
$(VENV)-audit/ready: requirements-audit.txt
	@$(MAKE_VENV)-audit
	@$(subst $(VENV),$(VENV)-audit,$(INSTALL)) --require-hashes -r requirements-audit.txt
	@touch $@

clean:  ## forget what was set up
	rm -rf $(VENV) $(VENV)-audit build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
