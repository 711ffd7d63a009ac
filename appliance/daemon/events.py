"""What the appliance's services tell each other, by the event bus of `core.events`."""

from dataclasses import dataclass
from typing import Optional


@dataclass(frozen=True)
class StateChanged:
    """Something that the dashboard shows has changed. Published with any lock held."""


@dataclass(frozen=True)
class SettingsChanged:
    """Live settings have other values now: `LiveSettings.values` has them. Published without a lock."""


@dataclass(frozen=True)
class ModelStarted:
    """A model has been loaded, and took over.

    Attributes:
        name: What it is called.
        remember: Whether an operator chose it as the shared model, so that it is the one to load at the next start.
    """

    name: str
    remember: bool


@dataclass(frozen=True)
class ModelFailed:
    """A model failed on a frame, and its loop ended.

    Attributes:
        name: What it is called; None where none was loaded.
        seconds: For how long it ran.
        error: Why.
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
    """Nothing is sure any more: the daemon ends, and is started again."""

    error: BaseException
