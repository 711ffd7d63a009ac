"""Keeps processes running: each is started again when it ends or says nothing for too long; all are ended together.

Whatever is killed, nothing is left behind: children die with this process, what they leave behind is adopted and ended.
"""

import logging
import os
import select
import signal
import subprocess
import time
from typing import Callable, Dict, List, Optional, Sequence, Tuple

import psutil

from appliance.core.process import Heartbeat, adopt_orphans, tied_to_us

log = logging.getLogger(__name__)

FIRST_DELAY, LONGEST_DELAY = 0.5, 30.0
"""Seconds before a restart: the first, doubled with each failure, up to the longest."""
WELL_SECONDS = 10.0
"""A process that ran so long ran well: the next delay is the first again."""
STRAY_SECONDS = 10.0
"""So long may what a dead child started go on: an encoder finishes its file."""
_CRASHES = (signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGILL, signal.SIGFPE)
_TICK = 1.0
_LAST_SECONDS = 2.0


class Child:
    """One process to be kept running, with a pipe for its heartbeat.

    silence, busy_silence: seconds without a heartbeat after which it is killed; the second while it starts, and while
    it said that it is busy. ended: told why it ended, and after how many seconds it is started again.
    """

    def __init__(
        self,
        name: str,
        silence: float,
        busy_silence: float,
        ended: Callable[[str, float], None] = lambda why, delay: None,
    ) -> None:
        self.name = name
        self.command: List[str] = []
        self.environment: Dict[str, str] = {}
        self.descriptors: Tuple[int, ...] = ()
        self.starting: Callable[[], None] = lambda: None  # called before each start
        self.pid: Optional[int] = None
        self.ears, self.heart = os.pipe()  # one pipe for all its lives: its number is given once
        for end in (self.ears, self.heart):
            os.set_blocking(end, False)
        self._silence, self._busy_silence = silence, busy_silence
        self._ended = ended
        self._process: Optional[subprocess.Popen[bytes]] = None
        self._failures = 0
        self._started = self._heard = 0.0
        self._is_busy = True
        self._due = 0.0
        self._killed_for = ""

    def attend(self, now: float) -> None:
        """Start it if that is due; kill it if it hangs."""
        if self.pid is None:
            if now >= self._due:
                self._start(now)
        elif not self._killed_for and now - self._heard > self.patience:
            self._killed_for = f"did not answer for {now - self._heard:.0f} seconds and was ended"
            self.signal_group(signal.SIGKILL)

    @property
    def patience(self) -> float:
        return self._busy_silence if self._is_busy else self._silence

    def hear(self, now: float) -> None:
        """Take the heartbeats that came."""
        try:
            beats = os.read(self.ears, 65536)
        except BlockingIOError:
            return
        self._heard = now
        self._is_busy = beats.endswith(Heartbeat.BUSY)

    def excuse(self, now: float) -> None:
        """It could not be heard: this process did not run itself."""
        self._heard = now

    def bury(self, status: int) -> None:
        """It ended, with this wait status."""
        assert self._process is not None and self.pid is not None
        self._process.returncode = status  # it was waited for already, which Popen cannot know
        _kill_group(self.pid)
        self.pid = None

    def schedule(self, status: int, now: float) -> None:
        """Say why it ended, and decide when it is started again."""
        self._failures = 0 if now - self._started >= WELL_SECONDS else self._failures
        delay = min(LONGEST_DELAY, FIRST_DELAY * 2 ** min(self._failures, 10))
        self._failures += 1
        self._due = now + delay
        why = f"The {self.name} {self._killed_for or describe(status)}."
        log.warning("%s It is started again after %g s", why, delay)
        self._ended(why, delay)

    def signal(self, number: int) -> None:
        if self.pid is not None:
            os.kill(self.pid, number)

    def signal_group(self, number: int) -> None:
        if self.pid is not None:
            _kill_group(self.pid, number)

    def _start(self, now: float) -> None:
        self.starting()
        self.hear(now)  # what is left of its last life
        self._started = self._heard = now
        self._is_busy, self._killed_for = True, ""
        try:
            self._process = subprocess.Popen(
                self.command,
                env=dict(os.environ, **self.environment),
                stdin=subprocess.DEVNULL,
                pass_fds=self.descriptors + (self.heart,),
                start_new_session=True,
                preexec_fn=tied_to_us(),
            )
        except (OSError, subprocess.SubprocessError) as error:
            self._due = now + LONGEST_DELAY
            log.error("the %s cannot be started: %s", self.name, error)
            return
        self.pid = self._process.pid


