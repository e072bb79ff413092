# make demo: environment, installation, the quickstart run, its leaderboard.   make test: the fast tests.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
OUT ?= runs/quickstart

.DEFAULT_GOAL := help
.PHONY: help demo test check bench wheel slow clean

help:
	@echo "make demo   install and run the quickstart (about 10 minutes on two cores, installation apart)"
	@echo "make test   install and run the fast tests"
	@echo "make check  lint, types of the installed wheel, import floors, packaging guards"
	@echo "make slow   simulations and long tests"
	@echo "make bench  speed beside the peers"
	@echo "make wheel  build the wheel in dist/"

$(BIN)/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "synmedbench needs Python 3.11 or newer")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q --upgrade pip

$(VENV)/.installed: pyproject.toml constraints.txt | $(BIN)/python
	$(BIN)/python -m pip install -q -c constraints.txt -e .
	touch $@

$(VENV)/.installed-dev: pyproject.toml constraints.txt | $(BIN)/python
	$(BIN)/python -m pip install -q -c constraints.txt -e '.[dev]'
	touch $@ $(VENV)/.installed

demo: $(VENV)/.installed
	$(BIN)/synmedbench run quickstart --out $(OUT)

test: $(VENV)/.installed-dev
	$(BIN)/python -m pytest -n 2 --dist loadfile

check: $(VENV)/.installed-dev
	$(BIN)/python -m ruff check .
	$(BIN)/python tests/packaging/check_wheel.py

slow: $(VENV)/.installed-dev
	$(BIN)/python -m pytest -m slow -rA

bench: $(VENV)/.installed-dev
	$(BIN)/python -m pytest tests/benchmarks -m slow --benchmark-only

wheel: $(VENV)/.installed-dev
	$(BIN)/python -m build --wheel --outdir dist

clean:
	rm -rf build dist .pytest_cache .mypy_cache .ruff_cache
