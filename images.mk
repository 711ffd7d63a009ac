# The container images, and their tests. docs/containers.md says more.

BASE ?=
MODELS ?=
DOCKER_OPTIONS ?=
VERSION = $(shell sed -n 's/^__version__ = "\(.*\)"/\1/p' appliance/__init__.py)
REVISION = $(shell git rev-parse --short HEAD 2>/dev/null || echo unknown)
BUILD = DOCKER_BUILDKIT=1 docker build --build-arg VERSION=$(VERSION) --build-arg REVISION=$(REVISION) \
  $(if $(BASE),--build-arg BASE=$(BASE)) $(if $(MODELS),--build-arg MODELS="$(MODELS)") $(DOCKER_OPTIONS)
# What a test of an image needs here.
IMAGE_TESTS = .venv/installed-dev models/$(PERSON)/frozen_inference_graph.pb

.PHONY: image-x86 image-x86-gpu image-l4t image-test image-l4t-test boot-test lock clean-docker

image-x86: ## build the image for PCs, splitlens:x86 (image-x86-gpu: for NVIDIA cards)
	$(BUILD) --file Dockerfile.x86 --tag splitlens:x86 .

image-x86-gpu:
	$(BUILD) --file Dockerfile.x86 --tag splitlens:x86-gpu --build-arg TENSORFLOW=gpu .

image-l4t: ## build the image for Jetson boards, splitlens:l4t, on one (BASE=...: JetPack 5)
	$(BUILD) --file Dockerfile.l4t --tag splitlens:l4t .

image-test: $(IMAGE_TESTS) ## build the image for PCs and try it, with a Docker and a base of its own if need be
	@$(PY) tools/fetch_samples.py bikes.mp4
	tools/with_docker.sh tools/test_image.sh x86

image-l4t-test: $(IMAGE_TESTS) ## the same for Jetson boards, on a stand-in base in emulation: half an hour
	@$(PY) tools/fetch_samples.py bikes.mp4
	tools/with_docker.sh tools/test_image.sh l4t

boot-test: $(IMAGE_TESTS) ## try installer and systemd unit in a container that boots; needs root
	tools/with_docker.sh tools/test_image.sh boot

lock: .venv/installed-dev ## choose the packages of the images anew, into requirements/locked/
	@$(PY) -m pip install -qq --disable-pip-version-check 'uv >= 0.9'
	$(PY) tools/lock_requirements.py

clean: clean-docker

clean-docker:
	@tools/with_docker.sh --remove
