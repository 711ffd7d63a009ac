"""A stand-in for the daemon on the real bus, for the tests of the dashboard and for work on its pages.

    python -m tests.web.fake_daemon RUN_DIR [--recordings DIR] [--streams main,yard] [--fps 10]

It obeys every command of the contract. What has `broken` in its name fails: a model cannot be loaded, a download stops,
a source does not open. The model `stuck` is never done. Signal USR1 makes it log an error and end at once, as a crash
does.
"""

import argparse
import base64
import os
import re
import signal
import threading
import time
from pathlib import Path
from typing import Any, Dict, List, Optional, Tuple, Union

import cv2
import numpy as np

from appliance import __version__
from appliance.bus import BusServer, make_run_dir
from appliance.contract import state as contract
from appliance.contract.answers import Recordings, SourcePicture, StateAnswer
from appliance.contract.codec import encode_message
from appliance.contract.errors import CONFLICT, FAILED, INVALID, NOT_FOUND, Refused
from appliance.contract.events import (
    Detection,
    Detections,
    Latency,
    LogEntry,
    Statistics,
    StreamStatistics,
    Timings,
)
from appliance.contract.fields import JsonObject
from appliance.contract.live_settings import describe_live_settings
from appliance.contract.parsing import command_of, parse_message
from appliance.contract.states import LIVE, LOADING, LOST, NO_MODEL, NO_RESULTS, RUNNING, SLOW
from appliance.core.errors import SourceError
from appliance.daemon.condition import appliance_condition
from appliance.detectors.family import family_title
from appliance.recording.avi import AviWriter
from appliance.schema.settings import Settings, live_values
from appliance.sources.kind import kind_of
from tests.web.fake_events import FakeEvents

LABELS = ["person", "bicycle", "car", "dog", "cat", "bus"]
BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0]
CONFIGURED = live_values(Settings())
FAMILIES = {
    "ssdlite_mobilenet_v2_coco_2018_05_09": "ssd",
    "ssd_mobilenet_v1_coco_2018_01_28": "ssd",
    "broken": "ssd",
    "stuck": "ssd",
    "faster_rcnn_resnet50_coco_2018_01_28": "faster_rcnn",
    "mask_rcnn_inception_v2_coco_2018_01_28": "mask_rcnn",
    "broken_download": "ssd",
}
FIRST_MODEL = "ssdlite_mobilenet_v2_coco_2018_05_09"
INSTALLED = (FIRST_MODEL, "ssd_mobilenet_v1_coco_2018_01_28", "broken", "stuck")
MODES = [
    contract.PowerMode(0, "MAXN", "6 cores, CPU 2.04 GHz, GPU 1.30 GHz"),
    contract.PowerMode(3, "MAXP_CORE_ARM", "4 cores, CPU 2.00 GHz, GPU 1.12 GHz"),
    contract.PowerMode(5, "MODE_OF_A_RESTART", ""),
]


def hide(source: str) -> str:
    return re.sub(r"//[^/@]*@", "//***@", source)


class Stream:
    def __init__(self, name: str, source: str, configured: Optional[str]) -> None:
        self.name, self.source, self.configured = name, source, configured
        self.model: Optional[str] = None
        self.settings: Dict[str, Any] = {}
        self.frames = 0
        self.seen: Dict[str, int] = {}
        self.latency = [0] * (len(BUCKETS) + 1)
        self.writer: Optional[AviWriter] = None
        self.recording = ""
        self.since = 0.0
        self.state, self.problem = LIVE, ""
        self.source_fps: Optional[float] = None

    @property
    def is_broken(self) -> bool:
        return "broken" in self.source

    @property
    def status(self) -> str:
        return LOST if self.is_broken else self.state

    @property
    def gives_frames(self) -> bool:
        return self.status in (LIVE, SLOW)

    def describe(self, watched: bool) -> contract.Stream:
        source = self.source
        try:
            kind = kind_of(source).name
        except SourceError:  # anything may be chosen here
            kind = "device"
        recording = None
        if self.writer:
            seconds = round(time.time() - self.since, 1)
            size = os.fstat(self.writer.fileno()).st_size
            recording = contract.RunningRecording(self.since, seconds, self.recording, size)
        return contract.Stream(
            name=self.name,
            source=hide(source),
            kind=kind,
            model=self.model,
            status=self.status,
            problem=f"{hide(source)} cannot be opened; check the cable or the address."
            if self.is_broken
            else self.problem or None,
            width=None if self.is_broken else 320,
            height=None if self.is_broken else 180,
            watched=watched,
            is_configured=self.source == self.configured,
            configured_source=self.configured and hide(self.configured),
            recording=recording,
            recording_problem=None,
            settings=dict(self.settings),
        )


