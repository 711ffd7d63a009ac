"""Small frozen graphs as users make them: an SSD in the structure of the Object Detection API, with the suppression,
input and outputs of one's choice.

The weights are random and fixed: scores depend on the picture and are spread over 0 to 1, and mean nothing.
"""

import contextlib
from typing import Any, Dict, Iterator, List, NamedTuple

import numpy as np
import tensorflow as tf

from appliance.graph.read.frozen import Graph
from appliance.graph.read.graph_file import parse_graph
from appliance.graph.recognise.family import DETECTION_OUTPUTS

v1, raw = tf.compat.v1, tf.raw_ops

PER_CLASS, IN_ALL, IOU, LOWEST = 20, 30, np.float32(0.6), np.float32(1e-3)


class Own(NamedTuple):
    """What to build.

    size: of the network's input. anchors follow from it: 300 gives 1917, 600 gives 7326.
    input: "image", "image 1" (a batch of one), "float", "encoded" or "two".
    keep_aspect: resize to a shorter side of `size`, a longer one of at most twice that.
    suppression: "V1" to "V5" (of NonMaxSuppression, class by class), "combined" or "none".
    loops: a while loop over images around preprocessing and suppression, as the API has them; else one image.
    control_flow: 1 for Enter, Exit and TensorArrays, 2 for While with functions and TensorLists.
    lowered: with control_flow 2, turned into Enter and Exit around TensorLists, as TensorFlow 2 freezes a function.
    in_function: all of it in one function, called once.
    extras: raw_detection_boxes and detection_multiclass_scores too. counted: num_detections.
    """

    classes: int = 4
    size: int = 300
    input: str = "image"
    keep_aspect: bool = False
    suppression: str = "V3"
    loops: bool = True
    control_flow: int = 1
    lowered: bool = False
    in_function: bool = False
    extras: bool = False
    counted: bool = True


def build(own: Own) -> Graph:
    """The frozen graph."""
    if own.lowered:
        return _freeze_function(own)
    with _control_flow(own.control_flow), tf.Graph().as_default() as graph:
        feed, batch = _input(own)
        if own.in_function:
            function = tf.function(lambda images: _detect(own, images), autograph=False)
            found = function(batch)
        else:
            found = _detect(own, batch)
        for name, tensor in found.items():
            tf.identity(tensor, name)
        data = graph.as_graph_def().SerializeToString()
    return parse_graph(data, "own")


def _freeze_function(own: Own) -> Graph:
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    def detect(images: Any) -> Dict[str, Any]:
        return {name: tf.identity(tensor, name) for name, tensor in _detect(own, images).items()}

    with _control_flow(own.control_flow):
        shape = tf.TensorSpec([1, None, None, 3], tf.uint8, name="input_tensor")
        function = tf.function(detect, autograph=False).get_concrete_function(shape)
        frozen = convert_variables_to_constants_v2(function, lower_control_flow=True)
    return parse_graph(frozen.graph.as_graph_def().SerializeToString(), "own")


@contextlib.contextmanager
def _control_flow(version: int) -> Iterator[None]:
    before = v1.control_flow_v2_enabled()
    (v1.enable_control_flow_v2 if version == 2 else v1.disable_control_flow_v2)()
    try:
        yield
    finally:
        (v1.enable_control_flow_v2 if before else v1.disable_control_flow_v2)()


def _input(own: Own) -> Any:
    """The placeholder, and the batch of images that comes of it."""
    if own.input == "encoded":
        texts = v1.placeholder(tf.string, [None], "encoded_image_string_tensor")
        decode = lambda text: tf.image.decode_jpeg(text, channels=3)  # noqa: E731
        return texts, v1.map_fn(decode, texts, dtype=tf.uint8, parallel_iterations=32, back_prop=False)
    dtype = tf.float32 if own.input == "float" else tf.uint8
    first = 1 if own.input == "image 1" or not own.loops else None
    images = v1.placeholder(dtype, [first, None, None, 3], "image_tensor")
    if own.input == "two":
        return images, images + v1.placeholder(dtype, [], "brightness")
    return images, images


def _detect(own: Own, images: Any) -> Dict[str, Any]:
    resized, shapes = _preprocess(own, tf.cast(images, tf.float32))
    maps = _backbone(resized * np.float32(2 / 255) - 1, own)
    boxes, scores = _predict(maps, own)
    # The part of the network's input that the picture takes, in fractions: the API's clip window.
    height, width = tf.shape(resized)[1], tf.shape(resized)[2]
    sides = tf.cast(shapes[:, :2], tf.float32) / tf.cast(tf.stack([height, width]), tf.float32)
    windows = tf.concat([tf.zeros_like(sides), sides], 1)
    return _suppress(own, boxes, scores, windows)


