"""`bench`: what this machine gives with a model, in one run. Imports nothing, since the viewer is a small process."""
