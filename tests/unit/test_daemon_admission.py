"""Which sources an operator may choose in the dashboard."""

import pytest

from appliance.contract.errors import Refused
from appliance.daemon.admission import allowed_source

GST = "videotestsrc ! {} ! appsink"


@pytest.fixture(autouse=True)
def gstreamer(monkeypatch):
    """Of this version, whatever is installed."""
    monkeypatch.setattr("appliance.sources.elements.gstreamer_version", lambda: (1, 18))


@pytest.mark.parametrize(
    "source",
    [
        "rtsp://user:secret@camera/1",
        "/dev/video0",
        "/dev/v4l/by-id/usb-camera",
        "/dev/v4l/by-path/pci-0000:00:14.0-usb-0:1:1.0-video-index0",
        "v4l2src device=/dev/video0 io-mode=2 ! image/jpeg,framerate=30/1 ! jpegdec ! videoconvert ! appsink name=sink",
        "rtspsrc location=rtsp://a:b@camera/1 protocols=tcp+udp-mcast user-pw=x%y&z= ! rtph264depay ! appsink",
        (
            "udpsrc port=5000 caps='application/x-rtp, media=(string)video, clock-rate=(int)90000, encoding-name=H264'"
            " ! rtph264depay ! h264parse ! avdec_h264 max-threads=4 ! queue max-size-buffers=2 leaky=downstream !"
            " appsink"
        ),
        "souphttpsrc location=https://camera/video.mjpg?size=2 is-live=true ! multipartdemux ! jpegdec ! appsink",
        'videotestsrc ! "video/x-raw, width = 640, height=480,format=(string)I420" ! appsink emit-signals=true',
        (
            "rtspsrc location=rtsp://user:secret@camera:554/a?b=1&c=2 latency=0 ! decodebin ! videoconvert ! appsink"
            " drop=true"
        ),
        "nvarguscamerasrc ! video/x-raw(memory:NVMM),width=1280,framerate=30/1 ! nvvidconv ! appsink",
        "videotestsrc ! video/x-raw, width=640, height=480 ! clockoverlay text='a yard' ! appsink",
    ],
)
def test_a_camera_an_address_and_a_harmless_pipeline_are_allowed(source):
    assert allowed_source(source, []) == source


@pytest.mark.parametrize(
    "source",
    [
        "/etc/passwd",
        "/etc/pass!wd",
        "/dev/../etc/passwd",
        "/dev/watchdog",
        "/dev/null",
        "/dev/zero",
        "/dev/fd/0",
        "/dev/stdin",
        "/dev/shm",
        "/dev/shm/x",
        "/dev/video0/../null",
        "/proc/self/fd/0",
        "rtmp://camera/live swfVfy=1",
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
        # Elements that are allowed, with properties that write, read, name, or keep what comes in memory.
        "souphttpsrc location=http://x/ ! queue2 temp-template=/tmp/XXXXXX.pth temp-remove=false ! jpegdec ! appsink",
        "souphttpsrc location=file:///etc/passwd ! jpegdec ! appsink",
        "souphttpsrc location=/etc/passwd ! jpegdec ! appsink",
        "souphttpsrc location=http://x/ ssl-ca-file=/etc/passwd ! jpegdec ! appsink",
        "rtspsrc location=file:///etc/passwd ! rtph264depay ! appsink",
        "rtspsrc location=rtsp-sdp://v=0 ! rtph264depay ! appsink",
        "rtmpsrc 'location=rtmp://x/y swfUrl=http://x swfVfy=1' ! flvdemux ! appsink",
        "rtmpsrc location=rtmp:/etc ! flvdemux ! appsink",
        "v4l2src device=/dev/watchdog ! appsink",
        "v4l2src device=/dev/fd/0 ! appsink",
        "v4l2src device=/dev/null ! appsink",
        "v4l2src device= ! appsink",
        "v4l2src extra-controls=c,brightness=1 ! appsink",
        "udpsrc uri=file:///etc/passwd ! appsink",
        "udpsrc caps=application/x-rtp,x=/etc/passwd ! appsink",
        "videotestsrc name=splitlens ! appsink",
        "videotestsrc parent=x ! appsink",
        "videotestsrc pattern = ball ! appsink",
        GST.format("queue max-size-buffers=0"),
        GST.format("queue max-size-bytes=0 max-size-time=0"),
        GST.format("queue max-size-buffers=1000000"),
        GST.format("rtpjitterbuffer latency=4294967295"),
        GST.format("videoconvert n-threads=100000"),
        GST.format("identity dump=true"),
        GST.format("videobox left=-100000"),
        GST.format("decodebin source::location=/etc/passwd"),
        GST.format("decodebin name=d d."),
        GST.format("( videoconvert )"),
        GST.format("bin.( videoconvert )"),
        GST.format("t.src_0"),
        GST.format("videoconvert :"),
        GST.format("@preset"),
        GST.format("http://x/"),
        GST.format(""),
        GST.format("video/x-raw,width=100000,height=100000"),
        GST.format("video/x-raw,width=(int)100000"),
        GST.format("video/x-raw,width=[1,100000]"),
        GST.format("video/x-raw,width=\xb2\xb2"),
        GST.format("video/x-raw,height={100000,1}"),
        GST.format("video/x-raw,framerate=2147483647/1"),
        GST.format("video/x-raw,format=I420 filesink"),
        GST.format("video/x-raw,format=I420:filesink"),
        GST.format("audio/x-raw"),
        "videotestsrc ! " + "queue ! " * 40 + "appsink",
        "videotestsrc ! identity " + "silent=true " * 400 + "! appsink",
    ],
)
def test_files_and_what_becomes_another_element_are_refused(source):
    with pytest.raises(Refused):
        allowed_source(source, [])


@pytest.mark.parametrize("element", ["decodebin", "parsebin"])
def test_what_takes_a_demuxer_of_playlists_by_itself_needs_a_gstreamer_that_can_forbid_it(monkeypatch, element):
    assert allowed_source(GST.format(element), [])
    monkeypatch.setattr("appliance.sources.elements.gstreamer_version", lambda: (1, 14))
    with pytest.raises(Refused, match="older than 1.18"):
        allowed_source(GST.format(element), [])


def test_the_answer_does_not_say_which_files_there_are(tmp_path):
    (tmp_path / "there").write_text("x")
    answers = set()
    for name in ("there", "not there", "the!re"):
        with pytest.raises(Refused) as caught:
            allowed_source(str(tmp_path / name), [])
        answers.add(str(caught.value).partition("'")[2].partition("'")[2])  # behind the name, which may be cut
    assert len(answers) == 1


def test_an_address_as_it_is_shown_means_the_one_that_is_known():
    known = "rtsp://user:secret@camera/1"
    assert allowed_source("rtsp://***@camera/1", [known]) == known
    with pytest.raises(Refused, match="with its password"):
        allowed_source("rtsp://***@elsewhere/1", [known])