class FakeDaemon(FakeEvents):
    """Runs from `start` to `stop`. picture_bytes: pads every picture to about this size."""

    def __init__(
        self, run_dir: str, recordings: str, streams: List[str], fps: float = 10.0, picture_bytes: int = 0
    ) -> None:
        self.run_dir, self.recordings = str(make_run_dir(run_dir)), Path(recordings)
        self.recordings.mkdir(parents=True, exist_ok=True)
        self.fps, self.picture_bytes = fps, picture_bytes
        self.lock = threading.RLock()
        self.stopped = threading.Event()
        self.status: Optional[str] = None
        self.pid = os.getpid()
        self.started = time.time()
        self.configured = dict(CONFIGURED)
        self.settings = dict(CONFIGURED)
        self.streams = {name: Stream(name, str(number), str(number)) for number, name in enumerate(streams)}
        self.model: Dict[str, Any] = {
            "name": FIRST_MODEL,
            "status": "ready",
            "wanted": None,
            "stage": None,
            "error": None,
            "family": "ssd",
            "family_title": "SSD",
            "path": "fast",
            "reason": "",
            "engine": "tensorflow",
            "device": "CPU",
            "labels": LABELS,
            "default": FIRST_MODEL,
        }
        self.models: Dict[str, Dict[str, Any]] = {
            name: {
                "name": name,
                "family": family,
                "family_title": family_title(family),
                "bytes": 70000000 if name in INSTALLED else None,
                "installed": name in INSTALLED,
                "in_catalogue": True,
                "fits": family != "mask_rcnn",
                "reason": "needs 6 GB of memory, this board has 4" if family == "mask_rcnn" else None,
                "download": None,
            }
            for name, family in FAMILIES.items()
        }
        self.power: Any = {
            "modes": MODES,
            "current": 3,
            "clocks": False,
            "settable": True,
            "problem": None,
            "needs_reboot": False,
        }
        self.heard: List[Dict[str, Any]] = []
        self.make_events(list(self.streams))
        self.watched_counts: Dict[str, int] = {}

    def start(self) -> "FakeDaemon":
        self.server = BusServer(self.run_dir)
        self.server.serve(self.answer)
        self.threads = [threading.Thread(target=work, daemon=True) for work in (self.run_pictures, self.run_events)]
        for thread in self.threads:
            thread.start()
        self.log("info", f"{FIRST_MODEL} is ready")
        return self

    def stop(self, status: str = "stopping") -> None:
        self.status = status
        self.publish_state()
        self.stopped.set()
        for thread in self.threads:
            thread.join()
        for stream in self.streams.values():
            if stream.writer:
                stream.writer.close()
        self.server.close()

    def log(self, level: str, text: str) -> None:
        self.server.publish(LogEntry(time.time(), level, text))

    def publish_state(self) -> None:
        self.server.publish(self.state())

    def condition(self) -> Tuple[str, bool]:
        if self.status is not None:
            return self.status, self.status == RUNNING
        model = LIVE if self.model["name"] else LOADING if self.model["wanted"] else NO_MODEL
        return appliance_condition(model, [stream.status for stream in self.streams.values()])

    def state(self) -> contract.State:
        with self.lock:
            status, is_ready = self.condition()
            used = sum(path.stat().st_size for path in self.recordings.iterdir())
            return contract.State(
                daemon=contract.DaemonState(self.pid, __version__, self.started, status, is_ready, None),
                board=contract.Board("pc", "PC"),
                settings=dict(self.settings),
                configured=dict(self.configured),
                live_settings=describe_live_settings(),
                model=contract.RunningModel(**self.model),
                streams=[stream.describe(self.server.is_watched(stream.name)) for stream in self.streams.values()],
                models=[
                    contract.Model(**dict(model, download=model["download"] and contract.Download(**model["download"])))
                    for model in self.models.values()
                ],
                storage=contract.StorageStatus(
                    50 << 30, 1 << 30, used, 100 << 30, 0.0, None, None, streams=self.storage_of_streams()
                ),
                power=self.power and contract.Power(**self.power),
            )

    def storage_of_streams(self) -> List[contract.StreamStorage]:
        sizes = {
            name: sum(path.stat().st_size for path in self.recordings.glob(f"{name}_*.*")) for name in self.streams
        }
        return [
            contract.StreamStorage(name, 0, size // 3, size - size // 3, 0, 0, 5 << 30, 9 * 86400.0)
            for name, size in sizes.items()
            if size
        ]

    # What it sends

    def run_pictures(self) -> None:
        number = 0
        while not self.stopped.wait(1 / self.fps):
            number += 1
            with self.lock:
                streams = [stream for stream in self.streams.values() if stream.gives_frames]
                for stream in streams:
                    stream.frames += 1
                    for label in self.present(number):
                        stream.seen[label] = stream.seen.get(label, 0) + 1
                    stream.latency[2 + number % 4] += 1
                    if self.server.is_watched(stream.name) or stream.writer:
                        jpeg = self.draw(stream, number)
                        self.server.publish_frame(stream.name, jpeg)
                        if stream.writer:
                            stream.writer.write(jpeg)
            for stream in streams:
                self.server.publish(self.detect(stream, number))

    def present(self, number: int) -> List[str]:
        return ["person"] * (1 + number // 20 % 3) + ["car"] * (number // 35 % 2)

    def draw(self, stream: Stream, number: int) -> bytes:
        image = np.full((180, 320, 3), 40, np.uint8)
        for place, label in enumerate(self.present(number)):
            x = (number * 4 + place * 70) % 280
            cv2.rectangle(image, (x, 40 + place * 20), (x + 40, 120 + place * 20), (80, 200, 80), 2)
            if self.settings["vis_text"]:
                cv2.putText(image, label, (x, 36 + place * 20), cv2.FONT_HERSHEY_SIMPLEX, 0.4, (80, 200, 80), 1)
        words = f"{stream.name} {hide(stream.source)} {number}"
        cv2.putText(image, words, (6, 170), cv2.FONT_HERSHEY_SIMPLEX, 0.45, (255, 255, 255), 1)
        jpeg = bytes(cv2.imencode(".jpg", image)[1])
        return jpeg + b"\0" * max(0, self.picture_bytes - len(jpeg))

    def detect(self, stream: Stream, number: int) -> Detections:
        found = []
        for place, label in enumerate(self.present(number)):
            x = (number * 4 + place * 70) % 280
            found.append(
                Detection(
                    LABELS.index(label) + 1,
                    label,
                    0.95 - 0.1 * place,
                    (float(x), 40.0 + place * 20, x + 40.0, 120.0 + place * 20),
                )
            )
        return Detections(stream.name, stream.frames, hide(stream.source), time.time(), 320, 180, found)

    def run_events(self) -> None:
        ticks = 0
        while not self.stopped.wait(0.2):
            self.server.publish(self.measure())
            if ticks % 10 == 0:
                self.publish_state()
            if ticks % 100 == 50:
                self.log("info", f"{sum(stream.frames for stream in self.streams.values())} frames")
            ticks += 1

    def measure(self) -> Statistics:
        now = time.time()
        sway = float(np.sin(now / 10))
        with self.lock:
            return Statistics(
                time=now,
                streams={stream.name: self.measure_stream(stream, sway) for stream in self.streams.values()},
                readings={
                    "cpu": 45 + 20 * sway,
                    "cores": [40 + 20 * sway, 50 + 20 * sway],
                    "memory": {"used": int(2.5e9 + 1e8 * sway), "total": int(8e9)},
                    "process_memory": int(9e8),
                    "gpu": 60 + 10 * sway,
                    "power": {"total": 9.5 + sway, "gpu": 4 + sway, "cpu": 2.5},
                    "temperatures": {"cpu": 51 + 3 * sway, "gpu": 49 + 3 * sway},
                },
            )

    def measure_stream(self, stream: Stream, sway: float) -> StreamStatistics:
        watched = self.server.is_watched(stream.name)
        buckets: List[Tuple[Union[float, str], int]] = [
            (bound, sum(stream.latency[: place + 1])) for place, bound in enumerate(BUCKETS)
        ]
        buckets.append(("+Inf", sum(stream.latency)))
        gives = stream.gives_frames
        present = self.present(stream.frames) if gives else []
        return StreamStatistics(
            frames=stream.frames,
            now={label: present.count(label) for label in present},
            seen=dict(stream.seen),
            latency=Latency(buckets, 0.06 * stream.frames, sum(stream.latency)),
            fps=self.fps + 0.3 * sway if gives else 0.0,
            vfps=self.fps if watched else 0.0,
            drops=stream.frames // 50,
            vdrops=0,
            timings=self.timings(sway, watched) if gives else None,
            reconnects=0,
            source_fps=stream.source_fps or (self.fps if gives or stream.status == NO_RESULTS else 0.0),
            frame_age=0.05,
            result_age=0.06 if gives else None,
            counts=self.counts(stream.name),
        )

    def timings(self, sway: float, watched: bool) -> Timings:
        return Timings(
            total=0.062 + 0.004 * sway,
            cap=0.004,
            front=0.031 + 0.003 * sway,
            back=0.012,
            lost=0.015 + 0.001 * sway,
            send=0.002,
            draw=0.003 if watched else None,
            encode=0.004 if watched else None,
        )

    # What it obeys

    def answer(self, message: JsonObject) -> JsonObject:
        self.heard.append(message)
        request = parse_message(message)
        with self.lock:
            answer = getattr(self, "do_" + command_of(request).name)(**vars(request))
        if answer is None:
            self.publish_state()
            answer = StateAnswer(self.state())
        return encode_message(answer)

    def later(self, work: Any, *arguments: Any) -> None:
        threading.Thread(target=work, args=arguments, daemon=True).start()

    def stream(self, name: str) -> Stream:
        if name not in self.streams:
            raise Refused(NOT_FOUND, f"There is no stream {name}.")
        return self.streams[name]

    def do_get_state(self) -> None:
        pass

    def do_set_model(self, model: str) -> None:
        self.check_installed(model)
        if self.model["wanted"]:
            raise Refused(CONFLICT, f"{self.model['wanted']} is being loaded; wait for it.")
        self.model.update(wanted=model, status="loading", stage="reading the graph", error=None)
        self.later(self.load, model)

    def do_cancel_model(self) -> None:
        if not self.model["wanted"]:
            raise Refused(CONFLICT, "No model is being loaded.")
        self.model.update(
            wanted=None, status="ready", stage=None, error=f"{self.model['wanted']} is not used: it was given up."
        )

    def check_installed(self, model: str) -> None:
        if model not in self.models:
            raise Refused(NOT_FOUND, f"There is no model {model}.")
        if not self.models[model]["installed"]:
            raise Refused(CONFLICT, f"{model} is not installed; get it first.")

    def load(self, model: str) -> None:
        for stage in ("reading the graph", "finding the cut", "warming up"):
            if self.model["wanted"] != model:
                return
            self.model["stage"] = stage
            self.publish_state()
            if self.stopped.wait(0.4):
                return
        if model == "stuck":
            return
        if "broken" in model:
            error = f"{model}: the graph is cut off at byte 1234; get it again. {self.model['name']} goes on."
            self.model.update(wanted=None, status="ready", stage=None, error=error)
            self.log("error", error)
        else:
            facts = {key: self.models[model][key] for key in ("family", "family_title")}
            self.model.update(facts, name=model, wanted=None, status="ready", stage=None, error=None)
            self.log("info", f"{model} is ready")
        self.publish_state()

    def do_get_model(self, model: str) -> None:
        if model not in self.models:
            raise Refused(NOT_FOUND, f"The catalogue has no {model}.")
        if self.models[model]["installed"]:
            raise Refused(CONFLICT, f"{model} is installed already.")
        if self.models[model]["download"] and not self.models[model]["download"]["error"]:
            raise Refused(CONFLICT, f"{model} is being fetched.")
        self.models[model]["download"] = {"done": 0, "total": 70000000, "error": None}
        self.later(self.download, model)

    def download(self, name: str) -> None:
        model = self.models[name]
        for part in range(1, 11):
            if self.stopped.wait(0.2):
                return
            model["download"] = {"done": part * 7000000, "total": 70000000, "error": None}
            if "broken" in name and part == 5:
                model["download"]["error"] = "The connection broke; try again, it goes on where it stopped."
                self.publish_state()
                return
            self.publish_state()
        model.update(download=None, installed=True, bytes=70000000)
        if not self.model["name"]:
            self.do_set_model(name)
        self.publish_state()

    def do_set_stream(self, stream: str, source: Any, model: Optional[str] = None) -> None:
        if model is not None:
            self.check_installed(model)
        text = self.check_source(source)
        if stream not in self.streams:
            if len(self.streams) == 8:
                raise Refused(CONFLICT, "8 streams is the most; remove one.")
            self.streams[stream] = Stream(stream, text, None)
        elif text != hide(self.streams[stream].source):
            self.streams[stream].source = text
        self.streams[stream].model = model

    def check_source(self, source: Any) -> str:
        text = str(source).strip()
        if not text:
            raise Refused(INVALID, "A source is a camera's number, a device, an address or a pipeline.")
        if "filesink" in text:
            raise Refused(INVALID, "filesink is not allowed in a pipeline from the dashboard.")
        return text

    def do_reset_stream(self, stream: str) -> None:
        known = self.stream(stream)
        if known.configured is None:
            raise Refused(CONFLICT, f"{stream} is not in the config file; remove it instead.")
        known.source, known.model = known.configured, None

    def do_remove_stream(self, stream: str) -> None:
        if self.stream(stream).configured is not None:
            raise Refused(CONFLICT, f"{stream} stands in the config file; remove it there.")
        self.do_record(stream, False)
        del self.streams[stream]

    def do_test_source(self, source: Any) -> SourcePicture:
        text = self.check_source(source)
        if "broken" in text:
            raise Refused(FAILED, f"{hide(text)} cannot be opened; check the cable or the address.")
        jpeg = self.draw(Stream("test", text, None), 1)
        return SourcePicture(base64.b64encode(jpeg).decode(), 320, 180)

    def do_change_settings(self, settings: Dict[str, Any]) -> None:
        for name, value in settings.items():
            self.settings[name] = self.configured[name] if value is None else value

    def do_change_stream_settings(self, stream: str, settings: Dict[str, Any]) -> None:
        own = self.stream(stream).settings
        for name, value in settings.items():
            if value is None:
                own.pop(name, None)
            else:
                own[name] = value

    def do_record(self, stream: str, on: bool) -> None:
        known = self.stream(stream)
        if on and not known.writer:
            if known.is_broken:
                raise Refused(CONFLICT, f"{stream} gives no pictures that could be recorded.")
            known.since = time.time()
            stamp = time.strftime("%Y%m%d-%H%M%S", time.localtime(known.since))
            known.recording = f"{stream}_{stamp}_{len(self.heard)}.avi"
            known.writer = AviWriter(str(self.recordings / known.recording), 320, 180, self.fps)
        elif not on and known.writer:
            known.writer.close()
            known.writer = None

    def do_set_power(self, mode: Optional[int], clocks: Optional[bool]) -> None:
        if self.power is None:
            raise Refused(NOT_FOUND, "This board has no power modes.")
        if mode is None and clocks is None:
            raise Refused(INVALID, "mode or clocks must say what to set.")
        if mode is not None and mode not in [row.id for row in MODES]:
            raise Refused(NOT_FOUND, f"This board has no power mode {mode}.")
        if mode == 5:
            why = "Power mode 5 needs a restart of the board, so it was not set."
            self.power.update(problem=why, needs_reboot=True)
            raise Refused(CONFLICT, why)
        self.power.update(
            current=self.power["current"] if mode is None else mode,
            problem=None,
            needs_reboot=False,
            clocks=self.power["clocks"] if clocks is None else clocks,
        )

    def do_list_recordings(self) -> Recordings:
        running = {stream.recording for stream in self.streams.values() if stream.writer}
        recordings = []
        for path in sorted(self.recordings.glob("*.*"), key=lambda path: -path.stat().st_mtime):
            facts = path.stat()
            recordings.append(
                contract.Recording(
                    name=path.name,
                    stream=path.name.split("_")[0],
                    started=self.recorded.get(path.name, (facts.st_mtime - 5, 5.0))[0],
                    seconds=self.recorded.get(path.name, (0.0, 5.0))[1],
                    bytes=facts.st_size,
                    format=path.suffix[1:],
                    recording=path.name in running,
                )
            )
        return Recordings(recordings)

    def do_delete_recording(self, name: str) -> Recordings:
        listed = {recording.name: recording for recording in self.do_list_recordings().recordings}
        if name not in listed:
            raise Refused(NOT_FOUND, f"There is no recording {name}.")
        if listed[name].recording:
            raise Refused(CONFLICT, f"{name} is being recorded; stop that first.")
        (self.recordings / name).unlink()
        return self.do_list_recordings()


def main() -> None:
    parser = argparse.ArgumentParser(description="A stand-in for the daemon.")
    parser.add_argument("run_dir")
    parser.add_argument("--recordings", help="folder of the recordings; RUN_DIR/recordings if left out")
    parser.add_argument("--streams", default="main", help="names, separated by commas")
    parser.add_argument("--fps", type=float, default=10.0)
    parser.add_argument("--picture-bytes", type=int, default=0)
    parser.add_argument("--movies", action="store_true", help="record some movies first; takes an H.264 encoder")
    options = parser.parse_args()
    recordings = options.recordings or os.path.join(options.run_dir, "recordings")
    daemon = FakeDaemon(
        options.run_dir, recordings, options.streams.split(","), options.fps, options.picture_bytes
    ).start()

    if options.movies:
        daemon.make_recordings()

    def crash(*_: Any) -> None:
        daemon.log("error", "The camera driver crashed the daemon.")
        daemon.server.close()  # what was said still goes out
        os._exit(1)

    ended = threading.Event()
    signal.signal(signal.SIGUSR1, crash)
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    signal.signal(signal.SIGINT, lambda *_: ended.set())
    print("the fake daemon runs", flush=True)
    while not ended.wait(0.5):
        pass
    daemon.stop()


if __name__ == "__main__":
    main()
