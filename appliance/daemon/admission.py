"""Decide which sources may be chosen on the dashboard."""

from typing import Sequence, Union

from appliance.contract.errors import INVALID, Refused
from appliance.core.errors import SourceError
from appliance.core.source_kinds import accepted_in_dashboard
from appliance.settings import redact
from appliance.sources.kind import admitted_kinds


def allowed_source(source: Union[int, str], known: Sequence[Union[int, str]]) -> Union[int, str]:
    """Return the source that a request from the dashboard refers to. Raises Refused.

    Args:
        source: A text or a camera's number.
        known: Sources in use or configured. The dashboard shows them with hidden credentials; one that comes back as
            shown refers to the original.
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
        # The same answer whether or not it exists: clients must not learn which files this machine has.
        raise Refused(
            INVALID,
            f"{redact(text)[:80]!r} is no camera: give {accepted_in_dashboard()}. Movies come from the config file.",
        )
    return admitted
