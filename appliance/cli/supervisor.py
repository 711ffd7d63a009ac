"""Keep processes running: restart each that ends or is silent for too long; end all together.

Nothing is left behind, whatever is killed: children die with this process, and it adopts and ends their orphans.
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
"""Delay in seconds before a restart: the first one, and the limit to which it doubles with each failure."""
WELL_SECONDS = 10.0
"""After a run of this length, the next delay is FIRST_DELAY again."""
STRAY_SECONDS = 10.0
"""How long the children of a dead child may continue: an encoder finishes its file."""
_CRASHES = (signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGILL, signal.SIGFPE)
_TICK = 1.0
_LAST_SECONDS = 2.0


class Child:
    """One process to keep running, with a pipe for its heartbeat.

    Attributes:
        command: The command line.
        environment: Additional environment variables.
        descriptors: File descriptors that it inherits.
        starting: Called before each start.
        pid: Its process id; None while it does not run.
        heartbeat: The descriptor to which it writes its heartbeat; it stays the same across restarts.

    Args:
        name: For messages.
        silence: Seconds without a heartbeat after which it is killed.
        busy_silence: The same while it starts, and while it reports that it is busy.
        ended: Called with the reason of its end, and the seconds until it is restarted.
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
        self.starting: Callable[[], None] = lambda: None
        self.pid: Optional[int] = None
        self.heartbeat_reader, self.heartbeat = os.pipe()  # one pipe for all restarts, as its number is passed once
        for end in (self.heartbeat_reader, self.heartbeat):
            os.set_blocking(end, False)
        self._silence, self._busy_silence = silence, busy_silence
        self._ended = ended
        self._process: Optional[subprocess.Popen[bytes]] = None
        self._failures = 0
        self._started = self._last_heartbeat = 0.0
        self._is_busy = True
        self._due = 0.0
        self._killed_for = ""

    def keep_running(self, now: float) -> None:
        """Start it if that is due; kill it if it hangs."""
        if self.pid is None:
            if now >= self._due:
                self._start(now)
        elif not self._killed_for and now - self._last_heartbeat > self.patience:
            self._killed_for = f"did not answer for {now - self._last_heartbeat:.0f} seconds and was ended"
            self.signal_group(signal.SIGKILL)

    @property
    def patience(self) -> float:
        """Seconds without a heartbeat after which it is killed now."""
        return self._busy_silence if self._is_busy else self._silence

    def take_heartbeats(self, now: float) -> None:
        """Read the heartbeats that arrived."""
        try:
            beats = os.read(self.heartbeat_reader, 65536)
        except BlockingIOError:
            return
        self._last_heartbeat = now
        self._is_busy = beats.endswith(Heartbeat.BUSY)

    def forgive_silence(self, now: float) -> None:
        """Reset the silence: this process was suspended itself, and could not read heartbeats."""
        self._last_heartbeat = now

    def reap(self, status: int) -> None:
        """Handle its end with this wait status."""
        assert self._process is not None and self.pid is not None
        self._process.returncode = status  # already waited for, which Popen cannot know
        _kill_group(self.pid)
        self.pid = None

    def schedule(self, status: int, now: float) -> None:
        """Report why it ended, and schedule its restart."""
        self._failures = 0 if now - self._started >= WELL_SECONDS else self._failures
        delay = min(LONGEST_DELAY, FIRST_DELAY * 2 ** min(self._failures, 10))
        self._failures += 1
        self._due = now + delay
        why = f"The {self.name} {self._killed_for or describe(status)}."
        log.warning("%s It is started again after %g s", why, delay)
        self._ended(why, delay)

    def signal(self, number: int) -> None:
        """Send it a signal if it runs."""
        if self.pid is not None:
            os.kill(self.pid, number)

    def signal_group(self, number: int) -> None:
        """Send a signal to its process group."""
        if self.pid is not None:
            _kill_group(self.pid, number)

    def _start(self, now: float) -> None:
        self.starting()
        self.take_heartbeats(now)  # discard what its last run left in the pipe
        self._started = self._last_heartbeat = now
        self._is_busy, self._killed_for = True, ""
        try:
            self._process = subprocess.Popen(
                self.command,
                env=dict(os.environ, **self.environment),
                stdin=subprocess.DEVNULL,
                pass_fds=self.descriptors + (self.heartbeat,),
                start_new_session=True,
                preexec_fn=tied_to_us(),
            )
        except (OSError, subprocess.SubprocessError) as error:
            self._due = now + LONGEST_DELAY
            log.error("the %s cannot be started: %s", self.name, error)
            return
        self.pid = self._process.pid


