"""Turn frames into detections: one module per family; an engine runs the front, and a back does the rest."""
