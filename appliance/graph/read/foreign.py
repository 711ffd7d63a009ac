"""Recognise files that people mistake for a frozen graph, by their first bytes, and say what to do with them."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Optional, Tuple

from appliance.core.names import PROGRAM

HOW_TO_FREEZE = 'docs/models.md, "Your own graph", shows how'
EXPORT = "The API's export_inference_graph.py makes a frozen graph of a trained model: frozen_inference_graph.pb."
_FREEZE = "Freeze the TensorFlow model that it was made of: " + HOW_TO_FREEZE + "."
_FETCH = "Fetch the file again."


@dataclass(frozen=True)
class Foreign:
    """A file format that is not a frozen graph.

    Attributes:
        what: Its name, with an article.
        remedy: What to do instead, a sentence.
    """

    what: str
    remedy: str


_SAVED_MODEL = Foreign(
    "a SavedModel",
    "Beside it may lie frozen_inference_graph.pb, which the API of TensorFlow 1 exports too; else "
    "freeze it: " + HOW_TO_FREEZE + ".",
)
_CHECKPOINT = Foreign("a checkpoint", EXPORT)
_KERAS = Foreign("a Keras model", _FREEZE)
_TORCH = Foreign("a PyTorch model", "Only models of TensorFlow's Object Detection API and DeepLab can be run.")
_ARCHIVE = Foreign("an archive", f"`{PROGRAM} models import FILE` takes the model zoo's .tar.gz; unpack others first.")
_ONNX = Foreign("an ONNX model", _FREEZE)
_LITE = Foreign("a TensorFlow Lite model", _FREEZE)

_BY_CONTENT: Tuple[Tuple[bytes, Foreign], ...] = (
    (
        rb"\s*(#[^\n]*\n\s*)*(node|library|versions)\s*\{",
        Foreign("a graph written as text", "Write it in binary: tf.io.write_graph(…, as_text=False). " + EXPORT),
    ),
    (rb"\s*(#[^\n]*\n\s*)*model\s*\{", Foreign("the configuration of a training (pipeline.config)", EXPORT)),
    (rb"\s*(#[^\n]*\n\s*)*(saved_model_schema_version|meta_graphs)", _SAVED_MODEL),
    (rb"\x08\x01\x12", _SAVED_MODEL),
    (rb"model_checkpoint_path", _CHECKPOINT),
    (rb"\x89HDF", _KERAS),
    (rb"[^\n]...TFL3", _LITE),
    (rb"\x08[\x02-\x14][\x12\x3a\x42]", _ONNX),
    (rb"PK\x03\x04.{26}(archive|[\w.-]{1,60})/(data\.pkl|byteorder|\.format_version)", _TORCH),
    (rb"PK\x03\x04.{26}(metadata|config)\.json", _KERAS),
    (rb"\x80[\x02-\x05](\x8a\x0a\x6c\xfc|c|\x95|\})", _TORCH),
    (rb"\x1f\x8b|PK\x03\x04|BZh|\xfd7zXZ|7z\xbc\xaf|Rar!|(.{257}ustar)", _ARCHIVE),
    (
        rb"version https://git-lfs",
        Foreign("the note that Git LFS leaves in place of a file", "`git lfs pull` fetches it."),
    ),
    (
        rb"(?i)\s*(<!--.{0,500}-->\s*)?<(!doctype|html|head|body)",
        Foreign("a page of the web, such as a server sends in place of a file", _FETCH),
    ),
    (rb"\s*<\?xml|\s*<net\b", Foreign("an XML file, such as OpenVINO's models", _FREEZE)),
    (
        rb"\s*\{\s*\"(format|modelTopology|generatedBy|weightsManifest|class_name)\"",
        Foreign("JSON, such as a model of TensorFlow.js", _FREEZE),
    ),
    (rb"ftrt|ptrt", Foreign("an engine of TensorRT", "Import the graph; its engine is built here.")),
    (rb"\xff\xd8\xff|\x89PNG|GIF8", Foreign("a picture", EXPORT)),
)
_PATTERNS = tuple((re.compile(mark, re.DOTALL), foreign) for mark, foreign in _BY_CONTENT)

_BY_NAME = (
    (re.compile(r"\.onnx$"), _ONNX),
    (re.compile(r"\.tflite$"), _LITE),
    (re.compile(r"\.(h5|hdf5|keras)$"), _KERAS),
    (re.compile(r"\.(pt|pth|torchscript|safetensors)$"), _TORCH),
    (re.compile(r"(^|\.)ckpt\b|\.(index|meta|data-\d+-of-\d+)$|^checkpoint$"), _CHECKPOINT),
    (re.compile(r"\.(pbtxt|config)$"), Foreign("a text, not the binary form of a graph", EXPORT)),
    (re.compile(r"\.(zip|tar|tar\.(gz|bz2|xz)|tgz|7z|rar)$"), _ARCHIVE),
    (
        re.compile(r"\.(engine|plan|trt)$"),
        Foreign("an engine of TensorRT", "Import the graph; its engine is built here."),
    ),
    (re.compile(r"\.(xml|bin)$"), Foreign("a model of OpenVINO", _FREEZE)),
    (re.compile(r"\.(weights|cfg|names)$"), Foreign("a model of Darknet", _TORCH.remedy)),
)


def foreign_data(data: bytes) -> Optional[Foreign]:
    """Return what a file is, judged by its first bytes; None if it may be a frozen graph."""
    head = data[:1024]
    return next((foreign for pattern, foreign in _PATTERNS if pattern.match(head)), None)


def foreign_file(path: Path) -> Optional[Foreign]:
    """Return what a file whose name does not end in .pb is, by its first bytes, else by its name."""
    if not path.is_file():
        return Foreign("no file at all", EXPORT)
    try:
        with path.open("rb") as file:
            found = foreign_data(file.read(1024))
    except OSError:
        return None
    return found or next((foreign for pattern, foreign in _BY_NAME if pattern.search(path.name.lower())), None)


def foreign_folder(folder: Path) -> Optional[Foreign]:
    """Return what a folder without a frozen graph contains instead, if it is a known format."""
    names = sorted(path.name for path in folder.iterdir())
    if "saved_model.pb" in names or "saved_model.pbtxt" in names:
        return _SAVED_MODEL
    if "model.json" in names:
        return Foreign("a model of TensorFlow.js", _FREEZE)
    found = (foreign for name in names for pattern, foreign in _BY_NAME if pattern.search(name.lower()))
    return next((foreign for foreign in found if foreign in (_CHECKPOINT, _KERAS, _LITE, _ONNX, _TORCH)), None)
