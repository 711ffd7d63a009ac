"""Take the README's pictures of the dashboard, into docs/screenshots: python tools/screenshots.py ADDRESS USER PASSWORD

The appliance must run there, best for half an hour, with something to see. Needs Chromium (Debian: apt install
chromium) and `pip install playwright pillow`; the pictures get few enough colours to be small.
"""

import argparse
import io
import os
import shutil
import sys
from pathlib import Path

from PIL import Image  # type: ignore[import-not-found, unused-ignore]
from playwright.sync_api import Browser, sync_playwright

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "screenshots"
LARGEST = 150000
SECONDS_OF_FIGURES = 8

PICTURES = {
    "desktop-light": {"viewport": {"width": 1360, "height": 1080}, "color_scheme": "light"},
    "desktop-dark": {"viewport": {"width": 1360, "height": 1080}, "color_scheme": "dark"},
    "phone": {"viewport": {"width": 360, "height": 740}, "color_scheme": "dark", "is_mobile": True},
}


def save(picture: bytes, name: str) -> None:
    """With the most colours that stay under the limit."""
    image = Image.open(io.BytesIO(picture)).convert("RGB")
    for colours in (256, 128, 64, 48, 32):
        small = io.BytesIO()
        image.quantize(colours, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE).save(small, "PNG", optimize=True)
        if small.tell() <= LARGEST:
            break
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / (name + ".png")).write_bytes(small.getvalue())
    print(f"{name}.png: {small.tell() // 1000} kB, {colours} colours")


def take(browser: Browser, address: str, user: str, password: str) -> None:
    context = browser.new_context(viewport={"width": 720, "height": 480})
    page = context.new_page()
    page.goto(address + "/login")
    save(page.screenshot(), "login")
    page.get_by_label("Name").fill(user)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
    page.locator(".live-image.has-picture").first.wait_for()
    session = context.storage_state()
    context.close()
    for name, options in PICTURES.items():
        context = browser.new_context(storage_state=session, **options)  # type: ignore[arg-type]
        page = context.new_page()
        page.goto(address, wait_until="domcontentloaded")
        page.locator(".live-image.has-picture").first.wait_for()
        page.locator("[data-chart=fps] canvas").wait_for()
        page.wait_for_timeout(SECONDS_OF_FIGURES * 1000)
        save(page.screenshot(), name)
        context.close()


def main() -> int:
    parser = argparse.ArgumentParser(description="Take the README's pictures of the dashboard.")
    parser.add_argument("address", help="http://127.0.0.1:8080")
    parser.add_argument("user")
    parser.add_argument("password")
    options = parser.parse_args()
    chromium = os.environ.get("SPLITLENS_CHROMIUM") or shutil.which("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        take(browser, options.address.rstrip("/"), options.user, options.password)
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
