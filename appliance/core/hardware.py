"""What several parts ask of the machine."""

import dataclasses
import os
import platform
from pathlib import Path

GPU_DEVICES = ("nvidia[0-9]*", "nvhost-gpu", "nvgpu", "dxg")
"""In /dev: what an NVIDIA GPU is reached by, on a PC, a Jetson, and in WSL. A container may have the driver without."""


@dataclasses.dataclass(frozen=True)
class Machine:
    """What an engine is chosen by.

    Attributes:
        is_x86: Whether this is a PC's processor: fast beside any GPU.
        has_nvidia_gpu: Whether an NVIDIA GPU can be reached.
        is_jetson: Whether it is a board of NVIDIA's, as far as somebody looked.
    """

    is_x86: bool
    has_nvidia_gpu: bool
    is_jetson: bool = False


def this_machine() -> Machine:
    """The machine that this runs on; which board it is, is not looked for."""
    return Machine(is_x86(), has_nvidia_gpu())


def is_x86() -> bool:
    """Whether this is a PC's processor."""
    return platform.machine() in ("x86_64", "AMD64")


def has_nvidia_gpu(root: Path = Path("/")) -> bool:
    """Whether an NVIDIA GPU can be reached. root: another folder that stands for "/"."""
    return any(any((root / "dev").glob(pattern)) for pattern in GPU_DEVICES)


def available_cores() -> int:
    """The processor cores that this process may use."""
    return len(os.sched_getaffinity(0))
