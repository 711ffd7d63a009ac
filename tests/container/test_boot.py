"""The installer and its unit on a machine with systemd and Docker, through boots. SPLITLENS_TEST_BOOT is the file of an
image, as `docker save` makes it. The machine is a container of podman's, with a Docker of its own inside.
"""

import os
import re
import subprocess
import time
from pathlib import Path

import pytest

from tests.waiting import LIMIT, wait_until

ROOT = Path(__file__).resolve().parents[2]
MACHINE = "localhost/splitlens-base:boot"
ARCHIVE = os.environ["SPLITLENS_TEST_BOOT"]

# What podman needs to know here: no network of its own to set up, no systemd on this machine.
SETTINGS = """
[containers]
netns = "host"
default_ulimits = ["nofile=4096:4096", "nproc=4096:4096"]
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
"""


# Power modes, for the helper that sets them: what it asks of nvpmodel, with the mode kept where the real one does.
NVPMODEL = """#!/bin/sh
case $1 in
-q) echo "NV Power Mode: any"; cat /var/lib/nvpmodel/status ;;
-m) echo "$2" >/var/lib/nvpmodel/status ;;
esac
"""
POWER_MODES = "< POWER_MODEL ID=0 NAME=MAXN >\n< POWER_MODEL ID=1 NAME=MAXQ >\n"
ASK_HELPER = """
from pathlib import Path
from appliance.board.power import ask_helper
print(ask_helper(Path("/run/splitlens-power/socket"), {"verb": "mode", "set": 1}))
"""


class Machine:
    """Another computer, as far as an installer can see."""

    def __init__(self, settings: Path) -> None:
        self._environment = dict(os.environ, CONTAINERS_CONF=str(settings))
        # A namespace of its own, or the runc inside looks for its groups in the wrong place.
        # Its Docker stores images below /var/lib/docker, which overlayfs cannot do on overlayfs: hence a volume.
        # What the kernel runs foreign programs with is this machine's too: systemd shall leave it as it is.
        self.id = self.podman(
            "run",
            "--detach",
            "--privileged",
            "--systemd",
            "always",
            "--cgroupns",
            "private",
            "--volume",
            "/var/lib/docker",
            "--volume",
            "/dev/null:/etc/systemd/system/systemd-binfmt.service:ro",
            "--volume",
            f"{ROOT / 'deploy'}:/deploy:ro",
            "--volume",
            ARCHIVE + ":/image.tar:ro",
            MACHINE,
        )

    def podman(self, *words: str, check: bool = True) -> str:
        done = subprocess.run(
            ["podman", *words],
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            universal_newlines=True,
            timeout=LIMIT,
        )
        if check:
            assert done.returncode == 0, f"{' '.join(words)}: {done.stdout}"
        return done.stdout.strip()

    def run(self, line: str, check: bool = True) -> str:
        """A line for its shell, as root."""
        return self.podman("exec", self.id, "sh", "-c", line, check=check)

    def write(self, path: str, text: str) -> None:
        self.run(f"mkdir -p $(dirname {path}) && cat >{path} <<'END'\n{text}END\nchmod 755 {path}")

    def until(self, line: str, wanted: str = "") -> None:
        """Wait until the line prints that, or ends without an error."""
        said = ""

        def is_so() -> bool:
            nonlocal said
            said = self.run(line + " && echo yes" if not wanted else line, check=False)
            return said.endswith("yes") if not wanted else said == wanted

        try:
            wait_until(is_so, pause=0.5)
        except AssertionError:
            journal = self.run("journalctl --no-pager --lines 50", check=False)
            raise AssertionError(f"{line}: {said}\n{journal}") from None

    def until_up(self) -> None:
        self.until("docker version >/dev/null 2>&1 && systemctl list-jobs | grep -q 'No jobs'")

    def files(self) -> str:
        return self.run("find /etc /usr/local -type f | sort; docker image ls --quiet; docker volume ls --quiet")


@pytest.fixture(scope="module")
def machine(tmp_path_factory):
    settings = tmp_path_factory.mktemp("podman") / "containers.conf"
    settings.write_text(SETTINGS)
    machine = Machine(settings)
    try:
        machine.until_up()
        yield machine
    finally:
        machine.podman("rm", "--force", "--volumes", "--time", "5", machine.id)


# What Docker's health check said last: the machine has no camera, so it is not ready, and says so.
CHECKED = "docker inspect --format '{{range .State.Health.Log}}{{.Output}}{{end}}' splitlens | grep -q 'ready: '"
IMAGE_OF = "docker inspect --format '{{.Image}}' splitlens"


