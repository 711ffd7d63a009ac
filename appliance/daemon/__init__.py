"""The daemon's services, connected by one event bus (docs/architecture.md: services, threads, lock order).

Services are created and connected in `appliance.py`; what they tell each other is an event in `events.py`.
"""
