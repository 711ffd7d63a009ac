"""How a model lies on the disk: one folder each under `models_dir`, as the original project has it.

<models_dir>/<name>/frozen_inference_graph.pb    the graph; a folder unpacked by hand will do
                    splitlens.json               where it came from, its hashes (get and import write it)
                    labels.pbtxt                 labels of its own, if it has any
"""

import json
import logging
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Optional

log = logging.getLogger(__name__)

GRAPH_FILE = "frozen_inference_graph.pb"
RECORD_FILE = "splitlens.json"
LABELS_FILE = "labels.pbtxt"
LISTS_OF_NAMES = ("labels.txt", "labelmap.txt", "label_map.txt")


@dataclass(frozen=True)
class Record:
    """What was recorded when a model was installed (`splitlens.json`).

    Attributes:
        origin: Address, package, or the path it was imported from.
        installed_at: UTC.
        licence: None for an imported graph.
        graph_sha256: By which `get` recognises an unchanged graph.
    """

    origin: str
    installed_at: str
    licence: Optional[str]
    graph_sha256: str


def read_record(folder: Path) -> Optional[Record]:
    """Return the record in a model's folder; None where there is none or (logged) a damaged one."""
    try:
        noted = json.loads((folder / RECORD_FILE).read_text(encoding="utf-8"))
        return Record(**{field.name: noted[field.name] for field in fields(Record)})
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, KeyError) as error:
        log.warning("%s is damaged and not used: %s", folder / RECORD_FILE, error)
        return None
