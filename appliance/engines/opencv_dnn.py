"""OpenCV's DNN module: runs the networks of SSD models on PCs that have no faster engine. Used on request only.

OpenCV's importer does not support operations on shapes and anchors. So OpenCV computes the convolutions, and TensorFlow
the few small operations after them. The outputs are compared with TensorFlow's when the engine is built, as importers
can be wrong without an error.
"""

import logging
import threading
from typing import TYPE_CHECKING, Dict, List, Optional, Tuple

from appliance.core import findings
from appliance.core.errors import ModelError
from appliance.core.findings import OK, Finding
from appliance.core.hardware import Machine
from appliance.engines.base import Engine
from appliance.engines.description import BenchFacts, EngineDescription, EngineOptions, Front, Part, TuneFacts
from appliance.engines.registry import build_part

if TYPE_CHECKING:
    import numpy as np

    from appliance.graph.read.frozen import Graph, Tensor
    from appliance.graph.rewrite.backbone import Network

log = logging.getLogger(__name__)

PROBE = """
import json, cv2
print(json.dumps({"version": cv2.__version__, "dnn": hasattr(cv2, "dnn")}))
"""
CONVOLUTIONS = ("Conv2D", "DepthwiseConv2dNative")
TOLERANCE = 1e-3
"""Largest difference between the network's outputs and TensorFlow's."""


class OpenCvEngine(Engine):
    """The network of an SSD front."""

    name = "opencv"

    def __init__(self, network: "Network", options: EngineOptions) -> None:
        """Split a network and load both parts. Raises ModelError if OpenCV cannot run it or returns wrong values."""
        import cv2
        import numpy as np

        from appliance.engines.resize import Resizer
        from appliance.graph.rewrite.split import keep

        self.workers = options.worker_threads or 1  # OpenCV uses all cores for a frame
        self._resizer = Resizer(network.width, network.height, network.align_corners, network.half_pixel_centers)
        self._nets = threading.local()
        noise = np.random.RandomState(1).uniform(0, 255, (1, network.height, network.width, 3)).astype(np.float32)
        values = _values(network, noise, options)
        graph = _simplified(network.graph, values)
        self._cut = _cut(graph, network)
        self._convolutions = np.frombuffer(keep(graph, self._cut).message.SerializeToString(), np.uint8)
        try:
            heads = self._convolve(noise)
        except cv2.error as error:
            reason = str(error).strip().splitlines()[-1][:300]
            raise ModelError(
                f"OpenCV {cv2.__version__} cannot take this model ({reason}). Take --engine tensorflow."
            ) from error
        self._tail = build_part(_tail(graph, self._cut, heads, network.outputs), options)
        for tensor, found in zip(network.outputs, self._tail.run(*heads)):
            if not np.allclose(found, values[tensor], rtol=TOLERANCE, atol=TOLERANCE):
                self.close()
                raise ModelError(
                    f"OpenCV {cv2.__version__} computes this model wrongly: {tensor} differs from TensorFlow's by up to"
                    f" {np.abs(found - values[tensor]).max():.2g}. Take --engine tensorflow."
                )
        log.debug("Engine: OpenCV %s, on the CPU", cv2.__version__)

    def run(self, *feeds: "np.ndarray") -> "List[np.ndarray]":
        return self._tail.run(*self._convolve(self._resizer.resize(feeds[0][0])))

    def _convolve(self, resized: "np.ndarray") -> "List[np.ndarray]":
        """Return the convolutions' outputs, channels last, for an image float32 [1, height, width, 3].

        Any thread may call this.
        """
        import cv2
        import numpy as np

        net = getattr(self._nets, "net", None)
        if net is None:  # a net serves one thread only
            net = self._nets.net = cv2.dnn.readNetFromTensorflow(self._convolutions)
        net.setInput(np.ascontiguousarray(resized.transpose(0, 3, 1, 2)))
        return [np.ascontiguousarray(head.transpose(0, 2, 3, 1)) for head in net.forward(self._cut)]

    def close(self) -> None:
        self._tail.close()
        self._nets = threading.local()


