"""What `splitlens doctor` checks of memory, disks and models."""

import os
import re
import shutil
from pathlib import Path
from typing import Optional

from appliance.core.errors import ModelError
from appliance.core.findings import MISSING, NOTE, OK, Finding
from appliance.settings.messages import size_text
from appliance.zoo.store import installed, resolve_model

RUN_BYTES = 10**9
"""Memory for a run with the default model on TensorFlow: 0.8 GB, and some for the images."""
DISK_BYTES = 10**9
"""Free space below which a large model or a long recording will not fit."""


def check_memory(root: Path) -> Finding:
    """Return the available memory as Linux counts it, including caches."""
    sizes = dict(re.findall(r"^(\w+):\s+(\d+) kB", read_text(root / "proc/meminfo"), re.MULTILINE))
    remedy = f"a run takes about {size_text(RUN_BYTES)}: end other programs, or add swap"
    if "MemAvailable" not in sizes:
        return Finding(NOTE, "memory", "unknown: /proc/meminfo does not say", remedy)
    free, total = (int(sizes[name]) * 1024 for name in ("MemAvailable", "MemTotal"))
    found = f"{size_text(free)} of {size_text(total)} free"
    if free < RUN_BYTES:
        return Finding(NOTE, "memory", found, remedy)
    return Finding(OK, "memory", found)


def check_disk(models_dir: Path) -> Finding:
    """Return the free space in the models' folder, existing or not."""
    folder = _nearest_there_is(models_dir)
    free = shutil.disk_usage(str(folder)).free
    found = f"{size_text(free)} free in {folder}"
    if free < DISK_BYTES:
        remedy = "models take up to 1.1 GB, movies 1 GB an hour and more: make room, or move models_dir"
        return Finding(NOTE, "disk", found, remedy)
    return Finding(OK, "disk", found)


def check_models(models_dir: Path, wanted: str, label_path: Optional[str]) -> Finding:
    """Return the installed models, and whether the one that a run would use is among them.

    Args:
        models_dir: The models' folder.
        wanted: The model's name or path.
        label_path: A label map to use with it.
    """
    try:
        names = ", ".join(model.name for model in installed(models_dir)) or f"none in {models_dir}"
    except ModelError as error:
        return Finding(MISSING, "models", str(error), "give yourself the right to read it, or set models_dir")
    found = f"{names}; a run takes {wanted}"
    try:
        resolve_model(wanted, models_dir, Path(label_path) if label_path else None)
    except ModelError as error:
        return Finding(MISSING, "models", found, str(error))
    return Finding(OK, "models", found)


def check_output(output_dir: Path, is_needed: bool) -> Finding:
    """Return whether movies and images can be saved.

    Args:
        output_dir: The folder.
        is_needed: Whether a run would save any (`save_to_file`).
    """
    folder = _nearest_there_is(output_dir)
    # Not even root may write to a file system that is mounted read-only; os.access knows.
    if folder.is_dir() and os.access(str(folder), os.W_OK | os.X_OK):
        return Finding(OK, "output", f"can be written to {output_dir.absolute()}")
    remedy = "movies and pictures are saved below output_dir: give yourself the right to write there, or set another"
    return Finding(MISSING if is_needed else NOTE, "output", f"no permission to write to {folder}", remedy)


def _nearest_there_is(path: Path) -> Path:
    """Return the path, or its nearest parent that exists."""
    path = path.absolute()
    while not path.exists():
        path = path.parent
    return path


def read_text(path: Path) -> str:
    """Return the contents of a file of the kernel; "" if it cannot be read."""
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
