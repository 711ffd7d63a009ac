"""What is drawn of tracks, zones and lines."""

import dataclasses

import numpy as np

from appliance.contract.events import LineTotals, StreamCounts
from appliance.core.frame import TrackRef
from appliance.drawing import overlay as drawing
from appliance.drawing.colours import class_colour
from appliance.drawing.overlay import Overlay
from appliance.drawing.places import draw_places
from appliance.schema.places import parse_places
from tests.unit.test_drawing_overlay import GREY, STATISTICS, make_result

BOX = (100, 100, 300, 300)
PLACES = parse_places(
    {
        "zones": {"drive": {"polygon": [[0.1, 0.1], [0.9, 0.1], [0.9, 0.9], [0.1, 0.9]]}},
        "lines": {"gate": {"from": [0.5, 0.3], "to": [0.5, 0.7]}},
    }
)
COUNTS = StreamCounts({"drive": {"person": 2, "car": 1}}, {"gate": LineTotals(4, 3)}, {}, {}, {})


def draw(result, places=PLACES, counts=None, **shown):
    overlay = Overlay(False, lambda: STATISTICS, places=lambda: places, counts=lambda: counts)
    for name, value in shown.items():
        setattr(overlay, name, value)
    return overlay.draw(result)


def with_track(result, number, is_stationary=False):
    return dataclasses.replace(result, tracks=[TrackRef("1700000000.000000-000017", number, is_stationary)])


def written(monkeypatch, result, **more):
    """Return what is written into the picture."""
    texts = []
    tile = drawing._label_tile
    monkeypatch.setattr(drawing, "_label_tile", lambda text, *look: texts.append(text) or tile(text, *look))
    draw(result, **more)
    return texts


def test_a_box_has_the_number_of_its_track(monkeypatch):
    result = make_result([(1, 0.938, BOX)])
    assert written(monkeypatch, with_track(result, 17))[-1] == "person 17 · 0.94"
    assert written(monkeypatch, with_track(result, 4, True))[-1] == "person 4 · still"
    assert written(monkeypatch, dataclasses.replace(result, tracks=[None]))[-1] == "person 0.94"


def test_the_box_of_what_stands_still_is_thin_and_dashed():
    result = make_result([(1, 0.9, BOX)])
    colour = np.array(class_colour(1), np.uint8)

    def coloured(is_stationary):
        picture = draw(with_track(result, 1, is_stationary), show_zones=False)
        return (picture[296:305, 120:280] == colour).all(axis=2)

    moving, still = coloured(False), coloured(True)
    assert moving.any(axis=0).all(), "a line without a gap"
    assert 0.3 < still.any(axis=0).mean() < 0.7


def test_boxes_and_zones_are_left_out_where_nobody_wants_them():
    result = with_track(make_result([(1, 0.9, BOX)]), 1)
    nothing = draw(result, show_boxes=False, show_zones=False)
    assert (nothing == result.frame.image).all()
    boxes, zones = draw(result, show_zones=False), draw(result, show_boxes=False)
    assert (boxes != GREY).any() and (zones != GREY).any() and (boxes != zones).any()
    assert (boxes[36, 400] == GREY).all() and (zones[36, 400] != GREY).any(), "the zone's upper edge"


def test_zones_and_lines_say_what_they_have_counted(monkeypatch):
    texts = written(monkeypatch, make_result(), counts=COUNTS)
    assert texts == ["drive 3", "gate in 4 out 3"]
    assert written(monkeypatch, make_result()) == ["drive", "gate"]


def test_the_arrow_of_a_line_points_to_in():
    """Straight down the picture: who walks so has the left of the picture at the right hand."""
    places = dataclasses.replace(PLACES, zones={})
    picture = draw(make_result(), places)
    white = (picture == 255).all(axis=2)
    rows, columns = np.nonzero(white)
    on_arrow = columns[(rows > 150) & (rows < 210) & (columns != 320)]
    assert on_arrow.min() < 300 and on_arrow.max() < 330
    s = (0.5 - 0.5) * (0.5 - 0.3) - (0.7 - 0.3) * (0.4 - 0.5)
    assert s > 0, "a point at the left of the picture is beyond the line"


def test_a_line_without_length_is_drawn_without_an_arrow():
    places = parse_places({"lines": {"dot": {"from": [0.5, 0.5], "to": [0.5, 0.5001]}}})
    picture = np.full((90, 160, 3), GREY, np.uint8)
    draw_places(picture, places, None, drawing.style_for(160, 90))
