"""Turn frames into detections: one module per family, an engine for the front and a back for the rest."""
