.PHONY: help test bench fuzz run

help: ## what can be asked for
	@sed -n 's/^\([a-z]*\):.*## /make \1	/p' Makefile

test: ## set up what the tests need (SETUP=no: do not), then check and test everything
	@SETUP=$(SETUP) .ci/setup
	@.ci/test

bench: ## run the benchmarks and print their ratios (BENCH=regexp, BENCHTIME=1s)
	@.ci/bench

fuzz: ## run each fuzz test for FUZZTIME=60s
	@.ci/fuzz

run: ## start the example site
	go run ./example
