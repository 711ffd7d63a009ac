"""gunicorn's settings. One worker: what the dashboard knows, and who is connected, is in its memory."""

import os
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, ROOT)  # gunicorn reads this file before it looks into the working directory

from web.options import read_options  # noqa: E402

_options = read_options()

bind = "{}:{}".format("[{}]".format(_options.host) if ":" in _options.host else _options.host, _options.port)
worker_class = _options.worker
workers = 1
# A viewer holds a green thread, or a thread, for as long as it looks.
worker_connections = 1000
threads = 100
# Viewers never leave by themselves, so there is no use in waiting for them longer.
graceful_timeout = 1
timeout = 30
loglevel = "warning"
proc_name = "splitlens-dashboard"
# The heartbeat file of the worker; a disk that stalls must not look like a worker that hangs.
worker_tmp_dir = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
# A command socket in the home directory, from release 25 on: nobody needs it, and the container's home is read-only.
control_socket_disable = True
