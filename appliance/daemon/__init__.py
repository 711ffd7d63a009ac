"""The long-running appliance: services that one event bus joins (docs/architecture.md: services, threads, lock order).

A new service is made and joined in `appliance.py`; what others have to hear of it is an event in `events.py`.
"""
