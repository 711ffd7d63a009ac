"""What is put before a network, and behind it, where several images go through it together."""

import numpy as np
import pytest

pytest.importorskip("tensorflow")

from appliance.engines.candidates import pick
from appliance.engines.resize import Resizer
from appliance.engines.tensorflow.batches import sizes_up_to
from appliance.engines.tensorflow.engine import TensorFlowEngine, TensorFlowOptions
from appliance.graph.read.frozen import DT_FLOAT, Graph, Tensor, make_node, make_placeholder, type_attribute
from appliance.graph.read.proto import GraphDef
from appliance.graph.recognise.score_selection import with_score_selection
from appliance.graph.recognise.suppression import Suppression
from appliance.graph.rewrite.backbone import Network, with_batches


@pytest.mark.parametrize("batch, sizes", [(1, (1,)), (2, (1, 2)), (4, (1, 4)), (16, (1, 4, 16)), (20, (1, 4, 16, 20))])
def test_arrays_hold_a_few_numbers_of_images(batch, sizes):
    assert sizes_up_to(batch) == sizes


SETTINGS = Suppression(
    boxes=1,
    scores=0,
    window=None,
    classes=3,
    class_offset=1,
    iou_threshold=0.6,
    score_threshold=1e-8,
    per_class=100,
    in_all=100,
    clip="never",
    valid=None,
    rescale=False,
)


@pytest.mark.parametrize("align_corners, half_pixel_centers", [(False, False), (True, False), (False, True)])
@pytest.mark.parametrize(
    "width, height", [(1280, 720), (1920, 1080), (544, 288), (160, 120), (300, 200), (301, 199), (2, 2), (1, 1)]
)
def test_images_are_resized_as_the_graph_does_it(width, height, align_corners, half_pixel_centers):
    nodes = [
        make_placeholder("in", DT_FLOAT, [1, 200, 300, 3]),
        make_node("out", "Identity", ["in"], T=type_attribute(DT_FLOAT)),
    ]
    graph = Graph(GraphDef()).with_nodes(nodes)
    network = Network(graph, Tensor("in"), (Tensor("out"),), 300, 200, align_corners, half_pixel_centers)
    batches, images = with_batches(network)
    engine = TensorFlowEngine(batches, [images], network.outputs, TensorFlowOptions())
    pictures = np.random.RandomState(1).randint(0, 256, (2, height, width, 3)).astype(np.uint8)
    (found,) = engine.run(pictures)
    engine.close()
    resizer = Resizer(300, 200, align_corners, half_pixel_centers)
    resizer.can_warp = False
    for one, picture in zip(found, pictures):
        assert np.allclose(one, resizer.resize(picture)[0], rtol=0, atol=1e-3)


@pytest.mark.parametrize("threshold", [0.0, 0.4, 0.99, 1.0])
@pytest.mark.parametrize("own", [False, True])
def test_what_tensorflow_picks_is_what_the_host_picks(own, threshold):
    random = np.random.RandomState(1)
    scores = random.rand(4, 50, 3).astype(np.float32)
    boxes = random.rand(4, 50, 3 if own else 1, 4).astype(np.float32)
    feeds = [
        make_placeholder(name, DT_FLOAT, [-1] * array.ndim) for name, array in (("scores", scores), ("boxes", boxes))
    ]
    picking = with_score_selection(Graph(GraphDef()).with_nodes(feeds), Tensor("boxes"), Tensor("scores"), 3)
    engine = TensorFlowEngine(
        picking.graph,
        [Tensor("scores"), Tensor("boxes"), picking.threshold],
        [picking.positions, picking.scores, picking.own_boxes if own else picking.boxes],
        TensorFlowOptions(),
    )
    positions, found, places = engine.run(scores, boxes, np.float32(threshold))
    engine.close()
    expected = pick([scores, boxes], 4, SETTINGS, threshold)
    assert expected.anchors == 50
    assert np.array_equal(positions[:, 0], expected.positions)
    assert np.array_equal(found, expected.scores)
    assert np.array_equal(places, expected.boxes)