def _preprocess(own: Own, images: Any) -> Any:
    """Resized images and the shape of each, float32 [n, height, width, 3] and int32 [n, 3]."""

    def resize(image: Any) -> Any:
        if own.keep_aspect:
            sides = tf.cast(tf.shape(image)[:2], tf.float32)
            scale = tf.minimum(own.size / tf.reduce_min(sides), 2 * own.size / tf.reduce_max(sides))
            target = tf.cast(tf.round(sides * scale), tf.int32)
        else:
            target = tf.constant([own.size, own.size])
        resized = v1.image.resize(tf.expand_dims(image, 0), target)
        resized = tf.squeeze(resized, [0])
        shape = tf.shape(resized) if own.keep_aspect else tf.constant([own.size, own.size, 3])
        return resized, shape

    if own.loops:
        types = (tf.float32, tf.int32)
        return v1.map_fn(resize, images, dtype=types, parallel_iterations=1, back_prop=False)
    resized, shape = resize(images[0])
    return resized[tf.newaxis], shape[tf.newaxis]


def _backbone(image: Any, own: Own) -> List[Any]:
    """Six feature maps: a sixteenth of the side, and half as much each (300: 19, 10, 5, 3, 2, 1)."""
    random = np.random.RandomState(own.size)
    maps, channels, found = image, 3, []
    for level in range(9):
        kernel = random.normal(0, 1.6 / np.sqrt(9 * channels), (3, 3, channels, 8)).astype(np.float32)
        maps, channels = tf.nn.relu6(tf.nn.conv2d(maps, kernel, [1, 2, 2, 1], "SAME")), 8
        if level >= 3:
            found.append(maps)
    return found


def _predict(maps: List[Any], own: Own) -> Any:
    """Decoded boxes [n, anchors, 1, 4] and scores [n, anchors, classes]."""
    random = np.random.RandomState(own.classes)
    all_codes, all_logits, centres = [], [], []
    for level, feature in enumerate(maps):
        a = 3 if level == 0 else 6
        predicted = []
        for width, gain, bias in ((4, 0.3, 0.0), (own.classes + 1, 3.0, -3.0)):
            kernel = random.normal(0, gain / np.sqrt(8), (1, 1, 8, a * width)).astype(np.float32)
            flat = tf.nn.conv2d(feature, kernel, [1, 1, 1, 1], "SAME") + np.float32(bias)
            predicted.append(tf.reshape(flat, tf.stack([tf.shape(feature)[0], -1, width])))
        all_codes.append(predicted[0])
        all_logits.append(predicted[1])
        # A grid of anchors as wide as two cells, `a` at each place.
        rows, columns = tf.shape(feature)[1], tf.shape(feature)[2]
        down = (tf.cast(tf.range(rows), tf.float32) + 0.5) / tf.cast(rows, tf.float32)
        across = (tf.cast(tf.range(columns), tf.float32) + 0.5) / tf.cast(columns, tf.float32)
        grid = tf.stack(tf.meshgrid(down, across, indexing="ij"), 2)
        side = tf.ones_like(grid) * 2 / tf.cast(rows, tf.float32)
        place = tf.reshape(tf.concat([grid, side], 2), [-1, 1, 4])
        centres.append(tf.reshape(tf.tile(place, [1, a, 1]), [-1, 4]))
    codes, anchors = tf.concat(all_codes, 1), tf.concat(centres, 0)
    middle = anchors[:, :2] + codes[:, :, :2] * anchors[:, 2:]
    half = tf.exp(codes[:, :, 2:]) * anchors[:, 2:] / 2
    boxes = tf.expand_dims(tf.concat([middle - half, middle + half], 2), 2)
    scores = tf.sigmoid(tf.concat(all_logits, 1))
    return boxes, scores[:, :, 1:]


