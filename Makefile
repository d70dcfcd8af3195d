# Two commands for everybody: `make run` and `make test`. The rest is for those who change things (README).
SHELL := /bin/bash
.DEFAULT_GOAL := help

PORT ?= 8000
STATE_DIR ?= var
export PORT STATE_DIR
# A machine may trust a certificate authority of its own.
export UV_SYSTEM_CERTS := 1

UV := .tools/uv/bin/uv
SERVICES := .venv-services/bin/python
BOT := .venv-bot/bin/python
PIP := $(UV) pip install --quiet --require-hashes --no-python-downloads

SERVICES_READY := .venv-services/.ready
BOT_READY := .venv-bot/.ready
DEV_READY := .venv-services/.dev-ready
BOT_DEV_READY := .venv-bot/.dev-ready
FRONTEND_READY := deploy/frontend/node_modules/.ready

.PHONY: help setup run test lint train evaluate classify bench lock fresh-lock browser clean

help: ## what each command does
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

$(UV): deploy/locks/uv.txt
	@echo "· uv"
	@python3 -m venv .tools/uv
	@.tools/uv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r deploy/locks/uv.txt
	@touch $(UV)

$(SERVICES_READY): deploy/locks/services.txt | $(UV)
	@echo "· environment of the services (Python 3.11)"
	@test -x $(SERVICES) || $(UV) venv --quiet --no-python-downloads --python 3.11 .venv-services
	@$(PIP) --python $(SERVICES) -r deploy/locks/services.txt
	@touch $@

$(DEV_READY): deploy/locks/dev.txt $(SERVICES_READY) | $(UV)
	@echo "· development tools"
	@$(PIP) --python $(SERVICES) -r deploy/locks/dev.txt
	@touch $@

$(BOT_READY): deploy/locks/bot.txt | $(UV)
	@echo "· environment of the bot (Python 3.10, Rasa)"
	@test -x $(BOT) || $(UV) venv --quiet --no-python-downloads --python 3.10 .venv-bot
	@$(PIP) --python $(BOT) -r deploy/locks/bot.txt
	@touch $@

$(BOT_DEV_READY): deploy/locks/bot-dev.txt $(BOT_READY) | $(UV)
	@$(PIP) --python $(BOT) -r deploy/locks/bot-dev.txt
	@touch $@

$(FRONTEND_READY): deploy/frontend/package-lock.json
	@echo "· front-end assets"
	@npm ci --loglevel=error --no-audit --no-fund --ignore-scripts --prefix deploy/frontend
	@touch $@

setup: $(SERVICES_READY) $(BOT_READY) $(FRONTEND_READY)

run: setup ## sets up what is missing and starts the whole system in the foreground (PORT, STATE_DIR)
	@exec $(SERVICES) -m deploy.launcher run

train: setup ## trains and registers a model from nlu_data/ in the running system of STATE_DIR
	@exec $(SERVICES) -m deploy.launcher train

# The newest model of STATE_DIR, or MODEL=path; trains one if there is none.
define the-model
model="$${MODEL:-$$(ls -t $(STATE_DIR)/models/*.tar.gz 2>/dev/null | head -1)}"; \
	test -n "$$model" || { $(MAKE) --no-print-directory train >&2 && model=$$(ls -t $(STATE_DIR)/models/*.tar.gz | head -1); }
endef

evaluate: setup ## scores the newest model (or MODEL=path) on the frozen test set; writes STATE_DIR/evaluation/report.html
	@$(the-model); $(BOT) -m bot.evaluate --model "$$model" --out $(STATE_DIR)/evaluation --baseline $(STATE_DIR)/bench/baseline

classify: ## classifies JSON lines with a text from stdin to stdout, on all cores (MODEL=path)
	@$(MAKE) --no-print-directory setup >&2
	@$(the-model); set -o pipefail; $(BOT) -m bot.classify --model "$$model" | $(SERVICES) -m services.nlu.archive

bench: setup ## measures against a stock Rasa project on the same data and machine (BASELINE_EPOCHS=n)
	@$(BOT) -m bot.bench --out $(STATE_DIR)/bench $(if $(BASELINE_EPOCHS),--baseline-epochs $(BASELINE_EPOCHS))

test: setup $(DEV_READY) $(BOT_DEV_READY) browser ## all tests, with real servers, a real Rasa process and a real browser
	@$(BOT) -m pytest tests/bot --confcutdir=tests/bot
	@$(SERVICES) -m pytest tests --ignore=tests/bot

browser:
	@command -v chromium >/dev/null || { \
		echo "· chromium"; \
		as_root=$$( [ "$$(id -u)" = 0 ] || echo sudo ); \
		$$as_root apt-get update -qq && $$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium >/dev/null; }

lint: $(SERVICES_READY) $(DEV_READY) $(BOT_DEV_READY) ## ruff, mypy, import contracts, mistakes in nlu_data (fast checks)
	@$(SERVICES) -m ruff check .
	@$(SERVICES) -m ruff format --check .
	@$(SERVICES) -m mypy
	@$(BOT) -m mypy --config-file bot/mypy.ini bot
	@.venv-services/bin/lint-imports
	@$(BOT) -m bot.lint_data --fast --quiet

lock: $(UV) ## compiles the dependency groups of pyproject.toml into deploy/locks/ (hashes, no hosts)
	@for group in bot bot-dev; do \
		$(UV) pip compile --quiet --generate-hashes --no-annotate --no-header --python-version 3.10 --group $$group -o deploy/locks/$$group.txt; done
	@for group in services dev; do \
		$(UV) pip compile --quiet --generate-hashes --no-annotate --no-header --python-version 3.11 --group $$group -o deploy/locks/$$group.txt; done
	@! grep -nE 'https?://' deploy/locks/*.txt

clean: ## removes what make made, but not var/
	@rm -rf .tools .venv-services .venv-bot deploy/frontend/node_modules .pytest_cache .mypy_cache .ruff_cache