class Supervisor:
    """Starts the children, and ends them together.

    Args:
        children: The processes to keep running.
        stop_seconds: Time limit for an orderly end.
        upkeep: Called about every two seconds.
    """

    def __init__(self, children: Sequence[Child], stop_seconds: float, upkeep: Callable[[], None]) -> None:
        self._children = children
        self._stop_seconds = stop_seconds
        self._upkeep = upkeep
        self._is_ending = False
        self._strays_due: Optional[float] = None

    def run(self) -> None:
        """Run until a signal asks for the end; returns when all children have ended."""
        adopt_orphans()
        wakeup = self._open_wakeup_pipe()
        looked = kept = time.monotonic()
        while not self._is_ending:
            now = time.monotonic()
            for child in self._children:
                child.take_heartbeats(now)
                if now - looked > 5 * _TICK:
                    child.forgive_silence(now)
                child.keep_running(now)
            looked = now
            if now - kept >= 2 * _TICK:
                kept = now
                self._upkeep()
            self._wait(wakeup)
        self._stop(wakeup)

    def _open_wakeup_pipe(self) -> int:
        """Return a descriptor that becomes readable at a signal, to wake `select`."""
        wakeup, signals = os.pipe()
        for end in (wakeup, signals):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(signals)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            if signal.getsignal(number) != signal.SIG_IGN:  # stays ignored, as under `nohup`
                signal.signal(number, self._end)
        signal.signal(signal.SIGCHLD, lambda number, frame: None)
        return wakeup

    def _end(self, number: int, frame: object) -> None:
        self._is_ending = True

    def _wait(self, wakeup: int) -> None:
        """Wait for an event, at most a second; then reap children that ended."""
        select.select([wakeup] + [child.heartbeat_reader for child in self._children], [], [], _TICK)
        try:
            os.read(wakeup, 4096)
        except BlockingIOError:
            pass
        now = time.monotonic()
        for pid, status in _ended_children():
            for child in self._children:
                if child.pid == pid:
                    self._strays_due = now + STRAY_SECONDS
                    child.reap(status)
                    if not self._is_ending:
                        child.schedule(status, now)
        if self._strays_due is not None and now >= self._strays_due:
            self._strays_due = now + _TICK if self._end_strays() else None

    def _stop(self, wakeup: int) -> None:
        for child in self._children:
            child.signal(signal.SIGTERM)
        self._wait_for_all(wakeup, self._stop_seconds)
        for child in self._children:
            child.signal_group(signal.SIGKILL)
        if not self._wait_for_all(wakeup, _LAST_SECONDS):
            for process in psutil.Process().children():
                _kill(process.pid)

    def _wait_for_all(self, wakeup: int, seconds: float) -> bool:
        """Return whether all processes below this one end within this time."""
        until = time.monotonic() + seconds
        while any(child.pid is not None for child in self._children) or psutil.Process().children():
            if time.monotonic() >= until:
                return False
            self._wait(wakeup)
        return True

    def _end_strays(self) -> bool:
        """Kill the descendants that are not known children. Returns False if there are none."""
        known = {child.pid for child in self._children}
        strays = [process for process in psutil.Process().children() if process.pid not in known]
        for process in strays:
            _kill(process.pid)
        return bool(strays)


def describe(status: int) -> str:
    """Return a wait status in words."""
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
    """Return process id and wait status of all children that ended, including adopted ones."""
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
