"""The description of an engine. Every command imports this, so nothing heavy is imported here."""

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
    """Something that an engine needs is not installed.

    If the engine was chosen by `auto`, the next one is used without a message.
    """


@dataclasses.dataclass(frozen=True)
class EngineOptions:
    """How an engine is to run; the fields are the settings of the same names.

    Attributes:
        worker_threads: Number of threads that call the engine at once; 0 for the best number here.
        batch: Largest number of images per call; 0 for the best number here.
        precision: FP32, FP16 or INT8.
        calibration_images: Folder of images, for INT8.
        cache: Folder of built engines.
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
    """The front of the fast path, for an engine to run.

    Attributes:
        graph: Takes BGR images of any size and resizes them itself.
        image: Its only input, uint8 [n, height, width, 3].
        outputs: The outputs that the suppression needs.
        suppression: The suppression that follows the front.
        is_single_stage: Whether it is one network from the resized image to the scores. Every engine may run it then.
    """

    graph: "Graph"
    image: "Tensor"
    outputs: "Sequence[Tensor]"
    suppression: "Suppression"
    is_single_stage: bool


@dataclasses.dataclass(frozen=True)
class Part:
    """A graph, or one of two parts of it, to be run by the graph's own operations.

    Attributes:
        graph: The graph to run.
        feeds: Its inputs, in the order in which `run` takes them.
        fetches: Its outputs, in the order in which `run` returns them.
        is_whole: Whether it is a whole graph; one frame then uses all cores.
        is_back: Whether it is a back; it then stays off the GPU, and one thread calls it.
    """

    graph: "Graph"
    feeds: "Sequence[Tensor]"
    fetches: "Sequence[Tensor]"
    is_whole: bool = False
    is_back: bool = False


@dataclasses.dataclass(frozen=True)
class TuneFacts:
    """What `tune` tries with an engine.

    Attributes:
        is_tried: Whether it is tried wherever it is installed; otherwise only on request.
        on_gpu: Whether its network runs on an NVIDIA GPU if there is one. On the processor every core is a worker.
        batches: Whether it can run several images per call on such a GPU.
        has_xla: Whether XLA can compile its graph for such a GPU.
        is_slow_to_load: Whether it may take minutes to load.
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
        is_measured: Whether it is measured wherever it is installed; otherwise only on request.
        is_built_first: Whether the first start builds what later starts load. That first start is not measured.
        first_detection_s: Limit for the time to the first detection, in seconds; None for no limit.
        memory_mb: Limit for the memory, in MB; None for no limit.
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
        build_front: Builds an engine for the front of the fast path. Raises ModelError with the reason and the remedy,
            NotInstalledError if something is missing, ConfigError if the settings do not fit.
        build_part: The same for graphs as they are; None if the engine cannot run them.
        has_gpu: Returns whether its library can use an NVIDIA GPU here; loads the library.
        suits: Returns whether `auto` may choose it on a machine.
        objection: Returns why `auto` does not choose it for a front even so, as half a sentence; "" if it does.
        version: Module and attribute that hold the library's version. Read only if the module is loaded.
        check: Returns the finding for `doctor`. None, or a result of None, if there is nothing to report on this
            machine.
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
