#!/usr/bin/env bash
# Make Splitlens start at every boot, in a container. Run it as often as you like: what is right already stays as it is.
set -euo pipefail

usage() {
    cat <<'TEXT'
usage: sudo deploy/install.sh [--image NAME | --load FILE | --rollback] [--dry-run]

  --image NAME   run this image: one that is here, or that can be pulled. The first time: splitlens:x86, on a Jetson
                 splitlens:l4t. Later: the one that runs now
  --load FILE    run the image in this file, which `docker save` made on another machine
  --rollback     run the image that ran before the last change; one whose name the new one took is now splitlens:previous
  --dry-run      only say what would be done

Docker and systemd must be there already. Writes /etc/default/splitlens, /etc/splitlens/config.yml (never a second time),
/etc/systemd/system/splitlens.service and /usr/local/lib/splitlens/. deploy/uninstall.sh takes them away again.
TEXT
}

fail() { echo "install: $*" >&2; exit 1; }

here=$(cd "$(dirname "$0")" && pwd)
defaults=/etc/default/splitlens
library=/usr/local/lib/splitlens
wanted='' archive='' rollback='' dry='' chosen=0
while [ $# -gt 0 ]; do
    case $1 in
    --image) wanted=${2:?--image needs a name} chosen=$((chosen + 1)); shift ;;
    --load) archive=${2:?--load needs a file} chosen=$((chosen + 1)); shift ;;
    --rollback) rollback=yes chosen=$((chosen + 1)) ;;
    --dry-run) dry=yes ;;
    -h | --help) usage; exit ;;
    *) usage >&2; exit 2 ;;
    esac
    shift
done
[ $chosen -le 1 ] || fail "only one of --image, --load and --rollback"

# Do it, or say it.
act() {
    if [ "$dry" ]; then echo "would: $*"; else "$@"; fi
}

changed=''
# put SOURCE TARGET MODE: a file, unless it is there already, as it should be.
put() {
    if cmp -s "$1" "$2" && [ "$(stat -c %a "$2")" = "$3" ]; then return; fi
    [ "$dry" ] || echo "writing $2"
    act install -D -m "$3" "$1" "$2"
    changed=yes
}

# setting NAME: as /etc/default/splitlens has it.
setting() {
    [ ! -e "$defaults" ] || sed -n "s/^$1=//p" "$defaults" | tail -n 1
}

[ "$dry" ] || [ "$(id -u)" -eq 0 ] || fail "it needs root: sudo $0"
[ -d /run/systemd/system ] || fail "systemd does not run here; deploy/compose.yml starts Splitlens without it"
command -v docker >/dev/null || fail "Docker is not installed. Debian and Ubuntu: sudo apt-get install docker.io; JetPack has it"
if ! said=$(docker version 2>&1 >/dev/null); then
    case $said in
    *"permission denied"*) fail "Docker does not let $(id -un) ask what is here, which a dry run needs too: sudo $0" ;;
    *) fail "Docker does not answer: sudo systemctl enable --now docker" ;;
    esac
fi

# image_of CONTAINER, id_of IMAGE: the image's id, or nothing where there is none.
image_of() { docker container inspect --format '{{.Image}}' "$1" 2>/dev/null || true; }
id_of() { docker image inspect --format '{{.Id}}' "$1" 2>/dev/null || true; }

was_running=''
systemctl is-active --quiet splitlens.service && was_running=yes
by=$(docker container inspect --format '{{index .Config.Labels "splitlens.started-by"}}' splitlens 2>/dev/null) ||
    by=run-container # there is none
if [ -z "$was_running" ] && [ "$by" != run-container ]; then
    fail "there is a container called splitlens that was not started by the service. To make room: docker rm --force splitlens"
fi

# Which image

current=$(setting IMAGE)
# What it is, and not only its name: an update may bring another image by the same name. Nothing runs: what would run.
old=$(image_of splitlens)
[ "$old" ] || [ -z "$current" ] || old=$(id_of "$current")
previous=$current
if [ "$rollback" ]; then
    wanted=$(setting PREVIOUS_IMAGE)
    [ "$wanted" ] || fail "there is no image from before to go back to"
elif [ "$archive" ]; then
    [ -e "$archive" ] || fail "there is no file $archive"
    [ -r "$archive" ] || fail "$archive may not be read by $(id -un)"
    # Its name stands in the archive. Reading it is no change, so a dry run does it too.
    wanted=$(tar -xOf "$archive" manifest.json 2>/dev/null | sed -n 's/.*"RepoTags":\["\([^"]*\)".*/\1/p') || true
    [ "$wanted" ] || fail "$archive is nothing that \`docker save NAME\` made"
    # Docker may throw away an image that has lost its name.
    [ -z "$old" ] || act docker tag "$old" splitlens:replaced
    act docker load --quiet --input "$archive" || fail "Docker cannot load $archive (above)"
elif [ -z "$wanted" ]; then
    usual=splitlens:x86
    [ ! -e /etc/nv_tegra_release ] || usual=splitlens:l4t
    wanted=${current:-$usual}
fi
if [ -z "$(id_of "$wanted")" ] && ! { [ "$dry" ] && [ "$archive" ]; }; then
    [ -z "$dry" ] || echo "the image $wanted is not here"
    act docker pull "$wanted" ||
        fail "there is no image $wanted here. Build it (make image-x86, make image-l4t), or bring it: docker save, then --load FILE"
fi
replaced=''
if [ "$dry" ] && [ "$archive" ]; then
    echo "would: restart it, if the image in $archive is another one than runs now"
