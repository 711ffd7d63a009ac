"""The `models` commands: list, show, get, import and remove."""

import argparse
import logging
import sys
from pathlib import Path
from typing import List, Optional

from appliance.board import Board, detect_board
from appliance.board.tuned import apply_tuned
from appliance.core.engine_facts import AUTO
from appliance.core.errors import ModelError
from appliance.core.files import hash_file
from appliance.detectors.capacity import check_board_holds, unsupported_reason
from appliance.detectors.family import find_family
from appliance.detectors.plan import labels_of, understand
from appliance.engines.choose import automatic_engine
from appliance.engines.registry import find_engine
from appliance.graph.read.shapes import Shape, find_shapes
from appliance.graph.read.types import output_type
from appliance.graph.rewrite.split import keep
from appliance.outputs.progress import BYTES, Progress
from appliance.settings import Layer, LoadedSettings, chosen_engine, chosen_model
from appliance.settings.messages import size_text
from appliance.zoo.catalogue import find_entry, load_catalogue
from appliance.zoo.get import ZOO_URL, get
from appliance.zoo.importing import import_model
from appliance.zoo.labels import compare_ids
from appliance.zoo.store import InstalledModel, family_of, installed, remove

log = logging.getLogger(__name__)

_TYPE_NAMES = {1: "float32", 3: "int32", 9: "int64", 10: "bool"}


def run(options: argparse.Namespace, loaded: LoadedSettings) -> int:
    """Run one of the commands; returns the exit code. Raises SplitlensError."""
    models_dir, board = Path(loaded.settings.models_dir), detect_board()
    if options.action == "list":
        lines = list_models(models_dir, board, loaded.settings.trust_graph)
        if board.families is not None:
            log.info("The %s has too little memory for the others; `--force` tries one all the same.", board.name)
    elif options.action == "show":
        from appliance.detectors.from_settings import find_model  # loads OpenCV

        if options.model_argument != chosen_model(loaded):  # as `--model NAME` would
            asked_for = {"model": options.model_argument, "model_path": None}
            loaded = loaded.with_values(asked_for, Layer.COMMAND_LINE, "the command line")
        lines = show_model(find_model(loaded, force=True), loaded, board)
    elif options.action == "get":
        if not options.force:
            check_board_holds(board, find_entry(options.model_argument).family, options.model_argument)
        model = _get(options.model_argument, models_dir, options.base_url or ZOO_URL)
        lines = [f"{model.name} is in {model.path}"]
    elif options.action == "import":
        model = import_model(
            Path(options.model_argument), models_dir, options.labels, options.name, loaded.settings.trust_graph
        )
        lines = [f"{model.name} is in {model.path}; run it with --model {model.name}"]
    else:
        remove(options.model_argument, models_dir)
        lines = [f"{options.model_argument} was removed"]
    print("\n".join(lines))
    return 0


def list_models(models_dir: Path, board: Board, trusted: bool = False) -> List[str]:
    """Return a table: name, family, size (of the download, or of a user's graph), whether it is here and fits."""
    here = {model.name: model for model in installed(models_dir)}
    rows = [("NAME", "FAMILY", "SIZE", "INSTALLED", "FITS " + board.id.upper())]
    for entry in load_catalogue():
        state = "yes" if here.pop(entry.name, None) else "no"
        size = size_text(entry.bytes) if entry.bytes else "unknown"
        rows.append((entry.name, find_family(entry.family).title, size, state, _fits(board, entry.family)))
    for name, model in sorted(here.items()):
        size = size_text(model.path.stat().st_size)
        try:
            family = family_of(model, trusted)
            rows.append((name, find_family(family).title, size, "yes, your own", _fits(board, family)))
        except ModelError as error:
            log.warning("%s", error)
            rows.append((name, "unknown", size, "yes, your own", "cannot run"))
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    return ["  ".join([text.ljust(width) for text, width in zip(row, widths)] + [row[4]]) for row in rows]


def _fits(board: Board, family: str) -> str:
    return "yes" if unsupported_reason(board, family) is None else "no"


def show_model(model: InstalledModel, loaded: LoadedSettings, board: Board) -> List[str]:
    """Return what was found in a model's graph, and how it would run with these settings."""
    loaded = apply_tuned(loaded, model.name, model.path)
    settings = loaded.settings
    understood = understand(model.path, settings.trust_graph, settings.split_model, settings.exact)
    graph, interface, plan, ids = understood.graph, understood.interface, understood.plan, understood.ids
    family = find_family(interface.family)
    note = compare_ids(model.labels, ids)
    tensors = plan.cut.tensors if plan.cut else ()
    shapes = find_shapes(plan.front or keep(graph, [tensor.node for tensor in tensors]), tensors)
    asked = chosen_engine(loaded)
    engine = find_engine(automatic_engine(understood.front) if asked == AUTO else asked)
    lines = [
        f"name: {model.name}",
        f"file: {model.path} ({model.path.stat().st_size / 1e6:.1f} MB)",
        f"sha256: {hash_file(model.path)}",
        f"from: {model.record.origin if model.record else 'not known'}",
        f"licence: {model.record.licence if model.record and model.record.licence else 'not known'}",
        f"family: {family.title}",
        f"fits this board: {unsupported_reason(board, interface.family) or 'yes'}",
        f"input size: {f'{plan.resizing.width} x {plan.resizing.height}' if plan.resizing else 'depends on the image'}",
        f"classes: {len(ids) if ids else 'not recognised'}",
        (
            "labels:"
            f" {len(labels_of(interface, ids, model.labels)) or 'none, ids are shown'}{f' ({note})' if note else ''}"
        ),
    ]
    if plan.suppression is not None:
        shape = shapes[plan.suppression.boxes]
        count = shape[1] if shape and len(shape) > 1 else None
        lines.append(f"{family.candidates}: {count or 'known once it is loaded'}")
    lines += [
        f"engine: {engine.name}{', ' + (settings.precision_model or 'FP32') if len(engine.precisions) > 1 else ''}",
        f"path: {plan.path}{f' ({plan.reason})' if plan.reason else ''}",
    ]
    if tensors:
        lines.append("cut:")
    for tensor, shape in zip(tensors, shapes):
        number = output_type(graph, tensor)
        lines.append(f"  {tensor} {_TYPE_NAMES.get(number, f'type {number}')} {_sides(shape)}")
    return lines


def _sides(shape: Optional[Shape]) -> str:
    if shape is None:
        return "[...]"
    return f"[{', '.join('?' if side is None else str(side) for side in shape)}]"


def _get(name: str, models_dir: Path, base_url: str) -> InstalledModel:
    progress: Optional[Progress] = None

    def advance(done: int, total: Optional[int]) -> None:
        nonlocal progress
        if progress is None:
            progress = Progress(total, BYTES, sys.stderr)
        progress.advance(done - progress.done)

    try:
        return get(name, models_dir, advance, base_url)
    finally:
        if progress is not None:
            progress.close()
