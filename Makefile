# SPDX-License-Identifier: Apache-2.0
# The front door. Meson and Ninja do the building; this file only names what people do.

BUILD := build
RELEASE := $(BUILD)/release
DEBUG := $(BUILD)/test
FUZZ := $(BUILD)/fuzz
FUZZ_SECONDS ?= 60
SEEDS ?= 1000
FIRST ?= 1
SCENARIO ?= demo
RUN_FLAGS ?=

# Ninja uses every core by itself; two targets at once would only fight over them and over apt.
.NOTPARALLEL:
.PHONY: help run start stop health timescale-shell build test test-long test-simulation bench lint format fuzz clean setup

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## install what is missing (Debian packages, npm packages)
	@scripts/setup

run: build ## build, start the demo platform and print where to look
	@scripts/run-platform $(SCENARIO) $(RUN_FLAGS)

start: build ## build and start the platform in the background
	@scripts/start-all-services.sh

stop: ## stop what `make start` started
	@scripts/stop-all-services.sh

health: ## ask every service of the running platform how it is
	@scripts/health

timescale-shell: ## read the running platform's history in a SQL shell
	@scripts/history-shell

build: ## the release binary build/hcp alone
	@scripts/setup build
	@scripts/configure $(RELEASE) -Dbuildtype=release -Db_ndebug=false -Db_lto=true
	@ninja -C $(RELEASE) src/cli/hcp
	@cp -f $(RELEASE)/src/cli/hcp $(BUILD)/hcp.new && mv -f $(BUILD)/hcp.new $(BUILD)/hcp
	@echo "built $(BUILD)/hcp"

test: ## every suite but the long ones, under ASan and UBSan; ends with one line
	@scripts/setup build test web
	@scripts/run-tests $(DEBUG)

test-long: ## the long suites: many seeds, many kills
	@scripts/setup build test web
	@scripts/run-tests --long $(DEBUG)

test-simulation: build ## SEEDS (1000) days of the dev site with faults, from seed FIRST (1), every invariant checked
	@$(BUILD)/hcp simulate --scenario dev --faults --hours 24 --seeds $(SEEDS) --seed $(FIRST)

bench: ## the benchmarks, with the release flags
	@scripts/setup build test
	@scripts/configure $(RELEASE) -Dbuildtype=release -Db_ndebug=false -Db_lto=true
	@ninja -C $(RELEASE)
	@bench/run --json $(RELEASE)/bench.json $(RELEASE)
	@meson test -C $(RELEASE) --benchmark --verbose --no-rebuild --num-processes 1

lint: ## clang-tidy, clang-format, structure checks, shellcheck
	@scripts/setup build test lint
	@scripts/lint $(BUILD)/lint

format: ## format the C sources in place
	@scripts/setup lint
	@scripts/format

fuzz: ## each fuzz target for FUZZ_SECONDS (60)
	@scripts/setup build fuzz
	@CC=clang-14 scripts/configure $(FUZZ) -Dfuzz=true -Db_sanitize=address,undefined -Db_lundef=false
	@scripts/run-fuzz $(FUZZ) $(FUZZ_SECONDS)

clean: ## remove everything that was built
	rm -rf $(BUILD)
