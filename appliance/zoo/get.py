"""Install a model of the catalogue: from the zoo or, where that cannot be reached, from a package."""

import json
import logging
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Dict, List, Optional, Tuple

from appliance.core.errors import ModelError
from appliance.core.files import hash_file, write_json
from appliance.graph.read.graph_file import read_graph
from appliance.settings import redact
from appliance.settings.messages import size_text
from appliance.zoo.archive import unpack_graph
from appliance.zoo.catalogue import Entry, ZooOrigin, find_entry
from appliance.zoo.download import Downloaded, OriginUnavailable, discard, download
from appliance.zoo.install import (
    Progress,
    locked,
    make_record,
    put_in_place,
    staging,
    work_folder,
    writing,
)
from appliance.zoo.layout import GRAPH_FILE, Record
from appliance.zoo.packages import get_graph
from appliance.zoo.store import InstalledModel, installed, resolve_model

log = logging.getLogger(__name__)

ZOO_URL = "https://download.tensorflow.org/"
SUMS_FILE = "zoo-sums.json"


@dataclass(frozen=True)
class Checksum:
    """Of an archive for which none was published, recorded at its first download."""

    bytes: int
    sha384: str


def get(name: str, models_dir: Path, progress: Optional[Progress] = None, base_url: str = ZOO_URL) -> InstalledModel:
    """Fetch, verify and install a model; nothing is fetched if it is installed already.

    Args:
        name: Of the catalogue.
        models_dir: Where models are installed.
        progress: Called while the archive is downloaded.
        base_url: Of the zoo's server or a mirror of it.

    Raises:
        ModelError: Unknown, cannot be reached, wrong hash, or damaged.
        OutputError: No space or no permission.
    """
    entry = find_entry(name)
    if _is_whole(_find(entry, models_dir)):  # without the lock, which a folder that is only read cannot have
        log.info("%s is installed.", entry.name)
        return resolve_model(entry.name, models_dir)
    with locked(entry.name, models_dir):
        model = _find(entry, models_dir)
        if not _is_whole(model):  # else another process has fetched it, while the lock waited
            if model is not None:
                log.warning("%s is not as it was installed: it is fetched again.", model.path)
            with staging(entry.name, models_dir) as folder:
                record = _fill(entry, folder, models_dir, progress, base_url)
                put_in_place(folder, entry.name, models_dir, record)
    return resolve_model(entry.name, models_dir)


def _find(entry: Entry, models_dir: Path) -> Optional[InstalledModel]:
    return next((model for model in installed(models_dir) if model.name == entry.name), None)


def _is_whole(model: Optional[InstalledModel]) -> bool:
    """Return whether a complete model is installed, as far as its record shows."""
    if model is None or model.record is None:
        return model is not None
    return model.record.graph_sha256 == hash_file(model.path)


def _fill(entry: Entry, folder: Path, models_dir: Path, progress: Optional[Progress], base_url: str) -> Record:
    failures: List[OriginUnavailable] = []
    for origin in entry.origins:
        try:
            if isinstance(origin, ZooOrigin):
                return _from_zoo(origin, folder, models_dir, progress, base_url)
            if failures:
                log.warning("%s The model is taken from the %s instead.", failures[0].what, origin)
            get_graph(origin, folder)
            return make_record(folder, str(origin), origin.licence)
        except OriginUnavailable as error:
            failures.append(error)
    raise ModelError(" ".join(str(failure) for failure in failures)) from failures[-1]


def _from_zoo(
    origin: ZooOrigin,
    folder: Path,
    models_dir: Path,
    progress: Optional[Progress],
    base_url: str,
) -> Record:
    url = f"{base_url.rstrip('/')}/{origin.base}/{origin.archive}"
    expected_bytes, expected_sha384 = _expected(origin, models_dir)
    log.info("Fetching %s (%s).", redact(url), size_text(expected_bytes))
    part = work_folder(models_dir) / (origin.archive + ".part")
    archive = download(url, part, expected_bytes, expected_sha384, progress)
    try:
        unpack_graph(archive.path, folder)
        read_graph(folder / GRAPH_FILE)
    except Exception:
        discard(part)  # a whole file that is no good, or that fills the disk: going on from it would help nobody
        raise
    if origin.sha384 is None and expected_sha384 is None:
        _remember(origin, archive, models_dir)
    discard(part)
    return make_record(folder, redact(url), origin.licence)


def _expected(origin: ZooOrigin, models_dir: Path) -> Tuple[Optional[int], Optional[str]]:
    """Return size and SHA-384 that the archive must have, as published or recorded at its first download; or None."""
    if origin.sha384 is not None:
        return origin.bytes, origin.sha384
    row = _read_sums(models_dir).get(origin.archive)
    if row is None:
        log.warning(
            "No checksum of %s was published: what comes now is recorded in %s and checked from then on.",
            origin.archive,
            models_dir / SUMS_FILE,
        )
        return None, None
    log.info("%s is checked against %s, recorded at its first download.", origin.archive, models_dir / SUMS_FILE)
    return row.bytes, row.sha384


def _read_sums(models_dir: Path) -> Dict[str, Checksum]:
    path = models_dir / SUMS_FILE
    try:
        sums = json.loads(path.read_text(encoding="utf-8"))
        return {archive: Checksum(int(row["bytes"]), str(row["sha384"])) for archive, row in sums.items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelError(f"{path} is damaged ({error}): mend or delete it.") from error


def _remember(origin: ZooOrigin, archive: Downloaded, models_dir: Path) -> None:
    path = models_dir / SUMS_FILE
    with locked("zoo-sums", models_dir), writing(path):
        sums = _read_sums(models_dir)
        sums[origin.archive] = Checksum(archive.bytes, archive.sha384)
        write_json(path, {name: asdict(sums[name]) for name in sorted(sums)}, 0o644)
