"""The loop, its mailboxes and its meter, with detectors that take the time a test wants and no clock of their own."""

import dataclasses
import threading
import time

import numpy as np
import pytest

from appliance.core.errors import OutputError, SourceError
from appliance.core.events import EventBus
from appliance.core.frame import Arrivals, Detections, Frame, Result, Timings, TrackRef
from appliance.core.sink import Sink
from appliance.core.source import Source
from appliance.pipeline.detector_handle import DetectorHandle
from appliance.pipeline.events import SinkFailed, SourceEnded
from appliance.pipeline.frame_queue import LIVE_BATCHES, FrameQueue
from appliance.pipeline.loop import Loop
from appliance.pipeline.mailbox import Mailbox, Sequencer
from appliance.pipeline.meter import Meter
from appliance.pipeline.progress import Progress
from appliance.pipeline.results import ResultQueue
from appliance.pipeline.stream_pipeline import StreamPipeline
from tests.waiting import wait_until

LIMIT = 20  # seconds that a step may take before a test fails


class Numbers(Source):
    """Frames whose first pixel is their number; `gate` lets a test hold them back."""

    def __init__(self, count, is_live=False, error=None):
        self.name, self.is_live, self.frame_count = "numbers", is_live, count
        self.closed = threading.Event()
        self.read_count, self.reads = 0, threading.Semaphore(0)
        self._error = error

    def read(self):
        if self.closed.is_set() or (self.frame_count is not None and self.read_count >= self.frame_count):
            if self._error:
                raise self._error
            return None
        image = np.full((4, 6, 3), self.read_count % 256, np.uint8)
        self.read_count += 1
        self.reads.release()
        return Frame(image, self.read_count - 1, "numbers", 0.0, time.monotonic(), 0.001)

    def close(self):
        self.closed.set()


class Fake:
    """A detector that finds one box, whose class is the frame's number; `front_at` is called in every front."""

    def __init__(self, labels=None, workers=1, front_at=None, back_at=None, batch=1):
        self.labels = labels or {}
        self.workers = workers
        self.batch = batch
        self.batches = []
        self.closed = 0
        self.busy = 0
        self.most_busy = 0
        self._lock = threading.Lock()
        self._front_at, self._back_at = front_at, back_at

    def batch_size_for(self, width, height):
        return self.batch if width < 1000 else 2

    def infer(self, images):
        self.batches.append(len(images))
        return [self.front(image) for image in images]

    def front(self, image):
        with self._lock:
            assert not self.closed, "a closed detector was used"
            self.busy += 1
            self.most_busy = max(self.most_busy, self.busy)
        if self._front_at:
            self._front_at(int(image[0, 0, 0]))
        with self._lock:
            self.busy -= 1
        return [image[0, 0, :1]]

    def postprocess(self, raw, sizes):
        return [self.back(one, width, height) for one, (width, height) in zip(raw, sizes)]

    def back(self, raw, width, height):
        assert not self.closed, "a closed detector was used"
        if self._back_at:
            self._back_at(int(raw[0][0]))
        return Detections(
            np.array([[0, 0, width, height]], np.float32), np.ones(1, np.float32), raw[0].astype(np.int32)
        )

    def close(self):
        self.closed += 1


class Collect(Sink):
    def __init__(self, at=None, name="collect", every_result=False):
        self.name, self.every_result = name, every_result
        self.results, self.closed, self._at = [], 0, at
        self.busy = False

    def write(self, result):
        self.busy = True
        if self._at:
            self._at(result)
        self.results.append(result)

    def close(self):
        self.closed += 1

    @property
    def numbers(self):
        return [result.frame.index for result in self.results]


def run(source, detector, sinks, **options):
    with Loop(detector, [StreamPipeline(source, sinks, Meter(5.0))], **options) as loop:
        loop.wait()


def work(seconds):
    """What a stand-in does in place of a network or a disk: it takes time, and no test waits by it."""
    time.sleep(seconds)


def fail_at(result, number):
    if result.frame.index == number:
        raise OutputError("disk full")


class TestMailbox:
    def test_the_newest_wins_where_it_overwrites(self):
        box = Mailbox(overwrites=True)
        for item in "abc":
            assert box.put(item)
        assert box.take() == "c"
        assert box.drops == 2

    def test_who_puts_waits_where_it_does_not_overwrite(self):
        box = Mailbox(overwrites=False)
        box.put("a")
        second = threading.Thread(target=box.put, args=("b",))
        second.start()
        assert (box.take(), box.take()) == ("a", "b")
        second.join(LIMIT)
        assert box.drops == 0

    def test_what_lies_in_a_closed_one_can_be_taken_and_nothing_put(self):
        box = Mailbox(overwrites=False)
        box.put("a")
        box.close()
        assert box.put("b") is False
        assert box.take() == "a"
        assert box.take() is None

    @pytest.mark.parametrize("action", ["put", "take"])
    def test_closing_wakes_who_waits(self, action):
        box = Mailbox(overwrites=False)
        answers = []
        if action == "put":
            box.put("a")
            waiting = threading.Thread(target=lambda: answers.append(box.put("b")))
        else:
            waiting = threading.Thread(target=lambda: answers.append(box.take()))
        waiting.start()
        box.close()
        waiting.join(LIMIT)
        assert answers == [False if action == "put" else None]


