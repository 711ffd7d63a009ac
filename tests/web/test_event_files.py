"""Pictures and clips of events, as the browser gets them."""

import os

import cv2
import numpy as np
import pytest

from appliance.contract.event_messages import Clip


@pytest.fixture
def event(here):
    return next(iter(here.daemon.events.values()))


def shape(answer):
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return cv2.imdecode(np.frombuffer(answer.data, np.uint8), cv2.IMREAD_UNCHANGED).shape


def test_a_snapshot_comes_whole_or_cut_to_the_object(here, event):
    client, address = here.client("viewer"), f"/api/v1/events/{event.id}/snapshot.jpg"
    whole = client.get(address)
    assert whole.mimetype == "image/jpeg" and shape(whole)[:2] == (270, 480)
    height, width = shape(client.get(address + "?crop=1&height=96"))[:2]
    assert height == 96 and width != 96 * 480 // 270


@pytest.mark.parametrize("query", ["height=9999", "crop=perhaps", "size=1"])
def test_a_snapshot_that_cannot_be_is_refused_with_the_reason(here, event, query):
    answer = here.client("viewer").get(f"/api/v1/events/{event.id}/snapshot.jpg?{query}")
    assert answer.status_code == 400 and query.split("=")[0] in answer.json["error"]


def test_a_heat_map_is_a_png(here):
    answer = here.client("viewer").get("/api/v1/heatmap.png?stream=main")
    assert answer.mimetype == "image/png" and shape(answer)[2] == 4


def test_a_clip_says_when_it_begins_and_comes_in_parts(here, event, monkeypatch):
    folder = here.daemon.recordings / "clips"
    folder.mkdir(exist_ok=True)
    (folder / "one.mp4").write_bytes(b"0123456789")
    monkeypatch.setattr(here.daemon, "do_make_clip", lambda id: Clip("one.mp4", 1764426057.25), raising=False)
    client, address = here.client("viewer"), f"/api/v1/events/{event.id}/clip.mp4"
    whole = client.get(address, buffered=True)
    assert (whole.data, whole.mimetype, whole.headers["Clip-Start"]) == (b"0123456789", "video/mp4", "1764426057.250")
    part = client.get(address, headers={"Range": "bytes=3-5"}, buffered=True)
    assert (part.status_code, part.data) == (206, b"345")
    head = client.head(address, buffered=True)
    assert head.headers["Content-Length"] == "10" and not head.data


@pytest.mark.parametrize("name", ["gone.mp4", "../secret.mp4", ".", ""])
def test_nothing_outside_the_folder_of_clips_is_sent(here, event, monkeypatch, name):
    (here.daemon.recordings / "secret.mp4").write_bytes(b"secret")
    monkeypatch.setattr(here.daemon, "do_make_clip", lambda id: Clip(name, 1.0), raising=False)
    assert here.client("viewer").get(f"/api/v1/events/{event.id}/clip.mp4").status_code == 404


@pytest.mark.parametrize("path", ["events/1.0-a/snapshot.jpg", "events/1.0-a/clip.mp4", "heatmap.png?stream=main"])
def test_nobody_sees_them_without_signing_in(here, path):
    assert here.client().get("/api/v1/" + path).status_code == 401


def test_what_is_watched_is_noted_and_a_clip_can_be_kept(here, event, monkeypatch):
    folder = here.daemon.recordings / "clips"
    folder.mkdir(exist_ok=True)
    for name in ("one.mp4", "one.avi"):
        (folder / name).write_bytes(b"0123456789")
        os.utime(str(folder / name), (1.0, 2.0))
    client, address = here.client("viewer"), f"/api/v1/events/{event.id}/clip.mp4"
    for name, query, is_kept in (("one.mp4", "", False), ("one.mp4", "?download", True), ("one.avi", "", True)):
        monkeypatch.setattr(here.daemon, "do_make_clip", lambda id, name=name: Clip(name, 1.0), raising=False)
        answer = client.get(address + query, buffered=True)
        said = answer.headers.get("Content-Disposition", "")
        assert said.startswith("attachment") == is_kept and (name in said if is_kept else said == "")
        facts = (folder / name).stat()
        assert facts.st_atime > 1e9 and facts.st_mtime == 2.0


def test_a_snapshot_is_sent_again_only_if_it_is_another(here, event):
    client, address = here.client("viewer"), f"/api/v1/events/{event.id}/snapshot.jpg"
    first = client.get(address)
    assert first.headers["Cache-Control"] == "private, no-cache"
    again = client.get(address, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert client.get(address + "?crop=1", headers={"If-None-Match": first.headers["ETag"]}).status_code == 200
