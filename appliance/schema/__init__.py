"""Every setting, once: name, type, range, help, and whether it can be changed while the appliance runs.

Standard library only: daemon and dashboard both use it. `appliance.settings` reads the values.
"""
