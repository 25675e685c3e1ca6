.PHONY: help test bench fuzz soak faults load run

help: ## what can be asked for
	@sed -n 's/^\([a-z]*\):.*## /make \1	/p' Makefile

test: ## set up what the tests need (SETUP=no: do not), then check and test everything
	@SETUP=$(SETUP) .ci/setup
	@.ci/test

bench: ## run the benchmarks and print their ratios (BENCH=regexp, BENCHTIME=1s)
	@.ci/bench

fuzz: ## run each fuzz test for FUZZTIME=60s
	@.ci/fuzz

soak: ## let many ask while all kinds of things go wrong, for SOAK=30s each
	@.ci/soak

faults: ## let servers fail under load, and hold the bounds of a quiet machine
	PONGOCACHE_FAULTS=strict go test -race -count 1 -v ./internal/faulttest

load: ## run three sites behind nginx on one Redis under load (LOAD="-near", SETUP=no)
	@SETUP=$(SETUP) .ci/load

run: ## start the example site
	go run ./example
