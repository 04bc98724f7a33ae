# The commands of the project; each installs what it lacks, works when run twice, and leaves nothing running.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:

export PATH := $(CURDIR)/target/zig/bin:$(HOME)/.cargo/bin:$(PATH)

ARCHITECTURE := $(shell uname -m)

.PHONY: help build dist demo test bench docs clean

help: ## Shows this list.
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 16

build: ## Builds the static binary for this machine, and links library/cross_compile to it.
	@scripts/setup build
	@cargo zigbuild --release --locked --target $(ARCHITECTURE)-unknown-linux-musl
	@scripts/install-binary $(ARCHITECTURE)

dist: ## Builds what is shipped, in target/dist: the collection and the classic role, for x86_64 and aarch64.
	@scripts/dist

demo: build ## Plays the role against a private engine, registry and git server, twice, and shows what is there.
	@scripts/demo

test: ## Runs everything that guards the project; ends with a plain count.
	@scripts/test

bench: build ## Measures against what a user would otherwise run; prints a table.
	@scripts/bench

docs: ## Makes the sidecars, the role's argument_specs.yml and the tables of docs/ from the declarations.
	@scripts/setup build
	@WRITE_DOCUMENTATION=yes cargo test --locked --quiet --test documentation

clean: ## Stops what still runs, and removes everything that was built.
	@if [[ -d target ]]; then python3 tests/testbed down; fi
	@rm -rf target binaries library/cross_compile
