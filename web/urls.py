"""The URLs of the dashboard."""

import socket
from typing import List

import psutil

# Internal networks: containers, virtual machines and the USB port of a Jetson.
_INSIDE = ("lo", "docker", "br-", "veth", "virbr", "l4tbr", "cni", "flannel")


def addresses(host: str, port: int, scheme: str = "http") -> List[str]:
    """Return the URLs of a dashboard that listens at this host and port."""
    if host not in ("0.0.0.0", "::", ""):
        return [_url(scheme, host, port)]
    return [_url(scheme, address, port) for address in own_addresses() or ["127.0.0.1"]]


def own_addresses() -> List[str]:
    """Return this machine's IPv4 addresses on external networks."""
    return [
        address.address
        for name, own in sorted(psutil.net_if_addrs().items())
        if not name.startswith(_INSIDE)
        for address in own
        if address.family == socket.AF_INET and not address.address.startswith("127.")
    ]


def _url(scheme: str, host: str, port: int) -> str:
    usual = {"http": 80, "https": 443}[scheme]
    return f"{scheme}://{f'[{host}]' if ':' in host else host}{'' if port == usual else f':{port}'}/"