def frame_of(number, width=6):
    return Frame(np.zeros((4, width, 3), np.uint8), number, "x", 0.0, 0.0, 0.0)


def taken(queue):
    """The streams and numbers of the next batch's frames."""
    return [(stream, frame.index) for stream, frame in queue.get_batch().frames]


class TestFrameQueue:
    @staticmethod
    def make(**options):
        return FrameQueue(DetectorHandle(Fake(**options)))

    def test_streams_take_turns_and_keep_their_newest(self):
        queue = self.make(workers=8)
        for stream in ("fast", "slow"):
            queue.open(stream, is_live=True)
        queue.put("slow", frame_of(0))
        batches = []
        for number in range(3):
            queue.put("fast", frame_of(-1))
            queue.put("fast", frame_of(number))
            batches.append(taken(queue))
        assert batches == [[("fast", 0)], [("slow", 0)], [("fast", 2)]]
        assert (queue.drops("fast"), queue.drops("slow")) == (4, 0)

    @pytest.mark.parametrize("is_shut", [False, True], ids=["taken", "shut"])
    def test_whoever_waits_for_others_to_be_done_is_let_go_when_nothing_is_left(self, is_shut):
        """Several waited while as much as may be was in flight, it was closed, and one took the last: the rest waited
        for ever."""
        queue = self.make(batch=4)
        queue.open("a", is_live=True)
        for number in range(LIVE_BATCHES):
            queue.put("a", frame_of(number))
            assert queue.get_batch() is not None
        queue.put("a", frame_of(9))
        batches = []
        threads = [threading.Thread(target=lambda: batches.append(queue.get_batch()), daemon=True) for _ in range(3)]
        for thread in threads:
            thread.start()
        wait_until(lambda: len(queue._filled._waiters) == 3)
        queue.close()
        wait_until(lambda: len(queue._filled._waiters) == 3)  # each has looked, and waits again
        if is_shut:
            queue.shut("a")
        else:
            queue.done()
        for thread in threads:
            thread.join(LIMIT)
            assert not thread.is_alive()
        assert batches.count(None) == (3 if is_shut else 2)

    def test_a_detector_that_was_replaced_has_no_batch_after_its_successor(self):
        old, new = Fake(workers=3), Fake(workers=3)
        detectors = DetectorHandle(old)
        queue = FrameQueue(detectors)
        queue.open("a", is_live=False)
        batches = []
        for number in range(4):
            if number == 2:
                detectors.replace(new, lambda: None)
            queue.put("a", frame_of(number))
            batches.append(queue.get_batch())
        assert [batch.detector for batch in batches] == [old, old, new, new]
        assert [(batch.number, batch.first) for batch in batches] == [(number, number) for number in range(4)]

    def test_what_waits_is_taken_together_in_turn_up_to_what_the_detector_takes(self):
        queue = self.make(batch=4)
        for stream, numbers in (("a", (1, 2, 3)), ("b", (4, 5))):
            queue.open(stream, is_live=False)
            for number in numbers:
                queue.put(stream, frame_of(number))
        queue.close()
        first, second = queue.get_batch(), queue.get_batch()
        assert [(stream, frame.index) for stream, frame in first.frames] == [("a", 1), ("b", 4), ("a", 2), ("b", 5)]
        assert [(stream, frame.index) for stream, frame in second.frames] == [("a", 3)]
        assert [(batch.number, batch.first) for batch in (first, second)] == [(0, 0), (1, 4)]
        assert queue.get_batch() is None

    def test_large_frames_are_taken_in_smaller_batches(self):
        queue = self.make(batch=4)
        for stream in "abc":
            queue.open(stream, is_live=True)
            queue.put(stream, frame_of(0, width=2000))
        assert [len(queue.get_batch().frames) for _ in range(2)] == [2, 1]

    @pytest.mark.parametrize("end", [lambda queue: queue.shut("a"), lambda queue: queue.close()])
    def test_who_waits_with_a_frame_is_told_of_the_end(self, end):
        queue, answers = self.make(), []
        queue.open("a", is_live=False)
        queue.put("a", frame_of(1))
        waiting = threading.Thread(target=lambda: answers.append(queue.put("a", frame_of(2))))
        waiting.start()
        end(queue)
        waiting.join(LIMIT)
        assert answers == [False]
        assert queue.put("a", frame_of(3)) is False

    @pytest.mark.parametrize("release", [lambda queue: queue.done(), lambda queue: queue.release_limit()])
    def test_who_takes_waits_while_as_much_as_may_be_is_in_flight(self, release):
        queue, batches = self.make(batch=4), []
        queue.open("camera", is_live=True)
        for number in range(LIVE_BATCHES):
            queue.put("camera", frame_of(number))
            batches.append(taken(queue))
        queue.put("camera", frame_of(2))
        asked = threading.Event()

        def take():
            asked.set()
            batches.append(taken(queue))

        third = threading.Thread(target=take)
        third.start()
        assert asked.wait(LIMIT)
        queue.put("camera", frame_of(3))
        assert len(batches) == LIVE_BATCHES
        release(queue)
        third.join(LIMIT)
        assert batches[LIVE_BATCHES:] == [[("camera", 3)]]
        # A movie waits too: another may go.
        queue.open("movie", is_live=False)
        queue.put("movie", frame_of(0))
        assert taken(queue) == [("movie", 0)]


