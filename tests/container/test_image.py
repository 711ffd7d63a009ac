"""An image as people run it: with the fewest rights, over its life. SPLITLENS_TEST_IMAGE is its name."""

import json
import os
import re
import shutil
import subprocess
import time

import pytest

from tests.command import ROOT
from tests.container.docker import LEAST_RIGHTS, Container, docker, pictures
from tests.waiting import wait_until

IMAGE = os.environ["SPLITLENS_TEST_IMAGE"]
SECOND_MODEL = "pedestrian_ssdlite"
USER = 10001

# What SIGTERM may take: the requirement of a camera that a person switches off.
SECONDS_TO_STOP = 3.0


@pytest.fixture(scope="module")
def config(tmp_path_factory):
    """A folder to mount at /config: a street clip that plays in a loop."""
    folder = tmp_path_factory.mktemp("config")
    shutil.copy(str(ROOT / "samples" / "bikes.mp4"), str(folder))
    (folder / "config.yml").write_text("camera_input: /config/bikes.mp4\n")
    folder.chmod(0o755)
    return folder


@pytest.fixture(scope="module")
def models(person_model, tmp_path_factory):
    """A volume with the image's own model and one that was imported into it, in the way that people do it."""
    mine = tmp_path_factory.mktemp("mine")
    mine.chmod(0o755)
    shutil.copy(str(person_model), str(mine / "graph.pb"))
    (mine / "labels.pbtxt").write_text("item { id: 1 name: 'person' }")
    name = docker("volume", "create")
    docker(
        "run",
        "--rm",
        "--volume",
        name + ":/models",
        "--volume",
        f"{mine}:/mine:ro",
        IMAGE,
        "models",
        "import",
        "/mine/graph.pb",
        "--labels",
        "/mine/labels.pbtxt",
        "--name",
        SECOND_MODEL,
    )
    yield name
    docker("volume", "rm", name)


@pytest.fixture
def appliance(config, models):
    with Container(IMAGE, "--volume", f"{config}:/config:ro", "--volume", models + ":/models") as container:
        yield container


def model_of(container):
    state = container.state()
    return state.get("model", {}) if state else {}


def test_what_the_image_says_of_itself():
    image = json.loads(docker("image", "inspect", IMAGE))[0]["Config"]
    assert image["User"] == str(USER)
    assert image["Cmd"] == ["up"] and "tini" in image["Entrypoint"][0]
    assert set(image["Volumes"]) == {"/models", "/recordings", "/state"}
    assert "healthy.py" in image["Healthcheck"]["Test"][-1]
    labels = {name.rpartition(".")[2] for name in image["Labels"]}
    assert {"title", "description", "licenses", "version", "revision"} <= labels


def test_nothing_that_only_builds_is_in_it():
    found = docker(
        "run",
        "--rm",
        "--entrypoint",
        "sh",
        IMAGE,
        "-c",
        "for tool in cc gcc c++ clang ld make npm node git curl; do command -v $tool; done; true",
    )
    assert found == ""


def test_nothing_of_the_machine_that_built_it_is_in_it():
    """No configuration, no recordings, no accounts, no tests of ours, no caches of pip."""
    listing = docker(
        "run",
        "--rm",
        "--user",
        "0",
        "--entrypoint",
        "sh",
        IMAGE,
        "-c",
        "ls -A /config /recordings /state /opt/splitlens; ls -A /root/.cache 2>/dev/null; true",
    )
    words = set(re.findall(r"\S+", listing))
    assert words == {
        "/config:",
        "/recordings:",
        "/state:",
        "/opt/splitlens:",
        "appliance",
        "healthy.py",
        "profiles",
        "venv",
        "web",
    }


def test_a_day_in_its_life(appliance):
    """One container, as starting one takes a while: signed in, seen, switched, healthy, stopped, started again."""
    password = appliance.first_password()
    wait_until(appliance.is_ready, "the daemon")

    # Who runs it, and what it may do.
    status = appliance.run("cat", "/proc/1/status")
    assert re.search(rf"^Uid:\s+{USER}\s+{USER}", status, re.MULTILINE)
    assert re.search(r"^CapEff:\s+0+$", status, re.MULTILINE) and re.search(r"^CapBnd:\s+0+$", status, re.MULTILINE)
    assert "Read-only file system" in docker("exec", "--user", "0", appliance.id, "touch", "/opt/x", check=False)

    # Nobody in, somebody in.
    assert appliance.status("/streams/main.jpg") == 401
    browser = appliance.sign_in(password)
    first, second = pictures(browser, appliance.address + "/streams/main.mjpeg", 2)
    assert len(first) > 1000 and len(second) > 1000
    appliance.identify(password)

    # The model that came with the image, and another one.
    wait_until(lambda: model_of(appliance).get("status") == "ready", "the first model")
    assert model_of(appliance)["name"] != SECOND_MODEL
    assert model_of(appliance)["engine"] == "openvino"  # the fastest on such a machine
    code, answer = appliance.change("/api/v1/model", {"model": SECOND_MODEL})
    assert code < 300, answer
    wait_until(lambda: model_of(appliance).get("name") == SECOND_MODEL, "the second model")

    wait_until(lambda: appliance.inspect(".State.Health.Status") == "healthy", "Docker's word that it is healthy")

    # Somebody looks, and it ends.
    with browser.open(appliance.address + "/streams/main.mjpeg", timeout=60) as viewer:
        assert viewer.read(1000)
        began = time.monotonic()
        docker("kill", "--signal", "TERM", appliance.id)
        docker("wait", appliance.id)
        took = time.monotonic() - began
    assert appliance.inspect(".State.ExitCode") == "0"
    print(f"stopped {took:.1f} s after SIGTERM")
    assert took < SECONDS_TO_STOP

    # What was changed, and the password, are still there.
    docker("start", appliance.id)
    wait_until(appliance.is_ready, "the daemon, again")
    wait_until(lambda: model_of(appliance).get("name") == SECOND_MODEL, "the model that was chosen")
    appliance.sign_in(password)
    assert appliance.logs().count("(shown once)") == 1


