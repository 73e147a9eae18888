# Everything a person does here. `make` alone prints this list; any target sets the machine up first.

.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON := .venv/bin/python
PACKAGES := kamailio kamailio-extra-modules kamailio-python3-modules postgresql-15 python3-venv rtpengine-daemon \
            sip-tester tshark wireshark-common ffmpeg redis-server
STAMP := .venv/.stamp
STARTED := $(shell date +%s.%N)

.PHONY: help setup packages demo run call check explain extgroup migrate test lint scenarios kill audit bench bench-compare bench-steps bench-config bench-sms bench-media clean

help: ## print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: packages $(STAMP) ## install what is missing: Debian packages, then .venv

# The whole of Debian's part. As root it installs what is missing; otherwise it says what to ask root for.
packages:
	@deploy/packages.sh $(PACKAGES)

$(STAMP): deploy/requirements.txt tests/requirements.txt | packages
	@deploy/venv.sh

demo: setup ## place three calls on a stack of its own and show what everybody saw
	@DEMO_STARTED=$(STARTED) $(PYTHON) -m deploy.demo

run: setup ## the stack in the foreground, configured by the environment or edge.env
	@exec $(PYTHON) -m deploy.run

call: setup ## place one test call on the stack of `make run`; ARGS=<hotline>
	@$(PYTHON) -m deploy.call $(ARGS)

check: setup ## say for every trunk, hotline, group, member, gateway whether calls come through now; ARGS=--json
	@$(PYTHON) -m deploy.desk check $(ARGS)

explain: setup ## what would become of a call; ARGS='02727777787 --at "2026-09-02 19:00" --caller 0909789846'
	@$(PYTHON) -m deploy.desk explain $(ARGS)

extgroup: setup ## what became of calls and SMS, the day's report: ARGS=calls, "call <id>", sms, report … (deploy/extgroup)
	@$(PYTHON) -m deploy.desk $(ARGS)

migrate: setup ## bring the database of DATABASE_URL (or the private one) up to date
	@$(PYTHON) -m deploy.migrate

test: setup ## every test; arguments for pytest in ARGS
	@$(PYTHON) -m pytest -n 2 --dist loadfile --no-loadscope-reorder $(ARGS)

lint: setup ## ruff, mypy, import-linter
	@.venv/bin/ruff check
	@.venv/bin/ruff format --check
	@.venv/bin/mypy
	@.venv/bin/lint-imports

scenarios: setup ## play sipp_scenarios/, several at a time; ARGS=--list, -j 1, torture, names or numbers
	@$(PYTHON) -m sipp_scenarios.run $(ARGS)

bench: setup ## the edge and its peers under load, bench/report.html, half an hour; ARGS="cost delay --rounds 5", ARGS=--help
	@deploy/packages.sh valgrind
	-@deploy/packages.sh debootstrap # for Asterisk as a peer; it can be done without
	@$(PYTHON) -m sipp_scenarios.bench.run $(ARGS)

bench-compare: setup ## what got slower between two reports; ARGS="OLD/report.json NEW/report.json"
	@$(PYTHON) -m sipp_scenarios.bench.compare $(ARGS)

bench-steps: setup ## CPU of each step of masking, by leaving it out, about 6 minutes
	@$(PYTHON) -m sipp_scenarios.bench.steps $(ARGS)

bench-config: setup ## routing table of 1k to 1M hotlines: build, COMMIT to worker, memory, lookups; ARGS="--hotlines 1000"
	@$(PYTHON) -m tests.scale $(ARGS)

bench-media: setup ## calls through rtpengine, RTPProxy, Asterisk until a packet is lost, 7 minutes; ARGS="--seconds 5 --most 400"
	@$(PYTHON) -m tests.voice $(ARGS)

bench-sms: setup ## events/s into the ledger, SMS/s out, a member's answer to the SMS, a CANCEL storm, 4 minutes; ARGS="--only texts --json"
	@$(PYTHON) -m tests.bench_sms $(ARGS)

kill: setup ## kill every part, 200 runs, and reconcile wire, ledger and SMS; ARGS="--runs 20 --seed 3"
	@$(PYTHON) -m tests.kill $(ARGS)

audit: setup ## 2000 generated calls, every message audited, about 5 minutes; ARGS="--calls 500 --seed 3 --json"
	@$(PYTHON) -m tests.walk $(ARGS)

clean: ## forget .venv and caches; var/ (data, keys) stays
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
