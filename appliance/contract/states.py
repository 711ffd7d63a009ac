"""The words for the state of a stream, of a model and of the whole appliance."""

from appliance.core.source_kinds import SourceFacts, source_facts

STARTING, LIVE, SLOW, NO_FRAMES, NO_RESULTS, LOST = "starting", "live", "slow", "no_frames", "no_results", "lost"
FAILED_STREAM = "failed"
STREAM_STATES = (STARTING, LIVE, SLOW, NO_FRAMES, NO_RESULTS, LOST, FAILED_STREAM)
STREAM_STATES_HELP = (
    "By what arrives. starting: no frame yet, or the first model is loading. live: frames come, and results. slow: "
    "fewer than half of the frames are detected. no_frames, no_results: nothing of the kind for some seconds. lost: "
    "the source is opened again and again. failed: it cannot be opened at all, or ended. `problem` says more."
)

RUNNING, DEGRADED, LOADING, NO_MODEL, NOT_LIVE = "running", "degraded", "loading", "no_model", "not_live"
STOPPING = "stopping"
APPLIANCE_STATES = (STARTING, LOADING, RUNNING, SLOW, DEGRADED, NO_MODEL, NO_RESULTS, NOT_LIVE, STOPPING)
APPLIANCE_STATES_HELP = (
    "running: all streams are live. slow: one of them is. degraded: some detect, and some give nothing. not_live: "
    "none gives frames."
)

READY, FAILED_MODEL = "ready", "failed"
MODEL_STATES = (LOADING, READY, FAILED_MODEL)

SOURCE_KINDS = tuple(kind.name for kind in source_facts(SourceFacts))
RECORDING_FORMATS = ("avi", "mp4")
LOG_LEVELS = ("info", "warning", "error")
