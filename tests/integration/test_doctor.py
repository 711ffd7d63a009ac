"""The doctor looks at the libraries that are really here."""

import functools

import pytest

from appliance.cli import doctor
from appliance.core.findings import NOTE, OK
from appliance.settings import load_settings

pytestmark = pytest.mark.boards


def test_tensorflow_and_opencv_of_this_python_are_found(models_dir):
    load = functools.partial(load_settings, None, {}, {"models_dir": str(models_dir)})
    findings = {finding.subject: finding for finding in doctor.diagnose(load)}
    assert findings["TensorFlow"].state in (OK, NOTE), findings["TensorFlow"]
    assert findings["TensorFlow"].found.startswith("2.")
    assert findings["OpenCV"].state == OK
    assert "FFmpeg: yes" in findings["OpenCV"].found
