"""The settings, each defined once: name, type, range, help, and whether it can be changed at run time.

Standard library only: daemon and dashboard both use it. `appliance.settings` reads the values.
"""
