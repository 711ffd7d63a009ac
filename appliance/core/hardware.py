"""Facts about the machine that several parts need."""

import dataclasses
import os
import platform
from pathlib import Path

GPU_DEVICES = ("nvidia[0-9]*", "nvhost-gpu", "nvgpu", "dxg")
"""Device files in /dev of an NVIDIA GPU on a PC, a Jetson, and in WSL. A container may have the driver without them."""


@dataclasses.dataclass(frozen=True)
class Machine:
    """The facts by which an engine is chosen.

    Attributes:
        is_x86: Whether this is a PC's processor, fast enough to keep up with any GPU.
        has_nvidia_gpu: Whether an NVIDIA GPU is accessible.
        is_jetson: Whether it is an NVIDIA Jetson board; False if the board was not determined.
    """

    is_x86: bool
    has_nvidia_gpu: bool
    is_jetson: bool = False


def this_machine() -> Machine:
    """Return the machine that this process runs on, without determining the board."""
    return Machine(is_x86(), has_nvidia_gpu())


def is_x86() -> bool:
    """Return whether this is a PC's processor."""
    return platform.machine() in ("x86_64", "AMD64")


def has_nvidia_gpu(root: Path = Path("/")) -> bool:
    """Return whether an NVIDIA GPU is accessible. root: a folder to use in place of "/"."""
    return any(any((root / "dev").glob(pattern)) for pattern in GPU_DEVICES)


def available_cores() -> int:
    """Return the number of processor cores that this process may use."""
    return len(os.sched_getaffinity(0))
