"""GStreamer strings as data, and reasons out of what FFmpeg and GStreamer print."""

import pytest

from appliance.core.errors import SourceError
from appliance.sources.camera_errors import explain
from appliance.sources.gst_command import PictureFormat, launch_words, read_caps

TAIL = ["videoconvert", "!", "video/x-raw,format=BGR", "!", "fdsink", "name=splitlens", "fd=7", "sync=false"]


@pytest.mark.parametrize(
    "pipeline, words",
    [
        ("videotestsrc ! appsink", ["videotestsrc", "!"]),
        ("videotestsrc ! appsink drop=true max-buffers=1 sync=false", ["videotestsrc", "!"]),
        (
            (
                "nvcamerasrc ! video/x-raw(memory:NVMM), width=(int)1280, format=(string)I420 ! nvvidconv flip-method=2"
                " ! appsink"
            ),
            [
                "nvcamerasrc",
                "!",
                "video/x-raw(memory:NVMM),",
                "width=(int)1280,",
                "format=(string)I420",
                "!",
                "nvvidconv",
                "flip-method=2",
                "!",
            ],
        ),
        ('filesrc location="/a b.mp4" ! decodebin ! appsink', ["filesrc", "location=/a b.mp4", "!", "decodebin", "!"]),
        (
            "rtspsrc location='rtsp://a/b?c=$d;e' ! decodebin !\n appsink",
            ["rtspsrc", "location=rtsp://a/b?c=$d;e", "!", "decodebin", "!"],
        ),
    ],
)
def test_the_appsink_becomes_a_pipe_of_raw_frames(pipeline, words):
    assert launch_words(pipeline, 7) == words + TAIL


CAPS = (
    "/GstPipeline:pipeline0/GstFdSink:splitlens.GstPad:sink: caps = video/x-raw, format=(string)BGR, {}, "
    "multiview-mode=(string)mono, pixel-aspect-ratio=(fraction)1/1, interlace-mode=(string)progressive"
)


@pytest.mark.parametrize(
    "line, picture",
    [
        (CAPS.format("width=(int)321, height=(int)241, framerate=(fraction)30/1"), PictureFormat(321, 241, 30.0)),
        (CAPS.format("framerate=(fraction)30000/1001, width=(int)4, height=(int)2"), PictureFormat(4, 2, 30000 / 1001)),
        (CAPS.format("width=(int)4, height=(int)2, framerate=(fraction)0/1"), PictureFormat(4, 2, None)),
        (CAPS.format("width=(int)4, height=(int)2").replace("FdSink:splitlens", "FdSink:fdsink0"), None),
        ("Setting pipeline to PLAYING ...", None),
    ],
)
def test_the_picture_is_read_from_the_caps(line, picture):
    assert read_caps(line) == picture


