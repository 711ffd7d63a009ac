"""Splitlens: the daemon that detects objects in live pictures with split TensorFlow graphs."""

__version__ = "0.1.0"
