"""Small private JSON files that are either the old one or the new one, whatever happens meanwhile."""

import json
import os
import secrets
from pathlib import Path
from typing import Any


def write_private(path: Path, content: Any) -> None:
    """Replace the file. Only its owner can read it. Raises OSError."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    beside = path.with_name("{}.{}".format(path.name, secrets.token_hex(4)))
    descriptor = os.open(str(beside), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(content, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        os.replace(str(beside), str(path))
    except BaseException:
        os.unlink(str(beside))
        raise


def read_json(path: Path) -> Any:
    """Raises OSError, and ValueError where it is no JSON."""
    with path.open(encoding="utf-8") as file:
        return json.load(file)
