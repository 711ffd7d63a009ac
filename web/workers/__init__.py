"""gunicorn's two kinds of worker, with a reception in front that reads a request before anybody works for it."""
