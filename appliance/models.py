"""The `models` commands: list, show, get, import and remove."""

import argparse
import sys
from pathlib import Path
from typing import List, Optional

from appliance.detectors.families import classes_of, labels_of, plan_for
from appliance.graph.family import recognise
from appliance.graph.frozen import graph_hash, read_graph
from appliance.graph.types import output_type
from appliance.settings import Settings
from appliance.settings.wording import size_text
from appliance.sinks.progress import BYTES, Progress
from appliance.zoo.catalogue import load_catalogue
from appliance.zoo.get import ZOO_URL, get
from appliance.zoo.importing import import_model
from appliance.zoo.store import InstalledModel, installed, remove, resolve_model

_TYPE_NAMES = {1: "float32", 3: "int32", 9: "int64", 10: "bool"}


def run(options: argparse.Namespace, settings: Settings) -> int:
    """Run one of the commands; returns the exit code. Raises SplitlensError."""
    models_dir = Path(settings.models_dir)
    if options.action == "list":
        lines = list_models(models_dir)
    elif options.action == "show":
        lines = show_model(resolve_model(options.model_argument, models_dir), settings)
    elif options.action == "get":
        model = _get(options.model_argument, models_dir, options.base_url or ZOO_URL)
        lines = ["{} is in {}".format(model.name, model.path)]
    elif options.action == "import":
        model = import_model(Path(options.model_argument), models_dir, options.labels, options.name)
        lines = ["{} is in {}; run it with --model {}".format(model.name, model.path, model.name)]
    else:
        remove(options.model_argument, models_dir)
        lines = ["{} was removed".format(options.model_argument)]
    print("\n".join(lines))
    return 0


def list_models(models_dir: Path) -> List[str]:
    """A table: name, model_type, family, size to download, whether it is installed."""
    here = {model.name: model for model in installed(models_dir)}
    rows = [("NAME", "MODEL_TYPE", "FAMILY", "DOWNLOAD", "")]
    for entry in load_catalogue():
        state = "installed" if here.pop(entry.name, None) else ""
        rows.append((entry.name, entry.model_type, entry.family, size_text(entry.bytes), state))
    rows += [(name, "", "", "", "installed, your own") for name in sorted(here)]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    return ["  ".join([row[i].ljust(widths[i]) for i in range(4)] + [row[4]]).rstrip() for row in rows]


def show_model(model: InstalledModel, settings: Settings) -> List[str]:
    """What is found in a model's graph, and how it would run with these settings."""
    graph = read_graph(model.path)
    interface = recognise(graph, str(model.path))
    plan = plan_for(graph, interface, settings.split_model, settings.exact)
    classes = classes_of(graph, interface, plan)
    lines = [
        "name: {}".format(model.name),
        "file: {} ({:.1f} MB)".format(model.path, model.path.stat().st_size / 1e6),
        "sha256: {}".format(graph_hash(model.path)),
        "from: {}".format(model.record.origin if model.record else "not known"),
        "licence: {}".format(model.record.licence if model.record and model.record.licence else "not known"),
        "family: {}".format(interface.family),
        "input size: {}".format(
            "{} x {}".format(plan.resizing.width, plan.resizing.height) if plan.resizing else "depends on the image"
        ),
        "classes: {}".format(classes or "not recognised"),
        "labels: {}".format(len(labels_of(interface, classes, model.labels)) or "none, ids are shown"),
        "path: {}{}".format(plan.path, " ({})".format(plan.reason) if plan.reason else ""),
    ]
    if plan.cut is not None:
        lines.append("cut:")
        for tensor in plan.cut.tensors:
            number = output_type(graph, tensor)
            lines.append("  {} {}".format(tensor, _TYPE_NAMES.get(number, "type {}".format(number))))
    return lines


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
