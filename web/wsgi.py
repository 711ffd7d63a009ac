"""What gunicorn serves: `gunicorn -c web/gunicorn.conf.py web.wsgi:app`, in the worker process."""

from web.app import make_app, start
from web.options import read_options

app = make_app(read_options())
start(app)
