"""Cuts of a real movie: six shots of a street."""

import cv2
import numpy as np

from appliance.tracking.cuts import Cuts


def test_the_five_cuts_of_a_movie_are_noticed_at_any_rate(samples):
    movie = cv2.VideoCapture(str(samples / "bikes.mp4"))
    frames = [movie.read()[1] for _ in range(250)]
    for step in (1, 2, 5):
        cuts = Cuts()
        found = [index for index in range(0, len(frames), step) if cuts.see(index / 25, frames[index])]
        assert found == [int(np.ceil(index / step)) * step for index in (30, 76, 137, 187, 242)]
