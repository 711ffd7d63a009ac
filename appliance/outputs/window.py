"""Show annotated pictures in a window."""

import os
import re
import subprocess
import sys
from threading import Event
from typing import Optional

import cv2

from appliance.core.errors import OutputError
from appliance.core.frame import Result
from appliance.core.sink import Sink
from appliance.drawing.overlay import Overlay
from appliance.outputs.rate import RateLimit

_TITLE = "Splitlens"
_QUIT_KEYS = (ord("q"), 27)
# Tried in a child: where the display refuses, Qt ends the whole process.
_PROBE = "import cv2; cv2.namedWindow('probe'); cv2.waitKey(1); cv2.destroyAllWindows()"
_PROBE_SECONDS = 20  # the first import of OpenCV on a board takes several


def window_reason() -> Optional[str]:
    """Return why no window can be opened here, a sentence; None if one can. May take a second."""
    if not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        return "No window: there is no display (DISPLAY is not set)."
    if re.search("GUI: +NONE", cv2.getBuildInformation()):
        return f"No window: this OpenCV ({cv2.__version__}) is built without one (opencv-python has it)."
    try:
        probe = subprocess.run(
            [sys.executable, "-c", _PROBE],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=_PROBE_SECONDS,
        )
    except subprocess.TimeoutExpired:
        return "No window: the display does not answer."
    if probe.returncode:
        return "No window: the display refuses (is DISPLAY right, and may this user use it?)."
    return None


class Window(Sink):
    """One window in the pictures' size.

    Args:
        overlay: Draws the pictures.
        max_vis_fps: Maximum pictures per second; 0 shows all.
        closed: Set when the user presses q or Esc, or closes the window; the caller ends the loop then.
    """

    name = "window"

    def __init__(self, overlay: Overlay, max_vis_fps: float, closed: Event) -> None:
        self.closed = closed
        self._overlay = overlay
        self._limit = RateLimit(max_vis_fps)
        self._is_open = False

    def write(self, result: Result) -> None:
        if self.closed.is_set() or not self._limit.allows():
            return
        try:
            if self._is_open and cv2.getWindowProperty(_TITLE, cv2.WND_PROP_VISIBLE) < 1:
                self.closed.set()
                return
            if not self._is_open:
                # GUI_NORMAL: without the tool bar that Qt adds.
                cv2.namedWindow(_TITLE, cv2.WINDOW_AUTOSIZE | cv2.WINDOW_GUI_NORMAL)
                self._is_open = True
            cv2.imshow(_TITLE, self._overlay.draw(result))
            if cv2.waitKey(1) & 0xFF in _QUIT_KEYS:
                self.closed.set()
        except cv2.error as problem:
            raise OutputError(f"The window cannot be shown: {problem}. Run without it.") from problem

    def close(self) -> None:
        if self._is_open:
            self._is_open = False
            try:
                cv2.destroyWindow(_TITLE)
                cv2.waitKey(1)
            except cv2.error:
                pass  # the user closed it first
