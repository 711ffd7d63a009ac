"""Facts about engines for the settings, taken from the engines' own descriptions, so that none is named here."""

from typing import Dict, List, Tuple

from appliance.core.engine_facts import AUTO, EngineFacts, engine_facts

ENGINES: Dict[str, EngineFacts] = engine_facts()
"""All engines, by name."""


def engine_choices() -> Tuple[str, ...]:
    """Return the values of the setting `engine`."""
    return (AUTO, *ENGINES)


def engine_help() -> str:
    """Return the help of the setting `engine`."""
    by_auto = sorted(ENGINES.values(), key=lambda engine: (not engine.model_type, engine.rank or 0))
    chosen = [f"{engine.name} {engine.auto_when}" for engine in by_auto if engine.auto_when]
    chosen += [f"else {engine.name}" for engine in by_auto if engine.runs_any_graph][:1]
    notes = [engine.note for engine in ENGINES.values() if engine.note]
    return ". ".join([f"what runs the network; auto = {', '.join(chosen)}", *notes])


def model_type_help() -> str:
    """Return the part of the help of the setting `model_type` that concerns engines."""
    asking = [engine for engine in ENGINES.values() if engine.model_type]
    return "".join(f"; {one.model_type} asks for {one.title}, as `engine: {one.name}` does" for one in asking)


def precision_choices() -> Tuple[str, ...]:
    """Return the values of the setting `precision_model`."""
    return tuple(dict.fromkeys(precision for engine in ENGINES.values() for precision in engine.precisions))


def precision_help() -> str:
    """Return the help of the setting `precision_model`."""
    single = [f"{engine.title} in {engine.precisions[0]}" for engine in ENGINES.values() if len(engine.precisions) == 1]
    stored = [f"{engine.title} runs a graph as it was stored" for engine in ENGINES.values() if not engine.precisions]
    return f"precision of a {_titles(with_a_choice())} engine, FP32 if left out; {', '.join(stored + single)}"


def with_a_choice() -> List[EngineFacts]:
    """Return the engines that support more than one precision."""
    return [engine for engine in ENGINES.values() if len(engine.precisions) > 1]


def engine_of_model_type(model_type: str) -> str:
    """Return the engine that a model_type of the original project's config files selects; "auto" for none."""
    return next((engine.name for engine in ENGINES.values() if model_type and engine.model_type == model_type), AUTO)


def precision_mistake(engine: str, precision: str) -> str:
    """Return why an engine does not support a precision, as half a sentence; "" if it does.

    Args:
        engine: As in the setting `engine`.
        precision: As in the setting `precision_model`.
    """
    asked = ENGINES.get(engine)
    if asked is None or not asked.precisions or precision in asked.precisions:
        return ""
    others = [one for one in with_a_choice() if precision in one.precisions]
    remedies = [f"set engine: {one.name}" + (f", which needs {one.needs}" if one.needs else "") for one in others]
    return f"computes in {asked.precisions[0]} only: {', or '.join(['take it out', *remedies])}"


def _titles(engines: List[EngineFacts]) -> str:
    return " or ".join(engine.title for engine in engines)
