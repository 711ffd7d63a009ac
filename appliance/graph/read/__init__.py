"""Frozen graphs as data: read within bounds, checked, walked."""
