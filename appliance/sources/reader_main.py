"""The process that reads one camera: `python -m appliance.sources.reader_main PARENT`, started by `child`, with a
socket as its input and the id of its parent.

It ends when the camera does, when its parent closes the socket, and (by the kernel) when its parent dies.
"""

import sys

from appliance.core.process import die_with_parent
from appliance.sources.frame_sender import Ended, FrameSender, ParentGone
from appliance.sources.linux import die_first, print_by_lines
from appliance.sources.protocol import from_stdin


def main() -> int:
    die_with_parent(int(sys.argv[1]))
    print_by_lines()
    die_first()
    outlet = FrameSender(from_stdin())
    try:
        try:
            spec = outlet.receive_spec()
            if spec["kind"] == "gstreamer":
                from appliance.sources import gstreamer

                gstreamer.run(spec, outlet)
            else:
                if spec["target"].lower().startswith(("http://", "https://")):
                    from appliance.sources import http_pictures

                    http_pictures.run(spec, outlet)
                from appliance.sources import opencv

                opencv.run(spec, outlet)
        except Ended as end:
            outlet.tell(ended=str(end))
    except ParentGone:
        pass
    return 0


if __name__ == "__main__":
    sys.exit(main())
