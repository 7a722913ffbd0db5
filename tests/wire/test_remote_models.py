"""Remote models against a real server process on this machine, well and with every fault that servers have."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator

import pytest

from lean_sidekick.core.candidates import Source
from lean_sidekick.core.decoding import Decoding, Strategy
from lean_sidekick.core.errors import ConfigError, InputError, ModelUnavailable, SidekickError, TimedOut
from lean_sidekick.core.goals import parse_goal
from lean_sidekick.tactics.api import TacticRequest
from lean_sidekick.tactics.card_files import cards_folders, find_card
from lean_sidekick.tactics.models import ModelGenerator
from lean_sidekick.tactics.openai_wire import Api
from lean_sidekick.tactics.prompts.api import Message, Prompt, Role
from lean_sidekick.tactics.remote import Patience, RemoteModel, RemoteOptions
from support.model_server import MODEL, ModelServer

PATIENT = Patience(answer_s=20.0, retries=2, pause_s=0.0)
KEY = "sk-secret-0123"
DECODING = Decoding(strategy=Strategy.SAMPLE, candidate_count=4, max_new_tokens=64, temperatures=(0.7, 1.2), seed=0)
PROMPT = Prompt(text="n : ℕ\n⊢ n = n:::", stop=("[/TAC]",))
CHAT = Prompt(
    text="<|im_start|>user\nhello<|im_end|>\n",
    messages=(Message(role=Role.USER, content="hello"),),
    stop=("<|im_end|>",),
)


@pytest.fixture(scope="module")
def processes() -> Iterator[tuple[ModelServer, ModelServer]]:
    servers = ModelServer(), ModelServer()
    yield servers
    for server in servers:
        server.close()


@pytest.fixture
def server(processes: tuple[ModelServer, ModelServer]) -> ModelServer:
    processes[0].set("ok", answers=["simp", "rfl", "omega"])
    processes[1].set("ok", answers=["simp", "rfl", "omega"])
    return processes[0]


class Models:
    """Makes models and closes them."""

    def __init__(self) -> None:
        self._made: list[RemoteModel] = []

    def make(
        self, *addresses: str, api: Api = Api.AUTO, key: str = "", model: str = MODEL, patience: Patience = PATIENT
    ) -> RemoteModel:
        made = RemoteModel(RemoteOptions(endpoints=addresses, api=api, key=key, model=model, patience=patience))
        self._made.append(made)
        return made

    async def close(self) -> None:
        for made in self._made:
            await made.close()


@pytest.fixture
async def models() -> AsyncIterator[Models]:
    maker = Models()
    yield maker
    await maker.close()


async def test_a_completion_says_what_was_asked_and_no_more(server: ModelServer, models: Models) -> None:
    answers = await models.make(server.address).answers([PROMPT], DECODING)
    assert [answer.text for answer in answers[0]] == ["simp", "rfl", "simp", "rfl"]
    assert [answer.log_probability for answer in answers[0]] == [-1.0, -2.0, -1.0, -2.0]
    log = server.log()
    assert [request["path"] for request in log] == ["/v1/completions", "/v1/completions"]
    assert sorted(request["body"]["temperature"] for request in log) == [0.7, 1.2]
    del log[0]["body"]["temperature"]
    assert log[0]["body"] == {
        "model": MODEL,
        "prompt": PROMPT.text,
        "n": 2,
        "max_tokens": 64,
        "top_p": 1.0,
        "seed": 0,
        "stream": False,
        "stop": ["[/TAC]"],
        "logprobs": 1,
    }
    assert "authorization" not in log[0]["headers"]


async def test_a_model_with_a_chat_form_is_asked_by_chat(server: ModelServer, models: Models) -> None:
    answers = await models.make(server.address).answers([CHAT], DECODING)
    assert [answer.log_probability for answer in answers[0]][:2] == [-1.0, -2.0]
    body = server.log()[0]["body"]
    assert body["messages"] == [{"role": "user", "content": "hello"}]
    assert body["logprobs"] is True and "prompt" not in body


async def test_the_user_may_choose_completions_for_it(server: ModelServer, models: Models) -> None:
    await models.make(server.address, api=Api.COMPLETIONS).answers([CHAT], DECODING)
    assert server.log()[0]["body"]["prompt"] == CHAT.text


async def test_without_a_name_the_servers_first_model_is_used(server: ModelServer, models: Models) -> None:
    await models.make(server.address, model="").answers([PROMPT], DECODING)
    log = server.log()
    assert {request["path"] for request in log} == {"/v1/models", "/v1/completions"}
    assert {request["body"]["model"] for request in log if request["body"]} == {MODEL}


@pytest.mark.parametrize("fault", ["429", "500", "garbage", "no choices", "reset", "truncated"])
async def test_what_passes_is_tried_again(server: ModelServer, models: Models, fault: str) -> None:
    one = Decoding(strategy=Strategy.SAMPLE, candidate_count=1, max_new_tokens=8)
    server.set(fault, fault, "ok")
    answers = await models.make(server.address).answers([PROMPT], one)
    assert [answer.text for answer in answers[0]] == ["simp"]
    assert len(server.log()) == 3


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("429", "it said 429 \\(too many requests\\)"),
        ("500", "it said 500 \\(out of memory\\)"),
        ("garbage", "is not JSON"),
        ("no choices", "has no `choices`"),
        ("reset", "the connection broke"),
        ("truncated", "the connection broke"),
    ],
)
async def test_what_does_not_pass_ends_in_one_sentence(
    server: ModelServer, models: Models, fault: str, said: str
) -> None:
    server.set(fault)
    with pytest.raises(ModelUnavailable, match=f"suggestions go on without it \\({server.address}: .*{said}"):
        await models.make(server.address).answers([PROMPT], DECODING)


@pytest.mark.parametrize(
    ("fault", "error", "said"),
    [
        ("401", ModelUnavailable, "refuses the key .401.: set the environment variable"),
        ("404", ModelUnavailable, "knows no such model or address"),
        ("400", InputError, "does not take the request .400: this model's context is 4096 tokens"),
        ("redirect", ModelUnavailable, "answered with status 307"),
        ("huge", ModelUnavailable, "sent more than"),
    ],
)
async def test_what_cannot_get_better_is_not_tried_again(
    server: ModelServer, models: Models, fault: str, error: type[SidekickError], said: str
) -> None:
    server.set(fault)
    one = Decoding(strategy=Strategy.SAMPLE, candidate_count=1, max_new_tokens=8)
    with pytest.raises(error, match=said):
        await models.make(server.address).answers([PROMPT], one)
    assert len(server.log()) == (2 if fault == "400" else 1)  # 400: once more without log-probabilities


async def test_a_server_that_hangs_is_given_up_in_time(server: ModelServer, models: Models) -> None:
    server.set("hang")
    with pytest.raises(TimedOut, match=r"did not answer within 0\.2 s"):
        await models.make(server.address, patience=Patience(answer_s=0.2)).answers([PROMPT], DECODING)


async def test_nobody_there(models: Models) -> None:
    with pytest.raises(ModelUnavailable, match="no connection"):
        await models.make("http://127.0.0.1:9/v1").answers([PROMPT], DECODING)


async def test_a_cancel_hangs_up_so_that_the_server_can_stop(server: ModelServer, models: Models) -> None:
    server.set("hang")
    one = Decoding(strategy=Strategy.SAMPLE, candidate_count=1, max_new_tokens=8)
    task = asyncio.create_task(models.make(server.address).answers([PROMPT], one))
    async with asyncio.timeout(10):
        await asyncio.to_thread(server.wait_for, "request")
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.to_thread(server.wait_for, "hang-up")


async def test_several_servers_are_used_as_one(
    server: ModelServer, processes: tuple[ModelServer, ModelServer], models: Models
) -> None:
    model = models.make(server.address, processes[1].address)
    await model.answers([PROMPT] * 4, DECODING)
    assert [len(process.log()) for process in processes] == [4, 4]


async def test_a_server_that_fails_rests_while_the_other_answers(
    server: ModelServer, processes: tuple[ModelServer, ModelServer], models: Models
) -> None:
    server.set("500")
    model = models.make(server.address, processes[1].address)
    one = Decoding(strategy=Strategy.SAMPLE, candidate_count=1, max_new_tokens=8)
    for _ in range(5):
        assert await model.answers([PROMPT], one)
    assert [len(process.log()) for process in processes] == [1, 5]


async def test_a_server_that_ignores_n_is_asked_for_the_rest(server: ModelServer, models: Models) -> None:
    """Ollama gives one answer whatever `n` is; other seeds give other answers."""
    server.set("one answer", answers=["simp", "rfl", "omega"])
    three = Decoding(strategy=Strategy.SAMPLE, candidate_count=3, max_new_tokens=8)
    answers = await models.make(server.address).answers([PROMPT], three)
    assert [answer.text for answer in answers[0]] == ["simp", "rfl", "omega"]


async def test_a_server_without_log_probabilities_is_asked_without_them(server: ModelServer, models: Models) -> None:
    server.set("no log-probabilities")
    model = models.make(server.address)
    one = Decoding(strategy=Strategy.SAMPLE, candidate_count=2, max_new_tokens=8)
    for _ in range(2):
        answers = await model.answers([PROMPT], one)
        assert [answer.log_probability for answer in answers[0]] == [None, None]
    assert ["logprobs" in request["body"] for request in server.log()] == [True, False, False]


async def test_a_key_is_sent_and_never_said(
    server: ModelServer, models: Models, caplog: pytest.LogCaptureFixture
) -> None:
    """Not in a log at any level, not in an error, even where the server repeats it."""
    caplog.set_level(logging.DEBUG)
    model = models.make(server.address, key=KEY)
    await model.answers([PROMPT], DECODING)
    assert server.log()[0]["headers"]["authorization"] == f"Bearer {KEY}"
    for fault in ("401", "500"):
        server.set(fault)
        with pytest.raises(ModelUnavailable) as raised:
            await model.answers([PROMPT], DECODING)
        assert KEY not in str(raised.value)
    assert KEY not in caplog.text
    assert KEY not in repr(model)


@pytest.mark.parametrize("key", ["sk with blanks", "sk-\n", "schlüssel"])
def test_a_key_that_no_request_can_carry_is_refused_without_showing_it(models: Models, key: str) -> None:
    with pytest.raises(ConfigError) as raised:
        models.make("http://localhost:1/v1", key=key)
    assert key not in str(raised.value)


async def test_a_request_for_a_goal_gives_ranked_candidates(server: ModelServer, models: Models) -> None:
    """From a goal to candidates: prompt, answers, markers off, duplicates merged, best first."""
    server.set("ok", answers=["n : ℕ\n⊢ n = n:::rfl", "simp<|endoftext|>", "rfl"])
    card = find_card("bfs-prover-v2-7b", cards_folders())
    generator = ModelGenerator(card=card, model=models.make(server.address), source=Source.REMOTE)
    requests = [TacticRequest(goal=parse_goal("n : ℕ\n⊢ n = n")), TacticRequest(goal=parse_goal("⊢ True"))]
    found = await generator.generate_many(requests)
    assert [[candidate.text for candidate in candidates] for candidates in found] == [["rfl", "simp"]] * 2
    assert {candidate.source for candidate in found[0]} == {Source.REMOTE}
    assert found[0][0].score > found[0][1].score
    assert sorted(request["body"]["prompt"] for request in server.log()) == ["n : ℕ\n⊢ n = n:::", "⊢ True:::"]
