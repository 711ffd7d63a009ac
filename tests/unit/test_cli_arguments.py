"""Wrong use of the command line, as far as no process of its own is needed to see it."""

import pytest

from appliance.cli.arguments import parse
from appliance.core.errors import ConfigError


@pytest.mark.parametrize(
    "arguments",
    [
        ["stream", "0", "rtsp://admin:SECRET@camera/1"],
        ["rtsp://admin:SECRET@camera/1"],
        ["stream", "--camera=rtsp://admin:SECRET@camera/1"],
        ["bench", "--seconds", "rtsp://admin:SECRET@camera/1"],
        ["--camera-input=rtsp://admin:SECRET@camera/1", "stream"],
    ],
)
def test_a_complaint_shows_no_password(arguments):
    with pytest.raises(ConfigError) as caught:
        parse(arguments)
    assert "SECRET" not in str(caught.value) and "--help` shows" in str(caught.value)
