"""The daemon records what a real model sees: events with recordings, clips and snapshots, over a restart."""

import base64

import cv2
import numpy as np
import pytest

from appliance.contract.errors import Refused
from tests.daemon import PERSON, Daemon


def picture(daemon, id, **asked):
    data = base64.b64decode(daemon.ask("get_snapshot", id=id, **asked)["data"])
    return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)


def shown_seconds(path):
    movie = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
    count = 0
    while movie.read()[0]:
        count += 1
    fps = movie.get(cv2.CAP_PROP_FPS)
    movie.release()
    return count / fps


def test_what_happened_can_be_seen_again_after_a_restart(tmp_path, samples, person_model):
    config = "record: events\npre: 2\npost: 1\nkeep: {alerts: 5 d}\n"
    daemon = Daemon(tmp_path, str(samples / "bikes.mp4"), "--model", PERSON, config=config)

    def complete(state):
        events = daemon.ask("list_events")["events"]
        return [event for event in events if event["end"] and event["has_clip"] and event["has_snapshot"]]

    with daemon:
        daemon.until(complete)
        event = complete(None)[0]
    with daemon:
        assert daemon.ask("get_event", id=event["id"])["event"]["has_clip"]
        clip = daemon.ask("make_clip", id=event["id"])
        path = tmp_path / "recordings" / "clips" / clip["name"]
        assert (
            event["start"] - 5 < clip["start"] <= event["start"]
        )  # a second or so before the two, as it has key frames
        assert shown_seconds(path) > min(event["end"], event["start"] + 1.0) - event["start"]
        movie = cv2.VideoCapture(str(samples / "bikes.mp4"))
        assert picture(daemon, event["id"]).shape == movie.read()[1].shape
        assert picture(daemon, event["id"], bbox=True, crop=True, height=200).shape[0] == 200
        (recording, *_) = [one for one in daemon.ask("list_recordings")["recordings"] if one["kept_as"] != "continuous"]
        assert recording["kept_as"] in ("events", "alerts")
        (storage,) = daemon.state()["storage"]["streams"]
        assert storage["name"] == "main" and storage["alerts"] + storage["events"] > 0 and storage["snapshots"] > 0
        with pytest.raises(Refused) as caught:
            daemon.ask("make_clip", id="1.0-a")
        assert caught.value.kind == "not_found"
