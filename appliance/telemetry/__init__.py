"""What the machine measures of itself: one module in `readings` for each thing, and nothing else names it.

Standard library only: daemon and dashboard both use these descriptions. How sensors are read is in `appliance.board`.
"""
