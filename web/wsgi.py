"""The entry point for gunicorn, in the worker process: `gunicorn -c web/gunicorn.conf.py web.wsgi:app`."""

import logging
import sys

from appliance.core.logging_setup import write_log
from web.accounts import AccountsError
from web.app import make_app, start
from web.options import read_options

write_log(logging.getLogger(), "dashboard")
log = logging.getLogger(__name__)

_APP_LOAD_ERROR = 4  # gunicorn then ends instead of trying again

try:
    app = make_app(read_options())
except (AccountsError, OSError) as error:
    log.error("%s", error)
    sys.exit(_APP_LOAD_ERROR)
start(app)
