"""Take the screenshots for README and documentation, into docs/screenshots: python tools/screenshots.py

Runs a separate appliance in a temporary folder, on a clip that is made here from images in the public domain. Needs
Chromium (Debian: apt install chromium) and `pip install playwright`.
"""

import argparse
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

import cv2
import numpy as np
from playwright.sync_api import Browser, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "docs" / "screenshots"
LARGEST = 100000
START_SECONDS = 120
USER, PASSWORD = "operator", "only for these pictures"

PICTURES = {
    "desktop-light": {"viewport": {"width": 1360, "height": 1080}, "color_scheme": "light"},
    "phone": {"viewport": {"width": 360, "height": 740}, "color_scheme": "dark", "is_mobile": True},
}

PUBLIC_DOMAIN = ("coffee.png", "astronaut.png", "chelsea.png")
"""In samples/: a photo by NASA, and two that their photographers released (CC0)."""
WIDTH, HEIGHT, FPS, SECONDS = 1280, 560, 15, 24


def make_clip(path: Path) -> None:
    """Write a movie that pans over the images, side by side, there and back."""
    images = []
    for name in PUBLIC_DOMAIN:
        image = cv2.imread(str(ROOT / "samples" / name))
        assert image is not None, "python tools/fetch_samples.py brings " + name
        images.append(cv2.resize(image, (image.shape[1] * HEIGHT // image.shape[0], HEIGHT)))
    wide = np.hstack(images)
    movie = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), FPS, (WIDTH, HEIGHT))
    for number in range(FPS * SECONDS):
        turn = (1 - np.cos(2 * np.pi * number / (FPS * SECONDS))) / 2
        left = int((wide.shape[1] - WIDTH) * turn)
        movie.write(np.ascontiguousarray(wide[:, left : left + WIDTH]))
    movie.release()


def start(folder: Path, port: int) -> "subprocess.Popen[bytes]":
    """Start an appliance in this folder, with an account for the browser."""
    make_clip(folder / "clip.avi")
    environment = dict(os.environ, PYTHONPATH=str(ROOT), PYTHONDONTWRITEBYTECODE="1")
    accounts = [sys.executable, "-m", "web.accounts", "--state-dir", "state", "add", USER, "--role", "operator"]
    (folder / "state").mkdir(mode=0o700)
    subprocess.run(accounts, cwd=folder, env=environment, input=PASSWORD.encode(), check=True)
    options = ["--models-dir", str(ROOT / "models"), "--listen", f"127.0.0.1:{port}", "--run-dir", str(folder / "run")]
    command = [sys.executable, "-m", "appliance", "up", "clip.avi", *options]
    return subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def wait_until_ready(address: str) -> None:
    end = time.monotonic() + START_SECONDS
    while True:
        try:
            urllib.request.urlopen(address + "/readyz", timeout=5).close()
            return
        except (urllib.error.URLError, OSError):
            if time.monotonic() > end:
                raise
        time.sleep(0.5)


def save(picture: bytes, name: str) -> None:
    """Save as WebP, in the best quality that stays below the limit."""
    image = cv2.imdecode(np.frombuffer(picture, np.uint8), cv2.IMREAD_COLOR)
    assert image is not None
    for quality in range(95, 0, -5):
        small = cv2.imencode(".webp", image, [cv2.IMWRITE_WEBP_QUALITY, quality])[1].tobytes()
        if len(small) <= LARGEST:
            break
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / (name + ".webp")).write_bytes(small)
    print(f"{name}.webp: {len(small) // 1000} kB, quality {quality}")


def take(browser: Browser, address: str) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.goto(address + "/login")
    page.get_by_label("Name").fill(USER)
    page.get_by_label("Password").fill(PASSWORD)
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
        page.wait_for_timeout(3000)
        page.locator("#now-streams").filter(has_text="person").filter(has_text="cup").wait_for()
        save(page.screenshot(), name)
        context.close()


def main() -> int:
    parser = argparse.ArgumentParser(description="Take the pictures of the dashboard.")
    parser.add_argument("--minutes", type=float, default=5, help="to run before, so that the charts show something")
    options = parser.parse_args()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    chromium = os.environ.get("SPLITLENS_CHROMIUM") or shutil.which("chromium")
    with tempfile.TemporaryDirectory() as folder, start(Path(folder), port) as appliance:
        try:
            wait_until_ready(address)
            time.sleep(60 * options.minutes)
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
                take(browser, address)
                browser.close()
        finally:
            appliance.terminate()
            appliance.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
