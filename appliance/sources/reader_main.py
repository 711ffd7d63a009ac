"""The process that reads one camera: `python -m appliance.sources.reader_main PARENT`, started by `reader_process`.

Its input is a socket, and PARENT the process id of its parent. It ends when the camera does, when its parent closes the
socket, and (by the kernel) when its parent dies.
"""

import sys

from appliance.core.process import die_with_parent
from appliance.sources.frame_sender import Ended, FrameSender, ParentGone
from appliance.sources.kind import kind_named
from appliance.sources.linux import die_first, print_by_lines
from appliance.sources.protocol import from_stdin


def main() -> int:
    die_with_parent(int(sys.argv[1]))
    print_by_lines()
    die_first()
    sender = FrameSender(from_stdin())
    try:
        try:
            spec = sender.receive_spec()
            run = kind_named(spec.kind).run
            assert run is not None
            run(spec, sender)
        except Ended as end:
            sender.tell(ended=str(end))
    except ParentGone:
        pass
    return 0


if __name__ == "__main__":
    sys.exit(main())
