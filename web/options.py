"""The dashboard's start options: a JSON file, whose path is in the environment variable SPLITLENS_DASHBOARD."""

import json
import os
from dataclasses import dataclass
from typing import Any

from appliance.core.names import PROGRAM

VARIABLE = "SPLITLENS_DASHBOARD"
WORKERS = ("eventlet", "gthread")


class OptionsError(Exception):
    """The start file is missing or invalid."""


@dataclass(frozen=True)
class Options:
    """The content of the start file.

    Attributes:
        run_dir: Folder of the bus sockets.
        state_dir: Folder of the dashboard's own files.
        recordings_dir: Folder of the recordings.
        host: Address to listen at.
        port: Port to listen at.
        worker: One of WORKERS.
        sign_in: False makes everybody an operator.
        trusted_proxy: Networks of proxies whose X-Forwarded headers are trusted, separated by spaces.
        base_path: Path prefix at the proxy, "/splitlens"; empty for none.
        framed_by: "self" and origins whose pages may show the dashboard in a frame, separated by spaces.
        certificate: File for TLS, or "self-signed"; empty for no TLS.
        key: File for TLS; empty without TLS, and with "self-signed".
        listener: Descriptor of an open socket at this host and port; -1 for none.
        heartbeat: Descriptor of a pipe to the supervisor; -1 for none.
    """

    run_dir: str
    state_dir: str
    recordings_dir: str
    host: str = "0.0.0.0"
    port: int = 8080
    worker: str = "eventlet"
    sign_in: bool = True
    trusted_proxy: str = ""
    base_path: str = ""
    framed_by: str = ""
    certificate: str = ""
    key: str = ""
    listener: int = -1
    heartbeat: int = -1


def read_options() -> Options:
    """Return the options of the start file. Raises OptionsError."""
    path = os.environ.get(VARIABLE)
    if not path:
        raise OptionsError(f"{VARIABLE} is not set; `{PROGRAM} up` starts the dashboard with it.")
    try:
        with open(path, encoding="utf-8") as file:
            fields: Any = json.load(file)
        options = Options(**fields)
    except (OSError, ValueError, TypeError) as error:
        raise OptionsError(f"{path} (from {VARIABLE}): {error}") from error
    for name, kind in Options.__annotations__.items():
        if not isinstance(getattr(options, name), kind):
            raise OptionsError(f"{path}: {name} must be of type {kind.__name__}.")
    if options.worker not in WORKERS:
        raise OptionsError(f"{path}: worker must be one of {', '.join(WORKERS)}.")
    return options
