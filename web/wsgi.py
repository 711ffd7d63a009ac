"""What gunicorn serves: `gunicorn -c web/gunicorn.conf.py web.wsgi:app`, in the worker process."""

import logging
import sys

from web.accounts import AccountsError
from web.app import make_app, start
from web.options import read_options

logging.basicConfig(format="dashboard: %(levelname)s: %(message)s", level=logging.WARNING)

_APP_LOAD_ERROR = 4  # gunicorn ends, instead of trying again

try:
    app = make_app(read_options())
except (AccountsError, OSError) as error:
    sys.stderr.write("error: {}\n".format(error))
    sys.exit(_APP_LOAD_ERROR)
start(app)
