"""One entry of the setting `streams`."""

import dataclasses
from typing import Any, Mapping, Optional, Union

EXAMPLE = "{door: rtsp://camera/1, yard: {source: 0, model: pedestrian_ssdlite}}"


@dataclasses.dataclass(frozen=True)
class StreamSetting:
    """One stream as it is configured.

    Attributes:
        source: as for `camera_input`, or the path of a movie.
        model: name or path of its own model; None where it uses the shared one.
        settings: values of settings (of those with `per_stream`) that hold for this stream only, by key.
        lines: where in the file each of `settings` stands, from 1.
    """

    source: Union[int, str]
    model: Optional[str] = None
    settings: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    lines: Mapping[str, int] = dataclasses.field(default_factory=dict, compare=False, repr=False)
