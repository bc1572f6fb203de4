# make book and make test need nothing but Python 3.11 or newer, make and git.
PYTHON ?= python3
PY := .venv/bin/python

# Node (for the equations) and Jupyter are those of .venv, which need not be activated.
export PATH := $(CURDIR)/.venv/bin:$(PATH)
# One thread per process: work is spread over processes, and threads of several would slow one another down.
export OMP_NUM_THREADS ?= 1

# Several workers, but not one torch per core of a large machine.
PYTEST := $(PY) -m pytest -n auto --maxprocesses 4
NOTEBOOKS := $(wildcard book/*.ipynb)

.DEFAULT_GOAL := help
.PHONY: help install book serve lab test test-fast lint unit notebooks site elsewhere outputs bench mutants map colab strip format clean

help: ## say what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# Returns at once when the requirements are those that are installed.
install:
	@$(PYTHON) -m tools.install

book: install ## build the web book: run what changed, write _build/html
	@$(PY) -m tools.build_book

serve: ## show the built book at http://localhost:8000
	@test -f _build/html/index.html || { echo "There is no built book yet: type 'make book' first."; exit 1; }
	$(PY) -m http.server 8000 --bind 127.0.0.1 --directory _build/html

lab: install ## open the chapters in JupyterLab
	$(PY) -m jupyterlab --notebook-dir=book

# In this order the cheap checks speak first. What needs a browser is in site.
test: lint unit notebooks site ## everything: style, layers, proofs, notebooks, widgets, the built site

test-fast: lint unit ## everything but the notebooks and the site

lint: install
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	.venv/bin/lint-imports

unit: install
	$(PYTEST) tests --ignore=tests/site --ignore=tests/widgets

# --lax: a cell must run; its output is compared only where the cell is tagged nbval-check-output.
# loadfile: the cells of one notebook belong to one kernel.
# KERNELS="$$(python -m tools.elsewhere --environment sse)" runs them as on another processor.
notebooks: install
	env $(KERNELS) $(PYTEST) --dist loadfile --nbval-lax --nbval-current-env --nbval-sanitize-with tests/notebooks/sanitize.cfg $(NOTEBOOKS)

site: book
	$(PYTEST) tests/site
	$(PYTEST) tests/widgets

elsewhere: install ## run the chapters as on other processors and with other seeds, compare what they print
	$(PY) -m tools.elsewhere
	$(PY) -m tools.elsewhere --seeds 1 2

outputs: book ## store in the notebooks what their cells print, for the tests to compare
	$(PY) -m tools.store_outputs

bench: install ## run every benchmark again, some hours; writes hvae_lessons/results/records
	@for script in $(filter-out benchmarks/seeded_runs.py benchmarks/mutants.py benchmarks/mutations.py,$(wildcard benchmarks/*.py)); do echo "$$script"; $(PY) $$script || exit 1; done

mutants: install ## which small errors no test would notice, an hour; writes benchmarks/mutants.json
	$(PY) benchmarks/mutants.py --sample 50

map: install ## write README's map of chapters to modules
	$(PY) -m tools.chapter_code

colab: install ## write the plain edition of the notebooks for Colab to _build/colab
	$(PY) -m tools.colab

strip: install ## strip the notebooks' outputs before a commit
	$(PY) -m tools.strip_notebooks

format: install ## let ruff lay out the code
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .

clean: ## remove what was built; .venv stays
	rm -rf _build .pytest_cache .ruff_cache .import_linter_cache .hypothesis
