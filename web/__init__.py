"""The dashboard: live pictures, figures and controls in the browser. It knows the daemon by `appliance.bus` alone."""
