"""Starts the daemon for the tests as `up` does, and talks with it over the bus."""

import json
import time
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional

from appliance import bus
from appliance.contract.errors import Refused, Unavailable
from tests.command import MODELS, start
from tests.waiting import LIMIT

PERSON = "pedestrian_ssdlite"


class Daemon:
    """One in a folder of its own: run, state and recordings are there, so that it can be started again.

    words: more of its command line. config: the text of its config file. environ: variables of its environment.
    module: what runs, with the command line of the appliance.
    """

    def __init__(
        self,
        folder: Path,
        *words: str,
        config: str = "",
        environ: Optional[Dict[str, str]] = None,
        module: str = "appliance",
    ) -> None:
        self.module = module
        self.environ = environ or {}
        self.folder = folder
        self.run_dir = bus.make_run_dir(folder / "run")
        (folder / "config.yml").write_text(config)
        arguments = [*words, *MODELS] if "--models-dir" not in words else list(words)
        (self.run_dir / "daemon.json").write_text(json.dumps({"arguments": arguments}))
        self.process: Any = None
        self.printed = ""

    def __enter__(self) -> "Daemon":
        self.process = start(
            self.folder, "daemon", str(self.run_dir / "daemon.json"), module=self.module, **self.environ
        )
        self.until(lambda state: True)
        return self

    def __exit__(self, *error: Any) -> None:
        self.stop()

    def stop(self) -> str:
        """End it as the supervisor does; returns what it printed."""
        process = self.process
        if process.poll() is None:
            process.terminate()
            out, err = process.communicate(timeout=LIMIT)
            assert "Traceback" not in err, err
            assert process.returncode == 0, err
            self.printed = str(out + err)
        return self.printed

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate(timeout=LIMIT)

    def ask(self, command: str, **fields: Any) -> Dict[str, Any]:
        return bus.request(self.run_dir, dict(fields, command=command), LIMIT)

    def state(self) -> Dict[str, Any]:
        state: Dict[str, Any] = self.ask("get_state")["state"]
        return state

    def stream(self, name: str = "main") -> Dict[str, Any]:
        return next(row for row in self.state()["streams"] if row["name"] == name)

    def until(self, condition: Callable[[Dict[str, Any]], Any]) -> Dict[str, Any]:
        """The first state that meets a condition. While the daemon does not answer, it waits too."""
        end = time.monotonic() + LIMIT
        state: Optional[Dict[str, Any]] = None
        while time.monotonic() < end:
            if self.process.poll() not in (None, -9):
                raise AssertionError("it ended:\n" + self.process.stderr.read())
            try:
                state = bus.request(self.run_dir, {"command": "get_state"}, 1.0)["state"]
                if condition(state):
                    return state
            except (Unavailable, Refused):
                pass
            time.sleep(0.05)
        raise AssertionError(f"it did not happen; the last state was {state}")

    def until_ready(self, name: str = PERSON) -> Dict[str, Any]:
        """When the model runs."""
        return self.until(lambda state: state["model"]["name"] == name and state["model"]["wanted"] is None)

    def events(self, topic: str, condition: Callable[[Dict[str, Any]], Any]) -> Dict[str, Any]:
        """The first event that meets a condition."""
        listener = bus.EventSubscriber(self.run_dir, (topic,))
        try:
            end = time.monotonic() + LIMIT
            while time.monotonic() < end:
                event = listener.receive(1.0)
                if event is not None and condition(event[1]):
                    return event[1]
        finally:
            listener.close()
        raise AssertionError(f"no such {topic}")

    def pictures(self, count: int, stream: str = "main") -> List[bytes]:
        """So many JPEGs of a stream."""
        listener = bus.FrameSubscriber(self.run_dir, stream)
        found: List[bytes] = []
        end = time.monotonic() + LIMIT
        try:
            while len(found) < count and time.monotonic() < end:
                picture = listener.receive(1.0)
                if picture is not None:
                    found.append(picture)
        finally:
            listener.close()
        assert len(found) == count
        return found
