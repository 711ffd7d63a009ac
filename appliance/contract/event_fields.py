"""The types of the fields that commands about events have."""

from typing import Tuple

from appliance.contract.event_messages import SEVERITIES
from appliance.contract.fields import FieldType, integer, matching, number

HOUR, DAY = "hour", "day"
MOST_EVENTS = 200
"""Maximum number of events or reviews in one page."""
LONGEST_TIME = 9e9
"""Unix time in seconds, of the year 2255; the keys of the database hold little more."""

EVENT_ID = matching(r"\d{1,12}\.\d{1,6}-[a-z0-9]{1,12}", "That is no id of an event; the list of events has them.")
REVIEW_ID = matching(r"\d{1,12}\.\d{1,6}-[a-z0-9]{1,12}", "That is no id of a review; the list of reviews has them.")
PLACE = matching(r"[^\x00-\x1f\x7f]{1,64}", "`{field}` is a name of 1 to 64 characters.")
LABEL = matching(r"[^\x00-\x1f\x7f]{1,100}", "`{field}` is the name of a class, of 1 to 100 characters.")
TEXT = matching(r"[^\x00-\x1f\x7f]{1,200}", "`{field}` is a text of 1 to 200 characters, in one line.")
CURSOR = matching(r"\d{1,12}\.\d{1,6}-[a-z0-9]{1,12}", "That is no `cursor`; the page before has it.")
"""The id of the last event or review of the page before, which has the time of its start."""
USER = matching(r"[^\x00-\x1f\x7f]{0,200}", "That is no name of a user.")
TIME = number(0, LONGEST_TIME, "`{field}` is a Unix time in seconds.")
SCORE = number(0, 1, "`{field}` is a number from 0 to 1.")
LIMIT = integer(1, MOST_EVENTS, f"`{{field}}` is a whole number from 1 to {MOST_EVENTS}.")
HEIGHT = integer(32, 2160, "`{field}` is a number of pixels from 32 to 2160.")


def one_of(words: Tuple[str, ...]) -> FieldType:
    """Make the type of a choice between words."""
    return matching(f"({'|'.join(words)})", f"`{{field}}` is {' or '.join(words)}.")


SEVERITY = one_of(SEVERITIES)
GROUP = one_of((HOUR, DAY))
