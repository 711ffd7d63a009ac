#!/usr/bin/env python3
"""Sets the power mode of a Jetson for the container of Splitlens, which has no rights to: `splitlens-power.service`.

Runs as root on the host with the system's Python (3.6 or newer), and needs nothing but this file. It listens on a Unix
socket and obeys only processes of the users and groups that it is told to. One JSON object a line each way, one request
a connection:

    {"verb": "mode"}                  -> {"ok": true, "mode": 3, "modes": [{"id": 0, "name": "MAXN"}, ...]}
    {"verb": "mode", "set": 0}        -> the same, or {"ok": false, "kind": "reboot", "error": "..."}
    {"verb": "clocks"}                -> {"ok": true, "clocks": false}; null: not known
    {"verb": "clocks", "set": true}   -> the same

kind: "denied", "invalid" (the request makes no sense), "reboot" (not done: the board would have to restart), "failed".
It never restarts the board, and starts nothing but nvpmodel and jetson_clocks, without a shell.
"""

import argparse
import contextlib
import json
import os
import re
import signal
import socket
import struct
import subprocess
import sys
import time
from subprocess import PIPE, STDOUT
from typing import Any, Dict, List, NoReturn, Optional, Set, Tuple

LONGEST_REQUEST = 1000
READ_SECONDS = 2.0  # for the whole line, however it comes
STRANGER_SECONDS = 0.2  # others cannot hold up who may
KILL_SECONDS = 1.0  # a command that is stuck in the kernel does not even end when it is killed
SO_PEERGROUPS = 59  # of Linux 4.13 and newer; Python has no name for it
ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C", "HOME": "/root"}
FIRST_INHERITED = 3  # systemd hands over its sockets from here on


POWER_MODEL = re.compile(r"^[ \t]*<[ \t]*POWER_MODEL[ \t]+ID=(\d+)[ \t]+NAME=(\S+?)[ \t]*>", re.MULTILINE)


class Refused(Exception):
    def __init__(self, kind: str, sentence: str) -> None:
        super().__init__(sentence)
        self.kind = kind


