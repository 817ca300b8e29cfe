# 'make help' lists what there is.
SHELL := /bin/bash
.DEFAULT_GOAL := help
CONFIGURATION := release
HOURS := 0.1
MINUTES := 10
SECONDS := 60
SWIFT_FLAGS := -c $(CONFIGURATION)
SOURCES := Package.swift Sources queues workers benchmarks Tests
STRATA := .build/$(CONFIGURATION)/strata
PEERS := .build/bench-venv

# By the environment, not on the scripts' command lines: a file may be called anything.
export INPUT

.PHONY: help demo test faults simulate fuzz lint format bench bench-peers build packages clean

help: ## Show what this Makefile can do
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo "  variables: INPUT=scan.laz (demo), BENCH='name …' (bench), FILTER=regex (test), HOURS=n (faults), SECONDS=n SEED=n (simulate), MINUTES=n (fuzz)"

packages: ## Install the Debian packages of scripts/packages.txt that are missing
	@scripts/install-packages

build: packages ## Build the strata command
	@swift build $(SWIFT_FLAGS) --product strata

demo: build ## Run one real job end to end; results in demo-out/ (INPUT=file.laz for your own)
	@scripts/demo $(STRATA)

test: packages ## Run every test
	@swift build $(SWIFT_FLAGS) --build-tests
	@scripts/run-tests $(SWIFT_FLAGS) $(if $(FILTER),--filter '$(FILTER)')

faults: packages ## Do random harm to real stacks for HOURS=n (0.1), and check that nothing is lost
	@swift build $(SWIFT_FLAGS) --product strata-faults && swift build $(SWIFT_FLAGS) --product strata-skew
	@.build/$(CONFIGURATION)/strata-faults --hours $(HOURS)

simulate: packages ## Play histories of the simulation for SECONDS=n (60), and check that promises are kept (SEED=n: from there)
	@swift build $(SWIFT_FLAGS) --product strata-simulate
	@.build/$(CONFIGURATION)/strata-simulate --seconds $(SECONDS) $(if $(SEED),--seed $(SEED))

fuzz: packages ## Feed the readers of files with bytes that follow their branches for MINUTES=n (10) in all (TARGETS='pcd …' for some)
	@scripts/fuzz $(MINUTES) $(TARGETS)

lint: ## Check the formatting (swift format) and the house rules (Tests/TidyTests)
	@swift format lint --strict --recursive --parallel $(SOURCES)
	@for script in .ci/run $(filter-out %.txt,$(wildcard scripts/*)); do bash -n $$script || exit 1; done

format: ## Format every Swift file in place
	@swift format --in-place --recursive --parallel $(SOURCES)

bench: build bench-peers ## Run the benchmarks beside their peers (BENCH='queue-lifecycle …' for some)
	@swift build $(SWIFT_FLAGS) --product strata-bench
	@.build/$(CONFIGURATION)/strata-bench $(BENCH)

bench-peers: $(PEERS)/installed ## Install what the benchmarks compare with (benchmarks/packages.txt, benchmarks/requirements.txt)
	@scripts/install-packages benchmarks/packages.txt

$(PEERS)/installed: benchmarks/requirements.txt | packages
	@python3 -m venv $(PEERS)
	@$(PEERS)/bin/pip install --quiet --disable-pip-version-check --requirement $<
	@touch $@

clean: ## Remove what was built and what demo and benchmarks drew (not the cache of downloads)
	@rm -rf .build demo-out bench-out
