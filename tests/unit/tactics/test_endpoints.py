"""Which addresses are taken, and which server is asked next."""

import pytest

from lean_sidekick.core.errors import ConfigError
from lean_sidekick.tactics.endpoints import LONGEST_REST_S, Endpoints, check_endpoint


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("http://localhost:8000/v1/", "http://localhost:8000/v1"),
        (" http://127.0.0.1:8000/v1 ", "http://127.0.0.1:8000/v1"),
        ("http://[::1]:8000/v1", "http://[::1]:8000/v1"),
        ("https://models.example.org/v1", "https://models.example.org/v1"),
    ],
)
def test_https_and_this_machine_are_taken(text: str, address: str) -> None:
    assert check_endpoint(text, allow_insecure=False) == address


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("http://models.example.org/v1", "unprotected: use https"),
        ("http://127.0.0.1.example.org/v1", "unprotected"),
        ("http://localhost.example.org/v1", "unprotected"),
        ("http://192.168.0.7:8000/v1", "unprotected"),
        ("localhost:8000", "is no address such as"),
        ("file:///etc/passwd", "is no address such as"),
        ("", "is no address such as"),
        ("http://", "is no address such as"),
        ("http://localhost:80\n00/v1", "is no address"),
        ("http://localhost:99999/v1", "is no address of a server"),
        ("https://models.example.org/v1?key=x", "must end with its path"),
    ],
)
def test_everything_else_is_refused_with_what_to_do(text: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        check_endpoint(text, allow_insecure=False)


def test_a_password_in_an_address_is_refused_without_showing_it() -> None:
    with pytest.raises(ConfigError, match="holds a password") as raised:
        check_endpoint("https://user:geheim@models.example.org/v1", allow_insecure=False)
    assert "geheim" not in str(raised.value)


def test_the_user_may_allow_another_machine_without_https() -> None:
    assert check_endpoint("http://gpu:8000/v1", allow_insecure=True) == "http://gpu:8000/v1"


def test_those_with_the_least_to_do_go_first_and_then_in_turn() -> None:
    servers = Endpoints(["a", "b", "c"])
    with servers.asking(0.0) as first, servers.asking(0.0) as second, servers.asking(0.0) as third:
        assert [first, second, third] == ["a", "b", "c"]
    with servers.asking(0.0) as first, servers.asking(0.0) as second:
        assert [first, second] == ["a", "b"]
    with servers.asking(0.0) as fourth:
        assert fourth == "c"


def test_who_fails_rests_longer_each_time_and_comes_back() -> None:
    servers = Endpoints(["a", "b"])
    servers.failed("a", now=0.0)
    with servers.asking(1.0) as address:
        assert address == "b"
    servers.failed("a", now=2.0)
    with servers.asking(5.9) as address:
        assert address == "b"
    with servers.asking(6.1) as address:
        assert address == "a"
    servers.answered("a")
    assert not servers.all_rest


def test_when_all_rest_one_is_asked_all_the_same() -> None:
    servers = Endpoints(["a"])
    for _ in range(50):
        servers.failed("a", now=0.0)
    assert servers.all_rest
    with servers.asking(0.0) as address:
        assert address == "a"
    with servers.asking(LONGEST_REST_S, frozenset({"a"})) as address:
        assert address == "a"
