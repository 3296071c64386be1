# The commands of the README do all the set-up: `make demo` and `make test`.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

# The import check makes the ladder of targets true: the manifest alone does not.
CHECK := --explicit-target-dependency-import-check error
RELEASE := -c release $(CHECK)
# Tests import internals. The flag costs the audit's writer half its speed, so the demo goes without.
TESTING := $(RELEASE) -Xswiftc -enable-testing
BINARY = $$(swift build $(RELEASE) --show-bin-path)/crossmargin
DEMO_DB ?= demo.sqlite

.PHONY: help setup build demo test ci lint format golden bench docs studies clusters debug-check clean

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

setup: ## checks Swift, and installs SQLite's headers where they are missing and it may
	@bash scripts/setup.sh

build: setup ## builds the release
	swift build $(RELEASE) --product crossmargin

demo: build ## runs scenarios/oracle-delay.yaml into a database and asks it some questions
	@rm -f $(DEMO_DB) $(DEMO_DB)-wal $(DEMO_DB)-shm
	$(BINARY) run scenarios/oracle-delay.yaml --db $(DEMO_DB)
	$(BINARY) query $(DEMO_DB) --named liquidation-delay --limit 5
	$(BINARY) verify $(DEMO_DB)

test: setup ## builds the release and runs every test in it
	swift build $(TESTING) --build-tests
	swift test $(TESTING) --skip-build

debug-check: setup ## the same head hashes from a debug build
	swift build $(CHECK) --product crossmargin
	bash scripts/compare-builds.sh

lint: ## swift-format, strictly
	swift format lint --strict --recursive --parallel Package.swift Sources Tests Benchmarks

format: ## formats all sources
	swift format --in-place --recursive --parallel Package.swift Sources Tests Benchmarks

golden: setup ## rewrites the golden files; read the diff, and say in the commit why it moved
	swift build $(TESTING) --build-tests
	CROSSMARGIN_WRITE_GOLDENS=1 swift test $(TESTING) --skip-build --filter '[Gg]olden'
	git --no-pager diff --stat -- Tests docs

docs: setup ## rewrites the documents that are generated
	swift build $(TESTING) --build-tests
	CROSSMARGIN_WRITE_GOLDENS=1 swift test $(TESTING) --skip-build --filter Documents
	git --no-pager diff --stat -- docs

studies: build ## reruns studies/*.yaml and rewrites their pages in docs/studies
	@for file in studies/*.yaml; do \
		echo "$$file"; \
		$(BINARY) study run "$$file" --page "docs/studies/$$(basename "$$file" .yaml).md" > /dev/null; \
	done
	git --no-pager diff --stat -- docs/studies

clusters: build ## a sharded sweep by Slurm and by Dask, compared with one process (docs/clusters.md says what they need)
	CROSSMARGIN=$(BINARY) bash scripts/cluster-slurm.sh
	CROSSMARGIN=$(BINARY) python3 scripts/cluster-dask.py

bench: setup ## the benchmark of the law and of the audit, against C
	bash Benchmarks/run.sh

ci: lint test debug-check ## what continuous integration runs

clean: ## removes build products
	rm -rf .build
