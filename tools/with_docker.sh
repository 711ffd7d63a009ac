#!/usr/bin/env bash
# Run a command with Docker: tools/with_docker.sh COMMAND ...
# Where a Docker answers, that one. Else, as root on Debian or Ubuntu, one of its own in SPLITLENS_DOCKER_DIR (default
# /tmp/splitlens-docker; what was built stays there for the next time), which is stopped at the end.
set -euo pipefail
[ $# -gt 0 ] || { echo "usage: tools/with_docker.sh COMMAND ..." >&2; exit 2; }

export DOCKER_BUILDKIT=1
if docker version >/dev/null 2>&1; then
    "$@"
    exit
fi
if [ "$(id -u)" -ne 0 ]; then
    echo "Docker does not answer. Install and start it (Debian: sudo apt-get install docker.io), and become a member of its group." >&2
    exit 1
fi
"$(dirname "$0")/debian_packages.sh" container
export PATH=/usr/bin:$PATH # the client that belongs to this daemon
folder=${SPLITLENS_DOCKER_DIR:-/tmp/splitlens-docker}
# In /tmp anybody may have made it, and what lies there is run as root.
mkdir -m 700 "$folder" 2>/dev/null || true
if [ ! -d "$folder" ] || [ -L "$folder" ] || [ ! -O "$folder" ]; then
    echo "$folder is no folder of $(id -un); set SPLITLENS_DOCKER_DIR to one that is." >&2
    exit 1
fi
chmod 700 "$folder"
export DOCKER_HOST=unix://$folder/sock

rm -f "$folder/pid"
nice dockerd --data-root "$folder/root" --exec-root "$folder/exec" --pidfile "$folder/pid" --host "$DOCKER_HOST" \
    >"$folder/dockerd.log" 2>&1 &
daemon=$!
stop() {
    kill "$daemon" 2>/dev/null || true
    wait "$daemon" || true
}
trap stop EXIT
for _ in $(seq 120); do
    docker version >/dev/null 2>&1 && break
    kill -0 "$daemon" 2>/dev/null || break
    sleep 0.5
done
if ! docker version >/dev/null 2>&1; then
    echo "dockerd did not start:" >&2
    tail -n 5 "$folder/dockerd.log" >&2
    exit 1
fi
echo "Docker: started one in $folder"
"$@"
