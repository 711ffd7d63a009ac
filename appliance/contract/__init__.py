"""The contract: every message between the daemon, the dashboard and API clients, defined once.

Messages are frozen dataclasses (state.py, events.py, answers.py), requests are rows of the tables in commands.py, and
the values allowed in a command's fields are in fields.py. Generated from them: validation at both ends of the bus, the
REST routes, the Socket.IO handlers, the OpenAPI document, the types of the page's JavaScript and the table in docs/.
Standard library only.
"""
