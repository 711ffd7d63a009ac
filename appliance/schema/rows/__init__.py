"""The settings themselves, a module for each subject; `appliance.schema.settings` puts them together.

A new setting is one field here: `name: type = setting(default, kind, group, help, ...)`.
"""
