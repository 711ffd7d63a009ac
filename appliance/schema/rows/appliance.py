"""Settings of the appliance that `up` runs: its dashboard, board and recordings."""

import dataclasses
from typing import Optional, Union

from appliance.schema.keep import Keep
from appliance.schema.setting import APPLIANCE, BOARD, BOOLEAN, INTEGER, NUMBER, POWER_MODE, RECORDING, TEXT, setting
from appliance.schema.web_values import KEEP, LISTEN, NETWORKS, ORIGINS, TLS, URL_PATH


@dataclasses.dataclass(frozen=True)
class ApplianceSettings:
    """The settings of `up`."""

    # The appliance: `up`
    listen: str = setting(
        "0.0.0.0:8080", LISTEN, APPLIANCE, "address and port of the dashboard; 127.0.0.1:8080 keeps it to this machine"
    )
    sign_in: bool = setting(
        True, BOOLEAN, APPLIANCE, "ask for a password on the dashboard; if not, anybody can change everything"
    )
    web_worker: str = setting(
        "eventlet", TEXT, APPLIANCE, "how gunicorn serves the dashboard", choices=("eventlet", "gthread")
    )
    tls: Optional[str] = setting(
        None,
        TLS,
        APPLIANCE,
        "serve https: self-signed makes a certificate, about which browsers ask once; or the files of a certificate "
        "(with its chain) and of its key, separated by a space",
    )
    trusted_proxy: Optional[str] = setting(
        None,
        NETWORKS,
        APPLIANCE,
        "addresses or networks of the proxies in front of the dashboard, whose X-Forwarded headers are trusted; by "
        "default none (docs/proxies.md)",
    )
    base_path: Optional[str] = setting(
        None,
        URL_PATH,
        APPLIANCE,
        "path below which a proxy serves the dashboard, like /splitlens, if it sends no X-Forwarded-Prefix",
    )
    framed_by: Optional[str] = setting(
        None,
        ORIGINS,
        APPLIANCE,
        "sites that may show the dashboard in a frame: self (Home Assistant's ingress) and origins like "
        "https://home.example:8123; by default none",
    )
    live_width: int = setting(
        1280,
        INTEGER,
        APPLIANCE,
        "maximum width of live pictures; recordings keep the camera's size",
        unit="pixels",
        minimum=160,
        maximum=16384,
        per_stream=True,
    )
    state_dir: str = setting(
        "state", TEXT, APPLIANCE, "folder for changes made in the dashboard, its accounts and sessions"
    )
    run_dir: Optional[str] = setting(
        None, TEXT, APPLIANCE, "private folder for the sockets between daemon and dashboard; by default one in /tmp"
    )

    # Board
    profile: Optional[str] = setting(
        None,
        TEXT,
        BOARD,
        "defaults to use instead of this board's own: the name of one in profiles/, or a file of the same form",
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
    record: str = setting(
        "off",
        TEXT,
        RECORDING,
        "what is recorded: off: nothing; continuous: everything; events: what happens around events. The dashboard's "
        "Record button records everything until it is switched off",
        choices=("off", "continuous", "events"),
        per_stream=True,
    )
    pre: float = setting(
        5.0,
        NUMBER,
        RECORDING,
        "what a recording of an event shows before it",
        unit="seconds",
        minimum=0,
        maximum=60,
        per_stream=True,
    )
    post: float = setting(
        5.0,
        NUMBER,
        RECORDING,
        "what a recording of an event shows after it",
        unit="seconds",
        minimum=0,
        maximum=300,
        per_stream=True,
    )
    record_format: str = setting(
        "auto",
        TEXT,
        RECORDING,
        "mp4: H.264, which browsers play; avi: Motion JPEG, as in the original project; auto: mp4 where there is an "
        "encoder, else avi",
        choices=("auto", "avi", "mp4"),
        per_stream=True,
    )
    record_overlay: bool = setting(
        False,
        BOOLEAN,
        RECORDING,
        "draw boxes and labels into recordings; if not, they are a clean copy of the camera's picture",
        per_stream=True,
    )
    segment_minutes: float = setting(
        10.0,
        NUMBER,
        RECORDING,
        "start a new file after this time",
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
        "start a new file at this size",
        zero="at no size",
        unit="MB",
        minimum=0,
        per_stream=True,
    )
    keep: str = setting(
        str(Keep()),
        KEEP,
        RECORDING,
        "how long recordings without an event, with one, with an alert, and snapshots are kept; 0 = not at all, "
        "forever = until space runs out",
    )
    keep_days: float = setting(
        0.0,
        NUMBER,
        RECORDING,
        "older recordings are deleted, whatever `keep` says",
        zero="never",
        unit="days",
        minimum=0,
    )
    keep_gb: Optional[float] = setting(
        None,
        NUMBER,
        RECORDING,
        "the oldest recordings are deleted if all together are larger; by default a quarter of the disk",
        zero="no limit",
        unit="GB",
        minimum=0,
    )
    free_gb: float = setting(
        1.0,
        NUMBER,
        RECORDING,
        "disk space to keep free: the oldest recordings are deleted for it, then recording stops",
        unit="GB",
        minimum=0,
    )
