"""Recordings: listed, fetched in parts, played as moving pictures also when a crash cut them off, deleted."""

import io
import struct

import cv2
import numpy as np
import pytest
import requests

from appliance.recording.avi import AviWriter
from appliance.recording.avi_reader import AviError, read_fps, read_pictures
from tests.waiting import wait_until
from tests.web.conftest import LIMIT, InProcess, bearer
from web.mjpeg import MOST_VIEWERS


def picture(number):
    return bytes(cv2.imencode(".jpg", np.full((16, 16, 3), number % 256, np.uint8))[1])


def write(path, count, fps=10, close=True, **options):
    writer = AviWriter(str(path), 16, 16, fps, **options)
    for number in range(count):
        writer.write(picture(number))
    if close:
        writer.close()
    else:
        writer._file.close()  # as a crash does
    return [picture(number) for number in range(count)]


@pytest.fixture
def movie(tmp_path):
    return tmp_path / "movie.avi"


def read(path, skip=0):
    with path.open("rb") as file:
        return read_fps(file), list(read_pictures(file, skip))


def test_the_pictures_come_out_as_they_went_in(movie):
    written = write(movie, 7)
    assert read(movie) == (10.0, written)
    assert read(movie, skip=5) == (10.0, written[5:])
    assert read(movie, skip=9) == (10.0, [])


@pytest.mark.parametrize("fps", [29.97, 0.5, 120.0])
def test_the_rate_is_that_of_the_header(movie, fps):
    write(movie, 1, fps)
    assert read(movie)[0] == pytest.approx(fps, abs=0.001)


def test_a_movie_in_several_parts_is_read_to_its_end(movie):
    written = write(movie, 60, part_bytes=10 * len(picture(0)))
    assert movie.read_bytes().count(b"AVIX") > 2
    assert read(movie) == (10.0, written)


@pytest.mark.parametrize("part_bytes", [1 << 30, 3000])
def test_a_movie_that_a_crash_cut_off_is_read_as_far_as_it_goes(movie, part_bytes):
    written = write(movie, 20, close=False, part_bytes=part_bytes)
    assert read(movie) == (10.0, written)
    data = movie.read_bytes()
    counts = []
    for cut in range(1, len(data), 97):
        movie.write_bytes(data[:-cut])
        with movie.open("rb") as file:
            found = list(read_pictures(file))
        assert found == written[: len(found)]
        counts.append(len(found))
    assert counts[0] >= 19 and counts[-1] == 0 and counts == sorted(counts, reverse=True)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"RIFF",
        b"RIFF\0\0\0\0WAVE" + b"\0" * 99,
        b"\0" * 4096,
        b"RIFF\xff\xff\xff\xffAVI " + b"\xff" * 999,
    ],
)
def test_what_is_no_avi_is_refused(data):
    with pytest.raises(AviError):
        read_fps(io.BytesIO(data))
    assert list(read_pictures(io.BytesIO(data))) == []


def test_another_codec_is_refused_with_a_remedy(movie):
    write(movie, 1)
    data = movie.read_bytes().replace(b"vidsMJPG", b"vidsXVID")
    with pytest.raises(AviError, match="play it with another program"):
        read_fps(io.BytesIO(data))


def test_sizes_that_lie_bring_nothing_down():
    lie = b"RIFF\0\0\0\0AVI " + struct.pack("<4sI", b"00dc", 0xFFFFFFFF)
    assert list(read_pictures(io.BytesIO(lie))) == []
    assert list(read_pictures(io.BytesIO(b"RIFF\0\0\0\0AVI " + struct.pack("<4sI", b"00dc", 0) * 3))) == []


# Over HTTP, from a real server


@pytest.fixture
def recorded(site):
    path = site.folder / "recordings" / "main_20261124-093000.avi"
    if not path.exists():
        write(path, 12, fps=20)
    return path


def test_a_recording_is_fetched_whole_and_in_parts(site, recorded):
    data = recorded.read_bytes()
    whole = site.get("/recordings/" + recorded.name)
    assert whole.content == data and whole.headers["Content-Type"] == "video/x-msvideo"
    assert whole.headers["Content-Disposition"] in (
        form.format(recorded.name) for form in ("attachment; filename={}", 'attachment; filename="{}"')
    )
    for header, status, expected in (
        ("bytes=100-199", 206, data[100:200]),
        ("bytes=-50", 206, data[-50:]),
        ("bytes=100-", 206, data[100:]),
    ):
        part = _ranged(site, recorded.name, header)
        assert (part.status_code, part.content) == (status, expected)
    assert _ranged(site, recorded.name, f"bytes={len(data) + 9}-").status_code == 416


def _ranged(site, name, header):
    headers = dict(bearer(site.tokens["viewer"]), Range=header)
    return requests.get(site.url + "/recordings/" + name, headers=headers, timeout=LIMIT)


