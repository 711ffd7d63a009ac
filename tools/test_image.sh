#!/usr/bin/env bash
# Build an image on a base that can be had here, and test it: tools/test_image.sh x86 | l4t | boot
# trial: only see whether a container can be run here.
# With Docker at hand: see tools/with_docker.sh.
set -euo pipefail
cd "$(dirname "$0")/.."
kind=${1:?which? x86, l4t, boot or trial}
options="--network host" # for the certificates and the proxy that this machine may have
base=$(tools/base_image.sh x86)

run_tests() { .venv/bin/python -m pytest --durations=3 -rA "$@"; }

case $kind in
trial)
    docker run --rm "$base" true
    ;;
x86)
    make image-x86 BASE="$base" DOCKER_OPTIONS="$options"
    docker image ls splitlens
    SPLITLENS_TEST_IMAGE=splitlens:x86 run_tests tests/container/test_image.py
    ;;
l4t)
    l4t=$(tools/base_image.sh l4t)
    make image-l4t BASE="$l4t" DOCKER_OPTIONS="$options --platform linux/arm64 --build-arg FILES_BASE=$base"
    docker image ls splitlens
    # Those that take no time themselves: in emulation all is tens of times slower.
    SPLITLENS_TEST_IMAGE=splitlens:l4t DOCKER_DEFAULT_PLATFORM=linux/arm64 run_tests tests/container/test_image.py \
        -k "itself or only_builds or explained or ones_own or gstreamer or doctor"
    ;;
boot)
    make image-x86 BASE="$base" DOCKER_OPTIONS="$options"
    tools/base_image.sh boot
    archive=$(mktemp)
    trap 'rm -f "$archive"' EXIT
    docker save --output "$archive" splitlens:x86
    SPLITLENS_TEST_BOOT=$archive run_tests tests/container/test_boot.py
    ;;
*)
    echo "no test called $kind: x86, l4t, boot or trial" >&2
    exit 2
    ;;
esac
