"""The scripts of deploy/ against a Docker and a systemd that only keep books, in a folder that stands for the machine.
The true ones are for `make boot-test`.
"""

import fcntl
import os
import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
VOLUMES = ["splitlens-models", "splitlens-recordings", "splitlens-state"]

# Images are files named by their tag with their id in them; `container` has the id of the image that runs, `label` what
# it was started by. What `docker load` brings lies in `loaded`.
DOCKER = r"""#!/bin/sh
cd "$BOOKS" || exit 9
echo "docker $*" >>calls
[ ! -e down ] || { cat down >&2; exit 1; }
for last in "$@"; do :; done
case "$1 $2" in
"version "*) ;;
"container inspect")
    [ -e container ] || exit 1
    case $* in *Labels*) cat label ;; *) cat container ;; esac ;;
"inspect --format") echo healthy ;;
"image inspect") cat "images/$last" 2>/dev/null || exit 1 ;;
"image rm") rm "images/$last" ;;
"tag "*) [ -e "images/$2" ] && cp "images/$2" "images/$3" || echo "$2" >"images/$3" ;;
"load "*) cp loaded images/splitlens:x86 ;;
"pull "*) exit 1 ;;
"ps "*) [ ! -e container ] || ! grep -q run-container label || echo 1234 ;;
"rm "*) rm -f container label ;;
"volume ls") cat volumes 2>/dev/null || true ;;
esac
"""
SYSTEMCTL = r"""#!/bin/sh
cd "$BOOKS" || exit 9
echo "systemctl $*" >>calls
case $1 in
is-active) [ -e container ] && grep -q run-container label ;;
is-enabled) [ -e enabled ] ;;
enable) touch enabled ;;
start | restart)
    cp "images/$(sed -n 's/^IMAGE=//p' "$DEFAULTS")" container
    echo run-container >label ;;
esac
"""
JOURNALCTL = """#!/bin/sh
echo "x  first sign-in: user operator, password abc123 (shown once)"
"""
IP = """#!/bin/sh
echo "1.1.1.1 via 10.0.0.1 dev eth0 src 10.0.0.7 uid 0"
"""


