"""The key that signs cookies, in a file."""

import logging
import re
import secrets
from pathlib import Path

from appliance.core.files import keep_damaged, read_json, write_json

_SECRET = re.compile(r"[0-9a-f]{64}")

log = logging.getLogger(__name__)


def read_secret_key(path: Path) -> bytes:
    """Return the key that signs cookies; make a new one if there is none, or if it cannot be read."""
    try:
        kept = read_json(path)
        if not isinstance(kept, str) or not _SECRET.fullmatch(kept):
            raise ValueError("it holds no key")
        return bytes.fromhex(kept)
    except FileNotFoundError:
        pass
    except OSError as error:
        log.error("%s: cannot be read: %s; until it can, a new key is made at each start", path, error.strerror)
        return secrets.token_bytes(32)
    except ValueError as error:
        log.error("%s, and a new key is made", keep_damaged(path, str(error)))
    secret = secrets.token_bytes(32)
    try:
        write_json(path, secret.hex())
    except OSError as error:
        log.error("%s: cannot be written: %s; until it can, a new key is made at each start", path, error.strerror)
    return secret
