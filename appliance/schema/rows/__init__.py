"""The settings themselves, one module for each subject; `appliance.schema.settings` combines them.

A new setting is one field here: `name: type = setting(default, kind, group, help, ...)`.
"""
