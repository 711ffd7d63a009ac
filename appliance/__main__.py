"""The command line: `splitlens`, or `python -m appliance`."""

import _signal  # type: ignore[import-not-found]  # built in, so here at once: `signal` takes some files
import sys


def start() -> int:
    """Run the command on the command line. Returns the exit code.

    Ctrl-C ends the program by itself, at any moment. Python's own handler raises an exception in the main thread: it
    comes only when a library has finished, and is lost where one catches everything. So what is written is whole at
    any moment.
    """
    if _signal.getsignal(_signal.SIGINT) != _signal.SIG_IGN:  # as a shell's `&` may have it
        _signal.signal(_signal.SIGINT, _signal.SIG_DFL)
    from appliance.core.registry import BrokenPlugin

    try:
        from appliance.cli.main import main
    except BrokenPlugin as error:  # not even the options are known
        sys.stderr.write(f"error: {error}.\n")
        return error.exit_code
    return main()


if __name__ == "__main__":
    sys.exit(start())
