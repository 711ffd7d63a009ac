"""What things are called, and may be called."""

PROGRAM = "splitlens"
"""The command, as messages tell people to type it; `python -m appliance` is the same."""

STREAM_NAME = "[a-z0-9][a-z0-9_-]{0,31}"
"""Of a stream, as a regular expression: it stands in addresses and in names of files. The page's script
(web/static/js/source_form.js) says the same."""
STREAM_NAME_RULE = "up to 32 small letters, digits, - and _, the first a letter or digit"
