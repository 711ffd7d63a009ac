"""Docker's health check, in the container: whether it detects, as /readyz says. Python 3.6; needs only itself."""

import contextlib
import http.client
import json
import os
import ssl
import sys


def main() -> int:
    try:
        with open(os.path.join(os.environ["SPLITLENS_RUN_DIR"], "dashboard.json"), encoding="utf-8") as file:
            options = json.load(file)
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(options["host"], options["host"])
        connection = http.client.HTTPConnection(host, options["port"], timeout=4)
        if options.get("certificate"):
            # Only whether it answers: the certificate is for its other names.
            context = ssl.create_default_context()
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            connection = http.client.HTTPSConnection(host, options["port"], timeout=4, context=context)
        with contextlib.closing(connection):
            connection.request("GET", "/readyz")
            answer = connection.getresponse()
            said = json.loads(answer.read().decode("utf-8"))
        words = "ready: " + said["status"] if answer.status == 200 else "not ready: " + said["reason"]
    except (OSError, ValueError, KeyError, http.client.HTTPException) as error:
        sys.stdout.write(f"the dashboard does not answer: {error}\n")
        return 1
    sys.stdout.write(words + "\n")
    return 0 if answer.status == 200 else 1


if __name__ == "__main__":
    sys.exit(main())
