# Strongroom's one way to run things. `make help` lists the targets.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
CARGO := cargo
PROFILE := --profile ci
BUILT := $(or $(CARGO_TARGET_DIR),target)/ci
# A copy: Cargo replaces the program it built while that program runs Cargo.
HARNESS := $(BUILT)/run/harness

.DEFAULT_GOAL := help

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# The same selection as elsewhere, so that what is built here is not built again.
.PHONY: try
try: ## a vault on this machine, with programs of the Azure SDKs that use it; builds it first
	$(CARGO) build $(PROFILE) $(WHOLE) --bin strongroom
	@scripts/try $(BUILT)/strongroom

.PHONY: demo
demo: harness ## a cluster with everything on it, and a pod that reads a secret while it rotates
	@$(HARNESS) demo

.PHONY: demo-down
demo-down: harness ## remove what `make demo` made
	@$(HARNESS) demo-down

.PHONY: ci
ci: lint test ## everything CI runs

.PHONY: lint
lint: fmt clippy layers deny ## formatting, lints, layers and dependencies

# Every call of Cargo selects the whole workspace, so that dependencies are built with one set of features, once. So does
# the example: with it, Cargo counts dev-dependencies when it chooses features, as it does for tests.
WHOLE := --workspace --example reference
.PHONY: harness
harness:
	@$(CARGO) build $(PROFILE) $(WHOLE) --bin harness
	@install -D -m 755 $(BUILT)/harness $(HARNESS)

# `make test TEST_ARGS=--shuffle` tests in another order each time.
TEST_ARGS :=

.PHONY: test
test: harness ## every test; those of a cluster on two of their own, unless KUBECONFIG names another
	$(HARNESS) tools
	$(HARNESS) test $(TEST_ARGS)

.PHONY: test-local
test-local: harness ## the tests that need no cluster
	$(HARNESS) tools
	$(HARNESS) test --no-cluster $(TEST_ARGS)

.PHONY: fuzz
fuzz: ## what reads a stranger's bytes, under libFuzzer on nightly, FUZZ_SECONDS (60) for each of FUZZ_TARGETS (all)
	@scripts/fuzz

.PHONY: bench
bench: bench-vault bench-sign bench-certificates bench-dev bench-node ## measure against OpenBao and a bare handler, and on a cluster; rewrites docs/benchmarks.md

BENCH := $(or $(CARGO_TARGET_DIR),target)/release/bench
BENCH_ARGS :=

# What is measured and what measures it: each further program would be optimised as a whole, for minutes.
BENCHED := bench harness strongroom strongroom-vault strongroom-operator strongroom-identity strongroom-csi
.PHONY: bench-program
bench-program:
	$(CARGO) build --release --workspace $(BENCHED:%=--bin %)

.PHONY: bench-vault
bench-vault: bench-program ## the vault alone, as a bare process
	$(BENCH) vault --write docs/benchmarks.md $(BENCH_ARGS)

.PHONY: bench-sign
bench-sign: bench-program ## signatures of the vault, of OpenBao and of the library alone
	$(BENCH) sign --write docs/benchmarks.md $(BENCH_ARGS)

.PHONY: bench-certificates
bench-certificates: bench-program ## certificates that the vault and OpenBao issue
	$(BENCH) certificates --write docs/benchmarks.md $(BENCH_ARGS)

.PHONY: bench-dev
bench-dev: bench-program ## from the start of a vault on a laptop to the end of a program that used it
	$(BENCH) dev --write docs/benchmarks.md $(BENCH_ARGS)

.PHONY: bench-node
bench-node: bench-program ## mounts, rotations, steady state and memory
	$(BENCH) node --write docs/benchmarks.md $(BENCH_ARGS)

.PHONY: bench-attacks
bench-attacks: bench-program ## honest clients while one source attacks each program
	$(BENCH) attacks --write docs/benchmarks.md $(BENCH_ARGS)

.PHONY: bench-growth
bench-growth: bench-program ## requests as keys, versions and policies become more, and while RSA keys are made
	$(BENCH) growth --write docs/benchmarks.md $(BENCH_ARGS)

