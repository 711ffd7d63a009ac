"""Sinks: where results go as text, lines, picture files, a window or live pictures."""
