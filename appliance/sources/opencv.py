"""In the reader process: read a camera by OpenCV, through V4L2 (USB) or FFmpeg (addresses, files)."""

import glob
import os
import time
from typing import NoReturn, Optional

import cv2
import numpy as np

from appliance.sources.device import is_camera, why_unreadable
from appliance.sources.frame_sender import Ended, FrameSender
from appliance.sources.protocol import ReaderSpec
from appliance.sources.shared_frames import Layout

# Larger frames do not fit through USB 2 uncompressed at full rate.
LARGEST_RAW = 640 * 480
CAPTURE_OPTIONS = "OPENCV_FFMPEG_CAPTURE_OPTIONS"
# Protocols that FFmpeg may open for an address and for a file, including what a playlist in it names.
NETWORK_PROTOCOLS = "rtsp,rtsps,rtmp,rtmps,rtp,srtp,udp,tcp,tls,http,https,httpproxy,srt,crypto,data"
FILE_PROTOCOLS = "file"
MJPG = int.from_bytes(b"MJPG", "little")


def run_device(spec: ReaderSpec, sender: FrameSender) -> NoReturn:
    """Send frames of a device, whose path is the target, until it ends. Raises Ended or ParentGone."""
    sender.tell(opening=True)
    _deliver_all(open_device(spec), sender, spec)


def run_address(spec: ReaderSpec, sender: FrameSender) -> NoReturn:
    """Send frames of an address until it ends. Raises Ended or ParentGone."""
    sender.tell(opening=True)
    _deliver_all(open_address(spec), sender)


def _deliver_all(capture: cv2.VideoCapture, sender: FrameSender, asked: Optional[ReaderSpec] = None) -> NoReturn:
    try:
        deliver(capture, sender, asked)
    finally:
        capture.release()


def open_device(spec: ReaderSpec) -> cv2.VideoCapture:
    """Open a device by its path, `target`; a file in place of a device is played like a camera."""
    path = spec.target
    try:
        status = os.stat(path)
    except FileNotFoundError:
        present = ", ".join(sorted(glob.glob("/dev/video*"))) or "no /dev/video* at all"
        if not path.startswith("/dev/"):
            raise Ended(
                f"there is no such file in {os.getcwd()}" if not os.path.isabs(path) else "there is no such file"
            ) from None
        raise Ended(f"there is no {path}; this machine has {present}") from None
    except (OSError, ValueError) as error:
        raise Ended(f"{path} cannot be looked at: {error}") from error
    complaint = why_unreadable(path, status)
    if complaint is not None:
        raise Ended(complaint)
    is_device = is_camera(status)
    if not os.access(path, os.R_OK | os.W_OK if is_device else os.R_OK):
        raise Ended(f"no permission to open {path}; add the user to the group video")
    if not is_device:
        return open_address(spec, FILE_PROTOCOLS)
    capture = cv2.VideoCapture(path, cv2.CAP_V4L2)
    if not capture.isOpened():
        raise Ended(f"{path} cannot be opened; it is no camera, or another program uses it")
    ask_for_size(capture, spec.width, spec.height)
    return capture


def ask_for_size(capture: cv2.VideoCapture, width: Optional[int], height: Optional[int]) -> None:
    """Request a size before the first frame. The driver uses the nearest one that it has."""
    if width and height and width * height > LARGEST_RAW:
        capture.set(cv2.CAP_PROP_FOURCC, MJPG)
    if width:
        capture.set(cv2.CAP_PROP_FRAME_WIDTH, width)
    if height:
        capture.set(cv2.CAP_PROP_FRAME_HEIGHT, height)


def open_address(spec: ReaderSpec, protocols: str = NETWORK_PROTOCOLS) -> cv2.VideoCapture:
    """Open an address by FFmpeg, which may use these protocols only. Raises Ended."""
    allow_only(protocols)
    options = []
    if hasattr(cv2, "CAP_PROP_READ_TIMEOUT_MSEC"):  # OpenCV 4.5.2; it gives up after 30 s otherwise
        patience = int(spec.patience * 1000)
        options = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, patience, cv2.CAP_PROP_READ_TIMEOUT_MSEC, patience]
    capture = cv2.VideoCapture(spec.target, cv2.CAP_FFMPEG, *([options] if options else []))
    if not capture.isOpened():
        raise Ended("cannot be opened; nothing comes that FFmpeg takes for a video")
    return capture


def allow_only(protocols: str) -> None:
    """Restrict the protocols that OpenCV's FFmpeg may open: a server may send a playlist that names local files.

    Appended to the user's own options, as the last value wins. VideoCapture has no option for it.
    """
    others = [part for part in os.environ.get(CAPTURE_OPTIONS, "").split("|") if part]
    os.environ[CAPTURE_OPTIONS] = "|".join(others + ["protocol_whitelist;" + protocols])


def deliver(capture: cv2.VideoCapture, sender: FrameSender, asked: Optional[ReaderSpec] = None) -> NoReturn:
    """Send frames. A recording (with a known length) is played at its own rate; a camera sets the pace itself.

    `took` is the processor time of grabbing, decoding and copying, at most the time that passed. The wall clock would
    include the wait for the next frame.
    """
    rate = capture.get(cv2.CAP_PROP_FPS)
    fps = rate if 0 < rate < 1e4 else None
    sender.tell(opened=True, fps=fps)
    pause = 1 / fps if fps and 0 < capture.get(cv2.CAP_PROP_FRAME_COUNT) < 1e9 else 0.0
    due = time.monotonic()
    first = True
    while True:
        sender.wait(max(0.0, due - time.monotonic()))
        due += pause
        started, worked = time.monotonic(), time.process_time()
        if not capture.grab():
            raise Ended("the stream ended" if not first else "gives no picture")
        ready, image = capture.retrieve()
        at = time.monotonic()
        if not ready:
            continue  # a damaged frame
        height, width = image.shape[:2]
        if first and asked is not None:
            say_size(asked, width, height, sender)
        first = False
        memory = sender.claim(Layout(width, height, width * 3))
        if memory is not None:
            np.frombuffer(memory, np.uint8).reshape(height, width, 3)[...] = image
            sender.publish(at, min(at - started, time.process_time() - worked))


def say_size(spec: ReaderSpec, width: int, height: int, sender: FrameSender) -> None:
    """Send a notice if the camera's size is not the requested one."""
    if (spec.width or width, spec.height or height) != (width, height):
        sender.tell(notice=f"gives pictures of {width}x{height}, not {spec.width or width}x{spec.height or height}")
