#!/usr/bin/env bash
# Print the name of a base image for a Dockerfile here: tools/base_image.sh x86 | l4t | boot
# x86 is debian:bookworm-slim where it can be pulled, else a stand-in made of Debian's packages. There is no pulling
# NVIDIA's images for a test, so l4t is always a stand-in: Debian for arm64 with TensorFlow. boot is a machine that boots,
# Debian with systemd and Docker, for podman.
# A stand-in has this machine's certificates: a proxy's may be among them, which pip and npm need.
set -euo pipefail
kind=${1:?which? x86, l4t or boot}
name=localhost/splitlens-base:$kind
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

say() { echo "base $kind: $*" >&2; }

# make_debian ARCHITECTURE PACKAGES: $work/base.tar, without what a slim image leaves out.
make_debian() {
    local left_out=()
    for folder in doc man info locale; do left_out+=("--dpkgopt=path-exclude=/usr/share/$folder/*"); done
    say "making it of Debian's packages for $1; minutes"
    nice mmdebstrap --quiet --variant=minbase "--architectures=$1" "--include=ca-certificates,usr-is-merged${2:+,$2}" \
        "${left_out[@]}" bookworm "$work/base.tar" >&2
}

# add_certificates PLATFORM [LINES OF A DOCKERFILE]: builds $name on $name-bare.
add_certificates() {
    cat /etc/ssl/certs/ca-certificates.crt >"$work/ca-certificates.crt"
    printf '[global]\ncert = /etc/ssl/certs/ca-certificates.crt\n' >"$work/pip.conf"
    printf 'FROM %s\nCOPY ca-certificates.crt /etc/ssl/certs/\nCOPY pip.conf /etc/\n%s\n' "$name-bare" "${2:-}" >"$work/Dockerfile"
    tar -C "$work" -c Dockerfile ca-certificates.crt pip.conf |
        nice docker build --quiet --platform "$1" --network host --tag "$name" - >&2
}

has="docker image inspect $name"
[ "$kind" != boot ] || has="podman image exists $name"
if $has >/dev/null 2>&1; then
    say "there already"
elif [ "$kind" = x86 ] && docker pull --quiet debian:bookworm-slim >/dev/null 2>&1; then
    name=debian:bookworm-slim
else
    [ "$(id -u)" -eq 0 ] || { echo "debian:bookworm-slim cannot be pulled, and to make a base one must be root." >&2; exit 1; }
    "$(dirname "$0")/debian_packages.sh" container >&2
    case $kind in
    x86)
        make_debian amd64 ""
        docker import "$work/base.tar" "$name-bare" >/dev/null
        add_certificates linux/amd64
        ;;
    l4t)
        "$(dirname "$0")/debian_packages.sh" arm64 >&2
        [ -e /proc/sys/fs/binfmt_misc/register ] || mount -t binfmt_misc binfmt_misc /proc/sys/fs/binfmt_misc
        [ -e /proc/sys/fs/binfmt_misc/qemu-aarch64 ] || update-binfmts --enable qemu-aarch64 >&2
        if ! docker image inspect "$name-bare" >/dev/null 2>&1; then
            make_debian arm64 "python3,python3-pip"
            # `docker import` of Docker 20.10 takes it for an image of this machine's kind; podman's labels it right.
            podman import --quiet --arch arm64 "$work/base.tar" "$name-bare" >/dev/null
            podman save --quiet --format docker-archive -o "$work/bare.tar" "$name-bare"
            podman rmi "$name-bare" >/dev/null
            docker load --quiet -i "$work/bare.tar" >/dev/null
        fi
        # As NVIDIA's: TensorFlow with its numpy and protobuf among the system's packages, no OpenCV.
        add_certificates linux/arm64 "RUN pip install --quiet --no-cache-dir --break-system-packages tensorflow==2.21.0"
        ;;
    boot)
        "$(dirname "$0")/debian_packages.sh" boot >&2
        make_debian amd64 "systemd,systemd-sysv,dbus,docker.io,iproute2,iptables,hostname,python3"
        podman import --quiet --change 'CMD ["/sbin/init"]' --change 'STOPSIGNAL SIGRTMIN+3' "$work/base.tar" "$name" >/dev/null
        ;;
    *)
        echo "no base called $kind: x86, l4t or boot" >&2
        exit 2
        ;;
    esac
fi
echo "$name"
