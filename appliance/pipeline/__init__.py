"""Threads, mailboxes and meters: the loop that takes frames through a split detector. No TensorFlow, no OpenCV."""
