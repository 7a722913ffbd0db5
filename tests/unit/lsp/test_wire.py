"""Frames: whatever way the bytes are cut, the same bodies come out; what is wrong costs no more than itself."""

import threading
from itertools import pairwise
from queue import SimpleQueue

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lean_sidekick.lsp import wire
from lean_sidekick.lsp.wire import BadFrame, Connection, End, FrameDecoder, encode

LIMIT_S = 10


def framed(body: bytes) -> bytes:
    return b"Content-Length: %d\r\n\r\n%b" % (len(body), body)


def decode(*pieces: bytes) -> list[bytes | BadFrame]:
    decoder = FrameDecoder()
    return [frame for piece in pieces for frame in decoder.feed(piece)]


@given(st.lists(st.binary(max_size=40), max_size=5), st.lists(st.integers(0, 300), max_size=8))
def test_how_the_bytes_are_cut_does_not_matter(bodies: list[bytes], cuts: list[int]) -> None:
    stream = b"".join(framed(body) for body in bodies)
    places = sorted({0, len(stream), *(cut for cut in cuts if cut < len(stream))})
    pieces = [stream[start:end] for start, end in pairwise(places)]
    assert decode(*pieces) == bodies


@pytest.mark.parametrize(
    "head",
    [
        b"Content-Length: 2\r\n\r\n",
        b"content-length:2\r\n\r\n",
        b"Content-Type: application/vscode-jsonrpc; charset=utf-8\r\nContent-Length: 2\r\n\r\n",
        b"Content-Length: 2\r\nContent-Type: text\r\n\r\n",
        b"a line that some library printed\nContent-Length: 2\r\n\r\n",
    ],
)
def test_heads_that_are_understood(head: bytes) -> None:
    assert decode(head + b"{}" + framed(b"[]")) == [b"{}", b"[]"]


def test_how_long_a_frame_has_waited_counts_from_its_arrival(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not from when it was taken: the time in which the server was loaded counts."""
    now = [10.0]
    monkeypatch.setattr(wire, "monotonic", lambda: now[0])
    data = [framed(b"{}")]
    arrived = threading.Event()

    def read() -> bytes:
        if data:
            return data.pop()
        arrived.set()  # who reads again has handed on what was read before
        return b""

    connection = Connection(read, lambda _: None)
    assert arrived.wait(LIMIT_S)
    now[0] += 2.0
    assert connection.receive() == b"{}"
    assert connection.waited_s == 2.0
    connection.close()


@pytest.mark.parametrize("head", [b"\r\n\r\n", b"nonsense\r\n\r\n", b"Content-Length: -1\r\n\r\n"])
def test_a_head_without_a_length_is_passed_over(head: bytes) -> None:
    assert decode(head + framed(b"[]")) == [BadFrame("a head without Content-Length"), b"[]"]


def test_a_message_that_is_too_long_is_skipped(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its bytes are not kept, and the next message is read."""
    monkeypatch.setattr(wire, "MAX_BODY_BYTES", 10)
    assert decode(b"Content-Length: 11\r\n\r\n", b"12345", b"678901" + framed(b"[]")) == [
        BadFrame("a message of 11 bytes; at most 10 are read"),
        b"[]",
    ]


def test_a_stream_without_any_frame_is_not_kept() -> None:
    noise = b"x" * (wire.MAX_HEAD_BYTES + 1)
    assert decode(noise, framed(b"[]")) == [BadFrame(f"no frame in {wire.MAX_HEAD_BYTES} bytes"), b"[]"]


def test_text_is_encoded_as_its_length_says() -> None:
    (body,) = decode(encode({"goal": "⊢ 𝔽 ≠ ∅"}))
    assert isinstance(body, bytes)


def test_who_writes_does_not_wait_for_a_client_that_does_not_read() -> None:
    """A client that takes nothing blocks one thread, never the writer; closing gives it up after a while."""
    may_go = threading.Event()
    written: SimpleQueue[bytes] = SimpleQueue()

    def write(data: bytes) -> None:
        may_go.wait(LIMIT_S)
        written.put(data)

    connection = Connection(lambda: b"", write)
    for word in (b"one", b"two"):
        connection.write(word)
    connection.close(limit_s=0.01)
    assert written.empty()
    may_go.set()
    assert [written.get(timeout=LIMIT_S), written.get(timeout=LIMIT_S)] == [b"one", b"two"]


def test_a_client_that_cannot_be_written_to_has_gone() -> None:
    is_over = threading.Event()

    def read() -> bytes:
        is_over.wait(LIMIT_S)
        return b""

    def write(data: bytes) -> None:
        raise BrokenPipeError

    connection = Connection(read, write)
    connection.write(b"hello")
    assert connection.receive() == End()
    is_over.set()


def test_a_read_error_is_an_end() -> None:
    def read() -> bytes:
        raise ConnectionResetError

    assert Connection(read, lambda data: None).receive() == End()


def test_frames_that_came_before_anybody_listened_are_announced() -> None:
    """Between the answer to `initialize` and the event loop nothing is lost."""
    pieces = iter([framed(b"1"), framed(b"2"), b""])
    connection = Connection(lambda: next(pieces), lambda data: None)
    news: SimpleQueue[None] = SimpleQueue()
    assert connection.receive() == b"1"
    connection.on_arrival(lambda: news.put(None))
    news.get(timeout=LIMIT_S)
    assert connection.receive() == b"2"
    assert connection.receive() == End()
