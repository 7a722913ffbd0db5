"""A model server as a process of its own: speaks the OpenAI-compatible protocol, and misbehaves when told to.

`python -m support.model_server` prints its port and serves until its standard input ends. It answers with the tactics
it was given, counts what it is asked, and takes one behaviour from a queue for each request. Tests drive it through
`ModelServer`.
"""

import asyncio
import contextlib
import json
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

BEHAVIOURS = (
    *("ok", "429", "500", "401", "400", "404", "redirect"),
    *("hang", "garbage", "no choices", "reset", "truncated", "huge", "one answer", "no log-probabilities"),
)
MODEL = "scripted-prover"


class ModelServer:
    """A running server, seen from a test."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "support.model_server"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=Path(__file__).parents[1],
            text=True,
        )
        assert self._process.stdout is not None
        self.port = int(self._process.stdout.readline())
        self.address = f"http://127.0.0.1:{self.port}/v1"

    def set(self, *behaviours: str, answers: list[str] | None = None, log_probability: float | None = -0.5) -> None:
        """Forgets all and behaves like this from now on, one behaviour a request, the last one for ever."""
        assert set(behaviours) <= set(BEHAVIOURS)
        self._call("/control", {"behaviours": behaviours, "answers": answers or ["simp"], "logprob": log_probability})

    def log(self) -> list[dict[str, Any]]:
        """The requests since `set`: `path`, `headers` and `body`."""
        found: list[dict[str, Any]] = self._call("/log", None)
        return found

    def wait_for(self, event: str) -> None:
        """Waits until a request is there (`request`), or the client of one that hangs hung up (`hang-up`)."""
        self._call(f"/wait/{event}", None)

    def close(self) -> None:
        """Ends the process."""
        self._process.communicate(timeout=10)

    def _call(self, path: str, body: object) -> Any:
        data = None if body is None else json.dumps(body).encode()
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", data=data, timeout=10) as reply:
            return json.loads(reply.read())


class _Scripted:
    """The server's side."""

    def __init__(self) -> None:
        self.behaviours = ["ok"]
        self.answers = ["simp"]
        self.logprob: float | None = -0.5
        self.requests: list[dict[str, Any]] = []
        self.events = {"request": asyncio.Event(), "hang-up": asyncio.Event()}

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            while (request := await _read_request(reader)) is not None:
                if not await self._answer(request, reader, writer):
                    break
        writer.close()

    async def _answer(
        self, request: dict[str, Any], reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        if request["path"] == "/control":
            self.behaviours = list(request["body"]["behaviours"]) or ["ok"]
            self.answers, self.logprob = request["body"]["answers"], request["body"]["logprob"]
            self.requests = []
            for event in self.events.values():
                event.clear()
            return await _reply(writer, 200, {})
        if request["path"] == "/log":
            return await _reply(writer, 200, self.requests)
        if request["path"].startswith("/wait/"):
            await self.events[request["path"].removeprefix("/wait/")].wait()
            return await _reply(writer, 200, {})
        self.requests.append(request)
        self.events["request"].set()
        if request["path"] == "/v1/models":
            return await _reply(writer, 200, {"data": [{"id": MODEL}]})
        behaviour = self.behaviours.pop(0) if len(self.behaviours) > 1 else self.behaviours[0]
        body = request["body"]
        match behaviour:
            case "429":
                return await _reply(writer, 429, {"error": {"message": "too many requests"}}, "Retry-After: 0\r\n")
            case "500":
                return await _reply(writer, 500, {"error": {"message": "out of memory"}})
            case "401":
                return await _reply(
                    writer, 401, {"error": {"message": f"bad key {request['headers'].get('authorization')}"}}
                )
            case "400":
                return await _reply(writer, 400, {"error": {"message": "this model's context is 4096 tokens"}})
            case "404":
                return await _reply(writer, 404, {"detail": "no such model"})
            case "redirect":
                return await _reply(writer, 307, {}, "Location: http://192.0.2.1/v1/completions\r\n")
            case "hang":
                await reader.read()  # until the client hangs up
                self.events["hang-up"].set()
                return False
            case "garbage":
                return await _reply_bytes(writer, 200, b"<html>busy</html>\xff")
            case "no choices":
                return await _reply(writer, 200, {"choices": "none"})
            case "reset":
                writer.transport.abort()
                return False
            case "truncated":
                writer.write(b'HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n{"choices": [')
                await writer.drain()
                return False
            case "huge":
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n")
                with contextlib.suppress(ConnectionError):
                    while True:
                        writer.write(b" " * 1_048_576)
                        await writer.drain()
                return False
            case "no log-probabilities" if "logprobs" in body:
                return await _reply(writer, 400, {"error": {"message": "logprobs is not supported"}})
        count = 1 if behaviour == "one answer" else body["n"]
        is_silent = behaviour == "no log-probabilities"
        return await _reply(writer, 200, {"choices": [self._choice(body, n, is_silent) for n in range(count)]})

    def _choice(self, body: dict[str, Any], number: int, is_silent: bool) -> dict[str, Any]:
        text = self.answers[(body["seed"] + number) % len(self.answers)]
        values = None if is_silent or self.logprob is None else [self.logprob * (number + 1)] * 2
        if "messages" in body:
            logprobs = values and {"content": [{"token": "x", "logprob": v} for v in values]}
            return {"index": number, "message": {"role": "assistant", "content": text}, "logprobs": logprobs}
        return {"index": number, "text": text, "logprobs": values and {"token_logprobs": values}}


async def _read_request(reader: asyncio.StreamReader) -> dict[str, Any] | None:
    line = await reader.readline()
    if not line:
        return None
    headers = {}
    while (header := await reader.readline()).strip():
        name, _, value = header.decode().partition(":")
        headers[name.strip().lower()] = value.strip()
    data = await reader.readexactly(int(headers.get("content-length", 0)))
    return {"path": line.split()[1].decode(), "headers": headers, "body": json.loads(data) if data else None}


async def _reply(writer: asyncio.StreamWriter, status: int, value: object, headers: str = "") -> bool:
    return await _reply_bytes(writer, status, json.dumps(value, ensure_ascii=False).encode(), headers)


async def _reply_bytes(writer: asyncio.StreamWriter, status: int, data: bytes, headers: str = "") -> bool:
    writer.write(f"HTTP/1.1 {status} X\r\nContent-Length: {len(data)}\r\n{headers}\r\n".encode() + data)
    await writer.drain()
    return True


async def _main() -> None:
    server = await asyncio.start_server(_Scripted().serve, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(_main())
