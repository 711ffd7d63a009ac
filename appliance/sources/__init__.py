"""Sources of frames: images, movies, cameras, memory.

`kind` decides what a text means. `kinds` has one module for each kind of source that a stream may have; to add a kind,
add a module there. Live sources are read in a process of their own (`reader_main`). `opencv`, `http_pictures` and
`gstreamer` run in it and send frames through a `FrameSender`. The daemon's side is `live` and `reader_process`; both
sides share `protocol` and `shared_frames`.
"""
