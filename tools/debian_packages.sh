#!/usr/bin/env bash
# Install the Debian packages of a set (run, test) that are missing: tools/debian_packages.sh SET
# A machine where that cannot be done is told what it lacks and goes on: most of the product works without.
set -euo pipefail
set_name=${1:?which set? run or test}
list=$(dirname "$0")/debian-packages.txt

mapfile -t wanted < <(awk -v name="$set_name" '$1 == name { print $2 }' "$list")
if [ ${#wanted[@]} -eq 0 ]; then
    echo "$list has no set '$set_name': run or test" >&2
    exit 2
fi
if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
    echo "This is no Debian or Ubuntu. If something is missing later, install the likes of: ${wanted[*]}"
    exit 0
fi

missing=()
for package in "${wanted[@]}"; do
    status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
    # Some come otherwise too: npm with nodejs from elsewhere.
    [ "$status" = installed ] || command -v "$package" >/dev/null || missing+=("$package")
done
if [ ${#missing[@]} -eq 0 ]; then
    echo "Debian packages ($set_name): all there"
    exit 0
fi

as_root=()
if [ "$(id -u)" -ne 0 ]; then
    as_root=(sudo)
    [ -t 0 ] || as_root=(sudo -n) # nobody is there to type a password
fi
install=(env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}")
echo "Debian packages ($set_name), installing: ${missing[*]}"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
if "${as_root[@]}" apt-get update -qq >"$log" 2>&1 && "${as_root[@]}" "${install[@]}" >>"$log" 2>&1; then
    exit 0
fi
tail -n 5 "$log"
echo "They could not be installed; going on without. To do it by hand: sudo apt-get install ${missing[*]}"
