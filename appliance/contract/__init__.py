"""What the daemon, the dashboard and everyone outside say to each other, written once.

Messages are frozen dataclasses (state.py, events.py, answers.py), what can be asked for is the tables of commands.py,
and what may stand in a command's field is in fields.py. Made from them: the checks at both ends of the bus, the REST
routes, the Socket.IO handlers, the OpenAPI document, the types of the page's JavaScript and the table in docs/.
Standard library only.
"""
