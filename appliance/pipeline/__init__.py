"""The loop that takes frames through a split detector: threads, mailboxes, meters. No TensorFlow, no OpenCV."""
