"""The premise server, asked over HTTP as LeanPremise's client asks: what comes back, and what is refused."""

import asyncio
import http.client
import json
import socket
from collections.abc import AsyncIterator
from typing import Any

import pytest

from lean_sidekick.core.errors import ConfigError
from lean_sidekick.core.premises import CorpusFile, Premise
from lean_sidekick.premises.retriever import LocalRetriever
from lean_sidekick.serving.local_http import HOST, LocalServer
from lean_sidekick.serving.premises import MOST_NEW_PREMISES, PremiseService

STATEMENTS = {
    ("Init.Nat", "Nat.add_comm"): "(n m : Nat) : n + m = m + n",
    ("Init.Nat", "Nat.mul_comm"): "(n m : Nat) : n * m = m * n",
    ("Init.Nat", "Nat.add_zero"): "(n : Nat) : n + 0 = n",
    ("Init.List", "List.length_append"): "(as bs : List α) : (as ++ bs).length = as.length + bs.length",
}
# As the client prints it, without notation.
STATE = "a b : Nat\n⊢ Eq (HAdd.hAdd a b) (HAdd.hAdd b a)"


def files() -> list[CorpusFile]:
    found: dict[str, list[Premise]] = {}
    for (module, name), statement in STATEMENTS.items():
        found.setdefault(module, []).append(Premise(full_name=name, kind="theorem", statement=statement, module=module))
    return [CorpusFile(path=module, module=module, premises=tuple(premises)) for module, premises in found.items()]


class Client:
    def __init__(self, server: LocalServer) -> None:
        self.port = int(server.url.rpartition(":")[2])

    async def ask(self, method: str, path: str, body: object = None, **headers: str) -> tuple[int, Any]:
        def talk() -> tuple[int, Any]:
            connection = http.client.HTTPConnection(HOST, self.port, timeout=10)
            data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
            connection.request(method, path, data, headers)
            answer = connection.getresponse()
            value = json.loads(answer.read())
            connection.close()
            return answer.status, value

        return await asyncio.to_thread(talk)

    async def names(self, **request: object) -> list[str]:
        status, value = await self.ask("POST", "/retrieve", {"state": STATE, "k": 16, "new_premises": [], **request})
        assert status == 200, value
        assert all(set(one) == {"name", "score"} for one in value)
        assert [one["score"] for one in value] == sorted((one["score"] for one in value), reverse=True)
        return [one["name"] for one in value]


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    retriever = LocalRetriever.from_files(files())
    server = LocalServer(PremiseService(retriever, [(name, module) for module, name in STATEMENTS]).answer)
    server.start(0)
    yield Client(server)
    await server.close()
    retriever.close()


async def test_the_lists_that_a_client_asks_for_first(client: Client) -> None:
    assert await client.ask("GET", "/indexed-premises") == (200, [name for _, name in STATEMENTS])
    assert await client.ask("GET", "/indexed-modules") == (200, ["Init.Nat", "Init.List"])
    assert await client.ask("GET", "/max-new-premises") == (200, MOST_NEW_PREMISES)


async def test_only_premises_that_the_client_has_are_answered(client: Client) -> None:
    assert (await client.names(local_premises=[0, 1, 2, 3]))[0] == "Nat.add_comm"
    assert await client.names(local_premises=[1, "Nat.add_zero"]) == ["Nat.add_zero", "Nat.mul_comm"]
    assert set(await client.names(local_premises=[], imported_modules=["Init.Nat"])) == {
        "Nat.add_comm",
        "Nat.mul_comm",
        "Nat.add_zero",
    }
    assert set(await client.names(imported_modules=[1])) <= {"List.length_append"}
    # What the index does not know is passed over: the client sends all that it has.
    assert await client.names(local_premises=[99, -1, "Nat.nowhere", 2]) == ["Nat.add_zero"]
    assert await client.names(local_premises=[]) == []


async def test_new_premises_are_ranked_with_the_rest_and_override_it(client: Client) -> None:
    new = [{"name": "my_comm", "decl": "/-- Mine. -/\ntheorem my_comm (a b : Nat) : a + b = b + a"}]
    assert set((await client.names(local_premises=[0, 1], new_premises=new))[:2]) == {"my_comm", "Nat.add_comm"}
    odd = [{"name": "Nat.add_comm", "decl": "theorem Nat.add_comm : True"}]
    assert (await client.names(local_premises=[0, 1, 2], new_premises=odd))[0] != "Nat.add_comm"


