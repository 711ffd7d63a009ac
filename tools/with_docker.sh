#!/usr/bin/env bash
# Run a command with Docker: tools/with_docker.sh COMMAND ...
# Where a Docker answers, that one. Else, as root on Debian or Ubuntu, one of its own in SPLITLENS_DOCKER_DIR (default
# /tmp/splitlens-docker; what was built stays there for the next time), which is stopped at the end.
# tools/with_docker.sh --remove takes that folder away again, and the machine of `make boot-test`.
set -euo pipefail
[ $# -gt 0 ] || { echo "usage: tools/with_docker.sh COMMAND ... | --remove" >&2; exit 2; }
folder=${SPLITLENS_DOCKER_DIR:-/tmp/splitlens-docker}

# In /tmp anybody may have made it, and what lies there is run as root.
is_ours() { [ -d "$folder" ] && [ ! -L "$folder" ] && [ -O "$folder" ]; }

# A dockerd whose script was killed may run there still.
stop_daemon() {
    local pid
    pid=$(cat "$folder/pid" 2>/dev/null) || return 0
    # The number may belong to another process by now, and that be the system's own Docker.
    if tr '\0' '\n' 2>/dev/null <"/proc/$pid/cmdline" | grep -qxF "$folder/root"; then
        kill "$pid"
        timeout 60 tail --pid "$pid" -f /dev/null || true
    fi
    rm -f "$folder/pid"
}

if [ "$1" = --remove ]; then
    if [ -e "$folder" ] && ! is_ours; then
        echo "$folder is no folder of $(id -un), and stays."
    elif [ -e "$folder" ] && [ ! -e "$folder/dockerd.log" ]; then
        echo "$folder holds no Docker of these tools, and stays."
    elif [ -e "$folder" ]; then
        exec 9>"$folder/lock"
        flock --nonblock 9 || { echo "The Docker in $folder is at work, and stays." >&2; exit 1; }
        stop_daemon
        # One that was killed leaves its mounts.
        awk -v below="$folder/" 'index($2, below) == 1 { print $2 }' /proc/self/mounts | sort -r | xargs -r umount
        # Only what is its own, as the folder may be any.
        rm -rf --one-file-system "$folder"/{root,exec,sock,lock,dockerd.log}
        rmdir --ignore-fail-on-non-empty "$folder"
    fi
    boot=localhost/splitlens-base:boot
    if [ "$(id -u)" -eq 0 ] && command -v podman >/dev/null && podman image exists "$boot"; then
        podman image rm "$boot" >/dev/null
    fi
    exit
fi

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
mkdir -m 700 "$folder" 2>/dev/null || true
is_ours || { echo "$folder is no folder of $(id -un); set SPLITLENS_DOCKER_DIR to one that is." >&2; exit 1; }
chmod 700 "$folder"
export DOCKER_HOST=unix://$folder/sock

# One at a time. What is started here does not hold the lock, as it may outlive this script.
exec 9>"$folder/lock"
flock --nonblock 9 || { echo "Docker: waiting for another run that uses $folder" >&2; flock 9; }
stop_daemon
nice dockerd --data-root "$folder/root" --exec-root "$folder/exec" --pidfile "$folder/pid" --host "$DOCKER_HOST" \
    >"$folder/dockerd.log" 2>&1 9>&- &
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
echo "Docker: started one in $folder" >&2
"$@" 9>&-
