"""Installed models: found by name or path, listed, removed.

Names are compared with the contents of `models_dir`, never joined into a path.
"""

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, List, Optional, Union

from appliance.core.errors import ModelError
from appliance.core.names import PROGRAM
from appliance.graph.read.foreign import EXPORT, foreign_file, foreign_folder
from appliance.graph.recognise.family import recognise
from appliance.graph.rewrite.normalise import read_model
from appliance.settings.messages import size_text
from appliance.zoo.catalogue import Entry, load_catalogue, near_names
from appliance.zoo.install import locked, take_away, writing
from appliance.zoo.labels import builtin_labels, chosen_labels, is_label_map, load_label_map
from appliance.zoo.layout import GRAPH_FILE, LABELS_FILE, LISTS_OF_NAMES, Record, read_record

log = logging.getLogger(__name__)


class NotInstalled(ModelError):
    """A model of the catalogue that is not installed but can be fetched."""


@dataclass(frozen=True)
class InstalledModel:
    """A graph that can be loaded.

    Attributes:
        path: The graph's file.
        labels: Class id to name; empty where none are known.
        entry: Its row of the catalogue, if it has one.
        record: What was recorded when it was installed, if it was.
    """

    name: str
    path: Path
    labels: Dict[int, str]
    entry: Optional[Entry] = None
    record: Optional[Record] = None


def installed(models_dir: Path) -> List[InstalledModel]:
    """Return all models in `models_dir`, by name. A broken label map is logged, not raised."""
    models = []
    for folder in _folders(models_dir):
        entry = _entry_of_folder(folder.name)
        try:
            labels = _labels_beside(folder, entry)
        except ModelError as error:
            log.warning("%s", error)
            labels = {}
        models.append(_model(folder, entry, labels))
    return sorted(models, key=lambda model: model.name)


def family_of(model: InstalledModel, trusted: bool = False) -> str:
    """Return the key of a model's family; read from the graph if it is not in the catalogue. Raises ModelError."""
    if model.entry:
        return model.entry.family
    return recognise(read_model(model.path, trusted), str(model.path)).family


def resolve_model(
    name_or_path: Union[str, Path], models_dir: Path, label_path: Optional[Path] = None
) -> InstalledModel:
    """Find the model that a user means: an installed name, a .pb file, or a folder with frozen_inference_graph.pb.

    Args:
        name_or_path: What the user gave.
        models_dir: Where models are installed.
        label_path: The label map to use instead of the model's own.

    Raises:
        ModelError: It is not there; with the command that fetches it, or the nearest names.
    """
    wanted = str(name_or_path)
    folder = _find_folder(wanted, models_dir)
    if folder is None and not _is_in_catalogue(wanted):
        return _resolve_path(Path(wanted).expanduser(), models_dir, label_path)
    if folder is None:
        raise _not_installed(wanted)
    entry = _entry_of_folder(folder.name)
    return _model(folder, entry, _labels(folder, entry, label_path))


def remove(name: str, models_dir: Path) -> None:
    """Remove an installed model with everything in its folder. Raises ModelError, OutputError."""
    folder = _find_folder(name, models_dir)
    if folder is None:
        raise ModelError(f"{name} is not installed{near_names(name, [model.name for model in installed(models_dir)])}")
    entry = _entry_of_folder(folder.name)
    with locked(entry.name if entry else folder.name, models_dir), writing(folder):
        if folder.exists():  # else another process was quicker
            take_away(folder, models_dir)


def _resolve_path(path: Path, models_dir: Path, label_path: Optional[Path]) -> InstalledModel:
    graph = path / GRAPH_FILE if path.is_dir() else path
    if graph.is_file() and graph.suffix == ".pb":
        folder = graph.parent if graph.name == GRAPH_FILE else None
        name = graph.resolve().parent.name if folder else graph.stem
        entry = _entry_of_folder(name)
        labels = _labels(graph.parent, entry, label_path)
        return InstalledModel(name, graph, labels, entry, read_record(graph.parent) if folder else None)
    if graph.is_file():
        raise no_graph(graph)
    # A config file of the original project: models/<name>/frozen_inference_graph.pb
    name = path.parent.name if path.suffix == ".pb" else path.name
    folder = _find_folder(name, models_dir)
    if folder is not None and name != str(path):
        entry = _entry_of_folder(folder.name)
        log.info("%s is not there: %s is used.", path, folder / GRAPH_FILE)
        return _model(folder, entry, _labels(folder, entry, label_path))
    if _is_in_catalogue(name):
        raise _not_installed(name)
    if path.is_dir():
        raise no_graph_in(path)
    if path.suffix == ".pb" or path.parent != Path("."):
        raise ModelError(f"{path} does not exist{near_names(name, _known_names(models_dir))}")
    raise ModelError(
        f"{path} is no model that is known or installed{near_names(name, _known_names(models_dir))} `{PROGRAM}"
        " models list` shows them."
    )


