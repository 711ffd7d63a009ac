"""The rows of the settings: what is marked, and what is said of it."""

import pytest

from appliance.contract.live_settings import describe_live_settings
from appliance.schema.settings import LIVE_SETTINGS, SETTINGS, STREAM_SETTINGS, Settings
from appliance.schema.values import check_value


def test_what_can_be_changed_live_has_a_title_and_can_differ_from_stream_to_stream():
    assert {"det_th", "shown_classes", "max_vis_fps", "vis_text"} <= set(LIVE_SETTINGS)
    assert all(setting.title for setting in LIVE_SETTINGS.values())
    assert set(LIVE_SETTINGS) <= set(STREAM_SETTINGS)


@pytest.mark.parametrize("key", sorted(SETTINGS))
def test_every_default_fits_its_row(key):
    default = getattr(Settings(), key)
    assert default is None or check_value(SETTINGS[key], default) == default


def test_a_form_is_told_type_range_words_and_what_zero_means():
    described = {one.key: one for one in describe_live_settings()}
    rate = described["max_vis_fps"]
    assert (rate.kind, rate.minimum, rate.maximum, rate.zero) == ("number", 0, 1000, "no limit")
    assert (rate.takes, rate.unit) == ("a number of frames a second from 0 to 1000", "frames a second")
    assert [described[key].kind for key in ("det_th", "shown_classes", "vis_text")] == ["number", "labels", "boolean"]