class Machine:
    def __init__(self, folder):
        self.folder = folder
        self.books = folder / "books"
        self.defaults = folder / "etc" / "default" / "splitlens"
        programs, self.deploy = folder / "bin", folder / "deploy"
        for made in (self.books / "images", programs, folder / "run" / "systemd" / "system"):
            made.mkdir(parents=True)
        for name, text in (
            ("docker", DOCKER),
            ("systemctl", SYSTEMCTL),
            ("journalctl", JOURNALCTL),
            ("ip", IP),
            ("id", '#!/bin/sh\n[ "$1" = -un ] && echo tester || echo 0\n'),
        ):
            (programs / name).write_text(text)
            (programs / name).chmod(0o755)
        shutil.copytree(str(DEPLOY), str(self.deploy))
        for script in ("install.sh", "uninstall.sh", "run-container"):
            text = (self.deploy / script).read_text()
            text = re.sub(r"(?<![\w$}:])/(etc|run|usr/local|tmp)/", rf"{folder}/\1/", text)
            (self.deploy / script).write_text(text)
        self.environment = dict(
            os.environ, BOOKS=str(self.books), DEFAULTS=str(self.defaults), PATH=f"{programs}:{os.environ['PATH']}"
        )

    def run(self, script, *words, **environ):
        """Its exit code and what it said."""
        done = subprocess.run(
            [str(self.deploy / script), *words],
            env=dict(self.environment, **environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            universal_newlines=True,
            timeout=60,
        )
        return done.returncode, done.stdout

    def install(self, *words):
        code, said = self.run("install.sh", *words)
        assert code == 0, said
        return said

    def image(self, name, is_now):
        (self.books / "images" / name).write_text(is_now + "\n")

    def id_of(self, name):
        return (self.books / "images" / name).read_text().strip()

    @property
    def runs(self):
        """The id of the image that runs."""
        return (self.books / "container").read_text().strip()

    def calls(self):
        """What was called since the last time."""
        file = self.books / "calls"
        calls = file.read_text() if file.exists() else ""
        file.write_text("")
        return calls

    def archive(self, is_now):
        """A file that `docker save splitlens:x86` may have made."""
        (self.books / "loaded").write_text(is_now + "\n")
        manifest = self.folder / "manifest.json"
        manifest.write_text('[{"Config":"c.json","RepoTags":["splitlens:x86"],"Layers":[]}]')
        with tarfile.open(str(self.folder / "image.tar"), "w") as tar:
            tar.add(str(manifest), "manifest.json")
        return str(self.folder / "image.tar")


@pytest.fixture
def machine(tmp_path):
    return Machine(tmp_path)


def test_an_update_by_the_same_name_runs_and_can_be_taken_back(machine):
    machine.install("--load", machine.archive("first"))
    assert machine.runs == "first"
    said = machine.install("--load", machine.archive("second"))
    assert "image: splitlens:x86 (before: splitlens:previous)" in said
    assert machine.runs == "second" and machine.id_of("splitlens:previous") == "first"
    assert not (machine.books / "images" / "splitlens:replaced").exists()

    machine.calls()
    assert "nothing was changed" in machine.install("--load", machine.archive("second"))
    assert " restart" not in machine.calls() and machine.id_of("splitlens:previous") == "first"

    machine.install("--rollback")
    assert machine.runs == "first"
    machine.install("--rollback")
    assert machine.runs == "second" and machine.id_of("splitlens:previous") == "first"


def test_an_image_that_was_built_anew_is_run(machine):
    machine.image("splitlens:x86", "first")
    machine.install()
    machine.image("splitlens:x86", "second")
    machine.install()
    assert machine.runs == "second"
    machine.install("--rollback")
    assert machine.runs == "first"


def test_an_update_by_another_name_goes_back_to_the_name(machine):
    machine.image("splitlens:x86", "first")
    machine.install()
    machine.image("splitlens:2", "second")
    machine.install("--image", "splitlens:2")
    assert machine.runs == "second" and not (machine.books / "images" / "splitlens:previous").exists()
    assert "image: splitlens:x86 (before: splitlens:2)" in machine.install("--rollback")


def test_the_first_password_and_the_address_are_shown_once(machine):
    machine.image("splitlens:x86", "first")
    said = machine.install()
    assert "Dashboard: http://10.0.0.7:8080/" in said
    assert "First sign-in: user operator, password abc123\n" in said and "journalctl -u splitlens" in said
    assert "abc123" not in machine.install()


def test_a_dry_run_changes_nothing(machine):
    code, said = machine.run("install.sh", "--dry-run")
    assert code == 0 and "the image splitlens:x86 is not here" in said
    assert "would run image: splitlens:x86" in said and "would: systemctl" in said
    assert "writing" not in said and not (machine.folder / "etc").exists() and not (machine.folder / "usr").exists()


@pytest.mark.parametrize(
    "said_by_docker, sentence",
    [
        ("permission denied while trying to connect to the Docker daemon socket", "does not let tester ask"),
        ("Cannot connect to the Docker daemon", "systemctl enable --now docker"),
    ],
)
def test_why_docker_cannot_be_asked(machine, said_by_docker, sentence):
    (machine.books / "down").write_text(said_by_docker)
    code, said = machine.run("install.sh", "--dry-run")
    assert code == 1 and sentence in said


@pytest.mark.parametrize(
    "make",
    [
        lambda file: file.write_bytes(b"no archive"),
        lambda file: tarfile.open(str(file), "w").close(),
    ],
)
def test_a_file_that_is_no_image(machine, make):
    file = machine.folder / "other.tar"
    make(file)
    code, said = machine.run("install.sh", "--load", str(file))
    assert (code, said) == (1, f"install: {file} is nothing that `docker save NAME` made\n")


def test_a_file_that_is_not_there(machine):
    code, said = machine.run("install.sh", "--load", "/nowhere.tar")
    assert (code, said) == (1, "install: there is no file /nowhere.tar\n")


def test_a_container_of_somebody_else_stays(machine):
    machine.image("splitlens:x86", "first")
    machine.install()
    (machine.books / "container").write_text("mine\n")
    (machine.books / "label").write_text("\n")
    for script in ("run-container", "install.sh"):
        code, said = machine.run(script)
        assert code == 1 and "docker rm --force splitlens" in said
    assert machine.run("run-container", "remove")[0] == 0
    assert machine.run("uninstall.sh")[0] == 0
    assert machine.runs == "mine"


def test_what_a_crash_left_behind_is_replaced(machine):
    machine.image("splitlens:x86", "first")
    machine.install()
    machine.calls()
    assert machine.run("run-container")[0] == 0
    calls = machine.calls().splitlines()
    assert calls[-2] == "docker rm --force 1234"
    assert calls[-1].startswith("docker run --rm --pull never --name splitlens ")
    assert calls[-1].endswith(" splitlens:x86")


@pytest.mark.parametrize("comes_after", [0, 3, None])
def test_a_csi_camera_is_waited_for_a_little(machine, comes_after):
    """comes_after: so many seconds, which a stand-in for `sleep` counts. None: never."""
    machine.image("splitlens:l4t", "first")
    (machine.folder / "etc").mkdir()
    (machine.folder / "etc" / "nv_tegra_release").write_text("# R32 (release), REVISION: 7.1\n")
    (machine.folder / "tmp").mkdir()
    # Its path may be too long for a socket's name.
    argus = (
        f'cd "$BOOKS/../tmp" && {sys.executable} -c "import socket;'
        " socket.socket(socket.AF_UNIX).bind('argus_socket')\""
    )
    sleep = machine.folder / "bin" / "sleep"
    sleep.write_text(
        f'#!/bin/sh\necho slept >>"$BOOKS/slept"\n[ $(wc -l <"$BOOKS/slept") != {comes_after} ] || {{ {argus}; }}\n'
    )
    sleep.chmod(0o755)
    if comes_after == 0:
        subprocess.run(argus, shell=True, env=machine.environment, check=True)
    machine.install()
    slept = machine.books / "slept"
    machine.calls()
    code, said = machine.run("run-container")
    assert code == 0
    seconds = len(slept.read_text().splitlines()) if slept.exists() else 0
    assert seconds == (10 if comes_after is None else comes_after)
    assert ("without CSI cameras" in said) == (comes_after is None)
    run = machine.calls().splitlines()[-1]
    assert "--runtime nvidia" in run
    assert (":/tmp/argus_socket" in run) == (comes_after is not None)


def test_nothing_is_left_of_it(machine):
    machine.image("splitlens:x86", "first")
    machine.install()
    (machine.books / "volumes").write_text("\n".join(VOLUMES) + "\n")
    left = [
        machine.folder / name
        for name in ("etc/default/splitlens-power", "run/splitlens-power/socket", "run/splitlens-clocks/before")
    ]
    for file in left:
        file.parent.mkdir(exist_ok=True)
        file.write_text("")
    code, said = machine.run("uninstall.sh", "--purge")
    assert code == 0 and said.endswith("Splitlens is uninstalled.\n")
    assert [str(file) for file in machine.folder.glob("[eru]*/**/*splitlens*")] == []
    calls = machine.calls()
    # A container in use would keep its volumes.
    assert calls.index("docker rm --force 1234") < calls.index("docker volume rm splitlens-models")


@pytest.mark.parametrize(
    "words, code, sentence",
    [
        (["--purge"], 1, "Docker does not answer, so recordings, models and accounts stay"),
        ([], 0, "kept: what Docker's volumes splitlens-* hold"),
    ],
)
def test_uninstalled_while_docker_is_down(machine, words, code, sentence):
    (machine.books / "down").write_text("Cannot connect to the Docker daemon")
    got, said = machine.run("uninstall.sh", *words)
    assert got == code and sentence in said
    assert ("is uninstalled" in said) == (code == 0)


@pytest.mark.parametrize("is_jetson", [False, True])
def test_compose_runs_it_as_the_unit_does(machine, is_jetson):
    """With the lines of a Jetson too, which stand there as comments."""
    text = (DEPLOY / "compose.yml").read_text()
    if is_jetson:
        text, count = re.subn(r"^( +)# (- /|runtime:)", r"\1\2", text, flags=re.MULTILINE)
        assert count == 6
    composed = yaml.safe_load(text)
    service = composed["services"]["splitlens"]
    assert service["read_only"] and service["cap_drop"] == ["ALL"] and service["restart"] == "unless-stopped"
    assert service.get("runtime") == ("nvidia" if is_jetson else None)
    assert service["tmpfs"] == ["/tmp:size=512m"] and service["pids_limit"] == 2048 and service["mem_limit"]
    assert all(
        word in (DEPLOY / "run-container").read_text()
        for word in ("--tmpfs /tmp:size=512m", "--pids-limit 2048", "--memory")
    )
    names = {name: volume["name"] for name, volume in composed["volumes"].items()}
    assert sorted(names.values()) == VOLUMES

    script = (DEPLOY / "run-container").read_text()
    for volume in service["volumes"]:
        source, _, target = volume.partition(":")
        volume = f"{names.get(source, source)}:{target}"
        assert "--volume " + volume in script or f':{target}"' in script, volume


def remove_docker(tmp_path, folder):
    """`make clean`'s part of it: exit code, and what was said."""
    podman = tmp_path / "bin" / "podman"
    podman.parent.mkdir(exist_ok=True)
    podman.write_text("#!/bin/sh\nexit 1\n")
    podman.chmod(0o755)
    done = subprocess.run(
        [str(ROOT / "tools" / "with_docker.sh"), "--remove"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=dict(os.environ, SPLITLENS_DOCKER_DIR=str(folder), PATH=f"{podman.parent}:{os.environ['PATH']}"),
        universal_newlines=True,
        timeout=60,
    )
    return done.returncode, done.stdout


def docker_folder(path):
    (path / "root" / "overlay2").mkdir(parents=True)
    (path / "dockerd.log").write_text("")
    return path


def test_the_docker_of_the_tests_is_removed_and_nothing_else(tmp_path):
    folder = docker_folder(tmp_path / "docker")
    assert remove_docker(tmp_path, folder) == (0, "") and not folder.exists()
    assert remove_docker(tmp_path, folder) == (0, "")  # there is none

    (docker_folder(folder) / "mine").write_text("")
    assert remove_docker(tmp_path, folder) == (0, "")
    assert [path.name for path in folder.iterdir()] == ["mine"]
    assert "and stays" in remove_docker(tmp_path, folder)[1]

    other = tmp_path / "other"
    (other / "root").mkdir(parents=True)  # as `/` has one
    code, said = remove_docker(tmp_path, other)
    assert code == 0 and "and stays" in said and (other / "root").exists()

    link = tmp_path / "link"
    link.symlink_to(str(docker_folder(tmp_path / "elsewhere")))
    code, said = remove_docker(tmp_path, link)
    assert code == 0 and "and stays" in said and (tmp_path / "elsewhere" / "root" / "overlay2").exists()


def test_a_docker_at_work_is_not_removed(tmp_path):
    folder = docker_folder(tmp_path / "docker")
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        code, said = remove_docker(tmp_path, folder)
    assert code == 1 and "is at work" in said and (folder / "root" / "overlay2").exists()
