"""Time limits and queue sizes that both ends of the bus share."""

from appliance.contract.fields import JsonObject

Message = JsonObject

HEARTBEAT_SECONDS = 0.2
"""Seconds between two `statistics` events."""
SILENCE_SECONDS = 1.5
"""After this many seconds without any event, the daemon is considered gone or hung."""

HANG_SECONDS = 15.0
"""After this many seconds without a heartbeat, the supervisor kills and restarts the daemon."""
LOADING_SECONDS = 300.0
"""The same while it starts or loads a model, which may block everything else."""

EVENTS_KEPT = 1000
"""Maximum number of events queued for a slow subscriber; it misses later ones."""

COMMAND_THREADS = 12
"""Maximum number of concurrent commands. Those that may take long, sources that are tried out, clips, pictures and
replays, occupy at most nine."""
