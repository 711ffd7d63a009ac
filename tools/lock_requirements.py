"""Write requirements/locked/: each image's packages, pinned and hashed. `--check` tests that they are still available.

Allowed versions are in requirements/*.txt, versions known to work in known-good.txt. `uv` resolves them for another
Python and machine than this one, and pip finds the wheel that it would install there: nothing is built from source.
"""

import argparse
import json
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import List, NamedTuple, Tuple

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "requirements" / "locked"

FROM_THE_BASE = ("numpy", "protobuf")
"""An L4T image has these for its TensorFlow; another release would break it."""


class Target(NamedTuple):
    """One file.

    Attributes:
        machine: As in platform.machine().
        glibc: Minor release of the image's C library, 2.x.
    """

    name: str
    python: str
    machine: str
    glibc: int
    requirements: Tuple[str, ...]
    without: Tuple[str, ...] = ()


JETPACKS = (
    ("l4t-py36", "3.6", 27),  # JetPack 4: Ubuntu 18.04
    ("l4t-py38", "3.8", 31),  # JetPack 5: Ubuntu 20.04
    ("l4t-py311", "3.11", 36),  # Debian 12: what the tests build on where no L4T image can be had
)

TARGETS = [
    Target("x86-py311", "3.11", "x86_64", 36, ("run", "web", "opencv", "openvino", "tensorflow")),
    Target("x86-py311-gpu", "3.11", "x86_64", 36, ("run", "web", "opencv", "gpu")),
    *(Target(name, python, "aarch64", glibc, ("run", "web"), FROM_THE_BASE) for name, python, glibc in JETPACKS),
    *(
        Target(name + "-opencv", python, "aarch64", glibc, ("opencv",), FROM_THE_BASE)
        for name, python, glibc in JETPACKS
    ),
    *(Target(name + "-pip", python, "aarch64", glibc, ("pip",)) for name, python, glibc in JETPACKS),
]


class LockError(Exception):
    """A target cannot be resolved or downloaded; the message is the reason."""


def run(command: List[str]) -> str:
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode:
        raise LockError(f"{' '.join(command)}\n{done.stderr.strip()}")
    return done.stdout


def resolve(target: Target) -> List[str]:
    """Return the target's releases, as "name==version"."""
    uv = shutil.which("uv", path=str(Path(sys.executable).parent)) or shutil.which("uv")
    if uv is None:
        raise LockError("`make lock` installs uv, which resolves for another Python: pip install uv")
    platform = f"{target.machine}-manylinux_2_{max(target.glibc, 28)}"  # uv knows no 2.27
    without = [option for name in target.without for option in ("--no-emit-package", name)]
    files = [f"requirements/{name}.txt" for name in target.requirements]
    text = run(
        [
            uv,
            "pip",
            "compile",
            "--quiet",
            "--no-config",
            "--no-header",
            "--no-annotate",
            "--only-binary",
            ":all:",
            "--python-version",
            target.python,
            "--python-platform",
            platform,
            "--constraint",
            "requirements/known-good.txt",
            *without,
            *files,
        ]
    )
    return re.findall(r"^[\w.-]+==\S+", text, re.MULTILINE)


def pip(target: Target, command: List[str], requirements: List[str]) -> str:
    """Run pip as on the target's machine. Raises LockError."""
    platforms = [f"manylinux_2_{minor}_{target.machine}" for minor in range(target.glibc, 4, -1)]
    platforms += [f"{name}_{target.machine}" for name in ("manylinux2014", "manylinux2010", "manylinux1", "linux")]
    own = "cp" + target.python.replace(".", "") + ("m" if target.python == "3.6" else "")
    options = [word for platform in platforms for word in ("--platform", platform)]
    options += [word for abi in (own, "abi3", "none") for word in ("--abi", abi)]
    return run(
        [
            sys.executable,
            "-m",
            "pip",
            *command,
            "--quiet",
            "--disable-pip-version-check",
            "--no-deps",
            "--only-binary=:all:",
            "--implementation",
            "cp",
            "--python-version",
            target.python,
            *options,
            *requirements,
        ]
    )


def lock(target: Target) -> str:
    """Return the text of the target's file."""
    with tempfile.TemporaryDirectory() as folder:
        # Of which Python a release needs uv took care; pip would compare it with the one that runs here.
        command = ["install", "--dry-run", "--ignore-installed", "--ignore-requires-python"]
        command += ["--target", folder, "--report", "-"]
        report = json.loads(pip(target, command, resolve(target)))
    lines = sorted(
        f"{row['metadata']['name'].lower()}=={row['metadata']['version']}"
        f" --hash=sha256:{row['download_info']['archive_info']['hashes']['sha256']}"
        for row in report["install"]
    )
    sources = ", ".join(f"{name}.txt" for name in target.requirements)
    kept = f" less {' and '.join(target.without)}, which the base has," if target.without else ""
    return "\n".join(
        [
            f"# Made by tools/lock_requirements.py (`make lock`) from {sources}{kept}",
            f"# for Python {target.python} on {target.machine}: one wheel each.",
            *lines,
            "",
        ]
    )


def check(target: Target) -> None:
    """Download the file's packages, checking their hashes."""
    with tempfile.TemporaryDirectory() as folder:
        pip(target, ["download", "--dest", folder], ["--require-hashes", "-r", str(FOLDER / (target.name + ".txt"))])
    print(f"locked: {target.name}: every wheel is there", flush=True)


def main() -> int:
    names = [target.name for target in TARGETS]
    parser = argparse.ArgumentParser(description="Write requirements/locked/, or check it.")
    parser.add_argument("--check", action="store_true", help="write nothing: download all by its hashes")
    parser.add_argument("--matching", metavar="TEXT", default="", help="only targets with this in their name")
    options = parser.parse_args()
    targets = [target for target in TARGETS if options.matching in target.name]
    if not targets:
        parser.error(f"no target has {options.matching!r} in its name; there are {', '.join(names)}")
    try:
        for target in targets:
            if options.check:
                check(target)
            else:
                (FOLDER / (target.name + ".txt")).write_text(lock(target), encoding="utf-8")
                print(f"locked: {target.name}", flush=True)
    except LockError as error:
        print(f"locked: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
