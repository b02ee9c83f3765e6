# The commands a person needs. Each sets up what it needs; PYTHON chooses 3.11 to 3.13.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --disable-pip-version-check --quiet -c constraints.txt
SITE := $(BIN)/python -m eatorch.sphinxext
PORT ?= 8000

.PHONY: help site new lesson check offline serve test test-site lint catalogs gate fresh linkcheck compare bench clean
help:  ## Show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t14

# A stamp per set of packages, so that nothing is installed twice.
$(VENV)/%.stamp: pyproject.toml constraints.txt
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "eatorch: installing the packages for '$*' (the first time takes minutes)"
	@$(PIP) -e '.[$*]'
	@touch $@

site: $(VENV)/docs.stamp  ## Build both languages into build/site (DRAFT=1: as far as translated, into build/draft)
	@$(SITE).build $(if $(DRAFT),--draft)

new: $(VENV)/docs.stamp  ## Begin a lesson: make new L=39 T="Title" [P=2_core]
	@$(SITE).scaffold "$(L)" "$(T)" $(P)

lesson: $(VENV)/docs.stamp  ## Run and show one lesson: make lesson L=07
	@$(SITE).preview $(L)

check: $(VENV)/docs.stamp  ## Say all that is wrong with a lesson: make check L=07
	@$(SITE).check $(L)

offline: $(VENV)/docs.stamp  ## Write zip and e-book of build/site anew
	@$(SITE).offline

SHOWN := build/$(if $(DRAFT),draft,site)
serve: $(VENV)/docs.stamp  ## Show build/site on http://127.0.0.1:8000
	@test -f $(SHOWN)/index.html || { \
		echo "eatorch: $(SHOWN) holds no site; run 'make site$(if $(DRAFT), DRAFT=1)' first" >&2; exit 1; }
	@$(BIN)/python -m http.server --bind 127.0.0.1 --directory $(SHOWN) $(PORT)

test: $(VENV)/test.stamp  ## Run the tests that need no browser
	@$(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadgroup $(ARGS)

NPM := tests/site/node_modules/.package-lock.json
$(NPM): tests/site/package-lock.json
	@npm ci --prefix tests/site --no-audit --no-fund --silent
	@touch $@

test-site: $(VENV)/site.stamp $(NPM)  ## Test build/site in a real browser (needs Chromium, npm)
	@$(BIN)/python -m pytest tests/site -n auto --maxprocesses 4 --dist loadfile $(ARGS)

lint: $(VENV)/lint.stamp  ## Check style and types
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy

catalogs: $(VENV)/docs.stamp  ## Bring the Chinese catalogs up to date (only one: L=07)
	@$(SITE).refresh $(L)

gate: $(VENV)/docs.stamp  ## Refuse a release in which a text is not in both languages
	@$(SITE).gate

fresh: $(VENV)/docs.stamp  ## Prove that build/site was made from these sources
	@$(SITE).freshness

# In a copy, where no lesson runs: an address stands in the text, not in what code prints.
LINKS := build/linkcheck
linkcheck: $(VENV)/docs.stamp  ## Ask every outside link whether it works (needs a network)
	@rm -rf $(LINKS) && mkdir -p $(LINKS)
	@cp -r conf.py docutils.conf CONTRIBUTING.md docs gallery $(LINKS) && rm -rf $(LINKS)/docs/lessons
	@$(BIN)/python -m sphinx -q -b linkcheck -c $(LINKS) -D plot_gallery=0 -D nb_execution_mode=off \
		-D linkcheck_anchors=0 -D linkcheck_timeout=20 -D 'linkcheck_ignore=http://localhost.*' \
		$(LINKS)/docs $(LINKS)/out

compare: $(VENV)/docs.stamp  ## Compare key numbers of lessons with those kept: make compare [L="07 08"] [TORCH=2.14.1 | KEEP=1]
	@$(SITE).compare $(L) $(if $(TORCH),--torch "$(TORCH)") $(if $(KEEP),--keep)

bench: $(VENV)/bench.stamp  ## Measure side by side; VENV=.venv-bench keeps the peers apart
	@for script in benchmarks/[a-z]*.py; do $(BIN)/python $$script || exit 1; done

clean:  ## Remove everything that was made
	rm -rf build docs/lessons $(VENV) tests/site/node_modules
	find locales -name '*.mo' -delete