class TestResultQueue:
    @staticmethod
    def result(number, masks=None):
        frame = Frame(np.full((4, 6, 3), 7, np.uint8), number, "x", 0.0, 0.0, 0.0)
        return Result(frame, dataclasses.replace(Detections.empty(), masks=masks), Timings(0, 0, 0, 0, 0, 0), {})

    def test_what_comes_while_it_is_full_is_lost_counted_and_said_once(self, caplog):
        queue = ResultQueue("json of stream main", most_results=3)
        assert queue.put([self.result(number) for number in range(5)]) and queue.put([self.result(5)])
        wait_until(lambda: caplog.records)
        assert [queue.take()[0].frame.index for _ in range(3)] == [0, 1, 2]
        assert queue.drops == 3
        queue.put([self.result(6)])
        queue.close()
        assert queue.take()[0].frame.index == 6 and queue.take() is None and not queue.put([self.result(7)])
        (message,) = [record.getMessage() for record in caplog.records]
        assert message.startswith("json of stream main does not keep up")

    def test_a_waiting_result_keeps_its_tracks(self):
        queue, tracks = ResultQueue("x"), [TrackRef("1.000000-000001", 1, False)]
        queue.put([dataclasses.replace(self.result(0), tracks=tracks)])
        assert queue.take()[0].tracks is tracks

    def test_masks_that_wait_are_bounded_by_their_bytes_and_pictures_are_not_kept(self):
        queue = ResultQueue("x", most_bytes=100)
        masks = np.zeros((4, 4, 6), np.bool_)  # 96 bytes
        queue.put([self.result(0, masks), self.result(1, masks), self.result(2)])
        taken = [queue.take()[0], queue.take()[0]]
        assert [result.frame.index for result in taken] == [0, 2] and queue.drops == 1
        assert taken[0].frame.image.shape == (4, 6, 3) and taken[0].frame.image.base.nbytes == 1
        queue.put([self.result(3, masks)])
        assert queue.take()[0].frame.index == 3


class TestSequencer:
    def test_items_come_out_by_their_numbers(self):
        line = Sequencer()
        for number in (2, 0, 1):
            line.put(number, number)
        assert [line.take() for _ in range(3)] == [0, 1, 2]

    def test_a_gap_ends_it_when_closed(self):
        line = Sequencer()
        line.put(1, "b")
        line.close()
        assert line.take() is None


