"""The names of the states of a stream, of a model and of the whole appliance."""

from appliance.core.source_kinds import SourceFacts, source_facts

STARTING, LIVE, SLOW, NO_FRAMES, NO_RESULTS, LOST = "starting", "live", "slow", "no_frames", "no_results", "lost"
FAILED_STREAM = "failed"
STREAM_STATES = (STARTING, LIVE, SLOW, NO_FRAMES, NO_RESULTS, LOST, FAILED_STREAM)
STREAM_STATES_HELP = (
    "Judged by what arrives. starting: no frame yet, or the first model is loading. live: frames and results arrive. "
    "slow: fewer than half of the frames are detected. no_frames, no_results: none arrived for some seconds. lost: the "
    "source is being reopened. failed: it cannot be opened, or has ended. `problem` has details."
)

RUNNING, DEGRADED, LOADING, NO_MODEL, NOT_LIVE = "running", "degraded", "loading", "no_model", "not_live"
STOPPING = "stopping"
APPLIANCE_STATES = (STARTING, LOADING, RUNNING, SLOW, DEGRADED, NO_MODEL, NO_RESULTS, NOT_LIVE, STOPPING)
APPLIANCE_STATES_HELP = (
    "running: all streams are live. slow: at least one is slow. degraded: some streams work, and some do not. "
    "not_live: no stream has frames."
)

READY, FAILED_MODEL = "ready", "failed"
MODEL_STATES = (LOADING, READY, FAILED_MODEL)

SOURCE_KINDS = tuple(kind.name for kind in source_facts(SourceFacts))
RECORDING_FORMATS = ("avi", "mp4")
KEPT_AS = ("", "continuous", "events", "alerts")
LOG_LEVELS = ("info", "warning", "error")