elif [ "$old" ] && [ "$old" != "$(id_of "$current")" ] && [ "$wanted" != splitlens:previous ]; then
    # Its name is another image's now.
    act docker tag "$old" splitlens:previous
    previous=splitlens:previous replaced=yes changed=yes
fi
[ -z "$(id_of splitlens:replaced)" ] || act docker image rm splitlens:replaced >/dev/null

# The files

# Until the first password was shown, this file says since when it may be in the journal.
unseen=$library/first-password-not-shown
[ -e "$defaults" ] || act install -D -m 644 /dev/null "$unseen"
if [ "$wanted" != "$current" ] || [ "$replaced" ] || [ ! -e "$defaults" ]; then
    new=$(mktemp)
    trap 'rm -f "$new"' EXIT
    if [ -e "$defaults" ]; then
        grep -v -e '^IMAGE=' -e '^PREVIOUS_IMAGE=' "$defaults" >"$new" || true
    else
        cat >"$new" <<'TEXT'
# Which container splitlens.service runs. After a change: sudo systemctl restart splitlens
# PORT: of the dashboard. OPTIONS: more words for `docker run`, such as --network host. The images are set by install.sh.
PORT=8080
OPTIONS=""
TEXT
    fi
    printf 'IMAGE=%s\nPREVIOUS_IMAGE=%s\n' "$wanted" "$previous" >>"$new"
    put "$new" "$defaults" 644
    echo "${dry:+would run }image: $wanted${previous:+ (before: $previous)}"
fi
# Addresses of cameras hold passwords: root and the container's user read it, nobody else. An older one was for all.
config=/etc/splitlens/config.yml
if [ ! -e "$config" ]; then
    put "$here/config.yml" "$config" 640
    act chgrp 10001 "$config"
elif [ "$(stat -c %a "$config")" = 644 ]; then
    [ "$dry" ] || echo "$config: from now on read by root and the container alone"
    act chgrp 10001 "$config"
    act chmod 640 "$config"
fi
put "$here/run-container" "$library/run-container" 755
put "$here/splitlens.service" /etc/systemd/system/splitlens.service 644

# The helper that sets power modes, on a board that has them.
units=(splitlens.service)
if command -v nvpmodel >/dev/null || command -v jetson_clocks >/dev/null; then
    for file in "$here"/power/*; do
        case $file in
        *.service | *.socket) put "$file" "/etc/systemd/system/${file##*/}" 644 ;;
        *) [ ! -x "$file" ] || [ -d "$file" ] || put "$file" "$library/${file##*/}" 755 ;;
        esac
        case $file in *.socket) units=("${file##*/}" "${units[@]}") ;; esac
    done
fi

# Start it

[ -z "$changed" ] || act systemctl daemon-reload
for unit in "${units[@]}"; do
    systemctl is-enabled --quiet "$unit" 2>/dev/null || act systemctl enable --quiet "$unit"
done
if [ "$was_running" ] && [ -z "$changed" ]; then
    echo "Splitlens is installed and runs already; nothing was changed."
elif [ "$was_running" ]; then
    [ ${#units[@]} -eq 1 ] || act systemctl stop splitlens-power.service # its socket starts it again
    act systemctl restart "${units[@]}"
else
    act systemctl start "${units[@]}"
fi
[ -z "$dry" ] || exit 0

# Wait until it is healthy, or say why it is not. One that has no camera or no model yet runs all the same.
idle=''
for _ in $(seq 180); do
    health=$(docker inspect --format '{{.State.Health.Status}}' splitlens 2>/dev/null || true)
    said=$(docker inspect --format '{{range .State.Health.Log}}{{.Output}}{{end}}' splitlens 2>/dev/null | tail -n 1 || true)
    case $said in 'not ready: No '*) idle=${said#not ready: } ;; *) idle='' ;; esac
    if [ "$health" = healthy ] || [ "$idle" ]; then break; fi
    sleep 1
done
[ -z "$idle" ] || echo "It does not detect yet: $idle The dashboard says why."
if [ "$health" != healthy ] && [ -z "$idle" ]; then
    journalctl --quiet --unit splitlens.service --lines 20 --no-pager >&2
    fail "Splitlens does not run (above: its last words).${previous:+ Back to $previous: sudo $0 --rollback}"
fi
port=$(setting PORT)
scheme=http
if grep -qs '^tls: *[^ #]' "$config"; then scheme=https; fi
# The address that others see: of the interface that leads out, and not Docker's own. No way out: all of them.
addresses=$(ip -4 route get 1.1.1.1 2>/dev/null | sed -n 's/.* src \([^ ]*\).*/\1/p')
[ "$addresses" ] || addresses=$(hostname -I)
for address in ${addresses:-localhost}; do
    echo "Splitlens runs. Dashboard: $scheme://$address:${port:-8080}/"
done
if [ -e "$unseen" ]; then
    since=$(stat -c %Y "$unseen")
    first=$(journalctl --quiet --unit splitlens.service --since "@$since" --output cat --no-pager |
        sed -n 's/.*first sign-in: \(.*\) (shown once).*/\1/p' | tail -n 1)
    if [ "$first" ]; then
        echo "First sign-in: $first"
        echo "It stays in the journal, for root and the group adm (journalctl -u splitlens). Better take another one:"
        echo "  sudo docker exec -it splitlens python -m web.accounts --state-dir /state password operator"
    fi
    rm "$unseen"
fi
