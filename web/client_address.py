"""The client's address, for everything that counts or limits by address.

A reverse proxy hides its clients' addresses and sends them in X-Forwarded-For. Anybody can write that header, so it is
trusted only from the proxies in the setting `trusted_proxy`.
"""

import ipaddress
from typing import Sequence, Tuple, Union

Network = Union[ipaddress.IPv4Network, ipaddress.IPv6Network]
_Address = Union[ipaddress.IPv4Address, ipaddress.IPv6Address]

_MOST_HOPS = 20


def read_networks(text: str) -> Tuple[Network, ...]:
    """Parse addresses and networks separated by spaces, as in the start file. Raises ValueError."""
    return tuple(ipaddress.ip_network(word) for word in text.split())


def is_trusted(peer: str, trusted: Sequence[Network]) -> bool:
    """Return whether a connection's address is that of a trusted proxy."""
    if not trusted:
        return False
    try:
        address = _read(peer)
    except ValueError:
        return False
    return any(address in network for network in trusted)


def client_address(peer: str, forwarded_for: str, trusted: Sequence[Network]) -> str:
    """Return the client's address.

    Each proxy appends the address of its own client. Read from the right, the first that is not a trusted proxy is the
    client; everything to the left of it may be forged.

    Args:
        peer: The connection's address.
        forwarded_for: The X-Forwarded-For header; "" if there is none.
        trusted: The trusted proxies.
    """
    address = peer
    for word in reversed(forwarded_for.split(",")[-_MOST_HOPS:]):
        if not is_trusted(address, trusted):
            break
        try:
            address = str(_read(word.strip()))
        except ValueError:
            break
    return address


def limited_as(address: str) -> str:
    """Return the key for limits: an IPv4 address, or the /64 of an IPv6 address, as one machine may use all of it."""
    try:
        found = _read(address)
    except ValueError:
        return address
    return str(found) if found.version == 4 else str(ipaddress.ip_network((int(found) >> 64 << 64, 64)))


def _read(text: str) -> _Address:
    """Parse an address, also with a port or a zone, as some proxies and systems write it. Raises ValueError."""
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    address = ipaddress.ip_address(text.partition("%")[0])
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address
