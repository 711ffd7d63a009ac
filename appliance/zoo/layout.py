"""How a model lies on the disk: one folder each under `models_dir`, as the original project has it.

<models_dir>/<name>/frozen_inference_graph.pb    the graph; a folder unpacked by hand will do
                    splitlens.json               where it came from, its hashes (get and import write it)
                    labels.pbtxt                 labels of its own, if it has any
"""

import json
import logging
from pathlib import Path
from typing import NamedTuple, Optional

_log = logging.getLogger(__name__)

GRAPH_FILE = "frozen_inference_graph.pb"
RECORD_FILE = "splitlens.json"
LABELS_FILE = "labels.pbtxt"


class Record(NamedTuple):
    """What was noted when a model was installed (`splitlens.json`).

    origin: address, package, or the path it was imported from. labels: coco, pascal, or a file beside it.
    archive_*: of the archive or package it was taken from ("sha384:..."); None for an imported graph.
    installed_at: UTC.
    """

    origin: str
    installed_at: str
    licence: Optional[str]
    labels: Optional[str]
    graph_bytes: int
    graph_sha256: str
    archive_bytes: Optional[int] = None
    archive_hash: Optional[str] = None


def read_record(folder: Path) -> Optional[Record]:
    """The record in a model's folder; None where there is none, or (logged) a damaged one."""
    try:
        return Record(**json.loads((folder / RECORD_FILE).read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError) as error:
        _log.warning("%s is damaged and not used: %s", folder / RECORD_FILE, error)
        return None
