"""The dashboard: live images, statistics and controls in the browser. It uses only the daemon's `appliance.bus`."""
