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
for path in /usr/local/lib/splitlens /etc/default/splitlens; do
    [ ! -e "$path" ] || act rm -r "$path"
done
volumes=$(docker volume ls --quiet --filter name='^splitlens-(models|recordings|state)$' 2>/dev/null || true)
if [ "$purge" ]; then
    [ ! -e /etc/splitlens ] || act rm -r /etc/splitlens
    for volume in $volumes; do act docker volume rm "$volume"; done
elif [ "$volumes" ] || [ -e /etc/splitlens ]; then
    echo "kept: ${volumes//$'\n'/ } /etc/splitlens (--purge deletes them)"
fi
[ "$dry" ] || echo "Splitlens is uninstalled."
