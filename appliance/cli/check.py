"""`config check`: report what a run would complain about, without running anything."""

from pathlib import Path
from typing import Dict, List, Tuple, Union

from appliance.cli.check_labels import unknown_labels
from appliance.core.errors import ConfigError, SourceError, SplitlensError
from appliance.detectors.from_settings import find_model
from appliance.settings import Layer, LoadedSettings, compatibility_notes
from appliance.settings.certificate import certificate_files
from appliance.settings.render import check
from appliance.sources.kind import kind_of
from appliance.sources.open import open_images, open_movie
from appliance.zoo.labels import chosen_labels
from appliance.zoo.store import NotInstalled, resolve_model


class _Findings:
    """The findings.

    Attributes:
        mistakes: Sentences that name the place, each with the error, of the class that a run would raise.
        notes: Sentences about what is only missing right now.
    """

    def __init__(self, loaded: LoadedSettings) -> None:
        self._loaded = loaded
        self.mistakes: List[Tuple[str, SplitlensError]] = []
        self.notes: List[str] = []

    def add(self, key: str, error: SplitlensError, what: str = "", is_note: bool = False) -> None:
        """Add a mistake or a note about the setting `key`."""
        place = self._loaded.origins[key] + ": " if self.is_set(key) else ""
        sentence = f"{place}{key}: {what and what + ': '}{error}"
        if is_note:
            self.notes.append(sentence)
        else:
            self.mistakes.append((sentence, error))

    def is_set(self, key: str) -> bool:
        return self._loaded.layers[key] > Layer.TUNED


def check_all(loaded: LoadedSettings) -> str:
    """Check settings that could be loaded and return a summary.

    Raises all mistakes as one error, of the first one's class.
    """
    found = _Findings(loaded)
    _check_sources(loaded, found)
    _check_models(loaded, found)
    try:
        certificate_files(loaded.settings.tls)
    except SplitlensError as error:
        found.add("tls", error)
    if found.mistakes:
        raise type(found.mistakes[0][1])("\n".join(sentence for sentence, _ in found.mistakes))
    notes = found.notes + compatibility_notes(loaded.settings, loaded.origins)
    return "\n".join([check(loaded)] + ["note: " + note for note in notes])


def _check_sources(loaded: LoadedSettings, found: _Findings) -> None:
    settings = loaded.settings
    if found.is_set("camera_input"):
        _check_source("camera_input", "", settings.camera_input, found)
    for name, stream in (settings.streams or {}).items():
        _check_source("streams", name, stream.source, found)
    # Each is for one command only; the others do not need it.
    if found.is_set("image_input"):
        try:
            open_images(settings.image_input).close()
        except SplitlensError as error:
            found.add("image_input", error, is_note=True)
    if found.is_set("movie_input"):
        try:
            open_movie(settings.movie_input).close()
        except SplitlensError as error:
            found.add("movie_input", error, is_note=True)


def _check_source(key: str, name: str, source: Union[int, str], found: _Findings) -> None:
    try:
        absent = kind_of(source).check(str(source).strip())
    except SplitlensError as error:
        found.add(key, error, name)
    else:
        if absent is not None:
            found.add(key, SourceError(absent), name, is_note=True)


def _check_models(loaded: LoadedSettings, found: _Findings) -> None:
    settings = loaded.settings
    key = "model_path" if loaded.layers["model_path"] > loaded.layers["model"] else "model"
    labels: List[Dict[int, str]] = []
    try:
        labels.append(find_model(loaded).labels)
    except NotInstalled as error:
        found.add(key, error, is_note=True)
        if settings.label_path:
            _check_labels(settings.label_path, found)
    except SplitlensError as error:
        found.add(key, error)
    for name, stream in (settings.streams or {}).items():
        if stream.model is not None:
            try:
                labels.append(resolve_model(stream.model, Path(settings.models_dir)).labels)
            except NotInstalled as error:
                found.add("streams", error, name, is_note=True)
            except SplitlensError as error:
                found.add("streams", error, name)
    models = 1 + sum(stream.model is not None for stream in (settings.streams or {}).values())
    if len(labels) == models and all(labels):  # else what is missing may know them
        known = {name for one in labels for name in one.values()}
        for key, sentence in unknown_labels(settings, filter(found.is_set, loaded.origins), known):
            found.add(key, ConfigError(sentence), is_note=True)


def _check_labels(label_path: str, found: _Findings) -> None:
    try:
        chosen_labels(Path(label_path), "coco")
    except SplitlensError as error:
        found.add("label_path", error)
