"""Where frames come from: pictures, movies, cameras, memory.

`kind` says what a text means. `kinds` has one module for each kind of source that a stream may have; a new one is added
there. Live sources are read in a process of their own (`reader_main`): what runs there is `opencv`, `http_pictures` and
`gstreamer`, which hand frames to a `FrameSender`. The daemon's side is `live` and `reader_process`; both sides share
`protocol` and `shared_frames`.
"""
