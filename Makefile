# noria: `make` alone lists what can be made. Every target makes its own environment in .venv.
PYTHON ?= python3
ARGS ?=
VENV := .venv
READY := $(VENV)/ready
BIN := $(VENV)/bin

.DEFAULT_GOAL := help
.PHONY: help demo replay test check bench conformance evidence lock peers clean

help:            ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(READY)   ## watch noria keep a model of flight delays good through 2013 (ARGS="--months 3" is the short one)
	$(BIN)/noria demo $(ARGS)

replay: $(READY) ## see what other policies would have cost and gained in 2013 (ARGS passes on)
	test -d noria-replay/flight-delay || $(BIN)/noria init noria-replay/flight-delay --template flights --months 12
	$(BIN)/noria replay --project noria-replay/flight-delay --html replay.html $(ARGS)

test: $(READY)   ## run the tests
	$(BIN)/python -m pytest $(ARGS)

check: $(READY)  ## lint, types, layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(READY)  ## compare with peers, alternating, and write docs/evidence/
	$(BIN)/python -m benchmarks $(ARGS)

conformance: $(READY) ## try each vendor's client and the suite for Open Inference, and write docs/evidence/conformance.md
	$(BIN)/python -m benchmarks conformance

evidence: $(READY) ## run the slow proofs and write docs/evidence/
	$(BIN)/python -m pytest -m evidence $(ARGS)

lock:            ## write requirements.lock anew: names, versions, hashes, no index address
	$(PYTHON) -m venv $(VENV)/lock && $(VENV)/lock/bin/pip install -q uv
	$(VENV)/lock/bin/uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --no-header --upgrade -q pyproject.toml --extra data --extra demo --extra onnx --extra xgboost --group dev -o requirements.lock

peers: $(patsubst %.in,%.txt,$(wildcard benchmarks/peers/*.in)) ## pin what benchmarks/peers/*.in say that has no pins yet

benchmarks/peers/%.txt: benchmarks/peers/%.in
	test -x $(VENV)/lock/bin/uv || { $(PYTHON) -m venv $(VENV)/lock && $(VENV)/lock/bin/pip install -q uv; }
	$(VENV)/lock/bin/uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --no-header -q $(PINS) $< -o $@

benchmarks/peers/histories.txt: PINS := --no-deps # their files are read, nothing of them runs

clean:           ## remove what was made here
	rm -rf $(VENV) build dist

$(READY): requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "noria needs Python 3.11 or later")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@
