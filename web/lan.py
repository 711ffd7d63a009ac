"""Where a browser finds the dashboard."""

import socket
from typing import List

import psutil

# Networks inside the machine: of containers, virtual machines and the USB port of a Jetson.
_INSIDE = ("lo", "docker", "br-", "veth", "virbr", "l4tbr", "cni", "flannel")


def addresses(host: str, port: int) -> List[str]:
    """The URLs, those on the LAN first named."""
    if host not in ("0.0.0.0", "::", ""):
        return [_url(host, port)]
    found = [
        address.address for name, own in sorted(psutil.net_if_addrs().items()) if not name.startswith(_INSIDE)
        for address in own if address.family == socket.AF_INET and not address.address.startswith("127.")]
    return [_url(address, port) for address in found or ["127.0.0.1"]]


def _url(host: str, port: int) -> str:
    return "http://{}{}/".format("[{}]".format(host) if ":" in host else host, "" if port == 80 else ":{}".format(port))
