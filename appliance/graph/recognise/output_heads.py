"""What the end of a graph says about its masks or its segmentation: number of classes, and size.

Followed back from an output along first inputs: everything between it and the last convolution selects or resizes.
"""

from typing import Iterator, Optional, Set

from appliance.graph.read.frozen import Graph, Tensor


def mask_classes(graph: Graph, output: str) -> Optional[int]:
    """Return for how many classes the mask head has a mask each; None if all share one, or if not recognised."""
    nodes = list(_back_to_convolution(graph, output))
    picks = any(graph.op(name) in ("Gather", "GatherV2") for name in nodes)
    return _filters(graph, nodes[-1]) if picks else None


def segmentation_classes(graph: Graph, output: str) -> Optional[int]:
    """Return the number of labels, including the background; None if not recognised."""
    return _filters(graph, list(_back_to_convolution(graph, output))[-1])


def segmentation_side(graph: Graph, output: str) -> Optional[int]:
    """Return the longest side, in pixels, of an image that the network takes (DeepLab's crop size); None for any size.

    It is the size to which the logits are resized before the argmax, a constant in a graph of fixed size.
    """
    for name in _back_to_convolution(graph, output):
        if graph.op(name) == "ResizeBilinear":
            return _smaller_side(graph, graph.inputs[name][1])
    return None


def _back_to_convolution(graph: Graph, output: str) -> Iterator[str]:
    """Return the nodes from an output back to the convolution that produces it, or to the first node."""
    name = output
    seen: Set[str] = set()
    while name not in seen:
        seen.add(name)
        yield name
        inputs = graph.data_inputs(name)
        if graph.op(name) == "Conv2D" or not inputs:
            return
        name = inputs[0].node


def _filters(graph: Graph, name: str) -> Optional[int]:
    if graph.op(name) != "Conv2D":
        return None
    kernel = graph.constant(graph.inputs[name][1].node)
    return None if kernel is None else int(kernel.shape[-1])


def _smaller_side(graph: Graph, size: Tensor) -> Optional[int]:
    """Return the smaller side of a constant size (height, width), or of a constant shape it is sliced from."""
    node = size.node
    if graph.op(node) == "StridedSlice":
        node = graph.inputs[node][0].node
    value = graph.constant(node)
    if value is None or value.size not in (2, 4):
        return None
    return int(min(value.ravel()[-3:-1] if value.size == 4 else value.ravel()))
