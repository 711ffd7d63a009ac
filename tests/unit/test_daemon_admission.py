"""Which sources an operator may choose in the dashboard."""

import pytest

from appliance.bus import Refused
from appliance.daemon.admission import allowed_source

GST = "videotestsrc ! {} ! appsink"


@pytest.mark.parametrize("source", [
    "rtsp://user:secret@camera/1",
    "/dev/video0",
    "/dev/v4l/by-id/usb-camera",
    "rtspsrc location=rtsp://user:secret@camera:554/a?b=1&c=2 latency=0 ! decodebin ! videoconvert ! appsink drop=true",
    "nvarguscamerasrc ! video/x-raw(memory:NVMM),width=1280,framerate=30/1 ! nvvidconv ! appsink",
    "videotestsrc ! video/x-raw, width=640, height=480 ! clockoverlay text='a yard' ! appsink",
])
def test_a_camera_an_address_and_a_harmless_pipeline_are_allowed(source):
    assert allowed_source(source, []) == source


@pytest.mark.parametrize("source", [
    "/etc/passwd",
    "/dev/../etc/passwd",
    "file:///etc/passwd",
    "filesrc location=/etc/passwd ! appsink",
    "videotestsrc ! appsink filesink location=/tmp/x",
    "videotestsrc ! tee name=t t. ! filesink location=/tmp/x t. ! appsink",
    # All of these wrote a file, with gst-launch 1.22.
    GST.format("video/x-raw,width=64!filesink location=/tmp/x videotestsrc"),
    GST.format("video/x-raw, width=64!filesink location=/tmp/x videotestsrc"),
    GST.format("video/x-raw,width=64;video/x-raw!filesink location=/tmp/x videotestsrc"),
    GST.format("identity 'name=a\"b ! filesink location=/tmp/x videotestsrc'"),
    # And what might, another time.
    GST.format("identity 'name=a\t!\tfilesink\tlocation=/tmp/x'"),
    GST.format("identity \"name='a' ! filesink\""),
    GST.format("identity name=a\\\\"),
])
def test_files_and_what_becomes_another_element_are_refused(source):
    with pytest.raises(Refused):
        allowed_source(source, [])


def test_an_address_as_it_is_shown_means_the_one_that_is_known():
    known = "rtsp://user:secret@camera/1"
    assert allowed_source("rtsp://***@camera/1", [known]) == known
    with pytest.raises(Refused, match="with its password"):
        allowed_source("rtsp://***@elsewhere/1", [known])