def test_one_viewer_does_not_fetch_with_all_threads(site):
    name = "main_20261124-000000.mp4"
    with open(str(site.folder / "recordings" / name), "wb") as file:
        file.truncate(1 << 28)  # far more than is under way to who does not read it
    share = MOST_VIEWERS // 2
    fetching = [site.get("/recordings/" + name, stream=True) for _ in range(share + 1)]
    try:
        assert [answer.status_code for answer in fetching] == [200] * share + [503]
        assert f"{share} live pictures and downloads" in fetching[-1].json()["error"]
        assert _ranged(site, name, "bytes=0-9").status_code == 503
        assert site.get("/recordings/" + name, "operator", stream=True).status_code == 200
    finally:
        for answer in fetching:
            answer.close()
    wait_until(lambda: _ranged(site, name, "bytes=0-9").status_code == 206)


@pytest.mark.parametrize(
    "header, status",
    [({}, 200), ({"Range": "bytes=5-"}, 206), ({"Range": "bytes=5000000-"}, 416), ({"If-None-Match": "*"}, 304)],
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_place_is_given_back_however_a_download_ends(full, method, header, status):
    with full.client("viewer").open("/recordings/main_1.avi", method=method, headers=header) as answer:
        assert answer.status_code == status
    assert not full.parts.viewer_limit._taken


def test_a_recording_is_played(site, recorded):
    written = [picture(number) for number in range(12)]
    with site.look(f"/recordings/{recorded.name}.mjpeg") as viewer:
        assert [viewer.next() for _ in range(3)] == written[:3]
        assert viewer.rest() == 9
    with site.look(f"/recordings/{recorded.name}.mjpeg?start=0.4&speed=4") as viewer:
        assert viewer.next() == written[8]
        assert viewer.rest() == 3


def test_a_recording_is_made_played_while_it_grows_and_deleted(site):
    path = "/api/v1/streams/main/recording"
    assert site.call("PUT", path, json={"on": True}).json()["streams"][0]["recording"]["seconds"] >= 0
    with site.look("/streams/main.mjpeg") as viewer:
        [viewer.next() for _ in range(5)]
    name = site.get("/api/v1/streams/main").json()["recording"]["name"]
    with site.look(f"/recordings/{name}.mjpeg?speed=16") as viewer:
        assert viewer.next() != viewer.next()
    refused = site.call("DELETE", "/api/v1/recordings/" + name)
    assert (refused.status_code, refused.json()["kind"]) == (409, "conflict")
    assert site.call("PUT", path, json={"on": False}).json()["streams"][0]["recording"] is None
    assert name in [found["name"] for found in site.get("/api/v1/recordings").json()["recordings"]]
    left = site.call("DELETE", "/api/v1/recordings/" + name).json()["recordings"]
    assert name not in [found["name"] for found in left]
    assert site.get("/recordings/" + name).status_code == 404


@pytest.mark.parametrize("query", ["?speed=0", "?speed=17", "?speed=x", "?start=-1", "?start=nan", "?speed=inf"])
def test_a_speed_that_makes_no_sense_is_refused(site, recorded, query):
    answer = site.get(f"/recordings/{recorded.name}.mjpeg{query}")
    assert answer.status_code == 400 and "is a number from" in answer.json()["error"]


# Names are looked up


@pytest.fixture(scope="module")
def full():
    made = InProcess()
    folder = made.daemon.recordings
    write(folder / "main_1.avi", 3)
    (folder / "main_2.mp4").write_bytes(b"\0" * 100)
    (folder / "main_3.avi").write_bytes(b"no movie")
    (folder / "notes.txt").write_text("private")
    (folder / "folder.avi").mkdir()
    (folder / "link.avi").symlink_to("/etc/passwd")
    yield made
    made.close()


@pytest.mark.parametrize(
    "name",
    [
        "notes.txt",
        "folder.avi",
        "link.avi",
        "no.avi",
        "../secret_key",
        "..%2fsecret_key",
        "%2e%2e%2fx.avi",
        "/etc/passwd",
        "..",
        ".avi",
        "x" * 500 + ".avi",
        "main_1.avi%00",
        "main_1.avi%0a",
        "notes.txt.mjpeg",
        "main_1.mjpeg",
    ],
)
def test_what_is_no_recording_is_not_found(full, name):
    assert full.client("operator").get("/recordings/" + name).status_code in (404, 308)


def test_an_mp4_is_shown_by_the_browser_itself(full):
    with full.client("viewer").get("/recordings/main_2.mp4") as answer:
        assert answer.headers["Content-Type"] == "video/mp4"
        assert "attachment" not in answer.headers.get("Content-Disposition", "")
    refused = full.client("viewer").get("/recordings/main_2.mp4.mjpeg")
    assert (refused.status_code, "cannot be played here" in refused.get_json()["error"]) == (400, True)


def test_a_file_that_is_no_movie_is_named(full):
    answer = full.client("viewer").get("/recordings/main_3.avi.mjpeg")
    assert answer.get_json() == {"error": "main_3.avi cannot be played here: it is no AVI file.", "kind": "invalid"}
