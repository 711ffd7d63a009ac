"""The catalogue of models, their download and check, and label maps."""
