"""The kinds of source that a stream may have: one module per kind, each with its description `KIND`.

To add one, add a module here. The settings, the command line, the daemon, the reader process, the API and the dashboard
ask the registry for all of them. Both processes import these modules, so whatever opens a source or needs numpy, OpenCV
or YAML is imported inside functions.
"""
