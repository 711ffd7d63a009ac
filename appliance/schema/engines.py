"""What the settings need to know of engines: made from the engines' own descriptions, so that none is named here."""

from typing import Dict, List, Tuple

from appliance.core.engine_facts import AUTO, EngineFacts, engine_facts

ENGINES: Dict[str, EngineFacts] = engine_facts()
"""The engines that there are, by name."""


def engine_choices() -> Tuple[str, ...]:
    """The values of the setting `engine`."""
    return (AUTO, *ENGINES)


def engine_help() -> str:
    """The help of the setting `engine`."""
    by_auto = sorted(ENGINES.values(), key=lambda engine: (not engine.model_type, engine.rank or 0))
    chosen = [f"{engine.name} {engine.auto_when}" for engine in by_auto if engine.auto_when]
    chosen += [f"else {engine.name}" for engine in by_auto if engine.runs_any_graph][:1]
    notes = [engine.note for engine in ENGINES.values() if engine.note]
    return ". ".join([f"what runs the network; auto = {', '.join(chosen)}", *notes])


def model_type_help() -> str:
    """What the help of the setting `model_type` says of engines."""
    asking = [engine for engine in ENGINES.values() if engine.model_type]
    return "".join(f"; {one.model_type} asks for {one.title}, as `engine: {one.name}` does" for one in asking)


def precision_choices() -> Tuple[str, ...]:
    """The values of the setting `precision_model`."""
    return tuple(dict.fromkeys(precision for engine in ENGINES.values() for precision in engine.precisions))


def precision_help() -> str:
    """The help of the setting `precision_model`."""
    single = [f"{engine.title} in {engine.precisions[0]}" for engine in ENGINES.values() if len(engine.precisions) == 1]
    stored = [f"{engine.title} runs a graph as it was stored" for engine in ENGINES.values() if not engine.precisions]
    return f"precision of a {_titles(with_a_choice())} engine, FP32 if left out; {', '.join(stored + single)}"


def with_a_choice() -> List[EngineFacts]:
    """The engines that compute in one of several precisions."""
    return [engine for engine in ENGINES.values() if len(engine.precisions) > 1]


def engine_of_model_type(model_type: str) -> str:
    """The engine that a config file of the original project asks for by its model_type; "auto" for none."""
    return next((engine.name for engine in ENGINES.values() if model_type and engine.model_type == model_type), AUTO)


def precision_mistake(engine: str, precision: str) -> str:
    """What is wrong with a precision for an engine that computes in another only, as half a sentence; "" if nothing.

    Args:
        engine: As in the setting.
        precision: As in the setting.
    """
    asked = ENGINES.get(engine)
    if asked is None or not asked.precisions or precision in asked.precisions:
        return ""
    others = [one for one in with_a_choice() if precision in one.precisions]
    remedies = [f"set engine: {one.name}" + (f", which needs {one.needs}" if one.needs else "") for one in others]
    return f"computes in {asked.precisions[0]} only: {', or '.join(['take it out', *remedies])}"


def _titles(engines: List[EngineFacts]) -> str:
    return " or ".join(engine.title for engine in engines)