def _suppress(own: Own, boxes: Any, scores: Any, windows: Any) -> Dict[str, Any]:
    if own.suppression == "combined":
        found = tf.image.combined_non_max_suppression(
            boxes, scores, PER_CLASS, IN_ALL, float(IOU), float(LOWEST), clip_boxes=True
        )
        kept, best, classes, count = found
        count = tf.cast(count, tf.float32)
    elif own.suppression == "none":
        kept, best = tf.squeeze(boxes, 2), tf.reduce_max(scores, 2)
        classes = tf.cast(tf.argmax(scores, 2), tf.float32)
        count = tf.cast(tf.reshape(tf.shape(best)[1], [1]), tf.float32)
    elif own.loops:
        types = (tf.float32, tf.float32, tf.float32, tf.float32)
        one = lambda given: _suppress_image(own, *given)  # noqa: E731
        found = v1.map_fn(one, (boxes, scores, windows), dtype=types, parallel_iterations=32, back_prop=False)
        kept, best, classes, count = found
    else:
        whole = tf.constant([[0, 0, 1, 1]], tf.float32)
        images = zip(tf.unstack(boxes, 1), tf.unstack(scores, 1), tf.unstack(whole, 1))
        found = [_suppress_image(own, *given) for given in images]
        kept, best, classes, count = (tf.stack(part) for part in zip(*found))
    outputs = dict(zip(DETECTION_OUTPUTS, (kept, best, classes + 1, count)))
    if not own.counted:
        del outputs["num_detections"]
    if own.extras:
        outputs["raw_detection_boxes"] = tf.squeeze(boxes, 2)
        outputs["raw_detection_scores"] = scores
    return outputs


def _suppress_image(own: Own, boxes: Any, scores: Any, window: Any) -> Any:
    """Class by class: clip, leave out what is empty or scores too low, suppress; then the best of all."""
    shared = tf.unstack(boxes, axis=1)
    all_boxes, all_scores, all_classes = [], [], []
    for index in range(own.classes):
        own_boxes = shared[min(index, len(shared) - 1)]
        own_scores = tf.reshape(tf.slice(scores, [0, index], tf.stack([tf.shape(scores)[0], 1])), [-1])
        y0, x0, y1, x1 = tf.split(own_boxes, 4, axis=1)
        top, left, bottom, right = tf.unstack(window)
        clipped = tf.concat(
            [
                tf.maximum(tf.minimum(y0, bottom), top),
                tf.maximum(tf.minimum(x0, right), left),
                tf.maximum(tf.minimum(y1, bottom), top),
                tf.maximum(tf.minimum(x1, right), left),
            ],
            1,
        )
        areas = tf.squeeze((clipped[:, 2:3] - clipped[:, 0:1]) * (clipped[:, 3:4] - clipped[:, 1:2]), [1])
        real = tf.cast(tf.reshape(tf.where(tf.greater(areas, 0)), [-1]), tf.int32)
        own_boxes, own_scores = tf.gather(clipped, real), tf.gather(own_scores, real)
        above = tf.cast(tf.reshape(tf.where(tf.greater(own_scores, LOWEST)), [-1]), tf.int32)
        own_boxes, own_scores = tf.gather(own_boxes, above), tf.gather(own_scores, above)
        kept = _suppress_class(own.suppression, own_boxes, own_scores)
        all_boxes.append(tf.gather(own_boxes, kept))
        all_scores.append(tf.gather(own_scores, kept))
        all_classes.append(tf.zeros_like(all_scores[-1]) + np.float32(index))
    found_boxes, found_scores = tf.concat(all_boxes, 0), tf.concat(all_scores, 0)
    count = tf.minimum(IN_ALL, tf.shape(found_scores)[0])
    best = tf.nn.top_k(found_scores, k=count, sorted=True).indices
    missing = IN_ALL - count
    return (
        tf.pad(tf.gather(found_boxes, best), [[0, missing], [0, 0]]),
        tf.pad(tf.gather(found_scores, best), [[0, missing]]),
        tf.pad(tf.gather(tf.concat(all_classes, 0), best), [[0, missing]]),
        tf.cast(count, tf.float32),
    )


def _suppress_class(version: str, boxes: Any, scores: Any) -> Any:
    most = tf.minimum(PER_CLASS, tf.shape(boxes)[0])
    given = {"boxes": boxes, "scores": scores, "max_output_size": most}
    if version == "V1":
        return raw.NonMaxSuppression(iou_threshold=float(IOU), **given)
    given["iou_threshold"] = IOU
    if version == "V2":
        return raw.NonMaxSuppressionV2(**given)
    given["score_threshold"] = np.float32(-np.inf)
    if version == "V3":
        return raw.NonMaxSuppressionV3(**given)
    if version == "V4":
        return raw.NonMaxSuppressionV4(pad_to_max_output_size=False, **given).selected_indices
    return raw.NonMaxSuppressionV5(soft_nms_sigma=np.float32(0), **given).selected_indices