class Board:
    """The two commands. kept: a file that jetson_clocks keeps the clocks in, as they were before it held them.

    It is where no restart leaves it, and is written once: what is there is how the clocks were before us.
    """

    def __init__(self, options: argparse.Namespace) -> None:
        self.nvpmodel: str = options.nvpmodel
        self.jetson_clocks: str = options.jetson_clocks
        self.conf: str = options.conf
        self.kept: str = options.kept
        self.seconds: float = options.seconds
        self.request_seconds: float = options.request_seconds
        self.until = 0.0

    def start_request(self) -> None:
        """All commands from here on share the time of one request, so that whoever waits knows how long."""
        self.until = time.monotonic() + self.request_seconds

    def mode(self, wanted: Any = None) -> Dict[str, Any]:
        modes = self.modes()
        if wanted is not None:
            if isinstance(wanted, bool) or not isinstance(wanted, int) or wanted not in modes:
                known = ", ".join(f"{id} ({modes[id]})" for id in sorted(modes))
                said = f"{json.dumps(wanted)[:40]} is no power mode of this board; {self.conf} has {known}."
                raise Refused("invalid", said)
            if wanted != self.current_mode():
                self.set_mode(wanted, modes[wanted])
        return {"mode": self.current_mode(), "modes": [{"id": id, "name": modes[id]} for id in sorted(modes)]}

    def modes(self) -> Dict[int, str]:
        """id to name, from the board's own file."""
        try:
            with open(self.conf, encoding="utf-8", errors="replace") as file:
                found = POWER_MODEL.findall(file.read())
        except OSError as error:
            raise Refused("failed", f"{self.conf}: {error.strerror}: no power modes.") from error
        return {int(id): name for id, name in found}

    def current_mode(self) -> Optional[int]:
        code, said = self.run([self.nvpmodel, "-q"])
        found = re.search(r"^NV Power Mode:.*\n\s*(\d+)\s*$", said, re.MULTILINE)
        return int(found.group(1)) if code == 0 and found else None

    def set_mode(self, wanted: int, name: str) -> None:
        # What jetson_clocks holds would not fit the other mode, and its way back would switch on the cores of this one.
        held = os.path.exists(self.kept)
        if held:
            self.clocks(False)
        failure: Optional[Refused] = None
        try:
            self.change_mode(wanted, name)
        except Refused as error:
            failure = error
        if held:
            try:
                self.clocks(True)
            except Refused as error:
                first = failure or Refused("failed", f"Power mode {wanted} ({name}) is set.")
                failure = Refused(first.kind, f"{first} The clocks are not held any more: {error}")
        if failure is not None:
            raise failure

    def change_mode(self, wanted: int, name: str) -> None:
        # Where the change needs a restart it asks whether to do it now. That is for people to decide.
        code, said = self.run([self.nvpmodel, "-m", str(wanted)], answer="NO\n")
        if "reboot" in said.lower():
            remedy = f"On the board, `sudo nvpmodel -m {wanted}` asks for it and does both."
            sentence = f"Power mode {wanted} ({name}) needs a restart of the board, so it was not set. {remedy}"
            raise Refused("reboot", sentence)
        if code != 0 or self.current_mode() != wanted:
            raise Refused("failed", f"nvpmodel did not set mode {wanted} ({name}): {last_line(said)}")

    def clocks(self, wanted: Any = None) -> Dict[str, Any]:
        if wanted is not None and not isinstance(wanted, bool):
            raise Refused("invalid", "`set` of clocks is true or false.")
        if wanted is True and self.are_clocks_held() is not True:
            if not os.path.exists(self.kept):
                self.keep_clocks()
            self.change_clocks([])
        elif wanted is False and os.path.exists(self.kept):
            self.change_clocks(["--restore", self.kept])
            remove(self.kept)
        elif wanted is False and self.are_clocks_held():
            said = "The clocks are held by somebody else, and how they were before is not known."
            raise Refused("failed", f"{said} A restart of the board lets them go.")
        return {"clocks": self.are_clocks_held()}

    def keep_clocks(self) -> None:
        half = self.kept + ".new"
        remove(half)  # jetson_clocks would ask whether to overwrite it
        self.change_clocks(["--store", half])
        os.rename(half, self.kept)

    def change_clocks(self, words: List[str]) -> None:
        code, said = self.run([self.jetson_clocks] + words, answer="N\n")
        if code != 0 or re.search(r"^Error", said, re.MULTILINE):
            raise Refused("failed", f"`{' '.join(['jetson_clocks'] + words)}` failed: {last_line(said)}")

    def are_clocks_held(self) -> Optional[bool]:
        code, said = self.run([self.jetson_clocks, "--show"])
        found = re.search(r"^EMC .*FreqOverride=([01])", said, re.MULTILINE)
        return found.group(1) == "1" if code == 0 and found else None

    def run(self, command: List[str], answer: str = "") -> Tuple[int, str]:
        """Exit code and all that was said. The command and what it started end with its time, or the request's."""
        seconds = min(self.seconds, self.until - time.monotonic())
        if seconds <= 0:
            said = f"The time of {self.request_seconds:g} seconds was over before `{' '.join(command)}`."
            raise Refused("failed", said)
        try:
            child = subprocess.Popen(
                command, stdin=PIPE, stdout=PIPE, stderr=STDOUT, start_new_session=True, env=ENVIRONMENT
            )
        except OSError as error:
            raise Refused("failed", f"{command[0]}: {error.strerror}.") from error
        try:
            output = child.communicate(answer.encode(), timeout=seconds)[0]
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):  # it ended just now
                os.killpg(child.pid, signal.SIGKILL)
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.communicate(timeout=KILL_SECONDS)
            said = f"{' '.join(command)} had not ended after {seconds:.1f} seconds, and was stopped."
            raise Refused("failed", said) from None
        return child.returncode, output.decode("utf-8", "replace")


def remove(path: str) -> None:
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)


def last_line(said: str) -> str:
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    return lines[-1][:300] if lines else "it said nothing."


def answer_request(board: Board, data: bytes) -> Dict[str, Any]:
    try:
        request = json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError):
        raise Refused("invalid", "That is no JSON.") from None
    verbs = {"mode": board.mode, "clocks": board.clocks}
    if not isinstance(request, dict) or not isinstance(request.get("verb"), str) or request["verb"] not in verbs:
        raise Refused("invalid", f"`verb` is one of {', '.join(verbs)}.")
    if set(request) - {"verb", "set"}:
        raise Refused("invalid", "There are only `verb` and `set`.")
    board.start_request()
    try:
        return verbs[request["verb"]](request.get("set"))
    except OSError as error:
        raise Refused("failed", f"{error}.") from error


