"""Splitlens: the daemon that detects objects in live pictures with split TensorFlow graphs."""

import os

__version__ = "0.1.0"

MOST_PICTURE_PIXELS = 200 * 10**6
"""Of a picture file. A PNG of 100 kB may unpack to as many as OpenCV takes by itself, 1,000 million: 5 GB of memory."""

# OpenCV reads it when it is first imported, which is always later.
os.environ.setdefault("OPENCV_IO_MAX_IMAGE_PIXELS", str(MOST_PICTURE_PIXELS))
