"""Build TensorFlow engines: the number of threads and images for this machine and graph."""

import dataclasses
import logging

from appliance.core.errors import GpuMemoryError, ModelError
from appliance.core.hardware import available_cores, is_x86
from appliance.engines.base import Engine
from appliance.engines.description import EngineOptions, Front, Part
from appliance.engines.tensorflow.engine import TensorFlowEngine, TensorFlowOptions, gpu_names
from appliance.graph.read.backtrace import NotRecognisedError
from appliance.graph.read.frozen import Graph
from appliance.graph.rewrite.backbone import take_network
from appliance.graph.rewrite.fold import fold_batch_norms

log = logging.getLogger(__name__)

GPU_WORKERS = 2
"""Number of threads that keep a GPU busy. Measured, like the two below: docs/performance.md."""
GPU_BATCH, GPU_BATCH_WORKERS = 32, 8
"""Batch size on a PC's GPU, and the number of threads that fill the batches."""


def session_options(options: EngineOptions, workers: int) -> TensorFlowOptions:
    """Return the session's options for these settings and this number of calling threads."""
    return TensorFlowOptions(
        workers=workers,
        allow_memory_growth=options.allow_memory_growth,
        force_gpu_compatible=options.force_gpu_compatible,
        log_device=options.log_device,
        xla=options.xla,
    )


def build_front(front: Front, options: EngineOptions) -> Engine:
    """Build an engine for a front that resizes its BGR image itself. Raises ModelError if TensorFlow refuses it."""
    on_gpu = bool(gpu_names())
    workers = options.worker_threads or (GPU_WORKERS if on_gpu else available_cores())
    session = dataclasses.replace(session_options(options, workers), fold_constants=True)
    graph, batch = front.graph, 1
    if front.is_single_stage:
        # In the hundred layers of a Faster R-CNN rounding errors add up to more than 1e-4.
        graph = fold_batch_norms(graph, front.outputs)
        batch = options.batch or (GPU_BATCH if on_gpu and is_x86() else 1)
    engine = _build(graph, front, session, batch)
    engine.workers = workers
    if on_gpu and engine.batch > 1 and not options.worker_threads:
        engine.workers = min(GPU_BATCH_WORKERS, available_cores())
    return engine


def _build(graph: Graph, front: Front, session: TensorFlowOptions, batch: int) -> Engine:
    """Build an engine with as many images per call as the graph and the GPU's memory allow."""
    while batch > 1:
        from appliance.engines.tensorflow.batches import BatchEngine

        try:
            network = take_network(graph, front.image.node, front.outputs)
            return BatchEngine(network, front.suppression, session, batch)
        except GpuMemoryError as error:
            batch //= 2
            log.info("%d images at a time: the GPU's memory does not hold more (%s)", batch, error)
        except (NotRecognisedError, ModelError) as error:
            log.info("One image at a time: the graph does not take several (%s)", error)
            break
    return TensorFlowEngine(graph, [front.image], front.outputs, session)


def build_part(part: Part, options: EngineOptions) -> Engine:
    """Build an engine for a graph, or a part of one, as it is. Raises ModelError if TensorFlow refuses it."""
    if part.is_back:
        return TensorFlowEngine(part.graph, part.feeds, part.fetches, session_options(options, 1), on_cpu=True)
    workers = options.worker_threads or (GPU_WORKERS if gpu_names() else available_cores())
    if part.is_whole and not options.worker_threads:
        workers = 1
    alone = part.is_whole and workers == 1  # TensorFlow's own threads then share the cores
    engine = TensorFlowEngine(part.graph, part.feeds, part.fetches, session_options(options, 0 if alone else workers))
    engine.workers = workers
    return engine