def test_it_comes_back_after_a_crash(config):
    with Container(IMAGE, "--restart", "unless-stopped", "--volume", f"{config}:/config:ro") as container:
        password = container.first_password()
        wait_until(container.is_ready, "the daemon")
        # As the kernel does when memory runs out.
        os.kill(int(container.inspect(".State.Pid")), 9)
        wait_until(lambda: container.inspect(".RestartCount") == "1", "Docker to start it again")
        wait_until(container.is_ready, "the daemon, again")
        container.sign_in(password)


@pytest.fixture
def folder_of_root(tmp_path):
    """A folder that belongs to root and that nobody else may write to."""
    folder = tmp_path / "state"
    folder.mkdir(mode=0o755)
    if os.getuid() != 0:
        subprocess.run(["sudo", "-n", "chown", "0:0", str(folder)], check=True)
    return folder


def test_a_folder_that_is_not_its_own_is_explained(folder_of_root):
    name = "splitlens-test-refused"
    options = ["--name", name, *LEAST_RIGHTS, "--volume", f"{folder_of_root}:/state"]
    said = docker("run", *options, IMAGE, check=False)
    code = docker("inspect", "--format", "{{.State.ExitCode}}", name)
    docker("rm", "--volumes", name)
    assert code == "5"
    assert "/state belongs to user 0" in said and f"sudo chown -R {USER}" in said and "--user" in said
    assert "Traceback" not in said


def test_folders_of_ones_own_work_with_ones_own_user(tmp_path, config):
    options = []
    for name in ("state", "recordings", "models"):
        folder = tmp_path / name
        folder.mkdir(mode=0o755)
        os.chown(str(folder), 1234, 1234)
        options += ["--volume", f"{folder}:/{name}"]
    with Container(IMAGE, "--user", "1234:1234", "--volume", f"{config}:/config:ro", *options) as container:
        container.identify(container.first_password())
        # Without a model it is not ready, says how to get one, and goes on.
        model = wait_until(
            lambda: model_of(container).get("error") and model_of(container), "what it says of the model"
        )
        assert "is not installed" in model["error"]
        assert (tmp_path / "state" / "accounts.json").exists()


def test_a_recording_lands_in_its_volume(config):
    with Container(IMAGE, "--volume", f"{config}:/config:ro") as container:
        container.identify(container.first_password())
        wait_until(container.is_ready, "the daemon")
        code, answer = container.change("/api/v1/streams/main/recording", {"on": True})
        assert code < 300, answer
        name = wait_until(lambda: container.run("ls", "/recordings").strip(), "a recording")
        wait_until(
            lambda: int(container.run("stat", "-c", "%s", "/recordings/" + name.split()[0])) > 100000, "its pictures"
        )
        assert container.run("stat", "-c", "%u", "/recordings/" + name.split()[0]) == str(USER)


def test_gstreamer_is_there_with_what_cameras_need():
    """Elements of USB cameras, RTSP, H.264, H.265 and MPEG-TS."""
    elements = [
        "v4l2src",
        "rtspsrc",
        "jpegdec",
        "h264parse",
        "h265parse",
        "tsdemux",
        "avdec_h264",
        "avdec_h265",
        "x264enc",
        "mp4mux",
        "videoconvert",
    ]
    missing = docker(
        "run",
        "--rm",
        *LEAST_RIGHTS,
        "--entrypoint",
        "sh",
        IMAGE,
        "-c",
        f"for name in {' '.join(elements)}; do gst-inspect-1.0 --exists $name || echo $name; done",
    )
    assert missing == ""


def test_the_doctor_finds_nothing_wrong():
    said = docker("run", "--rm", *LEAST_RIGHTS, IMAGE, "doctor")
    print(said)
    assert re.search(r"^ok +TensorFlow ", said, re.MULTILINE)
    assert not re.search(r"^missing ", said, re.MULTILINE) and "The appliance can run." in said
    assert "Traceback" not in said
