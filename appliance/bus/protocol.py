"""Time limits and queue sizes that both ends of the bus share."""

from appliance.contract.fields import JsonObject

Message = JsonObject

HEARTBEAT_SECONDS = 0.2
"""Between two `statistics` events."""
SILENCE_SECONDS = 1.5
"""Without any event for so long, the daemon is gone or hangs."""

HANG_SECONDS = 15.0
"""A daemon that says nothing for so long is killed and started again by the supervisor."""
LOADING_SECONDS = 300.0
"""The same while it starts or loads a model, which may keep it from everything else."""

EVENTS_KEPT = 1000
"""How many events wait for a subscriber that does not keep up; later ones are lost to it."""

COMMAND_THREADS = 6
"""Commands that may be under way at once; a source that is tried out takes half a minute."""
