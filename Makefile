# make demo: the generated kitchen, from recipes and videos to a report. make test: the test suite; make test-fast: all of it but
# what takes minutes. They set up what they need.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
CORES ?= 2
READY := $(VENV)/ready
# Tests of one file share what they make, so they run in one process; tests/conftest.py says which files come first.
PARALLEL := --numprocesses $(CORES) --dist loadfile --no-loadscope-reorder
DEMO := results/kitchen/lm_avt_demo

export PATH := $(CURDIR)/$(BIN):$(PATH)
export HF_HUB_OFFLINE := 1
export OMP_WAIT_POLICY := passive
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: demo test test-fast test-trackers lint bench setup lock openie-env wheel site
demo: $(READY)
	snakemake --cores $(CORES) --quiet rules -- demo
	@foretaste arms $(DEMO)/summary.json

test: $(READY)
	python -m pytest $(PARALLEL)

# All rooms, without what is marked slow.
test-fast: $(READY)
	python -m pytest $(PARALLEL) -m "not slow"

# TensorBoard, trackio and W&B (config.yaml: trackers) into the environment, without moving a pin, and their tests, which skip elsewhere.
test-trackers: $(READY)
	python -m pip install --quiet --constraint requirements.lock --no-build-isolation --editable '.[trackers]'
	python -m pytest tests/training/test_trackers.py

lint: $(READY)
	ruff check .
	ruff format --check .
	foretaste schemas
	python bench/performance_page.py --check

# Real label files for the benchmarks that need them: make bench DATA=DIR. AllenNLP is timed where `make openie-env` has been run.
DATA ?=
bench: $(READY)
	python bench/avt.py
	python bench/scores.py
	python bench/recipes.py --out bench/results/recipes.json
	python bench/mlm.py --out bench/results/mlm.json
	python bench/loading.py
	python bench/student.py
	python bench/gradients.py
	python bench/probe.py
	python bench/entries.py --out bench/results/entries.json
	python bench/driver.py --out bench/results/driver.json
	python bench/store.py --out bench/results/store.json
	python bench/clips.py --out bench/results/clips.json
	python bench/waiting.py --out bench/results/waiting.json
	python bench/decode.py $(if $(DATA),--data "$(DATA)")
	if [ -n "$(DATA)" ]; then python bench/counts.py --data "$(DATA)" --out bench/results/counts.json; fi
	if [ -n "$(DATA)" ]; then python bench/intervals.py --data "$(DATA)" --out bench/results/intervals.json; fi
	if [ -n "$(DATA)" ]; then python bench/students.py --data "$(DATA)" --work results/bench_students --out bench/results/students.json; fi
	python bench/openie.py $(if $(DATA),--data "$(DATA)") $(if $(wildcard $(OPENIE)/ready),--untrained) --out bench/results/openie.json
	python bench/performance_page.py

setup: $(READY)

# What others install, with the workflow in it (docs/tutorial.md): dist/foretaste-<version>-py3-none-any.whl.
wheel: $(READY)
	rm -rf build dist
	python -m pip wheel --quiet --no-deps --no-build-isolation --wheel-dir dist .
	rm -rf build

# The pages of docs/ as a site, with every setting and every module: site/index.html.
site: $(READY)
	NO_MKDOCS_2_WARNING=1 mkdocs build --strict --quiet

# The environment: exactly the lock file, then this package on top of it.
$(READY): requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	python -m pip install --quiet --requirement requirements.lock
	python -m pip install --quiet --no-deps --no-build-isolation --editable .
	touch $@

# The environment of the AllenNLP backend of OpenIE (docs/openie.md), which cannot share libraries with ours.
OPENIE := .venv-openie
openie-env: $(OPENIE)/ready

$(OPENIE)/ready: envs/openie.lock
	$(PYTHON) -m venv $(OPENIE)
	$(OPENIE)/bin/python -m pip install --quiet setuptools==80.10.2
	$(OPENIE)/bin/python -m pip install --quiet --no-deps --no-build-isolation --requirement envs/openie.lock
	touch $@

# A real Slurm on this machine, as root: two nodes with fake GPUs, which run the kitchen and are gone at the end. The whole ladder
# also loses nodes, the database and the driver; its log is results/cluster.log.
PLUGIN := .slurm-plugin
.PHONY: cluster-test cluster-test-full cluster-packages cluster-plugin
cluster-test: cluster-packages cluster-plugin
	FORETASTE_CLUSTER=short python -m pytest -rs tests/cluster

cluster-test-full: cluster-packages cluster-plugin
	FORETASTE_CLUSTER=full python -m pytest -rs tests/cluster

SLURM := slurm-wlm slurmdbd munge mariadb-server
cluster-packages:
	@if [ "$$(id -u)" != 0 ]; then echo "not root: Slurm is not installed, and what needs a cluster skips"; \
	elif ! command -v slurmctld slurmdbd munged mariadbd >/dev/null; then \
	apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $(SLURM) >/dev/null; fi

# Beside the environment: Snakemake loads every plugin that it finds at every start.
cluster-plugin: $(PLUGIN)/ready
$(PLUGIN)/ready: envs/slurm.lock $(READY)
	rm -rf $(PLUGIN)
	python -m pip install --quiet --no-deps --target $(PLUGIN) --requirement envs/slurm.lock
	touch $@

# After an edit of the dependencies in pyproject.toml: resolve them anew and write the pins.
lock:
	rm -rf $(VENV) && $(PYTHON) -m venv $(VENV)
	python -m pip install --quiet --editable '.[dev]' setuptools
	{ sed -n '/^#/p' requirements.lock; python -m pip freeze --exclude-editable --all | sed -E '/^pip==/d; s/\+cpu$$//'; } > requirements.lock.new
	mv requirements.lock.new requirements.lock
	$(MAKE) envs/main.yaml

# The same pins as a recipe for conda; what stands before them is written by hand.
envs/main.yaml: requirements.lock
	{ sed '/- pip:/q' $@; sed -n 's/^[^#]/      - &/p' requirements.lock; } > $@.new
	mv $@.new $@
