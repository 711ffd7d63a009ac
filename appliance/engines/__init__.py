"""Run a graph: one module per engine, one small interface (`engines/base.py`)."""
