"""What a run puts together, without running it."""

import shutil

from appliance.cli import run as app
from appliance.settings import Settings


def test_a_second_run_over_a_folder_does_not_take_the_first_ones_output(tmp_path, samples, monkeypatch):
    monkeypatch.chdir(str(tmp_path))
    (tmp_path / "output_image").mkdir()
    for name in ("a.jpg", "output_image/a.jpg"):
        shutil.copy(str(samples / "bus.jpg"), name)
    with app.open_source(Settings(image_input=".", output_dir="."), app.IMAGE) as source:
        assert source.frame_count == 1
