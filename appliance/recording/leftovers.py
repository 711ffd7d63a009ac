"""What a process that was killed left behind: files without a complete picture, which cannot be played."""

import logging
import os
from pathlib import Path

from appliance.core.files import is_held
from appliance.recording.playing_time import is_empty

log = logging.getLogger(__name__)


def settle(path: Path) -> bool:
    """Delete a recording without a picture. Returns False while its encoder is about to finish it. Never raises."""
    try:
        if is_held(path):
            return False
        if is_empty(path):
            os.unlink(str(path))
            log.info("Deleted the recording %s: it holds no picture", path.name)
    except FileNotFoundError:
        pass
    except OSError as problem:
        log.warning("An empty recording cannot be deleted: %s: %s", path, problem.strerror)
    return True
