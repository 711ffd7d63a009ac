"""One entry of the setting `streams`."""

import dataclasses
from typing import Any, Mapping, Optional, Union

from appliance.schema.places import NO_PLACES, Places

EXAMPLE = "{door: rtsp://camera/1, yard: {source: 0, model: pedestrian_ssdlite}}"


@dataclasses.dataclass(frozen=True)
class StreamSetting:
    """The configuration of one stream.

    Attributes:
        source: As for `camera_input`, or the path of a movie.
        model: Name or path of its own model; None if it uses the shared one.
        settings: Values that apply to this stream only, by key; only settings with `per_stream`.
        lines: The line of each of `settings`, and of the fields of `places`, in the file, from 1.
        places: Its zones, lines and masks.
    """

    source: Union[int, str]
    model: Optional[str] = None
    settings: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    lines: Mapping[str, int] = dataclasses.field(default_factory=dict, compare=False, repr=False)
    places: Places = NO_PLACES
