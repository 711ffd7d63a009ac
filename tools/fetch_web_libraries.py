"""Fetch the JavaScript libraries of web/libraries.yml by npm: python tools/fetch_web_libraries.py [--tests]

Existing files with the right hash are kept. Nothing in a package is installed or run.
"""

import argparse
import base64
import hashlib
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any, Dict, List

import yaml

ROOT = Path(__file__).resolve().parent.parent
LIST = ROOT / "web" / "libraries.yml"
LONGEST_SECONDS = 600

Library = Dict[str, Any]


class LibraryError(Exception):
    """A library is not available; the message is the reason."""


def is_there(library: Library) -> bool:
    folder = ROOT / library["folder"]
    return all(
        (folder / name).is_file() and hashlib.sha256((folder / name).read_bytes()).hexdigest() == file["sha256"]
        for name, file in library["files"].items()
    )


def download(library: Library, folder: Path) -> Path:
    """Fetch the tarball from npm's configured registry. Raises LibraryError if its hash is wrong."""
    wanted = "{package}@{version}".format(**library)
    command = ["npm", "pack", "--silent", "--ignore-scripts", wanted]
    try:
        done = subprocess.run(
            command,
            cwd=str(folder),
            timeout=LONGEST_SECONDS,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            universal_newlines=True,
        )
    except FileNotFoundError as error:
        raise LibraryError(f"{wanted} is fetched with npm, which is not installed (Debian: apt install npm)") from error
    except subprocess.TimeoutExpired as error:
        raise LibraryError(f"npm took more than {LONGEST_SECONDS // 60} minutes to fetch {wanted}") from error
    if done.returncode:
        raise LibraryError(f"npm could not fetch {wanted}; is there a network?\n{done.stdout.strip()}")
    tarball = next(folder.glob("*.tgz"))
    algorithm, _, expected = library["integrity"].partition("-")
    found = base64.b64encode(hashlib.new(algorithm, tarball.read_bytes()).digest()).decode()
    if found != expected:
        raise LibraryError(f"{wanted} is not the package it was: its {algorithm} is {found}")
    return tarball


def unpack(tarball: Path, library: Library) -> None:
    """Extract the listed files, each atomically."""
    folder = ROOT / library["folder"]
    folder.mkdir(parents=True, exist_ok=True)
    with tarfile.open(str(tarball), "r:gz") as tar:
        for name, file in library["files"].items():
            member = tar.extractfile("package/" + file["from"])
            data = member.read() if member else b""
            if hashlib.sha256(data).hexdigest() != file["sha256"]:
                raise LibraryError(f"{file['from']} of {library['package']} is not the file it was")
            part = folder / (name + ".part")
            part.write_bytes(data)
            part.replace(folder / name)


def fetch(libraries: List[Library]) -> None:
    for library in libraries:
        if not is_there(library):
            print("libraries: {package} {version} into {folder}".format(**library), flush=True)
            with tempfile.TemporaryDirectory() as scratch:
                unpack(download(library, Path(scratch)), library)
    print(f"libraries: {len(libraries)} of {len(libraries)} are in place")


def main() -> int:
    parser = argparse.ArgumentParser(description="Put the dashboard's JavaScript libraries in place.")
    parser.add_argument("--tests", action="store_true", help="also those that only the tests need")
    with_tests = parser.parse_args().tests
    try:
        libraries = yaml.safe_load(LIST.read_text(encoding="utf-8"))["libraries"]
        fetch([library for library in libraries if with_tests or library["for"] == "pages"])
    except (LibraryError, OSError, tarfile.TarError, KeyError) as error:
        print(f"libraries: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
