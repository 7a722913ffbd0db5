"""Frames on a pipe or a socket: JSON-RPC bodies in, bytes out, each direction on a thread of its own.

Standard library only, because `initialize` is answered through this before anything else is imported. Bodies are
handed on as bytes and in order; what is wrong with a frame is handed on as a `BadFrame`, in order too. Who sends
never waits for the other side. Does not look into what comes.
"""

import json
import os
import re
import socket
from collections.abc import Callable, Iterator, Mapping
from queue import Empty, SimpleQueue
from threading import Thread
from time import monotonic
from typing import Any, NamedTuple

MAX_HEAD_BYTES = 64 * 1024
MAX_BODY_BYTES = 256 * 1024 * 1024
_READ_BYTES = 64 * 1024
# How long an interrupt may go unseen.
_SIGNAL_S = 1.0
_CONTENT_LENGTH = re.compile(rb"^content-length[ \t]*:[ \t]*(\d{1,18})[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)


class BadFrame(NamedTuple):
    """Something on the wire that was no frame; the next frame is read all the same."""

    reason: str


class End(NamedTuple):
    """The other side is gone; nothing comes after this."""


Frame = bytes | BadFrame | End


class FrameDecoder:
    """Cuts a stream of bytes into frames. Lines of a head that are not `Content-Length` are passed over."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._body_length: int | None = None
        self._to_skip = 0

    def feed(self, data: bytes) -> Iterator[bytes | BadFrame]:
        """The frames that are complete with this data."""
        self._buffer += data
        while True:
            if self._to_skip:
                self._to_skip -= len(self._take(self._to_skip))
                if self._to_skip:
                    return
            if self._body_length is None:
                head = self._take_head()
                if head is None:
                    if len(self._buffer) > MAX_HEAD_BYTES:
                        self._buffer.clear()
                        yield BadFrame(f"no frame in {MAX_HEAD_BYTES} bytes")
                    return
                match = _CONTENT_LENGTH.search(head)
                if match is None:
                    yield BadFrame("a head without Content-Length")
                    continue
                length = int(match[1])
                if length > MAX_BODY_BYTES:
                    self._to_skip = length
                    yield BadFrame(f"a message of {length} bytes; at most {MAX_BODY_BYTES} are read")
                    continue
                self._body_length = length
            if len(self._buffer) < self._body_length:
                return
            body = self._take(self._body_length)
            self._body_length = None
            yield body

    def _take_head(self) -> bytes | None:
        end = self._buffer.find(b"\r\n\r\n")
        return None if end < 0 else self._take(end + 4)

    def _take(self, count: int) -> bytes:
        taken = bytes(self._buffer[:count])
        del self._buffer[:count]
        return taken


class Connection:
    """One client.

    `read` waits for some bytes and gives none at the end; `write` writes all. Both may raise OSError when the other
    side is gone. The two threads are daemons: nothing waits for a client that neither speaks nor listens.
    """

    def __init__(self, read: Callable[[], bytes], write: Callable[[bytes], object]) -> None:
        self._read = read
        self._write = write
        self._incoming: SimpleQueue[tuple[Frame, float]] = SimpleQueue()
        self._outgoing: SimpleQueue[bytes | None] = SimpleQueue()
        self._notify: Callable[[], object] | None = None
        self._arrival = monotonic()
        self._writer = Thread(target=self._write_all, name="client-writer", daemon=True)
        self._writer.start()
        Thread(target=self._read_all, name="client-reader", daemon=True).start()

    def receive(self) -> Frame:
        """Waits for the next frame. Not for an event loop."""
        while True:
            try:
                # A signal that comes just before the wait does not end it; Python sees it when the wait is over.
                return self._taken(self._incoming.get(timeout=_SIGNAL_S))
            except Empty:
                continue

    def poll(self) -> Frame | None:
        """The next frame if there is one."""
        try:
            return self._taken(self._incoming.get_nowait())
        except Empty:
            return None

    @property
    def waited_s(self) -> float:
        """Seconds since the frame that was taken last has arrived."""
        return monotonic() - self._arrival

    def on_arrival(self, notify: Callable[[], object]) -> None:
        """From now on `notify` is called, on another thread, when there may be something to poll."""
        self._notify = notify
        notify()

    def write(self, data: bytes) -> None:
        """Sends bytes after all that was sent before."""
        self._outgoing.put(data)

    def close(self, limit_s: float = 1.0) -> None:
        """Ends the sending side when what was written is out, or when the client does not take it in time."""
        self._outgoing.put(None)
        self._writer.join(limit_s)

    def _read_all(self) -> None:
        decoder = FrameDecoder()
        try:
            while data := self._read():
                for frame in decoder.feed(data):
                    self._arrive(frame)
        except OSError:
            pass  # gone is gone
        self._arrive(End())

    def _write_all(self) -> None:
        while (data := self._outgoing.get()) is not None:
            try:
                self._write(data)
            except OSError:
                # Nobody listens any more, so there is nobody to answer.
                self._arrive(End())
                return

    def _taken(self, arrived: tuple[Frame, float]) -> Frame:
        frame, self._arrival = arrived
        return frame

    def _arrive(self, frame: Frame) -> None:
        self._incoming.put((frame, monotonic()))
        if self._notify is not None:
            self._notify()


def encode(message: Mapping[str, Any]) -> bytes:
    """One message as it travels."""
    body = json.dumps(message).encode()
    return b"Content-Length: %d\r\n\r\n%b" % (len(body), body)


def stdio_connection() -> Connection:
    """Takes over standard input and output.

    They belong to the protocol alone: from here on, whatever this process or a child of it prints goes to standard
    error, and whoever reads standard input finds it empty. Raises OSError if one of the two is closed.
    """
    source, sink = os.dup(0), os.dup(1)
    os.dup2(2, 1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)

    def write_all(data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(sink, rest) :]

    return Connection(lambda: os.read(source, _READ_BYTES), write_all)


def socket_connection(connected: socket.socket) -> Connection:
    """A connection on a connected socket."""
    return Connection(lambda: connected.recv(_READ_BYTES), connected.sendall)


def accept_one(port: int, on_listening: Callable[[int], object]) -> Connection:
    """Waits on a port of this machine for one client; port 0 means any, `on_listening` is told which."""
    with socket.create_server(("127.0.0.1", port)) as listener:
        on_listening(listener.getsockname()[1])
        connected, _ = listener.accept()
    connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return socket_connection(connected)
