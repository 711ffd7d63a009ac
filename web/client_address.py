"""Who a request comes from: the one rule for everything that counts or limits by address.

A proxy in front hides its clients' addresses and names them in X-Forwarded-For. Anybody can write that header, so it is
believed of the proxies in the setting `trusted_proxy` alone.
"""

import ipaddress
from typing import Sequence, Tuple, Union

Network = Union[ipaddress.IPv4Network, ipaddress.IPv6Network]
_Address = Union[ipaddress.IPv4Address, ipaddress.IPv6Address]

_MOST_HOPS = 20


def read_networks(text: str) -> Tuple[Network, ...]:
    """Of addresses and networks with spaces between, as the start file has them. Raises ValueError."""
    return tuple(ipaddress.ip_network(word) for word in text.split())


def is_trusted(peer: str, trusted: Sequence[Network]) -> bool:
    """peer: the address that the connection comes from."""
    if not trusted:
        return False
    try:
        address = _read(peer)
    except ValueError:
        return False
    return any(address in network for network in trusted)


def client_address(peer: str, forwarded_for: str, trusted: Sequence[Network]) -> str:
    """The address of the client.

    Each proxy adds to the header (forwarded_for, empty where there is none) whom it heard, on the right: the first from
    there that is no proxy of ours is the client. What stands left of it may be made up.
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
    """What limits count by: an IPv4 address, and of IPv6 the /64, as one machine has all of that."""
    try:
        found = _read(address)
    except ValueError:
        return address
    return str(found) if found.version == 4 else str(ipaddress.ip_network((int(found) >> 64 << 64, 64)))


def _read(text: str) -> _Address:
    """Also with a port or a zone, as some proxies and systems write it. Raises ValueError."""
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    address = ipaddress.ip_address(text.partition("%")[0])
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address
