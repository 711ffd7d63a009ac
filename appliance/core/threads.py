"""How every thread of the appliance is started."""

import threading
from typing import Any, Callable


def start_thread(name: str, run: Callable[..., None], *arguments: Any) -> threading.Thread:
    """Start a daemon thread: it does not keep the program from ending.

    Args:
        name: Its name in `py-spy` or a debugger.
        run: The function to run.
        arguments: Its arguments.
    """
    thread = threading.Thread(target=run, args=arguments, name=name, daemon=True)
    thread.start()
    return thread
