"""Graphs made from graphs: split, folded, normalised."""