# A copy too: it runs Cargo for the crash simulator.
SOAK := $(BUILT)/run/soak
# `make soak SOAK_ARGS='kills --kills 100 --seed 7'` runs one part; `SOAK_ARGS=--help` lists them.
SOAK_ARGS :=

.PHONY: soak
soak: ## for hours what the tests try for seconds: kills, crashes, renewals, equal times, residue in memory; needs root
	@$(CARGO) build $(PROFILE) $(WHOLE) --bins
	@install -D -m 755 $(BUILT)/soak $(SOAK)
	$(SOAK) $(SOAK_ARGS)

# A copy: Cargo may replace the program while it runs.
CONFORMANCE := $(BUILT)/run/conformance
# `make conformance-at CONFORMANCE_ARGS='--at 7.4 --only purge'` runs a part and leaves the page as it is.
CONFORMANCE_ARGS :=

.PHONY: conformance
conformance: conformance-program ## the Azure SDK's own tests against a vault at every api-version; rewrites docs/conformance.md
	$(CONFORMANCE) --write docs/conformance.md

.PHONY: conformance-at
conformance-at: conformance-program
	$(CONFORMANCE) $(CONFORMANCE_ARGS)

.PHONY: conformance-program
conformance-program: harness
	$(HARNESS) tools azure-python-tests
	@$(CARGO) build $(PROFILE) $(WHOLE) --bins
	@install -D -m 755 $(BUILT)/conformance $(CONFORMANCE)

# `make package TARGETS=all BASE_URL=https://HOST/PATH`: docs/packaging.md. PACKAGE_ARGS=--dirty for a try.
TARGETS :=
BASE_URL :=
PACKAGE_ARGS :=
.PHONY: package
package: ## release archives of the command line in dist/, for this machine or TARGETS; with BASE_URL also what krew and Homebrew read
	scripts/package archives $(if $(TARGETS),--targets $(TARGETS)) $(PACKAGE_ARGS)
ifneq ($(BASE_URL),)
	@$(MAKE) harness
	$(HARNESS) tools validate-krew-manifest
	scripts/package manifests --base-url $(BASE_URL)
endif

.PHONY: fmt
fmt: ## formatting
	@echo "==> formatting"
	$(CARGO) fmt --all --check

.PHONY: clippy
clippy: ## lints, warnings as errors
	@echo "==> clippy"
	$(CARGO) clippy $(PROFILE) --workspace --all-targets -- -D warnings

.PHONY: layers
layers: ## what each crate and room must not name, and no circle of modules
	@echo "==> layers"
	scripts/check-layers

.PHONY: deny
deny: harness ## dependencies: none unused, and their bans, licences and sources
	@echo "==> cargo-machete and cargo-deny"
	$(HARNESS) tools cargo-machete cargo-deny
	scripts/check-dependencies

GENERATORS := crdgen reference api_reference identity_sentences csi_sentences cli_reference pages corpus

.PHONY: generate
generate: ## rewrite the generated files: CRDs, their reference, that of the operations and of the API, every sentence with its cause and cure, the command line, files that pages show, the corpus that is made
	@$(CARGO) build $(PROFILE) --workspace --examples
	@for example in $(GENERATORS); do $(BUILT)/examples/$$example; done

# The last node of two is of an older minor version. The first time builds its kubelet: 3 minutes.
.PHONY: older-kubelet
older-kubelet: harness ## pods on a node whose kubelet is older than the API server, on a cluster of its own; needs root
	env --unset KUBECONFIG $(HARNESS) test --name older-kubelet --nodes 2 --older-nodes 1 --ignored older_kubelet

.PHONY: ipv6
ipv6: harness ## what users do on a cluster of its own without an address of IPv4; needs root
	env --unset KUBECONFIG $(HARNESS) test --name ipv6 --ip-family ipv6 --ignored on_ipv6

.PHONY: nightly
nightly: older-kubelet ipv6 ## an older kubelet, IPv6 alone, and each crate compiled alone, so that no crate leans on another's features
	for crate in $$($(CARGO) tree --workspace --depth 0 --prefix none --format '{p}' | cut -d ' ' -f 1 | sort --unique); do \
	  echo "==> $$crate alone"; \
	  $(CARGO) check $(PROFILE) -p $$crate --all-targets; \
	done