def _values(network: "Network", image: "np.ndarray", options: EngineOptions) -> "Dict[Tensor, np.ndarray]":
    """Return TensorFlow's values for an image: the outputs, all shapes, and the inputs of each convolution."""
    from appliance.graph.read.frozen import Tensor

    graph = network.graph
    wanted = list(network.outputs)
    wanted += [Tensor(name) for name in graph.nodes if graph.op(name) == "Shape"]
    wanted += [graph.inputs[name][0] for name in graph.nodes if graph.op(name) in CONVOLUTIONS]
    wanted = list(dict.fromkeys(wanted))
    engine = build_part(Part(graph, [network.input], wanted, is_whole=True), options)
    try:
        return dict(zip(wanted, engine.run(image)))
    finally:
        engine.close()


def _simplified(graph: "Graph", values: "Dict[Tensor, np.ndarray]") -> "Graph":
    """Return the graph with constants for all shapes, and with 1x1 kernels for convolutions over a single pixel.

    OpenCV 5.0 computes 3x3 depthwise convolutions over a single pixel incorrectly.
    """
    from appliance.graph.read.frozen import Tensor, make_const

    nodes = []
    for name, node in graph.nodes.items():
        if graph.op(name) == "Shape":
            node = make_const(name, values[Tensor(name)])
        elif graph.op(name) in CONVOLUTIONS and node.attr["padding"].s == b"SAME":
            kernel = graph.constant(graph.inputs[name][1].node)
            if kernel is not None and values[graph.inputs[name][0]].shape[1:3] == (1, 1):
                row, column = (kernel.shape[0] - 1) // 2, (kernel.shape[1] - 1) // 2
                middle = make_const(name + "/middle", kernel[row : row + 1, column : column + 1])
                nodes.append(middle)
                copy = type(node).FromString(node.SerializeToString())
                copy.input[1] = middle.name
                node = copy
        nodes.append(node)
    return graph.with_nodes(nodes)


def _cut(graph: "Graph", network: "Network") -> List[str]:
    """Return the last convolutions: used nodes that depend on the image and lead to no further convolution."""
    moving = graph.descendants([network.input.node])
    needed = graph.ancestors([tensor.node for tensor in network.outputs])
    before = graph.ancestors([name for name in needed & moving if graph.op(name) in CONVOLUTIONS])
    behind = [name for name in needed if name not in before]
    return sorted({tensor.node for name in behind for tensor in graph.data_inputs(name)} & before & moving)


def _tail(graph: "Graph", cut: List[str], heads: "List[np.ndarray]", outputs: "Tuple[Tensor, ...]") -> Part:
    """Return the operations after the convolutions, which compute the network's outputs."""
    from appliance.graph.read.frozen import DT_FLOAT, Tensor, make_placeholder
    from appliance.graph.rewrite.split import keep

    inputs = {name: make_placeholder(name, DT_FLOAT, list(head.shape)) for name, head in zip(cut, heads)}
    tail = graph.with_nodes([inputs.get(name, node) for name, node in graph.nodes.items()])
    kept = keep(tail, [tensor.node for tensor in outputs])
    return Part(kept, [Tensor(name) for name in cut], outputs, is_back=True)


def _build_front(front: Front, options: EngineOptions) -> Engine:
    from appliance.graph.read.backtrace import NotRecognisedError
    from appliance.graph.rewrite.backbone import take_network
    from appliance.graph.rewrite.fold import fold_batch_norms

    if any(node.op.startswith("FakeQuant") for node in front.graph.nodes.values()):
        raise ModelError(
            "OpenCV cannot run this model: its graph is quantized, and OpenCV's importer knows no FakeQuant operation."
            " Take --engine tensorflow."
        )
    try:
        network = take_network(fold_batch_norms(front.graph, front.outputs), front.image.node, front.outputs)
    except NotRecognisedError as error:
        raise ModelError(f"OpenCV cannot run this model: {error}. Take --engine tensorflow.") from error
    return OpenCvEngine(network, options)


def _check(machine: Machine) -> Optional[Finding]:
    facts = findings.probe(PROBE).facts if machine.is_x86 else None
    if facts is None or not facts["dnn"]:
        return None
    return Finding(OK, "OpenCV DNN", f"{facts['version']}; SSD models run on it where `engine: opencv` asks for it")


ENGINE = EngineDescription(
    name="opencv",
    title="OpenCV",
    module="cv2",
    note="opencv runs SSD models without anything else than OpenCV and TensorFlow, slowly",
    precisions=("FP32",),
    build_front=_build_front,
    version=("cv2", "__version__"),
    check=_check,
    tune=TuneFacts(is_tried=False),
    bench=BenchFacts(is_measured=False),
)
