"""The share of the picture that each class of a segmentation covers, without the background."""

from typing import List, Tuple

from appliance.core.frame import Result


def shares(result: Result) -> List[Tuple[int, float]]:
    """Return class ids and shares, 0 to 1, the largest first. Empty without a segmentation."""
    if result.segmentation is None:
        return []
    pixels = result.segmentation.class_map.size
    areas = result.segmentation.areas().items()
    return [(class_id, area / pixels) for class_id, area in areas if not result.is_background(class_id)]


def percent(share: float) -> str:
    """Format a share in whole percent; a small share above zero is "<1%"."""
    return "<1%" if share < 0.005 else f"{100 * share:.0f}%"
