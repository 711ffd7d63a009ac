"""Docker and the dashboard of a container, for the tests: commands, and HTTP as a browser or a machine speaks it."""

import base64
import http.cookiejar
import json
import re
import subprocess
import urllib.error
import urllib.parse
import urllib.request
from typing import Any, Dict, List, Optional, Tuple, TypeVar

from tests.waiting import wait_until

T = TypeVar("T")

LIMIT = 240
"""Seconds that anything may take, on a loaded machine or an emulated one."""

LEAST_RIGHTS = [
    "--read-only",
    "--tmpfs",
    "/tmp:size=512m",
    "--pids-limit",
    "2048",
    "--cap-drop",
    "ALL",
    "--security-opt",
    "no-new-privileges",
]
"""What docs/containers.md tells people to run it with."""


def docker(*words: str, check: bool = True) -> str:
    """Standard output and error together, without the last line's end."""
    done = subprocess.run(
        ["docker", *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        universal_newlines=True,
        timeout=LIMIT,
    )
    if check:
        assert done.returncode == 0, f"docker {' '.join(words)}: {done.stdout}"
    return done.stdout.rstrip("\n")


class Container:
    """A running appliance; a context manager that removes it with its anonymous volumes."""

    def __init__(self, image: str, *options: str) -> None:
        self.id = docker("run", "--detach", "--publish", "127.0.0.1::8080", *LEAST_RIGHTS, *options, image)
        self._basic = ""

    def __enter__(self) -> "Container":
        return self

    def __exit__(self, *error: Any) -> None:
        if error[0]:
            print(self.logs())
        docker("rm", "--force", "--volumes", self.id)

    def inspect(self, template: str) -> str:
        return docker("inspect", "--format", "{{" + template + "}}", self.id)

    def run(self, *words: str) -> str:
        """A command inside."""
        return docker("exec", self.id, *words)

    def logs(self) -> str:
        return docker("logs", self.id)

    @property
    def address(self) -> str:
        return "http://" + docker("port", self.id, "8080/tcp").splitlines()[0]

    def get(self, path: str, timeout: float = 10) -> Optional[bytes]:
        """None where nothing answers, or with an error."""
        try:
            with urllib.request.urlopen(self._request(path), timeout=timeout) as answer:
                data: bytes = answer.read()
                return data
        except OSError:
            return None

    def status(self, path: str) -> int:
        """The status of the answer, which there must be."""
        try:
            with urllib.request.urlopen(self._request(path), timeout=10) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code

    def is_ready(self) -> bool:
        # Until its port is there, `docker port` has nothing to say.
        return bool(docker("port", self.id, check=False)) and self.get("/readyz") is not None

    def first_password(self) -> str:
        pattern = re.compile(r"user operator, password (\S+) \(shown once\)")
        return str(wait_until(lambda: pattern.findall(self.logs()), "the first password")[0])

    def identify(self, password: str) -> None:
        """From now on as the operator, as machines do: HTTP basic."""
        self._basic = "Basic " + base64.b64encode(f"operator:{password}".encode()).decode()

    def state(self) -> Dict[str, Any]:
        state: Dict[str, Any] = json.loads(self.get("/api/v1/state") or b"{}")
        return state

    def change(self, path: str, body: Any) -> Tuple[int, str]:
        """PUT; returns status and answer."""
        request = self._request(path, json.dumps(body).encode(), "PUT")
        request.add_header("Content-Type", "application/json")
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def sign_in(self, password: str) -> urllib.request.OpenerDirector:
        """As a browser does, by the form. Returns what holds the session."""
        browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))
        with browser.open(self.address + "/login", timeout=60) as answer:
            form = answer.read().decode()
        found = re.search(r'name="csrf_token" value="([^"]+)"', form)
        assert found, form
        fields = {"name": "operator", "password": password, "next": "", "csrf_token": found.group(1)}
        with browser.open(self.address + "/login", urllib.parse.urlencode(fields).encode(), timeout=60) as answer:
            assert urllib.parse.urlsplit(answer.url).path == "/", answer.url
        return browser

    def _request(self, path: str, body: Optional[bytes] = None, method: str = "GET") -> urllib.request.Request:
        request = urllib.request.Request(self.address + path, body, method=method)
        if self._basic:
            request.add_header("Authorization", self._basic)
        return request


def pictures(browser: urllib.request.OpenerDirector, address: str, count: int) -> List[bytes]:
    """So many JPEGs of a stream that differ from the one before."""
    found: List[bytes] = []
    data = b""
    with browser.open(address, timeout=LIMIT) as answer:
        assert answer.headers["Content-Type"].startswith("multipart/x-mixed-replace"), answer.headers
        while len(found) < count:
            more = answer.read1(65536)
            assert more, "the stream ended"
            data += more
            start, end = data.find(b"\xff\xd8"), data.find(b"\xff\xd9")
            if 0 <= start < end:
                if not found or data[start:end] != found[-1]:
                    found.append(data[start:end])
                data = data[end + 2 :]
    return found
