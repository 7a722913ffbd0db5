"""Where a remote model is: checked addresses, and which of several servers is asked next. No I/O.

Servers are shared so that those with the least to do go first, in turn where that is equal. One that failed rests for
a while, longer each time, unless all of them rest.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from ipaddress import ip_address
from urllib.parse import urlsplit

from attrs import define, field

from lean_sidekick.core.errors import ConfigError

FIRST_REST_S = 2.0
LONGEST_REST_S = 60.0
_SETTING = "models.remote.endpoints"
_UNPRINTABLE = re.compile(r"[\x00-\x20\x7f]")


def check_endpoint(text: str, *, allow_insecure: bool) -> str:
    """The base address of a server without a slash at its end, e.g. `http://localhost:8000/v1`.

    Only https, or http on this machine, unless `allow_insecure`. Raises ConfigError with what to do.
    """
    address = text.strip().rstrip("/")
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise ConfigError(f"{text!r} in {_SETTING} is no address of a server ({error}).") from error
    if parts.scheme not in ("http", "https") or not host or _UNPRINTABLE.search(address):
        raise ConfigError(f"{text!r} in {_SETTING} is no address such as http://localhost:8000/v1.")
    if parts.username is not None or parts.password is not None:
        raise ConfigError(
            f"An address in {_SETTING} holds a password: put the key into the environment variable that "
            "models.remote.keyVariable names."
        )
    if parts.query or parts.fragment:
        raise ConfigError(f"{text!r} in {_SETTING} must end with its path, as in http://localhost:8000/v1.")
    if parts.scheme == "http" and not allow_insecure and not is_this_machine(host):
        raise ConfigError(
            f"{text!r} in {_SETTING} would send your goals over the network unprotected: use https, or set "
            "models.remote.allowInsecure."
        )
    return address


def is_this_machine(host: str) -> bool:
    """Whether a host name can only be this machine; no name is looked up."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


@define(kw_only=True)
class _Server:
    address: str
    running: int = 0
    asked: int = 0
    failures: int = 0
    rests_until: float = 0.0


@define
class Endpoints:
    """Several servers of one model; times are those of the caller's monotonic clock."""

    addresses: Sequence[str]
    _servers: list[_Server] = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._servers = [_Server(address=address) for address in self.addresses]

    @property
    def all_rest(self) -> bool:
        """Whether none of them answered when it was last asked."""
        return all(server.failures for server in self._servers)

    @contextmanager
    def asking(self, now: float, without: frozenset[str] = frozenset()) -> Iterator[str]:
        """The address to ask next, which counts as busy inside; `without` are those just tried, if others are left."""
        choice = [server for server in self._servers if server.address not in without] or self._servers
        awake = [server for server in choice if server.rests_until <= now] or choice
        server = min(awake, key=lambda server: (server.running, server.asked))
        server.running += 1
        server.asked += 1
        try:
            yield server.address
        finally:
            server.running -= 1

    def answered(self, address: str) -> None:
        """Takes note that a server is well."""
        for server in self._servers:
            if server.address == address:
                server.failures, server.rests_until = 0, 0.0

    def failed(self, address: str, now: float) -> None:
        """Takes note that a server did not answer: it rests, twice as long as the last time."""
        for server in self._servers:
            if server.address == address:
                server.rests_until = now + min(LONGEST_REST_S, FIRST_REST_S * 2**server.failures)
                server.failures += 1
