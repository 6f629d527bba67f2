# make demo: real digits through the generated hardware.  make test: every test.
# make formal: every proof.
VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= python3
# The folders that are subpackages of popbridge: a new one has it installed anew.
ROOMS := $(filter-out popbridge,$(patsubst %/__init__.py,%,$(wildcard */__init__.py)))
INSTALLED := pyproject.toml setup.py $(ROOMS:%=%/__init__.py)

.PHONY: demo test formal lint format clean

demo: $(VENV)/demo.stamp
	$(BIN)/popbridge run --images 20

test: $(VENV)/test.stamp
	$(BIN)/python -m pytest -n auto --dist worksteal

formal: $(VENV)/test.stamp
	$(BIN)/popbridge formal

lint: $(VENV)/test.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	@# mypy and import-linter see the package as it is installed: folders as subpackages.
	@rm -rf build/typecheck && mkdir -p build/typecheck/popbridge
	@cd build/typecheck/popbridge && ln -s ../../../popbridge/*.py . && \
	  for folder in $(ROOMS); do ln -s ../../../$$folder $$folder; done
	MYPYPATH=build/typecheck $(BIN)/mypy -p popbridge
	cd build/typecheck && ../../$(BIN)/lint-imports --no-cache ../../pyproject.toml

format: $(VENV)/test.stamp
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf $(VENV) build *.egg-info .pytest_cache .ruff_cache .mypy_cache

# Its stamp is written once pip works: an interrupted venv is made anew.
$(VENV)/venv.stamp:
	@./install-system-packages $(PYTHON)
	$(PYTHON) -m venv --clear $(VENV)
	@$(BIN)/python -m pip --version >/dev/null
	@touch $@

$(VENV)/demo.stamp: $(INSTALLED) | $(VENV)/venv.stamp
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	@touch $@

$(VENV)/test.stamp: $(INSTALLED) | $(VENV)/venv.stamp
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[test]'
	@# The crossbar's oracle, without what only its drawings need (cairo and its headers).
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps 'badcrossbar==1.1.0'
	@touch $@ $(VENV)/demo.stamp
