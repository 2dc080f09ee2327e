# The two commands of the README are `make run` and `make test`; the rest serves them.
# Needs Python 3.11 to 3.13, pip and make. Everything is installed inside this folder.

PYTHON  ?= $(shell for p in python3.11 python3.12 python3.13 python3; do $$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null && { echo $$p; break; }; done)
UV      := $(shell command -v uv 2>/dev/null || echo .uv/bin/uv)
BIN     := .venv/bin
CONFIG  ?= data/wine/config.yaml
# Tests are dealt to this many processes, see tests/conftest.py; each needs about 3 GB and one core.
WORKERS ?= 2
PYTEST  := $(BIN)/pytest --numprocesses $(WORKERS)

# Company and laptop certificates live in the system's store.
export UV_SYSTEM_CERTS ?= 1
# A Python that is not on this machine is not fetched behind the user's back.
export UV_PYTHON_DOWNLOADS ?= never
# Many containers set it; without bytecode every process compiles TensorFlow and TFX again, which more than doubles the
# 10 seconds of their import.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup run check test slow browser proof image coverage bench lock clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: .venv/installed ## make .venv with the locked environment
run: setup ## run the pipeline on the bundled data (CONFIG=... for another config)
	@$(BIN)/mtl run --config $(CONFIG)
check: setup ## lint, format, types, import contract
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
test: setup ## the tests (about 10 minutes on 2 cores)
	$(PYTEST)
slow: setup ## the slow proofs, but for the image
	$(PYTEST) -rs -m "slow and not image"
browser: setup ## the pages in Chromium (needs chromium, chromium-driver and npm)
	$(BIN)/pytest -m browser
proof: setup ## what slow and browser run, in one go
	$(PYTEST) -rs -m "(slow or browser) and not image"
image: setup ## build the image and run it (needs buildah; about 15 minutes)
	$(BIN)/pytest -m image
coverage: setup ## what the tests reach of each package, by line and branch
	$(BIN)/coverage erase
	-$(BIN)/coverage run -m pytest --numprocesses $(WORKERS)
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage json --quiet
	$(BIN)/python -m tests.coverage_by_package coverage.json
bench: setup ## a run beside TFX's own components (half an hour; needs ../shared/bench)
	$(BIN)/python -m tests.benchmarks.beside
lock: | $(UV) ## resolve requirements.lock from scratch
	$(UV) pip compile pyproject.toml --extra dev --universal --generate-hashes --no-annotate --no-header -o requirements.lock
clean: ## remove runs and the environment
	rm -rf .venv .uv runs

.venv/installed: requirements.lock pyproject.toml | $(UV)
	@test -n "$(PYTHON)" || { echo "Python must be 3.11, 3.12 or 3.13, got none on PATH. Install one, or give it as make PYTHON=..."; exit 2; }
	$(UV) venv --quiet --allow-existing --python "$(PYTHON)" .venv
	VIRTUAL_ENV=.venv $(UV) pip sync --quiet --require-hashes requirements.lock
	VIRTUAL_ENV=.venv $(UV) pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

.uv/bin/uv:
	$(PYTHON) -m pip install --quiet --disable-pip-version-check --target .uv uv
