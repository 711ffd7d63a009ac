"""What the end of a graph tells of its masks or its segmentation: how many classes, at which size.

Followed from an output along first inputs, as all that lies between it and the last convolution only picks and resizes.
"""

from typing import Iterator, Optional, Set

from appliance.graph.read.frozen import Graph, Tensor


def mask_classes(graph: Graph, output: str) -> Optional[int]:
    """The classes for which the mask head gives a mask each; None where all share one, or nothing is recognised."""
    nodes = list(_back_to_convolution(graph, output))
    picks = any(graph.op(name) in ("Gather", "GatherV2") for name in nodes)
    return _filters(graph, nodes[-1]) if picks else None


def segmentation_classes(graph: Graph, output: str) -> Optional[int]:
    """The number of labels, the background included; None where it is not recognised."""
    return _filters(graph, list(_back_to_convolution(graph, output))[-1])


def segmentation_side(graph: Graph, output: str) -> Optional[int]:
    """The longest side of an image that the network takes (DeepLab's crop size); None where any size will do.

    It is what the logits are resized to before the most likely label is taken: a constant, for a graph of fixed size.
    """
    for name in _back_to_convolution(graph, output):
        if graph.op(name) == "ResizeBilinear":
            return _smaller_side(graph, graph.inputs[name][1])
    return None


def _back_to_convolution(graph: Graph, output: str) -> Iterator[str]:
    """The nodes from an output back to the convolution it is made of, or to where there is nothing before."""
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
    """A constant size, (height, width), or a constant shape it is sliced out of."""
    node = size.node
    if graph.op(node) == "StridedSlice":
        node = graph.inputs[node][0].node
    value = graph.constant(node)
    if value is None or value.size not in (2, 4):
        return None
    return int(min(value.ravel()[-3:-1] if value.size == 4 else value.ravel()))
