"""Frozen graphs as data: read, recognise the family, find the cut, split. No session, no GPU, no TensorFlow."""