@pytest.mark.parametrize(
    "printed, reason",
    [
        (
            "[OPENCV:FFMPEG:16] method DESCRIBE failed: 404 (Not Found)",
            "the server answers 404 Not Found; there is no stream",
        ),
        (
            "[rtsp @ 0x55d] method DESCRIBE failed: 404 Not Found",
            "the server answers 404 Not Found; there is no stream",
        ),
        (
            "[rtsp @ 0x55d] method DESCRIBE failed: 401 Unauthorized",
            "the server answers 401 Unauthorized; user name or password is missing or wrong",
        ),
        ("[http @ 0x55d] HTTP error 404 Not Found", "the server answers 404 Not Found; there is no stream"),
        ("[http @ 0x55d] HTTP error 418 ", "the server answers 418"),
        (
            "[tcp @ 0x55d] Connection to tcp://127.0.0.1:9?timeout=0 failed: Connection refused",
            "connection refused; nothing",
        ),
        ("Connection to tcp://10.0.0.9:554 failed: No route to host", "no route to host; is the camera on"),
        ("[tcp @ 0x5] Failed to resolve hostname no.such: Name or service not known", "its host name is not known"),
        (
            'WARNING: erroneous pipeline: no element "nvarguscamerasrc"',
            'GStreamer has no element "nvarguscamerasrc": it exists on Jetson boards only',
        ),
        (
            'WARNING: erroneous pipeline: no element "videotstsrc"',
            'GStreamer has no element "videotstsrc": is its name right',
        ),
        (
            'WARNING: erroneous pipeline: no property "foo" in element "videotestsrc"',
            'GStreamer cannot build the pipeline: no property "foo" in element "videotestsrc"',
        ),
        (
            "ERROR: pipeline could not be constructed: syntax error.",
            "GStreamer cannot build the pipeline: syntax error",
        ),
        (
            (
                "ERROR: from element /GstPipeline:pipeline0/GstRTSPSrc:rtspsrc0: Unauthorized\nAdditional debug info:\n"
                "../gst/rtsp/gstrtspsrc.c(6899): gst_rtspsrc_send (): /GstPipeline:pipeline0/GstRTSPSrc:rtspsrc0:\n"
                "Unauthorized (401)"
            ),
            "the server answers 401 Unauthorized; user name",
        ),
        (
            (
                "ERROR: from element /GstPipeline:pipeline0/GstV4l2Src:v4l2src0: Cannot identify device"
                " '/dev/video9'.\nAdditional debug info:\n../sys/v4l2/v4l2_calls.c(608): gst_v4l2_open ():"
                " /GstPipeline:pipeline0/x:v4l2src0:\nsystem error: No such file or directory\nERROR: pipeline doesn't"
                " want to preroll."
            ),
            "GStreamer: Cannot identify device '/dev/video9' (system error: No such file or directory)",
        ),
        (
            (
                "ERROR: from element /GstPipeline:pipeline0/GstDecodeBin:decodebin0: Could not determine type of"
                " stream.\nAdditional debug info:\n../plugins/x.c(1186): loop ():"
                " /GstPipeline:pipeline0/x:typefind\nERROR: pipeline doesn't want to preroll."
            ),
            "GStreamer: Could not determine type of stream",
        ),
    ],
)
def test_a_reason_is_found_in_what_was_printed(printed, reason):
    lines = ["[ WARN:0@0.016] global cap.cpp:212 open VIDEOIO(FFMPEG): backend is generally available"]
    found = explain(lines + printed.split("\n"))
    assert found is not None and found.startswith(reason)


def test_no_reason_is_made_up():
    assert explain(["[h264 @ 0x5] error while decoding MB 40 40, bytestream -7", "Using 404 packets"]) is None


@pytest.mark.parametrize(
    "pipeline, shown",
    [
        ("videotestsrc ! rtspsrc location=rtsp://bob:hunter2@cam/x", '"rtspsrc location=rtsp://***@cam/x"'),
        (
            'rtspsrc location=rtsp://cam/x user-id=bob user-pw="hunter2 hunter2"',
            '"rtspsrc location=rtsp://cam/x user-id=*** user-pw=***"',
        ),
    ],
)
def test_a_pipeline_without_an_appsink_is_shown_without_its_password(pipeline, shown):
    with pytest.raises(SourceError) as caught:
        launch_words(pipeline, 7)
    assert str(caught.value).endswith("not in " + shown)


def test_a_reason_holds_no_part_of_a_password():
    """FFmpeg takes what stands before the first slash for the host: hunter2 in rtsp://bob:a@hunter2/3@camera/x."""
    found = explain(["[tcp @ 0x5] Failed to resolve hostname hunter2: Name or service not known"])
    assert found is not None and "hunter2" not in found and "%2F" in found


def test_a_reason_holds_no_password():
    found = explain(["ERROR: from element /GstPipeline:p/GstX:x: Cannot open rtsp://bob:secret@camera/x"])
    assert found is not None and "camera/x" in found and "secret" not in found and "bob" not in found
