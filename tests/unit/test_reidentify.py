"""Objects that were hidden are found again by their looks; low scores may be their first sight."""

import numpy as np
import pytest

from appliance.core.frame import Detections
from appliance.tracking import Tracker
from appliance.tracking.appearance import BINS, looks_of, unlikeness

SIZE = (640, 360)
RED, BLUE, BLACK = (40, 40, 200), (190, 80, 40), (25, 25, 25)


def person(x, y=200.0, height=100.0):
    return (x - 20.0, y - height, x + 20.0, y)


def picture(people, rng):
    """A noisy grey picture with people, (box, colour of the jacket)."""
    image = np.full((SIZE[1], SIZE[0], 3), 130.0)
    for (x_min, y_min, x_max, y_max), colour in people:
        middle = int(y_min + 0.55 * (y_max - y_min))
        image[int(y_min) : middle, int(x_min) : int(x_max)] = colour
        image[middle : int(y_max), int(x_min) : int(x_max)] = BLACK
    return (image + rng.normal(0, 4, image.shape)).clip(0, 255).astype(np.uint8)


class Film:
    """Gives a tracker drawn frames, 10 a second."""

    def __init__(self):
        self.tracker, self.time, self.rng = Tracker(), 0.0, np.random.RandomState(1)

    def show(self, *people, scores=None, with_image=True):
        """people: (box, colour). Returns their ids."""
        self.time += 0.1
        boxes = np.array([box for box, _ in people], np.float32).reshape(-1, 4)
        scores = np.array(scores or [0.9] * len(people), np.float32)
        found = Detections(boxes, scores, np.ones(len(people), np.int32))
        image = picture(people, self.rng) if with_image else None
        return self.tracker.update(self.time, found, SIZE, image)

    def wait(self, seconds, **how):
        for _ in range(int(seconds * 10)):
            self.show(**how)


def test_looks_are_shares_of_colours_and_differ_between_objects():
    people = [(person(100), RED), (person(300), BLUE), (person(500), RED)]
    image = picture(people, np.random.RandomState(1))
    looks = looks_of(image, np.array([box for box, _ in people]))
    unlike = unlikeness(looks, looks)
    assert looks.shape == (3, BINS)
    assert looks.sum(axis=1) == pytest.approx(np.ones(3), abs=1e-5)
    assert unlike[0, 2] < 0.1
    assert unlike[0, 1] > 0.4


def test_a_box_beyond_the_edge_of_the_picture_has_looks_too():
    image = picture([], np.random.RandomState(1))
    assert looks_of(image, np.array([[-50.0, -50.0, 10.0, 10.0], [600.0, 300.0, 900.0, 700.0]])).shape == (2, BINS)


@pytest.mark.parametrize(("colour", "is_same"), [(RED, True), (BLUE, False)])
def test_who_turned_while_hidden_is_found_again_by_looks(colour, is_same):
    film = Film()
    for step in range(20):
        before = film.show((person(200.0 + 6 * step), RED))
    film.wait(2.0)
    for _ in range(4):
        after = film.show((person(200.0), colour))
    assert (after == before) is is_same
    assert after != [None]


def test_two_who_meet_and_turn_back_keep_their_ids():
    film = Film()
    for step in range(20):
        first = film.show((person(200.0 + 5 * step), RED), (person(440.0 - 5 * step), BLUE))
    for _ in range(10):  # one hides the other
        film.show((person(310.0), RED))
    for step in range(10):
        last = film.show((person(290.0 - 5 * step), RED), (person(350.0 + 5 * step), BLUE))
    assert last == first


def test_a_low_score_may_be_the_first_sight_but_gives_no_id():
    film = Film()
    for step in range(10):
        ids = film.show((person(200.0 + 6 * step), RED), scores=[0.35])
        assert ids == [None]
    assert film.show((person(260.0), RED), scores=[0.8]) == [1]
    track = film.tracker.tracks[1]
    assert track.first == pytest.approx(0.1)
    assert len(track.path) > 5


def test_low_scores_alone_are_never_a_track():
    film = Film()
    for step in range(40):
        film.show((person(200.0 + 6 * step), RED), scores=[0.45])
    assert film.tracker.tracks == {}


def test_without_pictures_tracks_are_told_by_boxes_alone():
    film = Film()
    for step in range(20):
        ids = film.show((person(200.0 + 6 * step), RED), with_image=False)
    assert ids == [1]


def test_who_was_hidden_goes_on_with_its_path_score_and_best_picture():
    film = Film()
    for step in range(20):
        film.show((person(200.0 + 6 * step), RED))
    film.wait(1.5)
    for step in range(20):
        film.show((person(230.0 - 4 * step, height=100.0 + 4 * step), RED), scores=[0.97])
    track = film.tracker.tracks[1]
    assert list(film.tracker.tracks) == [1]
    assert track.first == pytest.approx(0.1)
    assert track.last == pytest.approx(film.time)
    assert track.is_confirmed
    assert [point[0] for point in track.path] == sorted(point[0] for point in track.path)
    assert track.median == pytest.approx(0.97)
    assert track.best[0] > 3.5
