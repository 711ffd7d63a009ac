"""What an engine says of itself. Imported by every command, so nothing heavy is imported here."""

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Callable, Optional, Sequence, Tuple

from appliance.core.engine_facts import EngineFacts
from appliance.core.errors import ModelError
from appliance.core.findings import Finding
from appliance.core.hardware import Machine

if TYPE_CHECKING:
    from appliance.engines.base import Engine
    from appliance.graph.read.frozen import Graph, Tensor
    from appliance.graph.recognise.suppression import Suppression


class NotInstalledError(ModelError):
    """What an engine needs is not on this machine. Where it was not asked for, the next one is taken without a word."""


@dataclasses.dataclass(frozen=True)
class EngineOptions:
    """How an engine is to run; the fields are the settings of the same names.

    Attributes:
        worker_threads: Threads that call the engine at once; 0: as many as are good for it here.
        batch: Images that it gets together at most; 0: as many as are good for it here.
        precision: FP32, FP16 or INT8.
        calibration_images: Folder of pictures, for INT8.
        cache: Folder where what takes long to build is kept.
    """

    worker_threads: int = 0
    batch: int = 0
    precision: str = "FP32"
    calibration_images: Optional[str] = None
    cache: Path = Path("models/.engines")
    allow_memory_growth: bool = True
    force_gpu_compatible: bool = False
    log_device: bool = False
    xla: bool = False


@dataclasses.dataclass(frozen=True)
class Front:
    """The front of a fast path, for an engine to run.

    Attributes:
        graph: Takes BGR images of any size, and resizes them itself.
        image: Its only input, uint8 [n, height, width, 3].
        outputs: What the suppression behind it takes.
        suppression: What is behind it.
        is_single_stage: Whether it is one network from the resized image to the scores: then every engine may run it.
    """

    graph: "Graph"
    image: "Tensor"
    outputs: "Sequence[Tensor]"
    suppression: "Suppression"
    is_single_stage: bool


@dataclasses.dataclass(frozen=True)
class Part:
    """A graph, or one of two parts of it, to be run with the graph's own operations.

    Attributes:
        graph: What to run.
        feeds: Its inputs, in the order in which `run` takes them.
        fetches: Its outputs, in the order in which `run` gives them.
        is_whole: Whether it is all of a graph: one frame takes all cores then.
        is_back: Whether it is a back: it stays off the GPU, and one thread calls it.
    """

    graph: "Graph"
    feeds: "Sequence[Tensor]"
    fetches: "Sequence[Tensor]"
    is_whole: bool = False
    is_back: bool = False


@dataclasses.dataclass(frozen=True)
class TuneFacts:
    """What `tune` tries of an engine.

    Attributes:
        is_tried: Whether it is tried where it is installed; else only where somebody asks for it.
        on_gpu: Whether its network runs on an NVIDIA GPU, where there is one. On the processor every core is a worker.
        batches: Whether it takes several images together on such a GPU.
        has_xla: Whether it can let XLA compile for such a GPU.
        is_slow_to_load: Whether it may take minutes to be ready.
    """

    is_tried: bool = True
    on_gpu: bool = False
    batches: bool = False
    has_xla: bool = False
    is_slow_to_load: bool = False


@dataclasses.dataclass(frozen=True)
class BenchFacts:
    """What `bench` measures of an engine.

    Attributes:
        is_measured: Whether it is measured where it is installed; else only where it is asked for.
        is_built_first: Whether the first start builds what later ones find: that one is not measured.
        first_detection_s, memory_mb: What its start may take at most; None where no bar was set.
    """

    is_measured: bool = True
    is_built_first: bool = True
    first_detection_s: Optional[float] = None
    memory_mb: Optional[float] = None


def _never(machine: Machine) -> bool:
    return False


def _has_none() -> bool:
    return False


def _build_nothing(front: Front, options: EngineOptions) -> "Engine":
    raise NotImplementedError


@dataclasses.dataclass(frozen=True)
class EngineDescription(EngineFacts):
    """An engine, as the registry finds it.

    Attributes:
        build_front: Makes it ready to run the front of a fast path. Raises ModelError with the reason and the remedy:
            NotInstalledError where something is missing, ConfigError where settings do not fit.
        build_part: The same for graphs as they are; None where it cannot.
        has_gpu: Whether its library can use an NVIDIA GPU here; loads it.
        suits: Whether `auto` may take it on a machine.
        objection: Why `auto` does not take it for a front all the same, as half a sentence; "" where it does.
        version: Where its library says its version: module and attribute. Only asked where the module is loaded.
        check: What `doctor` finds; None, or an answer of None, where it has nothing to say on this machine.
        tune: What `tune` tries.
        bench: What `bench` measures.
    """

    build_front: "Callable[[Front, EngineOptions], Engine]" = _build_nothing
    build_part: "Optional[Callable[[Part, EngineOptions], Engine]]" = None
    has_gpu: Callable[[], bool] = _has_none
    suits: Callable[[Machine], bool] = _never
    objection: "Optional[Callable[[Graph], str]]" = None
    version: Tuple[str, str] = ("", "")
    check: Optional[Callable[[Machine], Optional[Finding]]] = None
    tune: TuneFacts = TuneFacts()
    bench: BenchFacts = BenchFacts()