class TestLoop:
    @pytest.mark.parametrize("workers", [1, 2, 4])
    def test_every_frame_of_a_movie_comes_once_and_in_order(self, workers):
        random = np.random.RandomState(0).rand(256) * 0.003
        detector, sink = Fake(workers=workers, front_at=lambda number: work(random[number])), Collect()
        run(Numbers(120), detector, [sink])
        assert sink.numbers == list(range(120))
        assert [int(result.detections.class_ids[0]) for result in sink.results] == list(range(120))
        assert (sink.closed, detector.closed) == (1, 0)

    def test_workers_run_at_the_same_time(self):
        meeting = threading.Barrier(3, timeout=LIMIT)
        detector = Fake(workers=3, front_at=lambda number: meeting.wait())
        run(Numbers(9), detector, [Collect()])
        assert detector.most_busy == 3

    def test_front_and_back_work_on_different_frames_at_once(self):
        # The back of frame n waits for the front of frame n + 1: together they only get on if both run.
        fronts = [threading.Event() for _ in range(11)]
        detector = Fake(
            front_at=lambda number: fronts[number].set(),
            back_at=lambda number: number < 9 and not fronts[number + 1].wait(LIMIT) and pytest.fail("one by one"),
        )
        sink = Collect()
        run(Numbers(10), detector, [sink])
        assert len(sink.results) == 10

    @pytest.mark.parametrize("workers", [1, 3])
    def test_frames_of_a_movie_that_wait_go_through_the_front_together(self, workers):
        held = threading.Event()
        detector = Fake(workers=workers, batch=4, front_at=lambda number: held.wait(LIMIT))
        source, sink = Numbers(41), Collect()
        pipeline = StreamPipeline(source, [sink], Meter(5.0))
        with Loop(detector, [pipeline]) as loop:
            # Each worker holds a batch, and another lies in the frame queue.
            wait_until(lambda: source.read_count > workers + 4)
            held.set()
            loop.wait()
        assert sink.numbers == list(range(41))
        assert max(detector.batches) == 4 and sum(detector.batches) == 41

    def test_of_frames_that_are_large_fewer_wait_and_go_together(self):
        detector, sink, images = Fake(workers=2, batch=8), Collect(), np.zeros((9, 4, 1000, 3), np.uint8)
        held = threading.Event()
        detector._front_at = lambda number: held.wait(LIMIT)
        source = Numbers(9)
        read = source.read

        def read_large():
            frame = read()
            return frame and dataclasses.replace(frame, image=images[frame.index])

        source.read = read_large
        with Loop(detector, [StreamPipeline(source, [sink], Meter(5.0))]) as loop:
            wait_until(lambda: detector.busy == 2 and source.read_count >= 6)
            assert source.read_count <= 2 * 2 + 2 + 1  # in the fronts, in the frame queue, in the source's hand
            held.set()
            loop.wait()
        assert max(detector.batches) == 2 and sum(detector.batches) == 9

    def test_a_slow_sink_keeps_a_movie_from_filling_the_memory(self):
        held, source = threading.Event(), Numbers(None)
        sink = Collect(at=lambda result: held.wait(LIMIT))
        with Loop(Fake(workers=4, batch=8), [StreamPipeline(source, [sink], Meter(5.0))]) as loop:
            wait_until(lambda: sink.busy)
            while source.reads.acquire(timeout=0.1):
                pass  # until nobody reads any more: what may be under way is
            # Under way, in the sink's mailbox, in the frame queue, and one in the source's hand.
            assert source.read_count <= (4 + 2) * 8 + 2 * 8 + 8 + 1
            held.set()
            loop.stop()
        assert sink.numbers == list(range(len(sink.numbers)))

    def test_cameras_are_not_kept_waiting_behind_calls_that_queue_up(self):
        held, detector = threading.Event(), Fake(workers=8, batch=4, front_at=lambda number: held.wait(LIMIT))
        sources, sinks = [Numbers(None, is_live=True) for _ in range(3)], [Collect() for _ in range(3)]
        pipelines = [
            StreamPipeline(source, [sink], Meter(5.0), stream=str(index))
            for index, (source, sink) in enumerate(zip(sources, sinks))
        ]
        with Loop(detector, pipelines, stays=True) as loop:
            wait_until(lambda: len(detector.batches) == 2)
            seen = [source.read_count for source in sources]
            wait_until(lambda: all(source.read_count > count + 20 for source, count in zip(sources, seen)))
            assert len(detector.batches) == 2
            held.set()
            wait_until(lambda: all(sink.results for sink in sinks))
            loop.stop()

    @pytest.mark.parametrize("first, second", [(4, 1), (1, 4)])
    def test_detectors_with_and_without_batches_are_swapped_while_a_movie_waits(self, first, second):
        held = threading.Event()
        old = Fake(workers=2, batch=first, front_at=lambda number: held.wait(LIMIT))
        new = Fake(workers=2, batch=second)
        source, sink = Numbers(100), Collect()
        with Loop(old, [StreamPipeline(source, [sink], Meter(5.0))]) as loop:
            wait_until(lambda: old.busy == 2)
            loop.swap(new, old.close)
            held.set()
            loop.wait()
        assert sink.numbers == list(range(100))
        assert (old.closed, new.closed) == (1, 0) and sum(old.batches + new.batches) == 100
        assert max(new.batches) <= second

    def test_a_camera_and_a_movie_share_batches_and_each_keeps_its_order(self):
        camera, movie = Numbers(None, is_live=True), Numbers(60)
        sinks, ended = [Collect(), Collect()], threading.Event()
        detector = Fake(workers=3, batch=4, front_at=lambda number: work(0.002))
        events = EventBus()
        events.subscribe(SourceEnded, lambda event: ended.set())
        pipelines = [
            StreamPipeline(camera, [sinks[0]], Meter(5.0), "camera"),
            StreamPipeline(movie, [sinks[1]], Meter(5.0), "movie", events=events),
        ]
        with Loop(detector, pipelines, stays=True) as loop:
            assert ended.wait(LIMIT)
            wait_until(lambda: len(sinks[1].results) == 60)
            wait_until(lambda: len(sinks[0].results) > 5)
            loop.stop()
        assert sinks[1].numbers == list(range(60))
        assert sinks[0].numbers == sorted(set(sinks[0].numbers))

    def test_a_stream_is_removed_while_its_frames_are_in_a_batch(self):
        held, detector = threading.Event(), Fake(batch=4, front_at=lambda number: held.wait(LIMIT))
        stays, goes = Collect(), Collect()
        going = StreamPipeline(Numbers(None), [goes], Meter(5.0), "goes")
        with Loop(detector, [StreamPipeline(Numbers(None), [stays], Meter(5.0), "stays"), going], stays=True) as loop:
            wait_until(lambda: detector.busy)
            loop.remove(going)
            assert goes.closed == 1
            held.set()
            wait_until(lambda: len(stays.results) > 20)
            loop.stop()
        assert goes.results == [] and stays.numbers == list(range(len(stays.numbers)))

    def test_the_time_that_a_batch_waits_for_an_earlier_one_counts(self):
        others_ran = threading.Event()
        detector = Fake(workers=2, batch=2, front_at=lambda number: number == 0 and (others_ran.wait(LIMIT), work(0.2)))
        sink = Collect()
        with Loop(detector, [StreamPipeline(Numbers(8), [sink], Meter(5.0))]) as loop:
            wait_until(lambda: len(detector.batches) >= 3)
            others_ran.set()
            loop.wait()
        assert sink.numbers == list(range(8))
        # The frames behind the first were ready long before it.
        assert sink.results[2].timings.total >= 0.15 and sink.results[2].timings.lost >= 0.15

    def test_max_frames_ends_within_a_batch(self):
        sink = Collect()
        run(Numbers(None), Fake(batch=4, workers=2), [sink], max_frames=10)
        assert sink.numbers == list(range(10))

    def test_a_live_source_loses_old_frames_and_counts_them(self):
        source, sink, go = Numbers(None, is_live=True), Collect(), threading.Event()
        detector = Fake(front_at=lambda number: go.wait(LIMIT))
        with Loop(detector, [StreamPipeline(source, [sink], Meter(5.0))]) as loop:
            wait_until(lambda: source.read_count > 50)
            go.set()
            wait_until(lambda: len(sink.results) > 2)
            loop.stop()
            loop.wait()
        assert sink.numbers == sorted(sink.numbers)
        assert sink.numbers[1] > 40

    def test_a_slow_sink_of_a_live_source_loses_frames_and_holds_up_nobody(self):
        go = threading.Event()
        slow, quick = Collect(at=lambda result: go.wait(LIMIT), name="slow"), Collect()
        meter = Meter(5.0)
        with Loop(Fake(), [StreamPipeline(Numbers(None, is_live=True), [slow, quick], meter)]) as loop:
            wait_until(lambda: len(quick.results) > 30)
            wait_until(lambda: meter.statistics().vdrops > 5)
            go.set()
            loop.stop()
            loop.wait()
        assert len(slow.results) < len(quick.results)

    def test_a_slow_sink_of_a_live_source_that_gets_every_result_gets_them_in_order(self):
        go = threading.Event()
        slow = Collect(at=lambda result: go.wait(LIMIT), every_result=True)
        detected = []
        pipeline = StreamPipeline(
            Numbers(None, is_live=True), [slow], Meter(5.0), transform=lambda result: detected.append(result) or result
        )
        with Loop(Fake(), [pipeline], max_frames=200) as loop:
            wait_until(lambda: len(detected) == 200)  # while the first of them is still being written
            go.set()
            loop.wait()
        assert len(slow.results) == 200 and slow.numbers == sorted(set(slow.numbers))
        assert slow.results[0].frame.image.shape == (4, 6, 3)

    def test_a_slow_sink_of_a_movie_loses_nothing(self):
        slow = Collect(at=lambda result: work(0.003))
        run(Numbers(60), Fake(workers=2), [slow, Collect()])
        assert slow.numbers == list(range(60))

    def test_detector_and_outputs_get_frames_only_as_the_mask_leaves_them(self):
        def black(frame):
            return dataclasses.replace(frame, image=np.zeros_like(frame.image))

        sinks, seen = [Collect(), Collect(every_result=True)], []
        pipeline = StreamPipeline(Numbers(20), sinks, Meter(5.0), mask=black)
        with Loop(Fake(front_at=seen.append), [pipeline]) as loop:
            loop.wait()
        assert seen == [0] * 20
        for sink in sinks:
            assert len(sink.results) == 20 and not any(result.frame.image.any() for result in sink.results)

    def test_where_the_mask_fails_no_frame_comes_through(self):
        def fail(frame):
            raise MemoryError("no room")

        sink, ended, events = Collect(), [], EventBus()
        events.subscribe(SourceEnded, ended.append)
        pipeline = StreamPipeline(Numbers(20), [sink], Meter(5.0), events=events, mask=fail)
        with Loop(Fake(), [pipeline], stays=True):
            wait_until(lambda: ended)
        assert sink.results == [] and isinstance(ended[0].error, MemoryError)

    def test_it_stops_after_max_frames(self):
        sink = Collect()
        run(Numbers(None), Fake(workers=3), [sink], max_frames=7)
        assert sink.numbers == list(range(7))

    def test_it_says_whether_anything_comes_of_the_calls_of_its_detector(self):
        hold, go = threading.Event(), threading.Event()

        def front(number):
            if number == 5:
                hold.set()
                go.wait(LIMIT)

        detector, source = Fake(front_at=front), Numbers(8)
        with Loop(detector) as loop:
            assert loop.progress() == Progress(False, False, 0, 0.0, None)
            loop.add(StreamPipeline(source, [Collect()], Meter(5.0)))
            assert hold.wait(LIMIT)
            wait_until(lambda: loop.progress().steps == 10)  # five fronts and five backs
            held = loop.progress()
            assert held.is_busy and not held.is_first and held.slowest > 0
            go.set()
            wait_until(lambda: loop.progress().steps == 16)
            assert not loop.progress().is_busy
            loop.swap(Fake(), lambda: None)
            assert loop.progress().slowest == 0
            loop.stop()

    @pytest.mark.parametrize("call, is_first", [(0, True), (1, True), (2, False)])
    def test_the_first_calls_with_pictures_of_a_size_are_told_from_the_others(self, call, is_first):
        hold, go = threading.Event(), threading.Event()

        def front(number):
            if number == call:
                hold.set()
                go.wait(LIMIT)

        with Loop(Fake(front_at=front)) as loop:
            loop.add(StreamPipeline(Numbers(4), [Collect()], Meter(5.0)))
            assert hold.wait(LIMIT)
            wait_until(lambda: loop.progress().steps == 2 * call)
            assert loop.progress().is_first == is_first
            go.set()
            loop.stop()

    def test_a_detector_that_was_replaced_during_a_call_is_known_as_the_one_at_work(self):
        hold, go = threading.Event(), threading.Event()

        def front(number):
            if number == 5:
                hold.set()
                go.wait(LIMIT)

        old, new = Fake(front_at=front), Fake()
        with Loop(old) as loop:
            loop.add(StreamPipeline(Numbers(None), [Collect()], Meter(5.0)))
            assert hold.wait(LIMIT)
            wait_until(lambda: loop.progress().steps == 10)
            before = loop.progress()
            loop.swap(new, old.close)
            assert loop.progress() == before and before.detector is old and not before.is_first
            go.set()
            loop.stop()

    def test_frames_under_way_are_finished_when_it_is_stopped(self):
        sink, seen = Collect(), threading.Event()
        detector = Fake(front_at=lambda number: seen.set())
        with Loop(detector, [StreamPipeline(Numbers(None), [sink], Meter(5.0))]) as loop:
            assert seen.wait(LIMIT)
            loop.stop()
            loop.wait()
        assert sink.results and sink.closed == 1
        assert sink.numbers == list(range(len(sink.results)))

    @pytest.mark.parametrize("place", ["source", "front", "back", "sink"])
    def test_a_part_that_fails_ends_the_loop_and_closes_source_and_sinks(self, place):
        def fail(thing):
            raise {"source": SourceError, "sink": OutputError}.get(place, ValueError)("broken on purpose")

        source = Numbers(5 if place == "source" else None, error=SourceError("broken on purpose"))
        detector = Fake(
            workers=2, front_at=fail if place == "front" else None, back_at=fail if place == "back" else None
        )
        broken, other = Collect(at=fail if place == "sink" else None), Collect()
        loop = Loop(detector, [StreamPipeline(source, [broken, other], Meter(5.0))])
        with pytest.raises((SourceError, OutputError, ValueError), match="broken on purpose"):
            with loop:
                loop.wait()
        assert source.closed.is_set()
        assert (detector.closed, broken.closed, other.closed) == (0, 1, 1)

    def test_a_detector_is_swapped_between_two_frames(self):
        old, new = Fake(labels={0: "old"}), Fake(labels={0: "new"}, workers=3)
        sink = Collect()
        with Loop(old, [StreamPipeline(Numbers(None), [sink], Meter(5.0))]) as loop:
            wait_until(lambda: len(sink.results) > 5)
            loop.swap(new, old.close)
            wait_until(lambda: sink.results[-1].labels == {0: "new"})
            loop.stop()
            loop.wait()
        assert sink.numbers == list(range(len(sink.results)))
        names = [result.labels[0] for result in sink.results]
        assert names == sorted(names, reverse=True)
        assert (old.closed, new.closed) == (1, 0)

    def test_workers_change_their_detector_in_the_order_of_frames(self):
        """However threads are delayed, no frame goes to the old detector after one went to the new."""
        random = np.random.RandomState(1).rand(256) * 0.002
        sink, new = Collect(), Fake(labels={0: "new"}, workers=2)
        old = Fake(labels={0: "old"}, workers=4, front_at=lambda number: work(random[number]))
        with Loop(old, [StreamPipeline(Numbers(None), [sink], Meter(5.0))]) as loop:
            wait_until(lambda: len(sink.results) > 20)
            loop.swap(new, old.close)
            wait_until(lambda: len(sink.results) > 200)
            loop.stop()
            loop.wait()
        names = [result.labels[0] for result in sink.results]
        assert names == sorted(names, reverse=True)
        assert sink.numbers == list(range(len(names)))
        assert (old.closed, new.closed) == (1, 0)

    def test_swapping_for_the_same_detector_changes_nothing(self):
        detector, sink = Fake(), Collect()
        with Loop(detector, [StreamPipeline(Numbers(None), [sink], Meter(5.0))]) as loop:
            loop.swap(detector, detector.close)
            wait_until(lambda: len(sink.results) > 3)
            assert not detector.closed
            loop.stop()
            loop.wait()
        assert not detector.closed

    def test_a_detector_that_is_replaced_after_the_end_can_be_closed_too(self):
        old, new = Fake(), Fake()
        with Loop(old, [StreamPipeline(Numbers(3), [Collect()], Meter(5.0))]) as loop:
            loop.wait()
            loop.swap(new, old.close)
        assert (old.closed, new.closed) == (1, 0)

    def test_a_detector_that_fails_after_it_was_replaced_can_be_closed_at_the_end(self):
        go = threading.Event()

        def fail(number):
            go.wait(LIMIT)
            raise ValueError("broken on purpose")

        old, new = Fake(front_at=fail), Fake()
        with pytest.raises(ValueError, match="broken on purpose"):
            with Loop(old, [StreamPipeline(Numbers(None), [Collect()], Meter(5.0))]) as loop:
                wait_until(lambda: old.busy)
                loop.swap(new, old.close)
                go.set()
                loop.wait()
        assert (old.closed, new.closed) == (1, 0)

    def test_frames_before_a_failing_source_reach_the_sinks(self):
        sink = Collect(at=lambda result: work(0.002))
        source = Numbers(20, error=SourceError("broken on purpose"))
        with pytest.raises(SourceError):
            run(source, Fake(workers=2), [sink])
        assert sink.numbers == list(range(20))

    def test_other_sinks_get_what_is_under_way_when_one_fails(self):
        broken = Collect(at=lambda result: fail_at(result, 5), name="broken")
        other = Collect()
        with pytest.raises(OutputError, match="disk full"):
            run(Numbers(None), Fake(), [broken, other])
        assert other.numbers == list(range(len(other.numbers)))
        assert len(other.numbers) >= 6

    def test_the_first_error_of_a_sink_is_told_not_that_of_its_close(self):
        class Twice(Collect):
            def close(self):
                raise OutputError("cannot be closed")

        with pytest.raises(OutputError, match="disk full"):
            run(Numbers(None), Fake(), [Twice(at=lambda result: fail_at(result, 2))])

    def test_a_sink_that_fails_when_it_is_closed_is_told(self):
        class Broken(Collect):
            def close(self):
                raise OutputError("cannot be closed")

        with pytest.raises(OutputError, match="cannot be closed"):
            run(Numbers(3), Fake(), [Broken()])

    def test_an_error_is_raised_although_nobody_waits(self):
        with pytest.raises(OutputError, match="disk full"):
            with Loop(
                Fake(), [StreamPipeline(Numbers(10), [Collect(at=lambda result: fail_at(result, 0))], Meter(5.0))]
            ):
                pass

    def test_a_source_that_cannot_be_closed_ends_the_loop_with_its_error(self):
        class Stuck(Numbers):
            def close(self):
                super().close()
                raise SourceError("the device does not let go")

        with pytest.raises(SourceError, match="does not let go"):
            run(Stuck(5), Fake(), [Collect()])

    def test_a_source_that_ignores_its_close_is_left_behind(self, monkeypatch):
        class Deaf(Numbers):
            def read(self):
                if self.read_count == 3:
                    release.wait(LIMIT)
                    return None
                return super().read()

        release, sink = threading.Event(), Collect()
        monkeypatch.setattr("appliance.pipeline.stream_pipeline.SOURCE_PATIENCE", 0.05)
        with Loop(Fake(), [StreamPipeline(Deaf(None), [sink], Meter(5.0))]) as loop:
            wait_until(lambda: len(sink.results) == 3)
            loop.stop()
            loop.wait()
        release.set()
        assert sink.closed == 1

    def test_the_timings_add_up(self):
        sink = Collect()
        run(Numbers(10), Fake(front_at=lambda number: work(0.002)), [sink])
        for result in sink.results:
            timings = result.timings
            assert timings.front >= 0.002
            assert timings.cap == 0.001
            parts = timings.cap + timings.front + timings.back + timings.lost
            assert timings.total == pytest.approx(parts, abs=1e-6)
            assert 0 <= timings.send <= timings.lost + 1e-6

    def test_ten_thousand_frames_leave_nothing_behind(self):
        meter = Meter(0.05)
        with Loop(Fake(workers=2), [StreamPipeline(Numbers(10000), [], meter)]) as loop:
            loop.wait()
        wait_until(lambda: meter.statistics().frames == 0)


