"""One module for each thing that machines measure, with its description `READING`. To add one, add a module here.

Daemon and dashboard both import these modules: what is needed to read is imported by `start`.
"""
