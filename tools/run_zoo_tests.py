"""Run the tests of the zoo's graphs on the real archives: `make test-zoo`.

SPLITLENS_TEST_ZOO=FOLDER names a folder with them (NAME/frozen_inference_graph.pb or NAME.pb). Without it they are
downloaded into models/, as far as their server can be reached: 6 GB in total.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import List

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from appliance.core.errors import SplitlensError  # noqa: E402
from appliance.zoo.catalogue import ZooOrigin, load_catalogue  # noqa: E402
from appliance.zoo.download import OriginUnavailable  # noqa: E402
from appliance.zoo.get import get  # noqa: E402
from appliance.zoo.store import installed  # noqa: E402

TESTS = (
    "tests/unit/test_graph_zoo.py",
    "tests/integration/test_zoo_graphs.py",
    "tests/integration/test_masks_and_segmentation.py",
)


def main(options: List[str]) -> int:
    """Run the tests; returns pytest's exit code, or 0 with a message if there is nothing to test."""
    named = os.environ.get("SPLITLENS_TEST_ZOO")
    if named:
        return test(Path(named), options)
    models = ROOT / "models"
    reason = fetch(models)
    # Graphs that were built from a package instead have other nodes.
    archives = [model for model in installed(models) if model.record and model.record.origin.endswith(".tar.gz")]
    if not archives:
        print(f"skipped: no true archive is here. SPLITLENS_TEST_ZOO is not set, and {reason}")
        return 0
    with tempfile.TemporaryDirectory() as folder:
        for model in archives:
            (Path(folder) / model.name).symlink_to(model.path.parent, target_is_directory=True)
        return test(Path(folder), options)


def test(folder: Path, options: List[str]) -> int:
    environment = dict(os.environ, SPLITLENS_TEST_ZOO=str(folder.resolve()))
    return subprocess.call([sys.executable, "-m", "pytest", *TESTS, *options], cwd=str(ROOT), env=environment)


def fetch(models: Path) -> str:
    """Install every model of the zoo; returns the last failure, or ""."""
    reason = ""
    for entry in load_catalogue():
        origin = entry.origins[0]
        if not isinstance(origin, ZooOrigin):
            continue
        try:
            get(entry.name, models)
        except SplitlensError as error:
            cause = error.__cause__
            reason = cause.what if isinstance(cause, OriginUnavailable) else str(error)
            print(reason)
            if "cannot be reached" in reason:
                break  # nor will it be for the next one
    return reason


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
