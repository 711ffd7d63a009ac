#!/usr/bin/env bash
# Let systemd look for mistakes in the units of deploy/, which run programs that are installed later.
set -euo pipefail
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# What they name must exist: the programs as they lie here, and a docker.service where none is installed.
mkdir "$work/units"
printf '[Service]\nExecStart=/bin/true\n' >"$work/units/docker.service"
for unit in deploy/*.service deploy/power/*.service deploy/power/*.socket; do
    sed -e "s|/usr/local/lib/splitlens/run-container|$PWD/deploy/run-container|" \
        -e "s|/usr/local/lib/splitlens/|$PWD/deploy/power/|" "$unit" >"$work/units/${unit##*/}"
done
said=$(systemd-analyze verify --man=no "$work"/units/splitlens* 2>&1) || failed=yes
if [ -n "$said${failed:-}" ]; then
    echo "$said" >&2
    exit 1
fi
