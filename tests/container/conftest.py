"""These tests run images with Docker. `make image-test`, `make image-l4t-test` and `make boot-test` build what they
need and start them; no other run collects them.
"""

import os

NEEDS = {"test_image.py": "SPLITLENS_TEST_IMAGE", "test_boot.py": "SPLITLENS_TEST_BOOT"}
"""Each file, and the variable that names what it is about."""

collect_ignore = [name for name, variable in NEEDS.items() if not os.environ.get(variable)]
