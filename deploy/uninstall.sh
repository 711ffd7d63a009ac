#!/usr/bin/env bash
# Take away what deploy/install.sh put here. Recordings, models, accounts and settings stay, unless they are asked for.
set -euo pipefail

usage() {
    cat <<'TEXT'
usage: sudo deploy/uninstall.sh [--purge] [--dry-run]

  --purge     also delete the recordings, the models, the accounts and /etc/splitlens
  --dry-run   only say what would be done

The image stays: docker image rm NAME removes it.
TEXT
}

purge='' dry=''
for word in "$@"; do
    case $word in
    --purge) purge=yes ;;
    --dry-run) dry=yes ;;
    -h | --help) usage; exit ;;
    *) usage >&2; exit 2 ;;
    esac
done
[ "$dry" ] || [ "$(id -u)" -eq 0 ] || { echo "uninstall: it needs root: sudo $0" >&2; exit 1; }

act() {
    echo "${dry:+would: }$*"
    [ "$dry" ] || "$@"
}

units=()
for path in /etc/systemd/system/splitlens.service /etc/systemd/system/splitlens-power.*; do
    [ ! -e "$path" ] || units+=("${path##*/}")
done
if [ ${#units[@]} -gt 0 ]; then
    act systemctl disable --quiet --now "${units[@]}"
    for unit in "${units[@]}"; do act rm "/etc/systemd/system/$unit"; done
    act systemctl daemon-reload
fi
# The unit does so too, unless it was too old or Docker did not answer then.
label=label=splitlens.started-by=run-container
for container in $(docker ps --all --quiet --filter "$label" 2>/dev/null || true); do
    act docker rm --force "$container"
done
for path in /usr/local/lib/splitlens /etc/default/splitlens /etc/default/splitlens-power /run/splitlens-power /run/splitlens-clocks; do
    [ ! -e "$path" ] || act rm -r "$path"
done
[ ! "$purge" ] || [ ! -e /etc/splitlens ] || act rm -r /etc/splitlens

if ! volumes=$(docker volume ls --quiet --filter name='^splitlens-(models|recordings|state)$' 2>/dev/null); then
    if [ "$purge" ]; then
        echo "uninstall: Docker does not answer, so recordings, models and accounts stay in its volumes splitlens-*." \
            "Start it (sudo systemctl start docker), then again: sudo $0 --purge" >&2
        exit 1
    fi
    echo "kept: what Docker's volumes splitlens-* hold, /etc/splitlens"
elif [ "$purge" ]; then
    for volume in $volumes; do act docker volume rm "$volume"; done
elif [ "$volumes" ] || [ -e /etc/splitlens ]; then
    echo "kept: ${volumes//$'\n'/ } /etc/splitlens (--purge deletes them)"
fi
[ "$dry" ] || echo "Splitlens is uninstalled."
