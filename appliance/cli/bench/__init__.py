"""`bench`: measure a model's speed on this machine. Imports nothing, as the viewer is a small process."""
