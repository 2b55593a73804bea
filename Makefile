# make run: set up and open the demo.  make test: set up, find a browser, run the whole suite.  make bench: every figure.
PYTHON ?= python3
VENV ?= .venv
PIP_OPTIONS ?=
BIN = $(VENV)/bin

.PHONY: run test lint bench lock clean

run: $(VENV)/run.done
	BERT_DEMO_OPEN_BROWSER=$${BERT_DEMO_OPEN_BROWSER-1} $(BIN)/python app.py

test: $(VENV)/dev.done lint
	$(BIN)/python tests/find_browser.py
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadscope $(PYTEST_OPTIONS)

lint: $(VENV)/dev.done
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(VENV)/dev.done
	$(BIN)/python tests/find_browser.py
	$(BIN)/python -m benchmarks --readme $(BENCH_OPTIONS)
	$(BIN)/python -m benchmarks.peers.attention --readme --pip-options "$(PIP_OPTIONS)"

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.11 ...")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/run.done: requirements.lock | $(VENV)/bin/python
	$(BIN)/pip install --quiet $(PIP_OPTIONS) -r requirements.lock
	touch $@

$(VENV)/dev.done: requirements.lock requirements-dev.lock | $(VENV)/bin/python
	$(BIN)/pip install --quiet $(PIP_OPTIONS) -r requirements-dev.lock
	touch $@ $(VENV)/run.done

lock: ## after a change of requirements*.txt
	rm -rf $(VENV)/lock && $(PYTHON) -m venv $(VENV)/lock
	$(VENV)/lock/bin/pip install --quiet $(PIP_OPTIONS) -r requirements.txt
	$(VENV)/lock/bin/pip freeze --all --exclude pip --exclude setuptools | sed "s/+cpu//" > requirements.lock
	$(VENV)/lock/bin/pip install --quiet $(PIP_OPTIONS) -r requirements-dev.txt
	$(VENV)/lock/bin/pip freeze --all --exclude pip --exclude setuptools | sed "s/+cpu//" > requirements-dev.lock
	rm -rf $(VENV)/lock

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis screens
