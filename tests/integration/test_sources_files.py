"""What a server sends opens no file of this machine; what stands in a file's place is looked at before."""

import re
import shutil
import socket
import subprocess
import threading

import cv2
import numpy as np
import pytest
import yaml

from appliance.core.errors import SourceError
from appliance.sources import elements, live
from appliance.sources.gstreamer import FOLLOW_ADDRESSES, RANKS, launch_environment
from appliance.sources.open import open_camera
from tests.waiting import LIMIT

PLAYLIST = "#EXTM3U\n#EXT-X-TARGETDURATION:3\n#EXTINF:3.0,\n{}\n#EXT-X-ENDLIST\n"


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(live, "FIRST_PAUSE", 0.05)


@pytest.fixture()
def gst():
    if shutil.which("gst-inspect-1.0") is None:
        pytest.skip("gst-inspect-1.0 is not installed: apt-get install gstreamer1.0-tools")


@pytest.fixture()
def secret(tmp_path):
    """A movie of this machine, in a container that playlists are made of."""
    path = tmp_path / "secret.ts"
    writer = cv2.VideoWriter(str(path), cv2.CAP_FFMPEG, int.from_bytes(b"mp4v", "little"), 25, (64, 48))
    assert writer.isOpened()
    for shade in range(75):
        writer.write(np.full((48, 64, 3), shade, np.uint8))
    writer.release()
    return path


@pytest.fixture()
def serve():
    """Sends the same to everybody who connects, with the head of an answer by HTTP if asked for; gives the port."""
    server = socket.socket()
    server.bind(("127.0.0.1", 0))
    server.listen(5)
    threads = []

    def start(content, by_http):
        head = (
            f"HTTP/1.0 200 OK\r\nContent-Type: application/vnd.apple.mpegurl\r\nContent-Length: {len(content)}\r\n\r\n"
        )

        def send():
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    try:
                        if by_http:
                            connection.recv(65536)
                        connection.sendall(((head if by_http else "") + content).encode())
                    except OSError:
                        pass

        threads.append(threading.Thread(target=send))
        threads[-1].start()
        return server.getsockname()[1]

    yield start
    server.shutdown(socket.SHUT_RDWR)
    server.close()
    for thread in threads:
        thread.join(LIMIT)


def opens(camera):
    """Whether a picture comes."""
    with open_camera(camera, live_timeout=LIMIT) as source:
        try:
            return source.read() is not None
        except SourceError:
            return False


def test_a_playlist_that_a_server_sends_opens_no_file_of_this_machine(secret, serve):
    assert opens(str(secret))
    port = serve(PLAYLIST.format("file://" + str(secret)), by_http=False)
    assert not opens(f"tcp://127.0.0.1:{port}/a.m3u8")


def test_a_pipelines_decodebin_opens_none_either(gst, secret, serve):
    assert opens(f"filesrc location={secret} ! decodebin ! appsink")
    port = serve(PLAYLIST.format("file://" + str(secret)), by_http=True)
    assert not opens(f"souphttpsrc location=http://127.0.0.1:{port}/a.m3u8 ! decodebin ! appsink")


def test_no_demuxer_of_playlists_is_taken_by_itself(gst, monkeypatch):
    monkeypatch.setenv(RANKS, "jpegdec:MARGINAL")
    assert launch_environment()[RANKS].startswith("jpegdec:MARGINAL,hlsdemux:NONE,")
    environment = launch_environment()
    found = 0
    for element in FOLLOW_ADDRESSES:
        said = subprocess.run(
            ["gst-inspect-1.0", element],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            universal_newlines=True,
        )
        if said.returncode == 0:
            found += 1
            assert re.search(r"Rank +none \(0\)", said.stdout), element
    if not found:
        pytest.skip("none of them is installed here")


# What a text property is called, or said to be, where it may name something outside the pipeline.
NAMES_SOMETHING = re.compile(
    r"[\w-]*(file|location|template|path|device|uri|url)|.*\b(file|folder|directory|template)\b", re.IGNORECASE
)
PROPERTY = re.compile(r"^  (?P<name>[\w-]+) +: (?P<words>.*)\n +flags: (?P<flags>.*)\n(?P<type>(?: {20}.*\n?)*)", re.M)


def inspect(element):
    """Of an element that is installed here: name, words and type of each property that can be set; else None."""
    said = subprocess.run(
        ["gst-inspect-1.0", element], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, universal_newlines=True
    )
    if said.returncode != 0:
        return None
    return [
        (found.group("name"), found.group("words"), found.group("type").strip())
        for found in PROPERTY.finditer(said.stdout)
        if "writable" in found.group("flags")
    ]


def allow_list():
    with open(str(elements._FILE), encoding="utf-8") as file:
        return yaml.safe_load(file)


def test_no_property_that_may_be_set_from_the_dashboard_names_a_file_without_a_reason(gst):
    """In `gst-inspect-1.0` of what is installed here."""
    listed = allow_list()
    seen = 0
    for element, allowed in listed["elements"].items():
        for name, words, kind in inspect(element) or []:
            if name not in allowed:
                continue
            seen += 1
            if kind.startswith(("String", "Object", "Boxed")) and NAMES_SOMETHING.match(name + " " + words):
                assert f"{element} {name}" in listed["reasons"], words
                assert allowed[name] == "camera" or isinstance(allowed[name], list), words
    assert seen > 20


def test_every_reason_is_for_a_property_that_is_listed():
    listed = allow_list()
    for both in listed["reasons"]:
        element, name = both.split()
        assert name in listed["elements"][element]


def test_no_listed_element_reads_or_writes_files_or_follows_addresses_in_what_it_reads(gst):
    for element in allow_list()["elements"]:
        assert element not in FOLLOW_ADDRESSES
        for name, words, kind in inspect(element) or []:
            if kind.startswith("String") and re.search(r"template|temp", name):
                pytest.fail(f"{element} has {name}: {words}")
