"""The charts that several readings may share. One that belongs to a single reading may stand in its module."""

from appliance.telemetry.description import TelemetryChart

LOAD = TelemetryChart("load", "Load", "%", low=0.0, high=100.0)
