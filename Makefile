# Needs Python 3.11 or newer and, for the VS Code extension, Node 20 or newer. Set-up goes into .venv and
# vscode-extension/node_modules, once; nothing else of the machine is touched. PYTHON=... names another Python.

.DEFAULT_GOAL := help
.NOTPARALLEL:
.DELETE_ON_ERROR:

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet --quiet
EXTENSION := vscode-extension
NODE_MODULES := $(EXTENSION)/node_modules/.package-lock.json
HAVE_NPM := $(shell command -v npm 2>/dev/null)
NO_NPM := echo "npm is not on the PATH: the VS Code extension is left out. Install Node 20 or newer to include it."

NEW_ENOUGH := import sys; sys.exit(sys.version_info < (3, 11))
PYTHON = $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	"$$p" -c '$(NEW_ENOUGH)' >/dev/null 2>&1 && { echo "$$p"; break; }; done)

.PHONY: help
help: ## say what there is to make
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 12

.PHONY: setup
setup: $(VENV)/.dev $(if $(HAVE_NPM),$(NODE_MODULES)) ## install everything for working on the project
	@$(if $(HAVE_NPM),true,$(NO_NPM))

.PHONY: demo
demo: $(VENV)/.core ## do the main job on the files in examples/ (no Lean needed)
	@$(BIN)/lean-sidekick demo

.PHONY: check
check: check-format check-lint check-types check-imports check-docs check-extension ## format, lint, types, import rules, docs

.PHONY: check-format check-lint check-types check-imports check-docs check-extension
check-format: setup
	$(BIN)/ruff format --check .
check-lint: setup
	$(BIN)/ruff check .
check-types: setup
	$(BIN)/mypy
check-imports: setup
	$(BIN)/lint-imports --no-cache
check-docs: setup
	$(BIN)/python docs/generate.py --check
check-extension: setup
	$(if $(HAVE_NPM),cd $(EXTENSION) && npm run --silent check)

.PHONY: fix
fix: setup ## format and mend what can be mended by itself
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	$(if $(HAVE_NPM),cd $(EXTENSION) && npm run --silent fix)

.PHONY: test
test: setup ## all tests that need no Lean, on all cores
	$(if $(HAVE_NPM),cd $(EXTENSION) && npm test --silent)
	$(BIN)/pytest -n auto

.PHONY: test-models
test-models: $(VENV)/.dev $(VENV)/.models ## the tests that need torch and transformers, which are installed first
	$(BIN)/pytest -m model

NEEDS_LEAN := test -n "$$LEAN_SIDEKICK_LEAN" || command -v lean >/dev/null || { \
	echo "There is no Lean: set LEAN_SIDEKICK_LEAN to a lean program, or put one on the PATH."; exit 1; }

.PHONY: test-live
test-live: $(VENV)/.dev ## the tests that ask a real Lean (LEAN_SIDEKICK_LEAN, or the one on the PATH)
	@$(NEEDS_LEAN)
	$(BIN)/pytest -m live

# The version of code-server, and the Node that it wants: 20 up to 4.100.3, 24 from 4.133.0 on.
EDITOR_VERSION ?= 4.100.3
EDITOR_NODE ?= $(shell command -v node 2>/dev/null)
EDITOR_FOLDER ?= $(CURDIR)/build/code-server-$(EDITOR_VERSION)

.PHONY: test-editors
test-editors: package ## the tests in a real VS Code (in Chromium), Neovim and Emacs; with a Lean if there is one
	@for program in chromium rg nvim emacs; do command -v $$program >/dev/null || { \
		echo "$$program is not on the PATH: install the packages chromium, ripgrep, neovim, emacs, elpa-eglot and elpa-lsp-mode."; \
		exit 1; }; done
	EDITOR_NODE="$(EDITOR_NODE)" sh $(EXTENSION)/test-browser/install-code-server.sh "$(EDITOR_FOLDER)" "$(EDITOR_VERSION)"
	EDITOR_FOLDER="$(EDITOR_FOLDER)" EDITOR_NODE="$(EDITOR_NODE)" node --test --test-concurrency=1 --test-reporter=spec $(EXTENSION)/test-browser/*.test.mjs
	$(BIN)/pytest -m editor

.PHONY: test-cluster
test-cluster: $(VENV)/.dev ## a benchmark run on a Ray cluster of two local nodes, one of which dies (needs the extra `ray`)
	$(BIN)/pytest -m cluster

.PHONY: record
record: $(VENV)/.dev ## with a real Lean: record its answers again, and say which verdicts changed
	@$(NEEDS_LEAN)
	PYTHONPATH=tests $(BIN)/python -m support.record

.PHONY: docs
docs: $(VENV)/.dev ## write the generated pages and the extension's settings
	$(BIN)/python docs/generate.py

.PHONY: update
update: docs record ## write all that is written by machine: the generated pages and the recordings

BENCH_OUT ?= build/bench

.PHONY: bench
bench: $(VENV)/.dev ## with a real Lean: all benchmarks, figures to BENCH_OUT; DATA=theorems.jsonl proves those too
	@$(NEEDS_LEAN)
	@mkdir -p $(BENCH_OUT)
	for script in benchmarks/*.py; do \
		$(BIN)/python "$$script" --out "$(BENCH_OUT)/$$(basename "$$script" .py | tr _ -).json" || exit; done
	$(BIN)/lean-sidekick bench verify benchmarks/data/tactics.txt --out "$(BENCH_OUT)/verify"
	$(if $(DATA),$(BIN)/lean-sidekick bench prove "$(DATA)" --out "$(BENCH_OUT)/prove" || [ $$? -eq 1 ])

.PHONY: package
package: setup ## build the wheel and, with npm, the .vsix that carries it
	$(BIN)/python -m build --wheel --no-isolation
	$(if $(HAVE_NPM),cd $(EXTENSION) && npm run --silent package)

.PHONY: clean
clean: ## remove what was built, the environments too
	rm -rf $(VENV) dist build $(EXTENSION)/node_modules $(EXTENSION)/dist $(EXTENSION)/out $(EXTENSION)/*.vsix
	rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

# Set-up. Each stamp is newer than what it was made from, so that nothing is installed twice.

$(VENV)/.made:
	@test -n "$(PYTHON)" || { \
		echo "Python 3.11 or newer is needed: install it, or name one with make PYTHON=/path/to/python3."; exit 1; }
	@"$(PYTHON)" -c '$(NEW_ENOUGH)' || { echo "$(PYTHON) is older than Python 3.11: name a newer one with PYTHON=..."; exit 1; }
	@echo "Setting up $(VENV) (once) ..."
	@"$(PYTHON)" -m venv $(VENV)
	@touch $@

$(VENV)/.core: pyproject.toml constraints.txt | $(VENV)/.made
	@$(PIP) install -c constraints.txt -e .
	@touch $@

$(VENV)/.dev: pyproject.toml constraints.txt | $(VENV)/.made
	@echo "Installing the tools for development (once) ..."
	@$(PIP) install -c constraints.txt -e '.[dev]'
	@touch $(VENV)/.core $@

$(VENV)/.models: pyproject.toml constraints.txt | $(VENV)/.made
	@echo "Installing the model libraries (once; about two gigabytes) ..."
	@$(PIP) install -c constraints.txt -e '.[train]'
	@touch $@

$(NODE_MODULES): $(EXTENSION)/package-lock.json
	@echo "Installing the extension's packages (once) ..."
	@cd $(EXTENSION) && npm ci --silent
	@touch $@
