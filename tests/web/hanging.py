"""The dashboard with a way to hang it, for the test of what ends it then: GET /hang."""

import threading
from typing import Any, Dict, List

from web import health

health.CHECK_SECONDS = 0.2
health.ANSWER_SECONDS = 2.0

from web.wsgi import app  # noqa: E402

_inner: Any = app.wsgi_app
_hangs: List[bool] = []


def _hang(environ: Dict[str, Any], start_response: Any) -> Any:
    if environ["PATH_INFO"] == "/hang":
        _hangs.append(True)
    if _hangs:
        while app.extensions["dashboard"].options.worker == "eventlet":
            pass  # green threads have no turn any more
        threading.Event().wait()
    return _inner(environ, start_response)


app.wsgi_app = _hang  # type: ignore[method-assign]
