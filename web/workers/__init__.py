"""gunicorn's two kinds of worker, with a reception in front that reads a request before a thread handles it."""
