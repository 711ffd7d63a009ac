"""How every thread of the appliance is started."""

import threading
from typing import Any, Callable


def start_thread(name: str, run: Callable[..., None], *arguments: Any) -> threading.Thread:
    """Start a thread that does not keep the program from ending.

    Args:
        name: What to call it, for whoever looks at a process with `py-spy` or a debugger.
        run: What it does, with these arguments.
    """
    thread = threading.Thread(target=run, args=arguments, name=name, daemon=True)
    thread.start()
    return thread
