"""In the reader process: read JPEGs over HTTP, many in one response (MJPEG) or one per request."""

import dataclasses
import email.message
import http.client
import time
from dataclasses import dataclass
from typing import Callable, NoReturn, Optional

import cv2
import numpy as np

from appliance.sources import jpeg
from appliance.sources.frame_sender import MOST_PIXELS, Ended, FrameSender
from appliance.sources.http_client import HttpClient, Unreadable, read_some
from appliance.sources.http_parts import MOST_BYTES, Parts
from appliance.sources.protocol import ReaderSpec
from appliance.sources.shared_frames import Layout

# A snapshot camera ends after this many consecutive responses without an image.
MOST_FAILURES = 5
PASSED_OVER = "sends parts that are no whole JPEG; they are passed over"


@dataclass(frozen=True)
class BodyFormat:
    """How a response contains JPEGs.

    Attributes:
        is_multipart: Whether there may be any number of them, in parts.
        boundary: The declared text between parts.
        begun: The part of the body that was already read.
    """

    is_multipart: bool
    boundary: Optional[bytes]
    begun: bytes


def run(spec: ReaderSpec, sender: FrameSender) -> None:
    """Send frames until the camera ends; raises Ended or ParentGone. Returns if FFmpeg has to read it instead."""
    sender.tell(opening=True)
    client = HttpClient(spec.target, spec.patience)
    try:
        try:
            response = client.get()
        except Unreadable:
            return
        form = recognise(response)
        if form is not None:
            deliver(client, response, form, spec.snapshot_fps, sender)
    finally:
        client.close()


def recognise(response: http.client.HTTPResponse) -> Optional[BodyFormat]:
    """Return the format by the Content-Type, otherwise by the first bytes; None if there are no JPEGs. Raises Ended."""
    head = email.message.Message()
    head["Content-Type"] = response.headers.get("Content-Type") or "application/octet-stream"
    if head.get_content_maintype() == "multipart":
        boundary = head.get_param("boundary")
        return BodyFormat(True, boundary.encode("latin-1", "replace") if isinstance(boundary, str) else None, b"")
    if head.get_content_type() in ("image/jpeg", "image/jpg"):
        return BodyFormat(False, None, b"")
    begun = b""
    while len(begun) < len(jpeg.START):
        data = read_some(response)
        if not data:
            break
        begun += data
    if begun.startswith(jpeg.START):
        return BodyFormat(False, None, begun)
    return BodyFormat(True, None, begun) if begun.startswith(b"--") else None


def deliver(
    client: HttpClient, response: http.client.HTTPResponse, form: BodyFormat, snapshot_fps: float, sender: FrameSender
) -> NoReturn:
    """Send frames until the camera ends; raises Ended or ParentGone."""
    sender.tell(opened=True, fps=None if form.is_multipart else snapshot_fps)
    frames = _Frames(sender)
    failures = 0
    due = time.monotonic()
    while True:
        count = 0
        for picture in Parts(_reader(response, form), form.boundary, frames.pass_over):
            count += 1 if frames.hand_over(picture) else 0
        if form.is_multipart:
            raise Ended("the stream ended" if count else "gives no picture")
        failures = 0 if count else failures + 1
        if failures == MOST_FAILURES:
            raise Ended(f"gives no picture: {failures} answers had none in them")
        due = max(due + 1 / snapshot_fps, time.monotonic())
        sender.wait(due - time.monotonic())
        form = dataclasses.replace(form, begun=b"")
        try:
            response = client.get()
        except Unreadable:
            raise Ended("the server's answer is no HTTP that can be read") from None


class _Frames:
    """Decodes JPEGs into frames, and reports skipped ones."""

    def __init__(self, sender: FrameSender) -> None:
        self._sender = sender
        self._skipped = 0
        self._told_at = 0.0

    def hand_over(self, picture: bytes) -> bool:
        """Send an image; returns False if it is not one. Raises Ended if it is too large."""
        started, worked = time.monotonic(), time.process_time()
        head = jpeg.read_head(picture)
        if head is not None and head.width * head.height > MOST_PIXELS:
            raise Ended(
                f"sends pictures of {head.width}x{head.height}; up to {MOST_PIXELS // 10**6} megapixels are taken"
            )
        try:
            image = cv2.imdecode(np.frombuffer(picture, np.uint8), cv2.IMREAD_COLOR)
        except cv2.error:
            image = None
        if image is None:
            self.pass_over()
            return False
        at = time.monotonic()
        height, width = image.shape[:2]
        memory = self._sender.claim(Layout(width, height, width * 3))
        if memory is not None:
            np.frombuffer(memory, np.uint8).reshape(height, width, 3)[...] = image
            self._sender.publish(at, min(at - started, time.process_time() - worked))
        self._tell()
        return True

    def pass_over(self) -> None:
        self._skipped += 1
        if time.monotonic() - self._told_at > 1.0:
            self._tell()

    def _tell(self) -> None:
        """Report skipped images, but not each one: there may be thousands per second."""
        if self._skipped:
            self._sender.tell(skipped=self._skipped, notice=PASSED_OVER)
            self._skipped = 0
            self._told_at = time.monotonic()


def _reader(response: http.client.HTTPResponse, form: BodyFormat) -> Callable[[], bytes]:
    """Return the `read` for `Parts`. Raises Ended if the response declares too large a body."""
    if form.is_multipart:
        response.length = None  # some cameras declare a length for an endless stream
    elif response.length is not None and response.length > MOST_BYTES:
        raise Ended(f"announces a picture of {response.length} bytes; up to {MOST_BYTES} are taken")
    begun = [form.begun] if form.begun else []
    return lambda: begun.pop() if begun else read_some(response)
