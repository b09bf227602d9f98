# Every target but `help`, `lock` and `clean` first makes .venv, if it is missing or out of date.

PYTHON ?= python3
BIN    := .venv/bin
APT    := sudo apt-get install g++ python3-dev python3-venv

.DEFAULT_GOAL := help
.PHONY: help install demo test lint check bench bench-peers research docs lock clean

help: ## say what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install: .venv/installed ## make .venv from the hash-locked requirements
	@echo ".venv is up to date"

demo: .venv/installed ## train, trade over FIX, compare, draw: the whole loop on a generated market, in two minutes
	$(BIN)/penstock demo

test: .venv/installed ## run the tests
	$(BIN)/pytest $(ARGS)

lint: .venv/installed ## format, lint, types, imports
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy --strict src tests
	$(BIN)/lint-imports

check: lint test ## what CI runs, no more and no less

bench: .venv/installed ## measure the speed of a decision, of the simulator, over FIX and of the environments
	$(BIN)/penstock bench decision
	$(BIN)/penstock bench sim
	$(BIN)/penstock bench fix
	$(BIN)/penstock bench gym

bench-peers: .venv/installed build/peers/installed ## the simulator's speed beside other libraries, on the same stream
	$(BIN)/penstock bench sim --peers build/peers/bin/python

# Replays need a tape that is not shipped.
MARKETS = $(filter-out %-replay.toml,$(sort $(wildcard scenarios/*.toml)))
EVERYBODY = static,sweep,proportional,best_static,regime_static,fee_sweep,scorecard,cont_kukanov,kaplan_meier,supervised

research: .venv/installed ## 10,000 drill days; train, compare with insiders and ablate in every generated scenario over 200 seeds: a day
	$(BIN)/penstock drill --days 10000 --seed 14
	for market in $(MARKETS); do \
	  $(BIN)/penstock train $$market && \
	  $(BIN)/penstock train $$market --privileged venue && \
	  $(BIN)/penstock train $$market --privileged all || exit 1; done
	$(BIN)/penstock evaluate $(MARKETS) --policies $(EVERYBODY),venue_insider,insider --seeds 200
	for market in $(MARKETS); do $(BIN)/penstock ablate $$market --days 40 --seeds 200 || exit 1; done

docs: .venv/installed ## hold the documents to the code: links, commands, dependencies, decisions
	$(BIN)/pytest tests/tidy/test_documents.py

clean: ## remove what these targets made, except runs/
	rm -rf .venv build dist .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find src tests -name __pycache__ -type d -prune -exec rm -rf {} +
	rm -rf src/penstock.egg-info

# ---- the environment ----

.venv/installed: requirements/lock.txt requirements/fix.txt pyproject.toml
	@command -v $(PYTHON) > /dev/null && $(PYTHON) -c 'import ensurepip, venv' 2> /dev/null \
		|| { echo "Python with venv is missing. On Debian or Ubuntu: $(APT)"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' \
		|| { echo "Python 3.11 to 3.13 is needed; $(PYTHON) is $$($(PYTHON) -V)." \
			"Another one: make $(MAKECMDGOALS) PYTHON=python3.12"; exit 1; }
	@[ "$$(uname)" != Linux ] || $(PYTHON) -c 'import ctypes; ctypes.CDLL("libgomp.so.1")' 2> /dev/null \
		|| { echo "LightGBM needs libgomp, which comes with g++. On Debian or Ubuntu: $(APT)"; exit 1; }
	@echo "Installing into .venv (some 850 MB, once) ..."
	@$(PYTHON) -m venv .venv
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/lock.txt
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@echo "Building the FIX engine from source: two to four minutes, the first time only ..."
	@CFLAGS="-O1 -g0" $(BIN)/pip install --quiet --disable-pip-version-check --require-hashes \
		--no-deps --no-build-isolation -r requirements/fix.txt
	@touch $@

# The peers have an environment of their own: they want other versions of what we use.
build/peers/installed: requirements/peers.txt
	@$(PYTHON) -m venv build/peers
	@build/peers/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/peers.txt
	@touch $@

# Compiled with the oldest Python that we support: newer ones would pick versions that it cannot use.
# Nothing of this machine's own package settings may reach the files. The FIX engine has a file of its
# own because it is built with flags of its own.
lock: ## write requirements/*.txt anew from pyproject.toml (ARGS=--upgrade for newer versions)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' \
		|| { echo "The lock is made with Python 3.11: make lock PYTHON=python3.11"; exit 1; }
	$(PYTHON) -m venv build/lock
	build/lock/bin/pip install --quiet --disable-pip-version-check pip-tools==7.6.2
	env -u PIP_EXTRA_INDEX_URL -u PIP_FIND_LINKS PIP_CONFIG_FILE=/dev/null \
		CUSTOM_COMPILE_COMMAND="make lock" \
		build/lock/bin/pip-compile --quiet --generate-hashes --strip-extras --allow-unsafe \
			--all-build-deps --extra dev --no-emit-options $(ARGS) \
			--output-file requirements/lock.txt pyproject.toml
	$(PYTHON) -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["project"]["optional-dependencies"]["fix"])' \
		> build/lock/fix.in
	env -u PIP_EXTRA_INDEX_URL -u PIP_FIND_LINKS PIP_CONFIG_FILE=/dev/null \
		CUSTOM_COMPILE_COMMAND="make lock" \
		build/lock/bin/pip-compile --quiet --generate-hashes --no-annotate --no-emit-options \
			--output-file requirements/fix.txt build/lock/fix.in
	env -u PIP_EXTRA_INDEX_URL -u PIP_FIND_LINKS PIP_CONFIG_FILE=/dev/null \
		CUSTOM_COMPILE_COMMAND="make lock" \
		build/lock/bin/pip-compile --quiet --generate-hashes --allow-unsafe --no-annotate --no-emit-options \
			--output-file requirements/peers.txt requirements/peers.in
