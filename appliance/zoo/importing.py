"""Installs a user's own frozen graph, or a zoo archive that came here by other ways."""

import hashlib
import re
import shutil
from pathlib import Path
from typing import Optional

from appliance.errors import ModelError
from appliance.graph.reading import read_graph
from appliance.zoo.archive import unpack_graph
from appliance.zoo.catalogue import ZooOrigin, load_catalogue
from appliance.zoo.install import check_name, check_space, locked, make_record, put_in_place, staging, writing
from appliance.zoo.labels import load_label_map
from appliance.zoo.layout import GRAPH_FILE, LABELS_FILE
from appliance.zoo.store import InstalledModel, installed, label_map_beside, resolve_model

_ARCHIVES = (".tar.gz", ".tgz")


def import_model(
    file_or_dir: Path, models_dir: Path, labels: Optional[Path] = None, name: Optional[str] = None,
    trusted: bool = False,
) -> InstalledModel:
    """Copy a frozen graph into `models_dir` and record it.

    file_or_dir: a .pb file, a folder with frozen_inference_graph.pb (or one .pb file), or an archive as the
    zoo has them (.tar.gz).
    labels: a label map to keep with it; without one, the map beside the graph is taken, if any.
    name: what to call it; without one, the file, its folder or the archive names it.
    trusted: see `read_graph`.
    Raises ModelError (not there, no graph, a broken label map, a name that is taken), OutputError (no space).
    """
    source = Path(file_or_dir).expanduser()
    is_archive = source.is_file() and source.name.endswith(_ARCHIVES)
    graph = source if is_archive else _find_graph(source)
    if not is_archive:
        read_graph(graph, trusted)  # here, so that a complaint names the user's own file
    chosen = _catalogue_name(check_name(name if name is not None else _name_of(source, graph)))
    label_map = labels if labels is not None or is_archive else label_map_beside(graph.parent)
    if label_map is not None:
        load_label_map(label_map)
    with locked(chosen, models_dir):
        if any(model.name == chosen for model in installed(models_dir)):
            raise ModelError(
                "{} is installed already: `python -m appliance models remove {}` first, or give this one "
                "another name.".format(chosen, chosen)
            )
        with staging(chosen, models_dir) as folder:
            if is_archive:
                _check_published(source)
                unpack_graph(source, folder)
                read_graph(folder / GRAPH_FILE, trusted)
            else:
                _copy(graph, folder / GRAPH_FILE)
            if label_map is not None:
                _copy(label_map, folder / LABELS_FILE)
            put_in_place(folder, chosen, models_dir, make_record(folder, str(source.resolve()), None))
    return resolve_model(chosen, models_dir)


def _find_graph(source: Path) -> Path:
    if source.is_dir():
        graphs = [source / GRAPH_FILE] if (source / GRAPH_FILE).is_file() else sorted(source.glob("*.pb"))
        if len(graphs) != 1:
            raise ModelError("There is no {} in {}: name the graph's file.".format(GRAPH_FILE, source))
        return graphs[0]
    if not source.exists():
        raise ModelError("{} does not exist.".format(source))
    if source.suffix != ".pb":
        raise ModelError("{} is no frozen graph: that is a file whose name ends in .pb.".format(source))
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
    """DeepLab's archives call their folder otherwise than the archive."""
    return next((entry.name for entry in load_catalogue() if entry.folder == name), name)


def _check_published(archive: Path) -> None:
    """Compare a file that has the name of a zoo archive with the sum published for it."""
    for entry in load_catalogue():
        origin = entry.origins[0]
        if not isinstance(origin, ZooOrigin) or origin.archive != archive.name or origin.sha384 is None:
            continue
        digest = hashlib.sha384()
        with archive.open("rb") as file:
            for block in iter(lambda: file.read(1 << 20), b""):
                digest.update(block)
        if digest.hexdigest() != origin.sha384:
            raise ModelError(
                "{} is not the published archive of that name: its SHA-384 is {}..., not {}....".format(
                    archive, digest.hexdigest()[:16], origin.sha384[:16]
                )
            )


def _copy(source: Path, target: Path) -> None:
    check_space(target.parent, source.stat().st_size)
    try:
        reading = source.open("rb")
    except OSError as error:
        raise ModelError("{} cannot be read: {}.".format(source, error.strerror)) from error
    with reading, writing(target), target.open("wb") as writes:
        shutil.copyfileobj(reading, writes, 1 << 20)
