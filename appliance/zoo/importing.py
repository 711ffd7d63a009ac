"""Install a user's own frozen graph, or a zoo archive that was copied here."""

import logging
import re
import shutil
from pathlib import Path
from typing import Optional

from appliance.core.errors import ModelError
from appliance.core.files import hash_file
from appliance.core.names import PROGRAM
from appliance.graph.read.graph_file import naming_damage
from appliance.graph.recognise.classes import examined_class_ids
from appliance.graph.recognise.family import recognise
from appliance.graph.rewrite.normalise import read_model
from appliance.zoo.archive import unpack_graph
from appliance.zoo.catalogue import ZooOrigin, load_catalogue
from appliance.zoo.install import check_name, check_space, locked, make_record, put_in_place, staging, writing
from appliance.zoo.labels import builtin_labels, compare_ids, label_map_text, load_label_map
from appliance.zoo.layout import GRAPH_FILE, LABELS_FILE
from appliance.zoo.store import InstalledModel, installed, label_map_beside, no_graph, no_graph_in, resolve_model

log = logging.getLogger(__name__)

_ARCHIVES = (".tar.gz", ".tgz")


def import_model(
    file_or_dir: Path,
    models_dir: Path,
    labels: Optional[Path] = None,
    name: Optional[str] = None,
    trusted: bool = False,
) -> InstalledModel:
    """Copy a frozen graph into `models_dir` and record it.

    Args:
        file_or_dir: A .pb file, a folder with frozen_inference_graph.pb (or one .pb file), or an archive of the zoo
            (.tar.gz).
        models_dir: Where models are installed.
        labels: A label map to keep with it; without one, the map beside the graph is taken, if there is one.
        name: What to call it; without one, the file, its folder or the archive names it.
        trusted: See `read_graph`.

    Raises:
        ModelError: Not there, not a graph, a broken label map, or a name that is taken.
        OutputError: There is no space.
    """
    source = Path(file_or_dir).expanduser()
    is_archive = source.is_file() and source.name.endswith(_ARCHIVES)
    graph = source if is_archive else _find_graph(source)
    chosen = _catalogue_name(check_name(name if name is not None else _name_of(source, graph)))
    if not is_archive:
        ids = _examine(graph, chosen, trusted)  # here, so that a complaint names the user's own file
    label_map = labels if labels is not None or is_archive else label_map_beside(graph.parent)
    names = load_label_map(label_map) if label_map is not None else {}
    with locked(chosen, models_dir):
        if any(model.name == chosen for model in installed(models_dir)):
            raise ModelError(
                f"{chosen} is installed already: `{PROGRAM} models remove {chosen}` first, or give this one "
                "another name."
            )
        with staging(chosen, models_dir) as folder:
            if is_archive:
                _check_published(source)
                unpack_graph(source, folder)
                ids = _examine(folder / GRAPH_FILE, chosen, trusted)
            else:
                _copy(graph, folder / GRAPH_FILE)
            if label_map is not None:
                with writing(folder):
                    (folder / LABELS_FILE).write_text(label_map_text(names), encoding="utf-8")
            put_in_place(folder, chosen, models_dir, make_record(folder, str(source.resolve()), None))
    model = resolve_model(chosen, models_dir)
    note = compare_ids(model.labels, ids)
    if note is not None:
        log.warning("%s: %s", model.name, note)
    return model


def _examine(path: Path, chosen: str, trusted: bool) -> Optional[range]:
    """Check that a graph can be run; returns the ids of its classes, None if they are not recognised.

    Raises:
        ModelError: It cannot be run, or it is not the catalogue's graph whose name it would get.
    """
    graph = read_model(path, trusted)
    family = recognise(graph, str(path)).family
    with naming_damage(str(path)):
        ids = examined_class_ids(graph, family)
    entry = next((entry for entry in load_catalogue() if entry.name == chosen), None)
    if entry is not None and hash_file(path) not in [
        origin.graph_sha256 for origin in entry.origins if not isinstance(origin, ZooOrigin)
    ]:
        labels = builtin_labels(entry.labels)
        expected = range(min(labels), max(labels) + 1)
        if family != entry.family or ids not in (None, expected):
            raise ModelError(
                f"{chosen} is the name of a model of the catalogue ({entry.family}, {len(expected)} classes), and"
                f" {path} is another ({family}{'' if ids is None else f', {len(ids)} classes'}): give it a name of its"
                " own with --name."
            )
    return ids


def _find_graph(source: Path) -> Path:
    if source.is_dir():
        graphs = [source / GRAPH_FILE] if (source / GRAPH_FILE).is_file() else sorted(source.glob("*.pb"))
        if len(graphs) != 1 or graphs[0].name == "saved_model.pb":
            raise no_graph_in(source)
        return graphs[0]
    if not source.exists():
        raise ModelError(f"{source} does not exist.")
    if source.suffix != ".pb":
        raise no_graph(source)
    return source


def _name_of(source: Path, graph: Path) -> str:
    if source.name.endswith(_ARCHIVES):
        name = re.sub(r"\.(tar\.gz|tgz)$", "", source.name)
    elif graph.name == GRAPH_FILE or source.is_dir():
        name = graph.resolve().parent.name
    else:
        name = graph.stem
    return re.sub(r"[^A-Za-z0-9._-]", "_", name).lstrip(".") or "imported"


def _catalogue_name(name: str) -> str:
    """Return the catalogue's name of an archive: DeepLab's archives have a folder of another name than their own."""
    return next((entry.name for entry in load_catalogue() if entry.folder == name), name)


def _check_published(archive: Path) -> None:
    """Compare a file that has the name of a zoo archive with the hash published for it."""
    for entry in load_catalogue():
        origin = entry.origins[0]
        if not isinstance(origin, ZooOrigin) or origin.archive != archive.name or origin.sha384 is None:
            continue
        found = hash_file(archive, "sha384")
        if found != origin.sha384:
            raise ModelError(
                f"{archive} is not the published archive of that name: its SHA-384 is {found[:16]}..., not"
                f" {origin.sha384[:16]}...."
            )


def _copy(source: Path, target: Path) -> None:
    check_space(target.parent, source.stat().st_size)
    try:
        reading = source.open("rb")
    except OSError as error:
        raise ModelError(f"{source} cannot be read: {error.strerror}.") from error
    with reading, writing(target), target.open("wb") as writes:
        shutil.copyfileobj(reading, writes, 1 << 20)
