# make run: set up and open the demo.  make test: set up, find a browser, run the whole suite.  make bench: every figure.  make load: 200 visitors.
PYTHON ?= python3
VENV ?= .venv
PIP_OPTIONS ?=
# Without a GPU: the address of PyTorch's CPU wheels, which save gigabytes of CUDA packages.
TORCH_INDEX ?=
PIP = $(strip $(if $(TORCH_INDEX),--extra-index-url $(TORCH_INDEX)) $(PIP_OPTIONS))
BIN = $(VENV)/bin

.PHONY: run test fuzz lint bench load lock clean space docker

run: $(VENV)/run.done
	BERT_DEMO_OPEN_BROWSER=$${BERT_DEMO_OPEN_BROWSER-1} $(BIN)/python app.py

test: $(VENV)/dev.done lint
	$(BIN)/python tests/find_browser.py
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadscope $(PYTEST_OPTIONS)

fuzz: $(VENV)/dev.done ## every endpoint and command but those that train or send, up to 1000 inputs each (FUZZ_EXAMPLES)
	FUZZ_EXAMPLES=$${FUZZ_EXAMPLES-1000} OMP_NUM_THREADS=1 $(BIN)/python -m pytest tests/system/test_fuzz_endpoints.py \
		tests/system/test_fuzz_commands.py tests/system/test_fuzz_http.py tests/system/test_fuzz_directories.py $(PYTEST_OPTIONS)

lint: $(VENV)/dev.done
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(VENV)/dev.done
	$(BIN)/python tests/find_browser.py
	$(BIN)/python -m benchmarks --readme $(BENCH_OPTIONS)
	$(BIN)/python -m benchmarks.peers.attention --readme --pip-options "$(PIP)"
	$(MAKE) load

load: $(VENV)/run.done
	$(BIN)/python -m benchmarks.load --readme --pip-options "$(PIP)" $(LOAD_OPTIONS)

space: $(VENV)/run.done ## make space SPACE=user/name
	$(BIN)/python -m bert_demo space $(SPACE) $(if $(TORCH_INDEX),--torch-index $(TORCH_INDEX)) $(SPACE_OPTIONS)

docker:
	docker build --build-arg TORCH_INDEX=$(TORCH_INDEX) --tag bert-demo .

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.11 ...")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/run.done: requirements.lock | $(VENV)/bin/python
	$(BIN)/pip install --quiet $(PIP) -r requirements.lock
	touch $@

$(VENV)/dev.done: requirements.lock requirements-dev.lock | $(VENV)/bin/python
	$(BIN)/pip install --quiet $(PIP) -r requirements-dev.lock
	touch $@ $(VENV)/run.done

lock: ## after a change of requirements*.txt
	rm -rf $(VENV)/lock && $(PYTHON) -m venv $(VENV)/lock
	$(VENV)/lock/bin/pip install --quiet $(PIP) -r requirements.txt
	$(VENV)/lock/bin/pip freeze --all --exclude pip --exclude setuptools | sed "s/+cpu//" > requirements.lock
	$(VENV)/lock/bin/pip install --quiet $(PIP) -r requirements-dev.txt
	$(VENV)/lock/bin/pip freeze --all --exclude pip --exclude setuptools | sed "s/+cpu//" > requirements-dev.lock
	rm -rf $(VENV)/lock

clean:
	rm -rf $(VENV) .venv-load .venv-peers .pytest_cache .mypy_cache .ruff_cache .hypothesis screens