class TestStreams:
    """Several streams on one detector, as the appliance has them."""

    def test_two_streams_share_the_detector_fairly(self):
        fast, slow = Collect(), Collect()
        gate = threading.Semaphore(0)

        class Slow(Numbers):
            def read(self):
                gate.acquire()
                return super().read()

            def close(self):
                super().close()
                gate.release()

        fast_pipeline = StreamPipeline(Numbers(None, is_live=True), [fast], Meter(5.0), "fast")
        slow_pipeline = StreamPipeline(Slow(None, is_live=True), [slow], Meter(5.0), "slow")
        detector = Fake(front_at=lambda number: work(0.001))
        with Loop(detector, [fast_pipeline, slow_pipeline], stays=True):
            for number in range(1, 6):
                wait_until(lambda: fast.results)
                gate.release()
                wait_until(lambda number=number: len(slow.results) == number)
        assert {result.frame.stream for result in fast.results} == {"fast"}
        assert {result.frame.stream for result in slow.results} == {"slow"}

    def test_streams_come_and_go_while_the_others_run(self):
        first, second = Collect(), Collect()
        pipeline = StreamPipeline(Numbers(None, is_live=True), [first], Meter(5.0), "first")
        other = StreamPipeline(Numbers(None, is_live=True), [second], Meter(5.0), "second")
        with Loop(Fake(front_at=lambda number: work(0.001)), [pipeline], stays=True) as loop:
            wait_until(lambda: first.results)
            loop.add(other)
            wait_until(lambda: second.results)
            loop.remove(pipeline)
            assert first.closed == 1
            count, seen = len(first.results), len(second.results)
            wait_until(lambda: len(second.results) > seen + 3)
            assert len(first.results) == count

    @pytest.mark.parametrize("error", [None, SourceError("unplugged")])
    def test_a_stream_that_ends_tells_and_the_loop_stays(self, error):
        ended, sink, other = [], Collect(), Collect()
        events = EventBus()
        events.subscribe(SourceEnded, ended.append)
        short = StreamPipeline(Numbers(3, is_live=False, error=error), [sink], Meter(5.0), "short", events=events)
        long = StreamPipeline(Numbers(None, is_live=True), [other], Meter(5.0), "long")
        with Loop(Fake(front_at=lambda number: work(0.001)), [short, long], stays=True):
            wait_until(lambda: ended and len(sink.results) == 3)
            seen = len(other.results)
            wait_until(lambda: len(other.results) > seen)
        assert ended == [SourceEnded("short", error)]

    def test_a_sink_that_fails_tells_and_the_others_go_on(self):
        told, good = [], Collect()
        bad = Collect(at=lambda result: fail_at(result, result.frame.index if result.frame.index > 1 else -1))
        events = EventBus()
        events.subscribe(SinkFailed, told.append)
        pipeline = StreamPipeline(Numbers(None, is_live=True), [bad, good], Meter(5.0), events=events)
        with Loop(Fake(front_at=lambda number: work(0.001)), [pipeline], stays=True):
            wait_until(lambda: told)
            seen = len(good.results)
            wait_until(lambda: len(good.results) > seen + 3)
        assert (told[0].stream, str(told[0].error)) == ("main", "disk full") and bad.closed == 1

    def test_results_are_changed_before_the_sinks_get_them(self):
        sink = Collect()
        pipeline = StreamPipeline(
            Numbers(3),
            [sink],
            Meter(5.0),
            transform=lambda result: dataclasses.replace(result, detections=Detections.empty()),
        )
        with Loop(Fake(), [pipeline]) as loop:
            loop.wait()
        assert [len(result.detections.boxes) for result in sink.results] == [0, 0, 0]

    def test_the_old_detector_can_be_waited_for(self):
        gate, old, new, sink = threading.Event(), Fake(), Fake(), Collect()
        held = Fake(back_at=lambda number: gate.wait(LIMIT))
        with Loop(held, [StreamPipeline(Numbers(None, is_live=True), [sink], Meter(5.0))], stays=True) as loop:
            wait_until(lambda: held.most_busy)
            loop.swap(old, held.close)
            loop.swap(new, old.close)
            settled = threading.Thread(target=loop.settle)
            settled.start()
            assert held.closed == 0 and settled.is_alive()
            gate.set()
            settled.join(LIMIT)
            assert (held.closed, old.closed, new.closed) == (1, 1, 0)


