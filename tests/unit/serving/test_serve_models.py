"""LeanCopilot's protocol, spoken to a real socket as its client does, well and badly."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence

import pytest
from attrs import define, field

from lean_sidekick.core.candidates import Source
from lean_sidekick.core.decoding import Decoding
from lean_sidekick.core.errors import ModelUnavailable
from lean_sidekick.engine.models import NamedModel
from lean_sidekick.model_worker.messages import Device, Vectors
from lean_sidekick.serving.local_http import LocalServer
from lean_sidekick.serving.models import Encoder, ModelService
from lean_sidekick.tactics.card_files import cards_folders, find_card
from lean_sidekick.tactics.models import Answer
from lean_sidekick.tactics.prompts.api import Prompt
from lean_sidekick.tactics.transformer import spec_of

STATE = "case h\nn : ℕ\n⊢ n = n\n\n⊢ True"
BFS = find_card("bfs-prover-v2-7b", cards_folders())
RETRIEVER = find_card("reprover-retriever", cards_folders())


@define
class Model:
    prompts: list[str] = field(factory=list)
    error: Exception | None = None
    hold: asyncio.Event | None = None

    async def answers(self, prompts: Sequence[Prompt], decoding: Decoding) -> Sequence[Sequence[Answer]]:
        self.prompts += [prompt.text for prompt in prompts]
        if self.hold is not None:
            await self.hold.wait()
        if self.error is not None:
            raise self.error
        told = (("rfl", -0.5), ("simp", -1.0), ("rfl", -0.7))
        return [[Answer(text=text, log_probability=score, token_count=1) for text, score in told] for _ in prompts]

    async def close(self) -> None:
        pass


class Client:
    """The part of a `ModelClient` that is asked."""

    async def embed(self, model: object, texts: Sequence[str], **_: object) -> Vectors:
        assert texts == ["n : ℕ"]
        return Vectors(id=1, count=1, dimension=2, data="AAAAPwAAgD8=")


@pytest.fixture
def model() -> Model:
    return Model()


@pytest.fixture
async def port(model: Model) -> AsyncIterator[int]:
    named = NamedModel(card=BFS, source=Source.REMOTE, at_cursor=model, in_search=model)
    spec = spec_of(RETRIEVER, Device.CPU, None)
    encoder = Encoder(card=RETRIEVER, client=Client(), spec=spec)  # type: ignore[arg-type]  # embeds, no more
    service = ModelService(models=[named], encoders=[encoder])
    server = LocalServer(service.answer)
    server.start(0)
    yield int(server.url.rpartition(":")[2])
    await server.close()


async def send(port: int, raw: bytes) -> tuple[int, Mapping[str, object]]:
    """Sends bytes and reads one reply."""
    async with asyncio.timeout(10):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(raw)
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = int(head.partition("Content-Length: ")[2].split("\r\n")[0])
        body = json.loads(await reader.readexactly(length))
        writer.close()
    return int(head.split()[1]), body


def post(path: str, body: object, headers: str = "Host: localhost:23337\r\n") -> bytes:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return f"POST {path} HTTP/1.1\r\n{headers}Content-Length: {len(data)}\r\n\r\n".encode() + data


async def test_generate_gives_outputs_with_scores_best_first(port: int, model: Model) -> None:
    status, body = await send(port, post("/generate", {"name": "bfs-prover-v2-7b", "input": STATE, "prefix": ""}))
    assert status == 200
    assert body == {
        "outputs": [
            {"output": "rfl", "score": pytest.approx(0.6065, abs=1e-4)},
            {"output": "simp", "score": pytest.approx(0.3679, abs=1e-4)},
        ]
    }
    assert model.prompts == [f"{STATE}:::"]


async def test_a_prefix_and_the_name_on_the_hub(port: int, model: Model) -> None:
    fields = {"name": "ByteDance-Seed/BFS-Prover-V2-7B", "input": "⊢ p", "prefix": "exact "}
    _, body = await send(port, post("/generate", fields))
    assert model.prompts == ["⊢ p:::exact "]
    outputs = body["outputs"]
    assert isinstance(outputs, list) and outputs[0]["output"] == "exact rfl"


async def test_encode_gives_one_vector(port: int) -> None:
    assert await send(port, post("/encode", {"name": "", "input": "n : ℕ"})) == (200, {"outputs": [0.5, 1.0]})


@pytest.mark.parametrize(
    ("raw", "status", "said"),
    [
        (post("/generate", {"name": "other", "input": STATE}), 422, "there are bfs-prover-v2-7b"),
        (post("/generate", {"name": "", "input": ""}), 422, "holds no proof state"),
        (post("/generate", {"name": ""}), 422, "`input` must be a text"),
        (post("/generate", {"name": 3, "input": STATE}), 422, "`name` must be a text"),
        (post("/generate", []), 422, "no JSON object"),
        (post("/generate", b"{"), 422, "not JSON"),
        (post("/other", {}), 404, "there are POST /generate and POST /encode"),
        (b"GET /generate HTTP/1.1\r\nHost: localhost\r\n\r\n", 404, "no GET /generate"),
        (post("/generate", {}, "Host: evil.example\r\n"), 403, "localhost alone"),
        (post("/generate", {}, "Host: localhost\r\nOrigin: https://evil.example\r\n"), 403, "localhost alone"),
    ],
)
async def test_bad_requests_get_a_status_and_a_sentence(port: int, raw: bytes, status: int, said: str) -> None:
    found, body = await send(port, raw)
    assert (found, said in str(body["detail"])) == (status, True), body


async def test_a_model_that_fails_is_a_sentence_too(port: int, model: Model) -> None:
    model.error = ModelUnavailable("The model is not on this machine.")
    assert await send(port, post("/generate", {"name": "", "input": STATE})) == (
        503,
        {"detail": "The model is not on this machine."},
    )


async def test_a_bug_costs_one_request(port: int, model: Model) -> None:
    model.error = ZeroDivisionError("a bug")
    assert (await send(port, post("/generate", {"name": "", "input": STATE})))[0] == 500
    model.error = None
    assert (await send(port, post("/generate", {"name": "", "input": STATE})))[0] == 200


async def test_requests_at_the_same_time_are_served_at_the_same_time(port: int, model: Model) -> None:
    model.hold = asyncio.Event()
    both = [asyncio.create_task(send(port, post("/generate", {"name": "", "input": STATE}))) for _ in range(2)]
    async with asyncio.timeout(10):
        while len(model.prompts) < 2:  # noqa: ASYNC110 (each turn lets the server read on)
            await asyncio.sleep(0)
        model.hold.set()
        assert [status for status, _ in await asyncio.gather(*both)] == [200, 200]
