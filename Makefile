# Splitlens. `make help` lists what can be made; each target sets up by itself what it needs.

PYTHON ?=
# What TensorFlow .venv has: `tensorflow` (CPU) or `gpu` (with CUDA). It is chosen when .venv is made, and kept.
HAS := $(shell cat .venv/tensorflow-kind 2>/dev/null)
TENSORFLOW ?= $(or $(HAS),tensorflow)
ifneq ($(HAS),$(filter $(TENSORFLOW),$(HAS)))
$(error .venv was made with TENSORFLOW=$(HAS). `make clean` removes it, then choose again)
endif

PY := .venv/bin/python
COCO := ssdlite_mobilenet_v2_coco_2018_05_09
PERSON := pedestrian_ssdlite
PIP_INSTALL := $(PY) -m pip install -qq --disable-pip-version-check -c requirements/known-good.txt

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
.PHONY: help run test coverage test-boards test-heavy test-all test-setup test-zoo setup lint docs generated bench clean debian-run debian-test

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo
	@echo "make setup PYTHON=/usr/bin/python3.11   takes that Python for .venv"
	@echo "make setup TENSORFLOW=gpu               takes TensorFlow with CUDA, for an NVIDIA card; first: make clean"

run: setup models/$(COCO)/frozen_inference_graph.pb ## the appliance, with a street clip for a camera: prints the dashboard's address
	@$(PY) tools/fetch_samples.py bikes.mp4
	exec $(PY) -m appliance up samples/bikes.mp4

test: test-setup ## lint, and the tests on the newest Python without the heaviest models: 12 minutes on two cores
	.venv/bin/nox --tags test

coverage: export SPLITLENS_COVERAGE = 1
coverage: test ## the same, and which lines and branches no test runs; less than 90 % run is an error

test-boards: test-setup ## the tests of what can differ on the boards' Python 3.6 and 3.8: 8 minutes
	.venv/bin/nox --tags boards

test-heavy: test-setup ## the tests of the models that take many seconds a picture
	.venv/bin/nox --tags pc -- -m heavy

test-all: test test-boards test-heavy ## all three

test-setup: setup debian-test .venv/installed-dev models/$(COCO)/frozen_inference_graph.pb models/$(PERSON)/frozen_inference_graph.pb
	@$(PY) tools/fetch_samples.py
	@$(PY) tools/fetch_web_libraries.py --tests

test-zoo: setup .venv/installed-dev ## test the true models of the zoo: SPLITLENS_TEST_ZOO=FOLDER, or download all (6 GB)
	@$(PY) tools/fetch_samples.py
	$(PY) tools/run_zoo_tests.py

setup: debian-run .venv/installed-run .venv/bin/splitlens ## Debian packages, .venv and the page's JavaScript, without running anything
	@$(PY) tools/fetch_web_libraries.py
	@echo ".venv: $$($(PY) --version), TensorFlow ($(TENSORFLOW))"

lint: setup .venv/installed-dev ## check style, types, Python 3.6, imports, shell scripts
	.venv/bin/nox -s lint

docs: .venv/installed-docs ## build the documentation as a site, into build/docs
	NO_MKDOCS_2_WARNING=1 .venv/bin/mkdocs build --strict --quiet

generated: .venv/installed-run ## write again what is made from contract and settings: pages of docs/, the page's types
	$(PY) -m tools.make_settings_doc
	$(PY) -m tools.make_api_doc
	$(PY) -m tools.make_api_types

bench: setup models/$(COCO)/frozen_inference_graph.pb ## measure the loop, the engine alone and the whole graph
	@$(PY) tools/fetch_samples.py bikes.mp4
	$(PY) -m appliance bench

clean: ## remove .venv, .nox, samples and caches; models, movies, pictures and config.yml stay
	rm -rf .venv .nox node_modules samples build *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
	find appliance tests tools -name __pycache__ -type d -prune -exec rm -rf {} +

debian-run debian-test: debian-%:
	@tools/debian_packages.sh $*

$(PY):
	@python=$${PYTHON:-$$(tools/find_python.sh)} && echo ".venv: made with $$python" && "$$python" -m venv .venv
	@$(PY) -m pip install -qq --disable-pip-version-check --upgrade -r requirements/pip.txt
	@echo $(TENSORFLOW) > .venv/tensorflow-kind

.venv/installed-run: requirements/run.txt requirements/web.txt requirements/opencv.txt requirements/openvino.txt requirements/$(TENSORFLOW).txt requirements/known-good.txt | $(PY)
	@echo ".venv: installing TensorFlow ($(TENSORFLOW)), OpenCV and the rest; some minutes the first time"
	@$(PIP_INSTALL) -r requirements/run.txt -r requirements/web.txt -r requirements/opencv.txt -r requirements/openvino.txt -r requirements/$(TENSORFLOW).txt
	@touch $@

.venv/bin/splitlens: pyproject.toml | .venv/installed-run
	@$(PIP_INSTALL) --no-deps -e .
	@touch $@

.venv/installed-dev: requirements/dev.txt requirements/test.txt requirements/known-good.txt .venv/installed-run
	@echo ".venv: installing the tools of lint and test"
	@$(PIP_INSTALL) -r requirements/dev.txt -r requirements/test.txt
	@touch $@

.venv/installed-docs: requirements/docs.txt requirements/known-good.txt | $(PY)
	@$(PIP_INSTALL) -r requirements/docs.txt
	@touch $@

models/%/frozen_inference_graph.pb: | .venv/installed-run
	$(PY) -m appliance models get $*

include images.mk
