"""Limits of score, size and shape for what a zone takes notice of."""

import dataclasses
from typing import Any, Dict, Mapping, Optional

from appliance.schema.errors import BadPart, Path
from appliance.schema.parts import number, read_mapping

SHARE = (0.0, 1.0)
"""A score, or a share of the picture's area."""
RATIO = (0.0, 100.0)
"""Width divided by height."""


@dataclasses.dataclass(frozen=True)
class Filter:
    """What passes it; None for no limit.

    Attributes:
        min_score: Lowest score of a track: the median of its last second.
        min_area: Smallest box, as a share of the picture.
        max_area: Largest box.
        min_ratio: Smallest width / height of a box, in pixels.
        max_ratio: Largest.
    """

    min_score: Optional[float] = None
    min_area: Optional[float] = None
    max_area: Optional[float] = None
    min_ratio: Optional[float] = None
    max_ratio: Optional[float] = None


LIMITS = {"min_score": SHARE, "min_area": SHARE, "max_area": SHARE, "min_ratio": RATIO, "max_ratio": RATIO}


def parse_filter(path: Path, data: Any) -> Filter:
    """Parse the filter of one label. Raises BadPart."""
    given = read_mapping(path, data, LIMITS, "a filter")
    values = {key: number((*path, key), value, *LIMITS[key]) for key, value in given.items()}
    for low, high in (("min_area", "max_area"), ("min_ratio", "max_ratio")):
        if low in values and high in values and values[low] > values[high]:
            raise BadPart((*path, low), f"is above {high}: nothing would pass")
    return Filter(**values)


def filter_as_data(one: Filter) -> Dict[str, float]:
    """Return a filter as `parse_filter` takes it."""
    return {key: value for key, value in dataclasses.asdict(one).items() if value is not None}


def filters_as_data(filters: Mapping[str, Filter]) -> Dict[str, Dict[str, float]]:
    """Return filters by label, as they are written."""
    return {label: filter_as_data(one) for label, one in filters.items()}
