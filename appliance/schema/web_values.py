"""Kinds of settings with a syntax of their own: their descriptions and parsers."""

import ipaddress
import re
import shlex
from dataclasses import dataclass
from typing import Callable, Dict, List, Tuple

from appliance.schema.keep import KEEP_EXAMPLE, parse_keep

LISTEN, NETWORKS, URL_PATH, ORIGINS, TLS = "listen", "networks", "path of an address", "origins", "TLS"
KEEP = "keep"

SELF_SIGNED = "self-signed"

_MOST = 50
_ORIGIN = re.compile(r"https?://([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?")
_PATH = re.compile(r"(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+")


@dataclass(frozen=True)
class Form:
    """The syntax of one kind.

    Attributes:
        description: What the values are, to follow "must be".
        read: Returns the value in the form that the dashboard uses; raises ValueError.
    """

    description: str
    read: Callable[[str], str]


def listening_address(text: str) -> Tuple[str, int]:
    """Return host and port of "0.0.0.0:8080", "[::]:8080" or ":8080". Raises ValueError."""
    host, colon, port = text.rpartition(":")
    if not colon or not port.isdigit() or not 0 < int(port) < 65536 or (":" in host and not host.startswith("[")):
        raise ValueError("no address and port")
    return host.strip("[]") or "0.0.0.0", int(port)


def _listen(text: str) -> str:
    listening_address(text)
    return text


def _networks(text: str) -> str:
    return " ".join(str(ipaddress.ip_network(word)) for word in _words(text))


def _path(text: str) -> str:
    path = text.rstrip("/")
    if len(path) > 200 or (path and not _PATH.fullmatch(path)):
        raise ValueError("no path")
    return path


def _origins(text: str) -> str:
    words = _words(text)
    if not all(word == "self" or _ORIGIN.fullmatch(word) for word in words):
        raise ValueError("no origin")
    return " ".join(words)


def _tls(text: str) -> str:
    words = shlex.split(text)
    if words != [SELF_SIGNED] and len(words) != 2:
        raise ValueError("neither")
    return " ".join(shlex.quote(word) for word in words)


def _keep(text: str) -> str:
    return str(parse_keep(text))


def _words(text: str) -> List[str]:
    words = text.replace(",", " ").split()
    if not 0 < len(words) <= _MOST:
        raise ValueError("none, or too many")
    return words


FORMS: Dict[str, Form] = {
    LISTEN: Form("an address and a port, like 0.0.0.0:8080", _listen),
    NETWORKS: Form("addresses or networks with commas between, like 192.168.1.2, 172.30.32.0/23", _networks),
    URL_PATH: Form("a path like /splitlens, without a question mark or spaces", _path),
    ORIGINS: Form("self, or origins with commas between, like https://home.example:8123", _origins),
    TLS: Form("self-signed, or the files of a certificate and of its key with a space between", _tls),
    KEEP: Form(f"durations by class, like {KEEP_EXAMPLE}, each in min, h, d or w, 0 or forever", _keep),
}