class Supervisor:
    """upkeep: called once in a while, every two seconds or so. stop_seconds: what an orderly end may take."""

    def __init__(self, children: Sequence[Child], stop_seconds: float, upkeep: Callable[[], None]) -> None:
        self._children = children
        self._stop_seconds = stop_seconds
        self._upkeep = upkeep
        self._is_ending = False
        self._strays_due: Optional[float] = None

    def run(self) -> None:
        """Until a signal asks for the end; returns when all have ended."""
        adopt_orphans()
        bell = self._hang_bell()
        looked = kept = time.monotonic()
        while not self._is_ending:
            now = time.monotonic()
            for child in self._children:
                child.hear(now)
                if now - looked > 5 * _TICK:
                    child.excuse(now)
                child.attend(now)
            looked = now
            if now - kept >= 2 * _TICK:
                kept = now
                self._upkeep()
            self._wait(bell)
        self._stop(bell)

    def _hang_bell(self) -> int:
        """Signals wake `select`: a descriptor that can be read then."""
        bell, ringer = os.pipe()
        for end in (bell, ringer):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(ringer)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            if signal.getsignal(number) != signal.SIG_IGN:  # as `nohup` has it
                signal.signal(number, self._end)
        signal.signal(signal.SIGCHLD, lambda number, frame: None)
        return bell

    def _end(self, number: int, frame: object) -> None:
        self._is_ending = True

    def _wait(self, bell: int) -> None:
        """Until something happened, or a second is over; then bury who ended."""
        select.select([bell] + [child.ears for child in self._children], [], [], _TICK)
        try:
            os.read(bell, 4096)
        except BlockingIOError:
            pass
        now = time.monotonic()
        for pid, status in _ended_children():
            for child in self._children:
                if child.pid == pid:
                    self._strays_due = now + STRAY_SECONDS
                    child.bury(status)
                    if not self._is_ending:
                        child.schedule(status, now)
        if self._strays_due is not None and now >= self._strays_due:
            self._strays_due = now + _TICK if self._end_strays() else None

    def _stop(self, bell: int) -> None:
        for child in self._children:
            child.signal(signal.SIGTERM)
        self._wait_for_all(bell, self._stop_seconds)
        for child in self._children:
            child.signal_group(signal.SIGKILL)
        if not self._wait_for_all(bell, _LAST_SECONDS):
            for process in psutil.Process().children():
                _kill(process.pid)

    def _wait_for_all(self, bell: int, seconds: float) -> bool:
        """Whether nothing is left below this process within so many seconds."""
        until = time.monotonic() + seconds
        while any(child.pid is not None for child in self._children) or psutil.Process().children():
            if time.monotonic() >= until:
                return False
            self._wait(bell)
        return True

    def _end_strays(self) -> bool:
        """Kill what is below this process and is no child that it knows. False: there was nothing."""
        known = {child.pid for child in self._children}
        strays = [process for process in psutil.Process().children() if process.pid not in known]
        for process in strays:
            _kill(process.pid)
        return bool(strays)


def describe(status: int) -> str:
    """What a wait status says, for people."""
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        try:
            name = signal.Signals(number).name
        except ValueError:
            name = f"signal {number}"
        hint = " (out of memory?)" if number == signal.SIGKILL else " (a crash)" if number in _CRASHES else ""
        return f"was killed by {name}{hint}"
    code = os.WEXITSTATUS(status)
    return f"ended with exit code {code}" if code else "ended by itself"


def _ended_children() -> List[Tuple[int, int]]:
    """Process id and wait status of all that ended, adopted ones too."""
    found: List[Tuple[int, int]] = []
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return found
        if pid == 0:
            return found
        found.append((pid, status))


def _kill_group(pid: int, number: int = signal.SIGKILL) -> None:
    try:
        os.killpg(pid, number)
    except (ProcessLookupError, PermissionError):
        pass


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        pass
