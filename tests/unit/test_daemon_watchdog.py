"""When an engine is taken for hung, and how often a model may hang."""

import dataclasses
import json

import pytest

from appliance.daemon.hangs import MOST_HANGS, Hangs
from appliance.daemon.watchdog import FIRST_SECONDS, EngineWatch, patience
from appliance.pipeline.progress import Progress

BUSY = Progress(True, False, 100, 0.1)


def test_an_engine_is_silent_while_it_is_at_work_and_nothing_returns():
    watch = EngineWatch()
    assert [watch.look(10.0 + 0.5 * tick, BUSY) for tick in range(4)] == [0.0, 0.5, 1.0, 1.5]
    assert watch.look(12.0, dataclasses.replace(BUSY, steps=101)) == 0.0
    assert watch.look(12.5, dataclasses.replace(BUSY, steps=101)) == 0.5
    assert watch.look(13.0, dataclasses.replace(BUSY, is_busy=False)) == 0.0, "no frame came"
    assert watch.slowest == 0.1


def test_a_process_that_was_stopped_is_no_engine_that_hangs():
    watch = EngineWatch()
    watch.look(10.0, BUSY)
    watch.look(10.5, BUSY)
    assert watch.look(4000.0, BUSY) == 2.5


@pytest.mark.parametrize(
    "progress, seconds",
    [
        (BUSY, 10.0),
        (dataclasses.replace(BUSY, slowest=4.0), 20.0),
        (dataclasses.replace(BUSY, is_first=True), FIRST_SECONDS),
    ],
)
def test_a_first_call_and_a_slow_model_have_their_time(progress, seconds):
    assert patience(progress, 10.0) == seconds
    assert patience(progress, 10.0, is_loading=True) == FIRST_SECONDS


class TestHangs:
    @pytest.fixture
    def models(self, tmp_path):
        for name in ("a", "b"):
            (tmp_path / "models" / name).mkdir(parents=True)
            (tmp_path / "models" / name / "frozen_inference_graph.pb").write_bytes(name.encode())
        return tmp_path / "models"

    def test_a_model_that_hung_twice_is_given_up_over_restarts_by_its_graph(self, tmp_path, models):
        hangs = Hangs(tmp_path / "state", models)
        assert hangs.add("a") == 1 and not hangs.is_given_up("a")
        hangs = Hangs(tmp_path / "state", models)
        assert hangs.add("a") == MOST_HANGS and hangs.is_given_up("a") and not hangs.is_given_up("b")
        hangs = Hangs(tmp_path / "state", models)
        assert hangs.is_given_up("a") and hangs.is_given_up(str(models / "a" / "frozen_inference_graph.pb"))
        (models / "a" / "frozen_inference_graph.pb").write_bytes(b"another graph")
        assert not hangs.is_given_up("a")

    def test_an_operator_may_try_it_once_more_and_one_that_runs_for_long_is_as_new(self, tmp_path, models):
        hangs = Hangs(tmp_path / "state", models)
        for _ in range(3):
            hangs.add("a")
        hangs.give_another_try("a")
        assert not Hangs(tmp_path / "state", models).is_given_up("a")
        hangs.add("a")
        assert hangs.is_given_up("a")
        hangs.forget("a")
        assert json.loads((tmp_path / "state" / "hangs.json").read_text()) == {}

    @pytest.mark.parametrize("content", ["no JSON", "[1]", '{"a": "2"}', '{"a": true}', '{"a": -1}', '{"a": 1e99}'])
    def test_a_damaged_file_counts_for_nothing(self, tmp_path, models, content, caplog):
        (tmp_path / "hangs.json").write_text(content)
        assert not Hangs(tmp_path, models).is_given_up("a")
        assert "which models hung is not known" in caplog.text

    def test_a_model_that_is_not_there_any_more_is_known_by_its_name(self, tmp_path, models):
        hangs = Hangs(tmp_path, models)
        hangs.add("gone")
        assert hangs.add("gone") == 2 and hangs.is_given_up("gone")

    def test_what_cannot_be_written_is_said(self, tmp_path, models, caplog):
        (tmp_path / "file").write_text("")
        assert Hangs(tmp_path / "file" / "x", models).add("a") == 1
        assert "cannot be" in caplog.text
