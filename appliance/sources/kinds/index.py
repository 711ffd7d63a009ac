"""A camera by its number: 0 is /dev/video0."""

import re
from typing import Optional, Union

from appliance.sources.kind import SourceKind
from appliance.sources.kinds.device import check_device, run_device


def _recognises(text: str) -> bool:
    return re.match(r"\d+$", text) is not None


def _admit(text: str) -> Union[int, str]:
    return int(text) if len(text) <= 3 else text


def _path(text: str) -> str:
    return f"/dev/video{int(text)}"


def _check(text: str) -> Optional[str]:
    return check_device(_path(text))


KIND = SourceKind(
    name="index",
    title="camera",
    accepts="an index (0)",
    examples=("0", "1"),
    order=10,
    is_camera=True,
    is_admitted=True,
    recognises=_recognises,
    admit=_admit,
    prepare=_path,
    check=_check,
    run=run_device,
)
