"""Playwright's `expect`. A test module that cannot have it is skipped, with the reason."""

import pytest

api = pytest.importorskip("playwright.sync_api", reason="no browser tests: this Python has no playwright")
expect = api.expect
expect.set_options(timeout=20000)