async def test_k_bounds_the_answer(client: Client) -> None:
    assert len(await client.names(local_premises=[0, 1, 2, 3], k=1)) == 1
    assert await client.names(local_premises=[0], k=0) == []
    assert await client.names(local_premises=[0], k=-3) == []
    assert await client.names(local_premises=[0], k=100_000) == ["Nat.add_comm"]


async def test_fields_of_later_clients_make_no_difference(client: Client) -> None:
    more = {"caller_in_module_system": True, "imported_all_modules": ["Init.Nat"], "anything": 1}
    assert await client.names(local_premises=[0], **more) == ["Nat.add_comm"]


async def test_several_goals_get_several_answers(client: Client) -> None:
    request = {"state": [STATE, "⊢ True"], "local_premises": [0], "new_premises": [], "k": 4}
    status, value = await client.ask("POST", "/retrieve", request)
    assert status == 200 and len(value) == 2
    assert [one["name"] for one in value[0]] == ["Nat.add_comm"]


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"{", "The body is not JSON."),
        (b"[1]", "The body is no JSON object with `state` and `k`."),
        ({"k": 3}, "`state` must be a goal as Lean prints it, or a list of goals."),
        ({"state": " ", "k": 3}, "`state` must be a goal as Lean prints it, or a list of goals."),
        ({"state": [], "k": 3}, "`state` must be a goal as Lean prints it, or a list of goals."),
        ({"state": STATE, "k": "3"}, "`k` must be a whole number."),
        ({"state": STATE, "k": True}, "`k` must be a whole number."),
        (
            {"state": STATE, "k": 1, "local_premises": [1.5]},
            "`local_premises` must be a list of names or of places in the server's list.",
        ),
        (
            {"state": STATE, "k": 1, "new_premises": [{"name": "a"}]},
            "`new_premises` must be a list of objects with the texts `name` and `decl`.",
        ),
    ],
)
async def test_bad_input_gets_one_sentence(client: Client, body: object, sentence: str) -> None:
    assert await client.ask("POST", "/retrieve", body) == (422, {"detail": sentence})
    assert await client.names(local_premises=[0]) == ["Nat.add_comm"], "and the server goes on"


async def test_other_paths_and_methods_are_named(client: Client) -> None:
    for method, path in (("GET", "/retrieve"), ("POST", "/indexed-premises"), ("GET", "/")):
        status, value = await client.ask(method, path, b"" if method == "POST" else None)
        assert status == 404 and value["detail"].startswith(f"There is no {method} {path}: there are POST /retrieve")


async def test_a_body_without_a_length_or_too_long_is_not_read(client: Client) -> None:
    assert (await client.ask("POST", "/retrieve", b"", **{"Content-Length": "nonsense"}))[0] == 411
    assert (await client.ask("POST", "/retrieve", b"", **{"Content-Length": "99999999999"}))[0] == 413


async def test_only_requests_to_this_machine_are_answered(client: Client) -> None:
    """A page of the web may reach the port under a name of its own; it must learn nothing."""
    status, value = await client.ask("GET", "/indexed-premises", Host="example.org")
    assert (status, value) == (403, {"detail": "This server answers requests to localhost alone."})
    assert (await client.ask("GET", "/max-new-premises", Host=f"localhost:{client.port}"))[0] == 200


async def test_curl_waits_for_leave_to_send_a_large_body(client: Client) -> None:
    body = json.dumps({"state": STATE, "local_premises": [0], "new_premises": [], "k": 1}).encode()
    reader, writer = await asyncio.open_connection(HOST, client.port)
    head = f"POST /retrieve HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: {len(body)}\r\nExpect: 100-continue\r\n\r\n"
    writer.write(head.encode())
    async with asyncio.timeout(10):
        assert await reader.readline() == b"HTTP/1.1 100 Continue\r\n"
        await reader.readline()
        writer.write(body)
        assert await reader.readline() == b"HTTP/1.1 200 OK\r\n"
    writer.close()


async def test_a_port_that_is_taken_is_named() -> None:
    with socket.create_server((HOST, 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ConfigError, match=f"Port {port} cannot be used"):
            LocalServer(PremiseService(LocalRetriever.from_files(()), []).answer).start(port)
