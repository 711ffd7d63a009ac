"""Which sources the dashboard may choose."""

from typing import Sequence, Union

from appliance.contract.errors import INVALID, Refused
from appliance.core.errors import SourceError
from appliance.core.source_kinds import accepted_in_dashboard
from appliance.settings import redact
from appliance.sources.kind import admitted_kinds


def allowed_source(source: Union[int, str], known: Sequence[Union[int, str]]) -> Union[int, str]:
    """The source that is meant by what came from the dashboard. Raises Refused.

    Args:
        source: A text or a camera's number.
        known: What is in use or configured. Credentials are hidden in the dashboard: one of these that comes back as it
            was shown means what it was.
    """
    text = str(source).strip()
    for candidate in known:
        if text in (str(candidate), redact(str(candidate))):
            return candidate
    if "***" in text:
        raise Refused(INVALID, "Write the address with its password: *** stands for one that is not shown.")
    kind = next((kind for kind in admitted_kinds() if kind.recognises(text)), None)
    try:
        admitted = kind.admit(text) if kind is not None else None
    except SourceError as error:
        raise Refused(INVALID, str(error)) from error
    if admitted is None:
        # The same for what is there and what is not: nobody is to learn here which files this machine has.
        raise Refused(
            INVALID,
            f"{redact(text)[:80]!r} is no camera: give {accepted_in_dashboard()}. Movies come from the config file.",
        )
    return admitted
