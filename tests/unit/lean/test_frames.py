"""Cutting the byte stream into messages."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lean_sidekick.core.errors import ProtocolError
from lean_sidekick.lean.transport import FrameReader


def frame(body: bytes, header: bytes = b"Content-Length: %d\r\n\r\n") -> bytes:
    return header % len(body) + body


@given(st.lists(st.binary(max_size=40), max_size=6), st.integers(min_value=1, max_value=13))
def test_bodies_come_out_however_the_bytes_come_in(bodies: list[bytes], size: int) -> None:
    stream = b"".join(frame(body) for body in bodies)
    reader = FrameReader()
    found = [body for i in range(0, len(stream), size) for body in reader.feed(stream[i : i + size])]
    assert found == bodies


@pytest.mark.parametrize(
    "header",
    [
        b"content-length: %d\r\n\r\n",
        b"Content-Length:%d\r\nContent-Type: application/vscode-jsonrpc; charset=utf-8\r\n\r\n",
        b"Content-Type: x\r\nCONTENT-LENGTH :  %d \r\n\r\n",
        b"Content-Length: %d\n\n",
    ],
)
def test_headers_may_be_written_in_many_ways(header: bytes) -> None:
    reader = FrameReader()
    assert reader.feed(frame(b"{}", header) + frame(b"[]", header)) == [b"{}", b"[]"]


def test_noise_before_the_first_message_is_skipped() -> None:
    assert FrameReader().feed(b"info: downloading\n\nhello: world\n" + frame(b"{}")) == [b"{}"]


@pytest.mark.parametrize(
    "garbage",
    [
        b"Segmentation fault\n",
        b"\r\n",
        b"Content-Type: x\r\n\r\n",
        b"Content-Length: many\r\n\r\n",
        b"Content-Length: -1\r\n\r\n",
        b"Content-Length: 99999999999999\r\n\r\n",
        b"x" * 100_000,
    ],
)
def test_garbage_between_messages_is_an_error(garbage: bytes) -> None:
    """What got lost there could be the message that holds an error."""
    reader = FrameReader()
    assert reader.feed(frame(b"{}")) == [b"{}"]
    with pytest.raises(ProtocolError):
        reader.feed(garbage + frame(b"{}"))
