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

DESKTOP = {"viewport": {"width": 1360, "height": 860}}
PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True}
PICTURES = {
    # name: what the browser is, the view's address, what has to be there
    "live": (dict(DESKTOP, color_scheme="dark"), "/", ".live-image.has-picture"),
    "events": (dict(DESKTOP, color_scheme="light"), "/events", "#events .review img >> visible=true"),
    "zones": (dict(DESKTOP, color_scheme="light"), "/streams/studio/zones", "#zones .replayed-alerts a"),
    "system": (dict(DESKTOP, color_scheme="light"), "/system", "[data-chart=fps] canvas"),
    "phone": (dict(PHONE, color_scheme="dark"), "/", ".live-image.has-picture"),
}

CONFIG = """
streams:
  studio:
    source: studio.avi
    zones:
      flag: {polygon: [[0.05, 0.3], [0.6, 0.2], [0.75, 1], [0.02, 1]], labels: [person], alert: true}
    lines:
      door: {from: [0.85, 0.15], to: [0.8, 0.9]}
  desk: {source: desk.avi}
  sofa: {source: sofa.avi}
alert_labels: [person, cat]
"""

PUBLIC_DOMAIN = {"studio": "astronaut.png", "desk": "coffee.png", "sofa": "chelsea.png"}
"""In samples/, by stream: a photo by NASA, and two that their photographers released (CC0)."""
WIDTH, HEIGHT, FPS, SECONDS = 800, 450, 3, 24
WIDTH_OF_PICTURE = 1000


def make_clip(path: Path, name: str) -> None:
    """Write a movie that goes once round over an image."""
    image = cv2.imread(str(ROOT / "samples" / name))
    assert image is not None, "python tools/fetch_samples.py brings " + name
    image = cv2.resize(image, (WIDTH_OF_PICTURE, image.shape[0] * WIDTH_OF_PICTURE // image.shape[1]))
    movie = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), FPS, (WIDTH, HEIGHT))
    for number in range(FPS * SECONDS):
        angle = 2 * np.pi * number / (FPS * SECONDS)
        left = int((WIDTH_OF_PICTURE - WIDTH) * (1 - np.cos(angle)) / 2)
        top = int(min(image.shape[0] - HEIGHT, 250) * (1 - np.sin(angle)) / 2)
        movie.write(np.ascontiguousarray(image[top : top + HEIGHT, left : left + WIDTH]))
    movie.release()


def start(folder: Path, port: int) -> "subprocess.Popen[bytes]":
    """Start an appliance in this folder, with an account for the browser."""
    for stream, name in PUBLIC_DOMAIN.items():
        make_clip(folder / (stream + ".avi"), name)
    environment = dict(os.environ, PYTHONPATH=str(ROOT), PYTHONDONTWRITEBYTECODE="1")
    accounts = [sys.executable, "-m", "web.accounts", "--state-dir", "state", "add", USER, "--role", "operator"]
    (folder / "state").mkdir(mode=0o700)
    (folder / "config.yml").write_text(CONFIG)
    subprocess.run(accounts, cwd=folder, env=environment, input=PASSWORD.encode(), check=True)
    options = ["--models-dir", str(ROOT / "models"), "--listen", f"127.0.0.1:{port}", "--run-dir", str(folder / "run")]
    command = [sys.executable, "-m", "appliance", "up", "--config", "config.yml", *options]
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
    for name, (options, path, wanted) in PICTURES.items():
        context = browser.new_context(storage_state=session, **options)  # type: ignore[arg-type]
        page = context.new_page()
        page.goto(address + path, wait_until="domcontentloaded")
        page.locator(wanted).first.wait_for()
        page.wait_for_timeout(3000)
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
