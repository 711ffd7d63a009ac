"""The events that the appliance's services exchange over the event bus of `core.events`."""

from dataclasses import dataclass
from typing import Optional


@dataclass(frozen=True)
class StateChanged:
    """Something that the dashboard shows has changed. The publisher may hold any lock."""


@dataclass(frozen=True)
class SettingsChanged:
    """Live settings have new values, in `LiveSettings.values`. The publisher holds no lock."""


@dataclass(frozen=True)
class ModelStarted:
    """A model has been loaded and took over.

    Attributes:
        name: Its name.
        remember: Whether an operator chose it as the shared model, so that it is loaded at the next start.
    """

    name: str
    remember: bool


@dataclass(frozen=True)
class ModelFailed:
    """A model failed on a frame, and its loop ended.

    Attributes:
        name: Its name; None if none was loaded.
        seconds: How long it ran.
        error: The cause.
    """

    name: Optional[str]
    seconds: float
    error: BaseException


@dataclass(frozen=True)
class ModelFetched:
    """A model of the catalogue was downloaded and installed."""

    name: str


@dataclass(frozen=True)
class ApplianceFailed:
    """The appliance is in an unknown state: the daemon ends, and is restarted."""

    error: BaseException
