"""The gateway's port: who may be reached from where, and how many clients fit."""

from __future__ import annotations

import errno
import resource
import socket
from ipaddress import ip_address

from noria.errors import ProjectError, Unavailable
from noria.gateway.settings import Settings

BACKLOG = 1024
RESERVED = 128
"""File descriptors that are no connections: segments, hosts, the plan."""


def bind(settings: Settings) -> socket.socket:
    """Return the listening socket of a gateway.

    Raises:
        ProjectError: the network could reach it, without TLS and without `insecure`, or the certificate does
            not load.
        Unavailable: the address is in use, or is none of this machine's.
    """
    if not (settings.certificate or settings.insecure or is_loopback(settings.host)):
        fault = (
            f"serve.host: {settings.host} can be reached from the network, and requests would come in clear; "
            "give serve.certificate and serve.key, or serve.insecure = true behind a proxy that speaks TLS"
        )
        raise ProjectError((fault,), hint="noria doctor")
    if settings.certificate:  # to be told now and here, not by a worker
        from noria.gateway.http.tls import Certificate

        Certificate(settings.certificate, settings.key)
    try:
        return _open(settings.host, settings.port)
    except OSError as error:
        place = f"port {settings.port} of {settings.host}"
        if error.errno == errno.EADDRINUSE:
            raise Unavailable(
                f"{place} is in use", hint=f"noria gateway --port {settings.port + 1}"
            ) from None
        raise Unavailable(f"{place} cannot be listened on: {error}", hint="noria doctor") from None


def is_loopback(host: str) -> bool:
    """Return whether only this machine can reach an address; a name is one when all its addresses are."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError:
        return False
    return all(ip_address(str(address[0])).is_loopback for *_, address in found)


def room(connections: int) -> int:
    """Return how many of the wanted connections fit into this process; its limit is raised if it may be."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = connections + connections // 8 + RESERVED  # those that are refused are open for a moment too
    if soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return min(connections, (soft - RESERVED) * 8 // 9)


def _open(host: str, port: int) -> socket.socket:
    family, *_, address = min(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))  # IPv4 first
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener
