"""One stream in the loop: its source, and the sinks for its results."""

import dataclasses
import logging
import threading
from typing import Callable, List, Optional, Sequence, Union

from appliance.core.events import EventBus
from appliance.core.frame import Frame, Result
from appliance.core.sink import Sink
from appliance.core.source import Source
from appliance.core.threads import start_thread
from appliance.pipeline.events import SinkFailed, SourceEnded
from appliance.pipeline.mailbox import Mailbox
from appliance.pipeline.meter import Meter
from appliance.pipeline.results import ResultQueue

log = logging.getLogger(__name__)

# How long to wait for `read` to return after the source was closed; then its thread is abandoned.
SOURCE_PATIENCE = 10.0


class StreamPipeline:
    """A source with a thread of its own, and a mailbox and a thread for each sink.

    The sinks of a live source may lose frames, except those with `every_result`; those of any other source slow down
    the loop.

    From `start` on, source and sinks belong to the pipeline, which closes each of them once: only its threads know the
    right moment. A source is closed while it may wait in `read`, a sink by the thread that wrote to it.

    Args:
        source: The source of the frames.
        sinks: The sinks of the results.
        meter: Counts frames and results.
        stream: Name of the stream.
        transform: Applied to every result before the sinks get it, in the loop's back thread.
        events: Where `SourceEnded` and `SinkFailed` are published; by default a bus of its own.
        mask: Applied to every frame before anything else gets it, in the thread that reads; a failure ends the source.
    """

    def __init__(
        self,
        source: Source,
        sinks: Sequence[Sink],
        meter: Meter,
        stream: str = "main",
        transform: Callable[[Result], Result] = lambda result: result,
        events: Optional[EventBus] = None,
        mask: Callable[[Frame], Frame] = lambda frame: frame,
    ) -> None:
        self.stream = stream
        self.is_live = source.is_live
        self.events = events if events is not None else EventBus()
        self._source = source
        self._sinks = sinks
        self._meter = meter
        self._transform = transform
        self._mask = mask
        self._boxes: List[Union[Mailbox[Sequence[Result]], ResultQueue]] = [self._box(sink) for sink in sinks]
        self._sink_threads: List[threading.Thread] = []
        self._source_threads: List[threading.Thread] = []
        self._lock = threading.Lock()
        self._stopped = False

    def start(self, put: Callable[[Frame], bool], drops: Callable[[], int]) -> None:
        """Start reading.

        Args:
            put: Takes a frame; returns False when no more are wanted.
            drops: Returns the number of frames that were never taken.
        """
        self._meter.count_drops(lambda: self._source.drops + drops(), lambda: sum(box.drops for box in self._boxes))
        self._meter.start()
        for sink, box in zip(self._sinks, self._boxes):
            self._sink_threads.append(start_thread("sink " + sink.name, self._serve, sink, box))
        self._source_threads.append(start_thread("source " + self.stream, self._read, put))

    def deliver(self, results: Sequence[Result]) -> None:
        """Pass results to the sinks, those of a batch together; for a live source one at a time."""
        for result in results:
            self._meter.detected(result.timings)
        transformed = [self._transform(result) for result in results]
        for box in self._boxes:
            box.put(transformed)

    def stop(self) -> None:
        """Read no more frames. Returns at once."""
        with self._lock:
            first, self._stopped = not self._stopped, True
        if first:
            # In a thread of its own: a source may be slow to release a device.
            self._source_threads.append(start_thread("close source", self._close_source))

    def finish(self) -> None:
        """Give the sinks no more results, and let them finish those they have. Returns at once."""
        for box in self._boxes:
            box.close()

    def join(self) -> None:
        """Wait until all threads have ended and everything is closed; call it after `stop` and `finish`."""
        for thread in self._sink_threads:
            thread.join()
        for thread in self._source_threads:
            thread.join(SOURCE_PATIENCE)
            if thread.is_alive():
                log.warning("the source of stream %s does not end its reading, and is left behind", self.stream)

    def _read(self, put: Callable[[Frame], bool]) -> None:
        error: Optional[BaseException] = None
        lost = self._source.drops
        try:
            while True:
                frame = self._source.read()
                if frame is None:
                    break
                before, lost = lost, self._source.drops
                self._meter.arrived(1 + lost - before)
                if not put(dataclasses.replace(self._mask(frame), stream=self.stream)):
                    break
        except BaseException as problem:
            error = problem
        with self._lock:
            is_news = not self._stopped
        if is_news or error is not None:
            self.events.publish(SourceEnded(self.stream, error))

    def _close_source(self) -> None:
        try:
            self._source.close()
        except Exception as error:
            self.events.publish(SourceEnded(self.stream, error))

    def _box(self, sink: Sink) -> "Union[Mailbox[Sequence[Result]], ResultQueue]":
        if self.is_live and sink.every_result:
            return ResultQueue(f"{sink.name} of stream {self.stream}")
        return Mailbox(overwrites=self.is_live)

    def _serve(self, sink: Sink, box: "Union[Mailbox[Sequence[Result]], ResultQueue]") -> None:
        try:
            while True:
                results = box.take()
                if results is None:
                    break
                for result in results:
                    sink.write(result)
        except BaseException as error:
            self._report(error)
        finally:
            box.close()
            try:
                sink.close()
            except BaseException as error:
                self._report(error)

    def _report(self, error: BaseException) -> None:
        self.events.publish(SinkFailed(self.stream, error))
