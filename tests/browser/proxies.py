"""Real proxies in front of a dashboard, on ports of their own; their configurations are those of docs/proxies.md."""

import re
import shutil
import socket
import subprocess
from pathlib import Path
from typing import List

import pytest

from tests.browser.rig import ROOT, Dashboard, free_port
from tests.waiting import wait_until

NGINX = """daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 128; }}
http {{
    access_log off; client_body_temp_path {folder}/1; proxy_temp_path {folder}/2; fastcgi_temp_path {folder}/3;
    uwsgi_temp_path {folder}/4; scgi_temp_path {folder}/5;
    {servers}
}}
"""
CADDY = """{{
    admin off
    auto_https disable_redirects
    skip_install_trust
    storage file_system {folder}/storage
}}
{servers}
"""


def documented(language: str, number: int) -> str:
    """One of the examples in docs/proxies.md: of nginx or caddy, counted from 0."""
    return str(re.findall(f"```{language}\n(.*?)```", (ROOT / "docs/proxies.md").read_text(), re.DOTALL)[number])


class Proxy:
    """A program that runs until `stop`. address: where it serves the dashboard."""

    def __init__(self, command: List[str], port: int, address: str, folder: Path) -> None:
        self.address = address
        with open(folder / "out", "wb") as out:
            self.process = subprocess.Popen(command, stdout=out, stderr=out)

        def listens() -> bool:
            assert self.process.poll() is None, (folder / "out").read_text()
            with socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", port)) == 0

        wait_until(listens, "the proxy listens")

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(20)


def find_program(name: str) -> str:
    path = shutil.which(name) or shutil.which(name, path="/usr/sbin")
    if path is None:
        pytest.skip(f"no {name} (Debian: apt install {name})")
    return path


def nginx(folder: Path, dashboard: Dashboard, config: str, path: str = "", scheme: str = "http") -> Proxy:
    """config: a `server`, or a `location` for one, whose address, port and certificate are changed to those here."""
    program, port = find_program("nginx"), free_port()
    if config.startswith("location"):
        config = "server { listen 443; " + config + " }"
    config = (
        config.replace("listen 443", f"listen 127.0.0.1:{port}")
        .replace("192.168.1.5:8080", f"127.0.0.1:{dashboard.port}")
        .replace("server_name home.example;", "")
        .replace("/etc/ssl/home.pem", str(folder / "c.pem"))
        .replace("/etc/ssl/home.key", str(folder / "k.pem"))
    )
    if scheme == "https":
        subprocess.run(
            [
                "openssl",
                "req",
                "-x509",
                "-newkey",
                "rsa:2048",
                "-nodes",
                "-subj",
                "/CN=localhost",
                "-keyout",
                str(folder / "k.pem"),
                "-out",
                str(folder / "c.pem"),
            ],
            check=True,
            stderr=subprocess.DEVNULL,
        )
    (folder / "nginx.conf").write_text(NGINX.format(folder=folder, servers=config))
    return Proxy(
        [program, "-p", str(folder), "-c", str(folder / "nginx.conf")],
        port,
        f"{scheme}://127.0.0.1:{port}{path}",
        folder,
    )


def caddy(folder: Path, dashboard: Dashboard, config: str, path: str = "") -> Proxy:
    """Caddy makes a certificate for localhost by itself."""
    program, port = find_program("caddy"), free_port()
    config = config.replace("home.example", f"localhost:{port}").replace(
        "192.168.1.5:8080", f"127.0.0.1:{dashboard.port}"
    )
    (folder / "Caddyfile").write_text(CADDY.format(folder=folder, servers=config))
    return Proxy(
        [program, "run", "--config", str(folder / "Caddyfile"), "--adapter", "caddyfile"],
        port,
        f"https://localhost:{port}{path}",
        folder,
    )
