"""The catalogue of models, downloads and their checks, and label maps."""
