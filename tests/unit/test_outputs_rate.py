"""max_vis_fps: how many frames pass, and how evenly."""

import pytest

from appliance.outputs.rate import RateLimit


def passed(fps, times):
    now = [0.0]
    limit = RateLimit(fps, lambda: now[0])
    allowed = []
    for time in times:
        now[0] = time
        if limit.allows():
            allowed.append(time)
    return allowed


@pytest.mark.parametrize(
    "fps, times, allowed",
    [
        (0, [0.0, 0.0, 0.001], [0.0, 0.0, 0.001]),
        (4, [0.0, 0.125, 0.25, 0.375, 0.5], [0.0, 0.25, 0.5]),
        (4, [9.0, 9.1, 9.24, 9.26, 9.4, 9.5], [9.0, 9.26, 9.5]),  # a late frame does not put off the next one
        (4, [0.0, 10.0, 10.1, 10.2, 10.25], [0.0, 10.0, 10.25]),  # a pause is not made up for in a burst
        (60, [0.0, 0.05, 0.1], [0.0, 0.05, 0.1]),
    ],
)
def test_frames_pass_evenly_spaced(fps, times, allowed):
    assert passed(fps, times) == allowed


@pytest.mark.parametrize("fps, source_fps", [(10, 30), (25, 30), (10, 25), (30, 31)])
def test_the_rate_is_kept_whatever_the_source_gives(fps, source_fps):
    times = [index / float(source_fps) for index in range(source_fps * 10)]
    assert abs(len(passed(fps, times)) - fps * 10) <= 1
