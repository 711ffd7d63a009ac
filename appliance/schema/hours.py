"""Times of day, as people write them: "22:00-06:00"."""

import re
from typing import Any, List, Sequence, Tuple, Union

from appliance.schema.errors import BadPart, Path
from appliance.schema.parts import shown

Hours = Tuple[int, int]
"""From and to, in minutes from midnight; over midnight if the end is before the start."""

MOST_HOURS = 10
_DAY = 24 * 60
_FORM = re.compile(r"\s*([0-9]{1,2}):([0-9]{2})\s*-\s*([0-9]{1,2}):([0-9]{2})\s*")


def parse_hours(path: Path, value: Any) -> Tuple[Hours, ...]:
    """Parse a text like "22:00-06:00", or a list of some. Raises BadPart."""
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, (list, tuple)) or not 0 < len(texts) <= MOST_HOURS:
        raise BadPart(path, f'must be times of day, like "22:00-06:00", or a list of some, not {shown(value)}')
    return tuple(_parse(path, text) for text in texts)


def _parse(path: Path, text: Any) -> Hours:
    found = _FORM.fullmatch(text) if isinstance(text, str) else None
    if found:
        start, end = (60 * int(found.group(n)) + int(found.group(n + 1)) for n in (1, 3))
        if all(int(found.group(n)) < 60 for n in (2, 4)) and start < _DAY and 0 <= end <= _DAY and start != end:
            return start, end
    raise BadPart(path, f'must be two different times of day, like "22:00-06:00", not {shown(text)}')


def hours_as_data(hours: Sequence[Hours]) -> Union[str, List[str]]:
    """Return times of day as they are written."""
    texts = [f"{start // 60:02d}:{start % 60:02d}-{end // 60:02d}:{end % 60:02d}" for start, end in hours]
    return texts[0] if len(texts) == 1 else texts


def is_active(hours: Sequence[Hours], minute: float) -> bool:
    """Return whether a time of day, in minutes from midnight, is in one of them; their ends are not."""
    return any(start <= minute < end if start < end else minute >= start or minute < end for start, end in hours)
