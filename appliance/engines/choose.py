"""Choose the engine that runs a graph, and log the choice. It is an error if a requested engine cannot be used."""

import dataclasses
import logging
from pathlib import Path
from typing import List, Optional, Sequence

from appliance.core.engine_facts import AUTO
from appliance.core.errors import ModelError
from appliance.core.hardware import this_machine
from appliance.engines.base import Engine
from appliance.engines.description import EngineDescription, EngineOptions, Front, NotInstalledError
from appliance.engines.registry import all_engines, find_engine, reference_engine

log = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True)
class EngineChoice:
    """The engine that the settings request.

    Attributes:
        engine: As in the setting; by default the one that runs every graph.
        precision: FP32, FP16 or INT8, for an engine that has a choice.
        calibration_images: Folder of images, for INT8.
        cache: Folder of built engines.
    """

    engine: str = dataclasses.field(default_factory=lambda: reference_engine().name)
    precision: str = "FP32"
    calibration_images: Optional[str] = None
    cache: Path = Path("models/.engines")


def choose_engines(asked: str, front: Optional[Front]) -> List[EngineDescription]:
    """Return the engines to try for a front, in order: the requested one, or those that `auto` uses here.

    Args:
        asked: As in the setting `engine`.
        front: The front to run; None for a graph that runs by its own operations.
    """
    if asked != AUTO:
        return [find_engine(asked)]
    if front is None or not front.is_single_stage:
        return [reference_engine()]
    machine = this_machine()
    ranked = sorted(
        (engine for engine in all_engines().values() if engine.rank is not None), key=lambda engine: engine.rank or 0
    )
    return [engine for engine in ranked if engine.suits(machine) and (engine.build_part or engine.is_installed())]


def automatic_engine(front: Optional[Front]) -> str:
    """Return the name of the engine that `auto` uses for a front here.

    If this engine refuses the network when it is built, the next one runs it.
    """
    engines = choose_engines(AUTO, front)
    return next(engine.name for engine in engines if front is None or not _objection(engine, front))


def build_front(asked: str, front: Front, options: EngineOptions) -> Engine:
    """Build the front with the first engine that accepts it.

    Raises:
        ModelError: The requested engine refuses the front or is not installed; the message names the remedy.
        ConfigError: The engine's settings are invalid.
    """
    engines = choose_engines(asked, front)
    for engine, following in zip(engines, engines[1:]):
        reason = _objection(engine, front)
        try:
            if not reason:
                built = engine.build_front(front, options)
                log.debug("%s is what `auto` takes %s", engine.title, engine.auto_when)
                return built
        except NotInstalledError as error:
            log.debug("%s", error)
            continue
        except ModelError as error:
            reason = str(error)
        log.info("Engine: %s; %s", following.title, reason)
    return engines[-1].build_front(front, options)


def _objection(engine: EngineDescription, front: Front) -> str:
    return engine.objection(front.graph) if engine.objection is not None else ""


def refuse_other_engines(asked: str, models: Sequence[str], reason: str) -> None:
    """Raise ModelError if the requested engine does not run graphs by their own operations.

    Args:
        asked: As in the setting `engine`.
        models: Titles of the families that it could run.
        reason: Why it cannot run this graph, as half a sentence.
    """
    engine = find_engine(asked)
    if engine.build_part is not None:
        return
    remedy = f"engine: {engine.name}" + (f" and model_type: {engine.model_type}" if engine.model_type else "")
    raise ModelError(
        f"{engine.title} runs the fast path of {' and '.join(models)} graphs only; {reason}. Take out {remedy}, or add"
        f" --engine {reference_engine().name}."
    )
