"""Decide which IP addresses a crawl may connect to: public ones, and private ones of hosts that somebody named."""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

NAT64 = IPv6Network("64:ff9b::/96")
"""Prefix of IPv6 addresses whose last 32 bits are an IPv4 address (RFC 6052 §2.1)."""

SPECIAL = (ip_network("192.0.0.0/24"), ip_network("fec0::/10"), ip_network("::/96"))
"""Networks of which Python calls some addresses global: IETF protocol assignments (RFC 6890 §2.1), site-local
(RFC 3879) and IPv4-compatible addresses (RFC 4291 §2.5.5.1)."""


def is_public(address: str) -> bool:
    """Return whether an IP address, with or without a zone, is one of the public Internet.

    It is none if it is private, loopback, link-local, shared (RFC 6598), multicast, reserved or unspecified, or embeds
    such an IPv4 address: IPv4-mapped, 6to4 (RFC 3056) or NAT64. Raises ValueError for a text that is no IP address.
    """
    ip = ip_address(address.partition("%")[0])
    embedded = embedded_ipv4(ip)
    if embedded is not None:
        return is_public(str(embedded))
    is_special = any(ip in network for network in SPECIAL)
    return ip.is_global and not (ip.is_multicast or ip.is_reserved or is_special)


def embedded_ipv4(ip: IPv4Address | IPv6Address) -> IPv4Address | None:
    """Return the IPv4 address that packets to an IPv6 address are sent to; None for any other address."""
    if isinstance(ip, IPv4Address):
        return None
    return ip.ipv4_mapped or ip.sixtofour or (IPv4Address(int(ip) & 0xFFFFFFFF) if ip in NAT64 else None)


@dataclass(slots=True)
class AddressRule:
    """Rule of one crawl: private addresses are for hosts that its configuration names.

    Not even for those once they had a public address: then a private one is a rebinding of the name to this network.
    """

    named_hosts: frozenset[str]  # lower case, IPv6 without brackets
    _public_hosts: set[str] = field(default_factory=set)

    def resolved(self, host: str, addresses: list[str]) -> None:
        """Note the addresses that a host name was resolved to."""
        if any(map(is_public, addresses)):
            self._public_hosts.add(host)

    def refusal(self, host: str, address: str) -> str | None:
        """Return the reason not to connect to an address of a host, in one line; None if it may be connected to."""
        if is_public(address):
            return None
        where = f"the private address {address}"
        if host not in self.named_hosts:
            return f"{host} is at {where}; if it is meant, set base_url of the source to it"
        if host in self._public_hosts:
            return f"{host} had a public address and is now at {where}"
        return None
