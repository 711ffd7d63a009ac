"""Boxes, masks, labels and text drawn into frames."""
