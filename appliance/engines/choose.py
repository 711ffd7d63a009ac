"""Choose what runs a graph, and say so. What is asked for and cannot be had is an error."""

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
    """What the settings ask for.

    Attributes:
        engine: As in the setting; left out, the one that runs every graph.
        precision: FP32, FP16 or INT8, of an engine that has a choice.
        calibration_images: Folder, for INT8.
        cache: Where built engines are kept.
    """

    engine: str = dataclasses.field(default_factory=lambda: reference_engine().name)
    precision: str = "FP32"
    calibration_images: Optional[str] = None
    cache: Path = Path("models/.engines")


def choose_engines(asked: str, front: Optional[Front]) -> List[EngineDescription]:
    """The engines to try for a front, in this order: the one that is asked for, or those that `auto` takes here.

    Args:
        asked: As in the setting `engine`.
        front: What is to be run; None for a graph that runs by its own operations.
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
    """The name of what `auto` takes here for a front. Should that refuse the network, the next one runs it."""
    engines = choose_engines(AUTO, front)
    return next(engine.name for engine in engines if front is None or not _objection(engine, front))


def build_front(asked: str, front: Front, options: EngineOptions) -> Engine:
    """The first of the engines to try that takes the front.

    Raises:
        ModelError: The one that is asked for refuses it, or is not here; with the remedy.
        ConfigError: Its settings do not fit.
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
    """Raises ModelError where an engine is asked for that does not run a graph by its own operations.

    Args:
        asked: As in the setting `engine`.
        models: Titles of the families that it could run.
        reason: Why there is nothing for it, as half a sentence.
    """
    engine = find_engine(asked)
    if engine.build_part is not None:
        return
    remedy = f"engine: {engine.name}" + (f" and model_type: {engine.model_type}" if engine.model_type else "")
    raise ModelError(
        f"{engine.title} runs the fast path of {' and '.join(models)} graphs only; {reason}. Take out {remedy}, or add"
        f" --engine {reference_engine().name}."
    )
