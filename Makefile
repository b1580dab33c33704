# Everything goes through scripts/setup.sh, which does nothing when there is nothing to do.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help setup demo test faults soak lint clean

ROBOT ?= walker
COMMAND ?= walk forward
SECONDS_TO_RUN ?= 10
MINUTES ?= 60
export ROBOT COMMAND SECONDS_TO_RUN

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-7s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## virtual environment, pinned packages, colcon build; continues where it was interrupted
	@scripts/setup.sh

demo: setup ## one sentence to the simulated walker: make demo COMMAND="walk forward"
	@source env.sh && rlzero run --robot "$$ROBOT" --command "$$COMMAND" \
	  --seconds "$$SECONDS_TO_RUN" --report out/report.json

test: setup ## every test; ARGS="test/safety -k slew" chooses
	@source env.sh && python -m pytest $(ARGS)

faults: setup ## inject every fault (a quarter of an hour); renders docs/reliability.md
	@rm -f out/faults.json
	@source env.sh && python -m pytest -m faults test/faults $(ARGS); status=$$?; \
	  python test/faults/report.py out/faults.json docs/reliability.md && exit $$status
	@source env.sh && RLZERO_GUARD_TICKS=1000000 python -m pytest test/safety/test_guard_many_ticks.py

soak: setup ## commands to the simulated robot for hours: make soak MINUTES=60
	@source env.sh && python scripts/soak.py --minutes "$(MINUTES)" --json out/soak.json

lint: setup ## ruff and mypy
	@source env.sh && ruff check . && ruff format --check . && mypy

clean: ## remove what setup and runs made, but not bundles and models
	rm -rf .venv .venv-* build install log out
