# make demo: the generated kitchen, from recipes and videos to a report. make test: the test suite. Both set up what they need.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
CORES ?= 2
READY := $(VENV)/ready
DEMO := results/kitchen/lm_avt_demo

export PATH := $(CURDIR)/$(BIN):$(PATH)
export HF_HUB_OFFLINE := 1
export OMP_WAIT_POLICY := passive
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: demo test lint bench setup lock
demo: $(READY)
	snakemake --cores $(CORES) --quiet rules -- demo
	@foretaste arms $(DEMO)/summary.json

test: $(READY)
	python -m pytest

lint: $(READY)
	ruff check .
	ruff format --check .
	foretaste schemas

# Real label files for the benchmarks that need them: make bench DATA=DIR
DATA ?=
bench: $(READY)
	python bench/avt.py
	python bench/scores.py
	python bench/recipes.py
	python bench/mlm.py
	python bench/video.py
	if [ -n "$(DATA)" ]; then python bench/counts.py --data $(DATA); python bench/openie.py --data $(DATA); fi
	python bench/performance_page.py

setup: $(READY)

# The environment: exactly the lock file, then this package on top of it.
$(READY): requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	python -m pip install --quiet --requirement requirements.lock
	python -m pip install --quiet --no-deps --no-build-isolation --editable .
	touch $@

# After an edit of the dependencies in pyproject.toml: resolve them anew and write the pins.
lock:
	rm -rf $(VENV) && $(PYTHON) -m venv $(VENV)
	python -m pip install --quiet --editable '.[dev]' setuptools
	{ sed -n '/^#/p' requirements.lock; python -m pip freeze --exclude-editable --all | sed -E '/^pip==/d; s/\+cpu$$//'; } > requirements.lock.new
	mv requirements.lock.new requirements.lock
