"""The dashboard: live pictures, figures and controls in the browser. It talks to the daemon over `appliance.bus` alone."""