def no_graph(path: Path) -> ModelError:
    """Return why a file whose name does not end in .pb is not accepted."""
    foreign = foreign_file(path)
    if foreign is None:
        return ModelError(f"{path} is no frozen graph: that is a file whose name ends in .pb. {EXPORT}")
    return ModelError(f"{path} is no frozen graph but {foreign.what}. {foreign.remedy}")


def no_graph_in(folder: Path) -> ModelError:
    """Return why a folder without a graph is not accepted."""
    foreign = foreign_folder(folder)
    if foreign is None:
        return ModelError(f"There is no {GRAPH_FILE} in {folder}: name the graph's file.")
    beside = folder.resolve().parent / GRAPH_FILE
    remedy = f"give {beside}, which lies beside it." if beside.is_file() else foreign.remedy
    return ModelError(f"{folder} is no frozen graph but {foreign.what}: {remedy}")


def _folders(models_dir: Path) -> List[Path]:
    try:
        folders = sorted(models_dir.iterdir())
    except FileNotFoundError:
        return []
    except OSError as error:
        raise ModelError(f"The folder of models {models_dir} cannot be read: {error.strerror}.") from error
    return [folder for folder in folders if not folder.name.startswith(".") and (folder / GRAPH_FILE).is_file()]


def _find_folder(name: str, models_dir: Path) -> Optional[Path]:
    for folder in _folders(models_dir):
        entry = _entry_of_folder(folder.name)
        if name in (folder.name, entry.name if entry else None):
            return folder
    return None


def _entry_of_folder(folder_name: str) -> Optional[Entry]:
    """Return the catalogue's row of a folder: by its name, or by the name that the archive gives it."""
    for entry in load_catalogue():
        if folder_name in (entry.name, entry.folder):
            return entry
    return None


def _is_in_catalogue(name: str) -> bool:
    return any(entry.name == name for entry in load_catalogue())


def _known_names(models_dir: Path) -> List[str]:
    return sorted({entry.name for entry in load_catalogue()} | {folder.name for folder in _folders(models_dir)})


def _not_installed(name: str) -> NotInstalled:
    size = next(entry.bytes for entry in load_catalogue() if entry.name == name)
    return NotInstalled(f"{name} is not installed. `{PROGRAM} models get {name}` fetches it ({size_text(size)}).")


def _model(folder: Path, entry: Optional[Entry], labels: Dict[int, str]) -> InstalledModel:
    name = entry.name if entry else folder.name
    return InstalledModel(name, folder / GRAPH_FILE, labels, entry, read_record(folder))


def _labels(folder: Path, entry: Optional[Entry], label_path: Optional[Path]) -> Dict[int, str]:
    if label_path is not None:
        return chosen_labels(Path(label_path), entry.labels if entry else "coco")
    return _labels_beside(folder, entry)


def _labels_beside(folder: Path, entry: Optional[Entry]) -> Dict[int, str]:
    path = label_map_beside(folder)
    if path is not None:
        return load_label_map(path)
    return builtin_labels(entry.labels) if entry else {}


def label_map_beside(folder: Path) -> Optional[Path]:
    """Return the label map in a graph's folder: labels.pbtxt, or the first .pbtxt file that is a map or a list."""
    candidates = sorted(folder.glob("*.pbtxt"), key=lambda path: (path.name != LABELS_FILE, path.name))
    lists = [folder / name for name in LISTS_OF_NAMES if (folder / name).is_file()]
    return next((path for path in candidates if is_label_map(path)), lists[0] if lists else None)
