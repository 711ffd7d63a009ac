"""What several parts ask of the machine."""

from pathlib import Path

GPU_DEVICES = ("nvidia[0-9]*", "nvhost-gpu", "nvgpu", "dxg")
"""In /dev: what an NVIDIA GPU is reached by, on a PC, a Jetson, and in WSL. A container may have the driver without."""


def has_nvidia_gpu(root: Path = Path("/")) -> bool:
    """Whether an NVIDIA GPU can be reached. root: another folder that stands for "/"."""
    return any(any((root / "dev").glob(pattern)) for pattern in GPU_DEVICES)
