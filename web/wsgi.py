"""What gunicorn serves: `gunicorn -c web/gunicorn.conf.py web.wsgi:app`, in the worker process."""

import logging

from web.app import make_app, start
from web.options import read_options

logging.basicConfig(format="dashboard: %(levelname)s: %(message)s", level=logging.WARNING)

app = make_app(read_options())
start(app)
