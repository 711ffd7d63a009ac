"""The address of the client, for everything that counts or limits by address.

A proxy in front hides its clients' addresses and names them in X-Forwarded-For. Anybody can write that header, so it is
believed of the proxies in the setting `trusted_proxy` alone.
"""

import ipaddress
from typing import Sequence, Tuple, Union

Network = Union[ipaddress.IPv4Network, ipaddress.IPv6Network]
_Address = Union[ipaddress.IPv4Address, ipaddress.IPv6Address]

_MOST_HOPS = 20


def read_networks(text: str) -> Tuple[Network, ...]:
    """Read addresses and networks with spaces between, as the start file has them. Raises ValueError."""
    return tuple(ipaddress.ip_network(word) for word in text.split())


def is_trusted(peer: str, trusted: Sequence[Network]) -> bool:
    """Whether the address that a connection comes from is that of a trusted proxy."""
    if not trusted:
        return False
    try:
        address = _read(peer)
    except ValueError:
        return False
    return any(address in network for network in trusted)


def client_address(peer: str, forwarded_for: str, trusted: Sequence[Network]) -> str:
    """The address of the client.

    Each proxy appends the address that it was called from. Read from the right, the first that is no trusted proxy is
    the client; what stands left of it may be made up.

    Args:
        peer: The address that the connection comes from.
        forwarded_for: The X-Forwarded-For header; "" where there is none.
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
    """The key that limits are counted by: an IPv4 address, or the /64 of an IPv6 address, which a machine has whole."""
    try:
        found = _read(address)
    except ValueError:
        return address
    return str(found) if found.version == 4 else str(ipaddress.ip_network((int(found) >> 64 << 64, 64)))


def _read(text: str) -> _Address:
    """Read an address, also with a port or a zone, as some proxies and systems write it. Raises ValueError."""
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    address = ipaddress.ip_address(text.partition("%")[0])
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address