class TestMeter:
    def test_it_averages_over_the_window_only(self):
        now = [0.0]
        meter = Meter(5.0, clock=lambda: now[0])
        meter.start()
        for tick in range(100):
            now[0] = tick / 10.0
            meter.detected(Timings(0.4 if tick < 50 else 0.2, 0, 0, 0, 0, 0))
        now[0] = 10.0
        statistics = meter.statistics()
        assert statistics.frames == 49  # those after 5.0 s
        assert statistics.seconds == 5.0
        assert statistics.fps == pytest.approx(9.8)
        assert statistics.timings.total == pytest.approx(0.2)

    def test_it_knows_what_arrived_of_a_source_and_of_a_model(self):
        now = [0.0]
        meter = Meter(5.0, clock=lambda: now[0])
        assert meter.arrivals(0.0, 0.0) == Arrivals()
        for tick in range(100):
            now[0] = tick / 10.0
            meter.arrived(2)  # and one that was lost before it
            if tick % 4 == 0:
                meter.detected(Timings(0, 0, 0, 0, 0, 0))
        now[0] = 10.0
        found = meter.arrivals(0.0, 0.0)
        assert dataclasses.astuple(found) == (9.9, 9.6, 9.7, pytest.approx(19.6), pytest.approx(2.4))
        assert dataclasses.astuple(meter.arrivals(9.0, 0.0)) == (9.9, 9.6, 9.7, pytest.approx(20), pytest.approx(2))
        assert meter.arrivals(0.0, 9.7).last_result is None, "what the model before it found is nothing of this one"
        assert meter.arrivals(10.0, 0.0) == Arrivals(), "another source"
        for tick in range(1000):  # frames of an engine that hangs
            now[0] = 20.0 + tick
            meter.arrived()
        assert len(meter._arrived) <= 6

    def test_it_is_renewed_every_fifth_of_a_second(self):
        now = [1.0]
        meter = Meter(5.0, clock=lambda: now[0])
        meter.start()
        assert meter.statistics().frames == 0
        meter.detected(Timings(0, 0, 0, 0, 0, 0))
        now[0] = 1.1
        assert meter.statistics().frames == 0
        now[0] = 1.25
        assert meter.statistics().frames == 1
        assert meter.statistics().fps == pytest.approx(4.0)

    def test_without_frames_it_has_no_timings(self):
        assert Meter(5.0).statistics().timings is None

    def test_it_hands_on_drops_and_drawn_frames(self):
        now = [1.0]
        meter = Meter(5.0, clock=lambda: now[0])
        meter.count_drops(lambda: 3, lambda: 2)
        meter.start()
        now[0] = 2.0
        first, second = (Frame(np.zeros((4, 6, 3), np.uint8), 0, "x", 0.0, time, 0.0) for time in (1.1, 1.2))
        for frame in (first, second, first):  # by a viewer's picture and by a recording, at different times
            meter.drawn(frame)
        meter.sent(draw=0.25, encode=0.5)
        assert dataclasses.astuple(meter.statistics())[4:] == (2.0, 2, 2, 3, 0.25, 0.5)
        now[0] = 7.1
        assert dataclasses.astuple(meter.statistics())[4:6] == (0.0, 0)
