"""All readings that are described in `readings`."""

from typing import List

from appliance.core.registry import find_descriptions
from appliance.telemetry.description import Metric, Reading, TelemetryRow


def all_readings() -> List[Reading]:
    """The readings in the order in which the dashboard lists them."""
    found = find_descriptions("appliance.telemetry.readings", "READING", Reading)
    return sorted(found.values(), key=lambda reading: reading.order)


def all_rows() -> List[TelemetryRow]:
    """What the dashboard shows of them."""
    return [row for reading in all_readings() for row in reading.rows]


def all_metrics() -> List[Metric]:
    """What Prometheus gets of them."""
    return [metric for reading in all_readings() for metric in reading.metrics]