def peer_of(connection: socket.socket) -> Tuple[int, int, Set[int]]:
    """Process, user and groups, as the kernel knows them. One older than 4.13 tells no group but the primary one."""
    size = struct.calcsize("3i")
    process, user, group = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size))
    groups = {group}
    with contextlib.suppress(OSError):  # older, or more groups than Python can ask for
        data = connection.getsockopt(socket.SOL_SOCKET, SO_PEERGROUPS, 1024)
        groups.update(struct.unpack(f"{len(data) // 4}I", data))
    return process, user, groups


def read_line(connection: socket.socket, seconds: float) -> bytes:
    until = time.monotonic() + seconds
    data = b""
    while b"\n" not in data:
        left = until - time.monotonic()
        if left <= 0:
            raise socket.timeout("timed out")
        connection.settimeout(left)
        part = connection.recv(4096)
        data += part
        if not part or len(data) > LONGEST_REQUEST:
            raise Refused("invalid", f"A request is one line of at most {LONGEST_REQUEST} bytes.")
    return data.partition(b"\n")[0]


def serve(connection: socket.socket, board: Board, users: Set[int], groups: Set[int]) -> None:
    """One request, whatever comes."""
    process, user, of = peer_of(connection)
    may = user in users or not groups.isdisjoint(of)
    try:
        # First of all: an answer to what was not read does not arrive.
        data = read_line(connection, READ_SECONDS if may else STRANGER_SECONDS)
        if not may:
            rule = "ALLOW_USER and ALLOW_GROUP in /etc/default/splitlens-power say who may."
            own = ", ".join(map(str, sorted(of)))
            raise Refused("denied", f"User {user} and group {own} may not set the power mode; {rule}")
        answer = dict(answer_request(board, data), ok=True)
        if b'"set"' in data:
            log(f"process {process} of user {user}: {data.decode('utf-8', 'replace')}")
    except Refused as error:
        log(f"process {process} of user {user}: {error}")
        answer = {"ok": False, "kind": error.kind, "error": str(error)}
    except OSError as error:  # it went away, or said nothing
        log(f"process {process} of user {user}: {error}")
        return
    try:
        connection.settimeout(READ_SECONDS)
        connection.sendall(json.dumps(answer).encode("utf-8") + b"\n")
    except OSError as error:
        log(f"process {process} of user {user}: {error}")


def log(text: str) -> None:
    sys.stderr.write(text.encode("ascii", "backslashreplace").decode("ascii") + "\n")
    sys.stderr.flush()


def open_socket(path: str) -> socket.socket:
    """The one that systemd hands over, else one of our own."""
    if os.environ.get("LISTEN_PID") == str(os.getpid()) and os.environ.get("LISTEN_FDS") == "1":
        return socket.socket(socket.AF_UNIX, socket.SOCK_STREAM, fileno=FIRST_INHERITED)
    remove(path)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    os.chmod(path, 0o666)  # who may is seen by the peer's user
    listener.listen(5)
    return listener


def main() -> NoReturn:
    def ids(text: str) -> Set[int]:
        return {int(part) for part in text.split(",") if part.strip()}

    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    add = parser.add_argument
    add("--socket", default="/run/splitlens-power/socket", help="where to listen, without systemd (%(default)s)")
    add("--allow-user", type=ids, default=set(), metavar="UID,...", help="users that may, beside root")
    add("--allow-group", type=ids, default=set(), metavar="GID,...", help="groups that may")
    add("--nvpmodel", default="/usr/sbin/nvpmodel", help="(%(default)s)")
    add("--jetson-clocks", default="/usr/bin/jetson_clocks", help="(%(default)s)")
    add("--conf", default="/etc/nvpmodel.conf", help="the power modes (%(default)s)")
    add("--kept", default="/run/splitlens-clocks/before", help="file for the clocks as they were (%(default)s)")
    add("--seconds", type=float, default=15.0, help="what a command may take (%(default)s)")
    add("--request-seconds", type=float, default=30.0, help="what all of a request may take (%(default)s)")
    options = parser.parse_args()
    board = Board(options)
    listener = open_socket(options.socket)
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(0))
    while True:
        connection = listener.accept()[0]
        with connection:
            serve(connection, board, options.allow_user | {0}, options.allow_group)


if __name__ == "__main__":
    main()
