"""Names, and which names are allowed."""

PROGRAM = "splitlens"
"""The command that messages tell people to type; `python -m appliance` is equivalent."""

STREAM_NAME = "[a-z0-9][a-z0-9_-]{0,31}"
"""Regular expression for names of streams, which appear in URLs and file names. The page's script
(web/static/js/source_form.js) has the same rule."""
STREAM_NAME_RULE = "up to 32 small letters, digits, - and _, the first a letter or digit"

PLACE_NAME = "[A-Za-z0-9][A-Za-z0-9_-]{0,31}"
"""Regular expression for names of zones and lines, which appear in addresses and topics."""
PLACE_NAME_RULE = "up to 32 letters, digits, - and _, the first a letter or digit"
