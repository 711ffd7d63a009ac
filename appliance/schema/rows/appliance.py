"""The appliance that `up` runs: its dashboard, board and recordings."""

import dataclasses
from typing import Optional, Union

from appliance.schema.setting import APPLIANCE, BOARD, BOOLEAN, INTEGER, NUMBER, POWER_MODE, RECORDING, TEXT, setting
from appliance.schema.web_values import LISTEN, NETWORKS, ORIGINS, TLS, URL_PATH


@dataclasses.dataclass(frozen=True)
class ApplianceSettings:
    """The settings of `up`."""

    # The appliance: `up`
    listen: str = setting(
        "0.0.0.0:8080", LISTEN, APPLIANCE, "address and port of the dashboard; 127.0.0.1:8080 keeps it to this machine"
    )
    sign_in: bool = setting(
        True, BOOLEAN, APPLIANCE, "ask who comes to the dashboard for a password; without, everybody may change all"
    )
    web_worker: str = setting(
        "eventlet", TEXT, APPLIANCE, "how gunicorn serves the dashboard", choices=("eventlet", "gthread")
    )
    tls: Optional[str] = setting(
        None,
        TLS,
        APPLIANCE,
        "https inside: self-signed makes a certificate, which browsers ask about once; or the files of a certificate "
        "(with its chain) and of its key, with a space between",
    )
    trusted_proxy: Optional[str] = setting(
        None,
        NETWORKS,
        APPLIANCE,
        "addresses or networks of the proxies in front of the dashboard, whose X-Forwarded headers are believed; left "
        "out, nobody's (docs/proxies.md)",
    )
    base_path: Optional[str] = setting(
        None,
        URL_PATH,
        APPLIANCE,
        "path below which a proxy serves the dashboard, like /splitlens, where the proxy sends no X-Forwarded-Prefix",
    )
    framed_by: Optional[str] = setting(
        None,
        ORIGINS,
        APPLIANCE,
        "whose pages may show the dashboard in a frame: self (Home Assistant's ingress) and origins like "
        "https://home.example:8123; left out, nobody's",
    )
    live_width: int = setting(
        1280,
        INTEGER,
        APPLIANCE,
        "live pictures are made no wider; recordings keep the camera's size",
        unit="pixels",
        minimum=160,
        maximum=16384,
        per_stream=True,
    )
    state_dir: str = setting(
        "state", TEXT, APPLIANCE, "folder for what is changed in the dashboard, its accounts and sessions"
    )
    run_dir: Optional[str] = setting(
        None, TEXT, APPLIANCE, "private folder for the sockets between daemon and dashboard; by default one in /tmp"
    )

    # Board
    profile: Optional[str] = setting(
        None,
        TEXT,
        BOARD,
        "defaults that take the place of this board's own: the name of one in profiles/, or a file of the same form",
    )
    power_mode: Union[int, str] = setting(
        "leave",
        POWER_MODE,
        BOARD,
        "for `up` on a Jetson: power mode of nvpmodel, by id or name, set at the start through the power helper; "
        "`leave` changes nothing",
        minimum=0,
        maximum=255,
    )
    jetson_clocks: Optional[bool] = setting(
        None,
        BOOLEAN,
        BOARD,
        "for `up` on a Jetson: whether jetson_clocks holds the clocks at the highest of the power mode; left out, "
        "nothing is changed",
    )

    # Recording
    recordings_dir: str = setting("recordings", TEXT, RECORDING, "folder of the recordings")
    record_format: str = setting(
        "avi",
        TEXT,
        RECORDING,
        "avi: Motion JPEG, as in the original project; mp4: H.264, where there is an encoder",
        choices=("avi", "mp4"),
        per_stream=True,
    )
    segment_minutes: float = setting(
        10.0,
        NUMBER,
        RECORDING,
        "a new file is begun every so many minutes",
        zero="never",
        unit="minutes",
        minimum=0,
        maximum=1440,
        per_stream=True,
    )
    segment_mb: float = setting(
        0.0,
        NUMBER,
        RECORDING,
        "a new file is begun at this size",
        zero="at no size",
        unit="MB",
        minimum=0,
        per_stream=True,
    )
    keep_days: float = setting(
        0.0, NUMBER, RECORDING, "older recordings are deleted", zero="never", unit="days", minimum=0
    )
    keep_gb: Optional[float] = setting(
        None,
        NUMBER,
        RECORDING,
        "the oldest recordings are deleted where all together are larger; left out, a quarter of the disk",
        zero="no limit",
        unit="GB",
        minimum=0,
    )
    free_gb: float = setting(
        1.0,
        NUMBER,
        RECORDING,
        "so much of the disk stays free: the oldest recordings are deleted for it, then recording stops",
        unit="GB",
        minimum=0,
    )
