"""What a segmentation shows, as people read it: each thing's share of the picture, the background left out."""

from typing import List, Tuple

from appliance.core.frame import Result


def shares(result: Result) -> List[Tuple[int, float]]:
    """Class id and share, 0 to 1, of what is in the picture; the largest first. Empty without a segmentation."""
    if result.segmentation is None:
        return []
    pixels = result.segmentation.class_map.size
    areas = result.segmentation.areas().items()
    return [(class_id, area / pixels) for class_id, area in areas if not result.is_background(class_id)]


def percent(share: float) -> str:
    """A share in whole percent; what is not quite nothing is "<1%"."""
    return "<1%" if share < 0.005 else f"{100 * share:.0f}%"