def test_from_nothing_through_boots_to_nothing(machine):
    """One story, as each step starts from the one before."""
    # What it would do, it says and does not.
    before = machine.files()
    said = machine.run("/deploy/install.sh --load /image.tar --dry-run")
    assert "would: docker load" in said and "would: install" in said and "splitlens.service" in said
    assert machine.files() == before

    # Without an image it says where to get one.
    said = machine.run("/deploy/install.sh", check=False)
    assert "there is no image splitlens:x86 here. Build it" in said
    assert machine.files() == before

    # One command, and it runs. This machine has power modes, so their helper's socket comes too.
    machine.write("/usr/sbin/nvpmodel", NVPMODEL)
    machine.write("/etc/nvpmodel.conf", POWER_MODES)
    machine.write("/var/lib/nvpmodel/status", "0\n")
    said = machine.run("/deploy/install.sh --load /image.tar")
    assert re.search(r"^Splitlens runs. Dashboard: http://[\d.]+:8080/$", said, re.MULTILINE), said
    password = re.findall(r"First sign-in: user operator, password (\S+)$", said, re.MULTILINE)
    assert len(password) == 1 and "journalctl -u splitlens" in said, said
    machine.until(CHECKED)
    rights = machine.run(
        "docker inspect --format '{{.HostConfig.ReadonlyRootfs}} {{.HostConfig.CapDrop}} "
        "{{.HostConfig.Privileged}} {{.Config.User}}' splitlens"
    )
    assert rights == "true [ALL] false 10001"
    assert machine.run("systemctl is-active splitlens-power.socket") == "active"

    # Out of the container a power mode is set, though nothing can be written there. Another user is refused.
    machine.write("/ask.py", ASK_HELPER)
    ask = "docker exec --interactive {} splitlens python - </ask.py"
    assert "'mode': 1" in machine.run(ask.format(""))
    assert machine.run("cat /var/lib/nvpmodel/status") == "1"
    assert "'kind': 'denied'" in machine.run(ask.format("--user 1234"))
    assert "Read-only" in machine.run("docker exec --user 0 splitlens touch /run/splitlens-power/x", check=False)

    # Again, with nothing to do.
    said = machine.run("/deploy/install.sh")
    assert "nothing was changed" in said and "password" not in said

    # Settings are the owner's.
    machine.run("echo 'det_th: 0.25' >> /etc/splitlens/config.yml && systemctl restart splitlens")
    machine.until(CHECKED)
    assert "0.25" in machine.run("docker exec splitlens splitlens config show | grep -w det_th")
    machine.run("/deploy/install.sh")
    assert "det_th: 0.25" in machine.run("cat /etc/splitlens/config.yml")

    # Somebody kills the container.
    first = machine.run("docker inspect --format '{{.Id}}' splitlens")
    machine.run("docker kill splitlens")
    machine.until("test \"$(docker inspect --format '{{.Id}}' splitlens)\" != " + first)
    machine.until(CHECKED)

    # A person stops Docker and starts it again; the unit, which wants it, may be faster.
    first = machine.run("docker inspect --format '{{.Id}}' splitlens")
    machine.run("systemctl stop docker.socket docker.service", check=False)
    machine.run("systemctl start docker.socket docker.service")
    machine.until("test \"$(docker inspect --format '{{.Id}}' splitlens)\" != " + first)
    machine.until(CHECKED)

    # The container outlives its client, as after a stop that took too long.
    first = machine.run("docker inspect --format '{{.Id}}' splitlens")
    machine.run("kill -9 $(systemctl show --property MainPID --value splitlens)")
    machine.until("test \"$(docker inspect --format '{{.Id}}' splitlens)\" != " + first)
    machine.until(CHECKED)

    # The power goes, the power comes.
    machine.podman("restart", "--time", "30", machine.id)
    machine.until_up()
    machine.until(CHECKED)
    assert machine.run("systemctl is-active splitlens") == "active"
    assert "password" not in machine.run("journalctl --boot --unit splitlens --output cat --no-pager")

    # Another image, and back.
    machine.run("docker tag splitlens:x86 splitlens:next")
    said = machine.run("/deploy/install.sh --image splitlens:next")
    assert "image: splitlens:next (before: splitlens:x86)" in said and "Splitlens runs" in said
    assert machine.run("docker inspect --format '{{.Config.Image}}' splitlens") == "splitlens:next"
    said = machine.run("/deploy/install.sh --rollback")
    assert "image: splitlens:x86 (before: splitlens:next)" in said
    assert machine.run("docker inspect --format '{{.Config.Image}}' splitlens") == "splitlens:x86"

    # Another image by the same name, as an update on a stick brings it, and back.
    machine.run(
        "printf 'FROM splitlens:x86\\nLABEL version=other\\n' | "
        "DOCKER_BUILDKIT=0 docker build --quiet --tag other - && "
        "docker tag splitlens:x86 kept && docker tag other splitlens:x86 && "
        "docker save --output /other.tar splitlens:x86 && docker tag kept splitlens:x86"
    )
    said = machine.run("/deploy/install.sh --load /other.tar")
    assert "image: splitlens:x86 (before: splitlens:previous)" in said and "Splitlens runs" in said
    image, other = (machine.run("docker image inspect --format '{{.Id}}' " + name) for name in ("kept", "other"))
    assert machine.run(IMAGE_OF) == other != image
    assert "nothing was changed" in machine.run("/deploy/install.sh --load /other.tar")
    assert "image: splitlens:previous" in machine.run("/deploy/install.sh --rollback")
    assert machine.run(IMAGE_OF) == image

    # Stopped by a person: it stays so, and quickly.
    began = time.monotonic()
    machine.run("systemctl stop splitlens")
    print(f"systemctl stop took {time.monotonic() - began:.1f} s")
    assert machine.run("docker ps --quiet") == ""

    # Away with it; what is the owner's stays, until it is asked for.
    said = machine.run("/deploy/uninstall.sh --dry-run")
    assert "would: rm /etc/systemd/system/splitlens.service" in said
    assert machine.run("systemctl is-enabled splitlens") == "enabled"
    machine.run("/deploy/uninstall.sh")
    assert machine.run("ls -d /run/splitlens-*", check=False).endswith("No such file or directory")
    assert machine.run("find /etc/systemd /usr/local /etc/default -name '*splitlens*'") == ""
    assert "splitlens-state" in machine.run("docker volume ls --quiet")
    assert "det_th" in machine.run("cat /etc/splitlens/config.yml")
    machine.run("/deploy/uninstall.sh --purge")
    assert machine.run("docker volume ls --quiet") == ""
    assert machine.run("ls -d /etc/splitlens", check=False).endswith("No such file or directory")
    assert "uninstalled" in machine.run("/deploy/uninstall.sh")
