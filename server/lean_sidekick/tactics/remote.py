"""A model behind OpenAI-compatible servers that the user runs, as a `TextModel`.

Asks nothing until it is asked, and only the servers that were configured: no redirect is followed, and for servers on
this machine no proxy is used. Several servers are used as one (`endpoints`). What may pass is tried again with
back-off; what cannot get better is said in one sentence. A key is sent to the servers, and stands in no message and no
log. httpx2 is imported at the first request.
"""

import asyncio
import logging
from collections.abc import Coroutine, Sequence
from time import monotonic
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from attrs import define, evolve, field, frozen

from lean_sidekick.core.decoding import Decoding
from lean_sidekick.core.errors import ConfigError, InputError, ModelUnavailable, ProtocolError, SidekickError, TimedOut
from lean_sidekick.tactics.endpoints import Endpoints, check_endpoint, is_this_machine
from lean_sidekick.tactics.models import Answer
from lean_sidekick.tactics.openai_wire import Api, Ask, read_answers, read_error, read_model_names
from lean_sidekick.tactics.prompts.api import Prompt

if TYPE_CHECKING:
    from httpx2 import AsyncClient

MAX_REPLY_BYTES = 32 * 1_048_576
_RETRIED = frozenset({408, 409, 425, 429, 500, 502, 503, 504})
# At their debug level these write headers, and with them the key.
_HTTP_LOGGERS = ("httpx2", "httpcore2")
_T = TypeVar("_T")
_logger = logging.getLogger(__name__)


@frozen(kw_only=True)
class Patience:
    """How long to wait: for one answer, for a connection; and how often to try again, after which pause at first."""

    answer_s: float
    connect_s: float = 5.0
    retries: int = 2
    pause_s: float = 0.25
    longest_pause_s: float = 8.0


@frozen(kw_only=True)
class RemoteOptions:
    """What the user configured; `key` is secret and "" if there is none, `model` the name that the servers know, ""
    for the first that they have. `count` replaces the number of answers, 0 for what the card says."""

    endpoints: tuple[str, ...]
    model: str = ""
    api: Api = Api.AUTO
    key: str = field(default="", repr=False)
    allow_insecure: bool = False
    count: int = 0
    patience: Patience


class _Passing(Exception):
    """A failure that another try, or another server, may not have; the text says what happened."""

    def __init__(self, text: str, pause_s: float = 0.0) -> None:
        super().__init__(text)
        self.pause_s = pause_s


@define
class RemoteModel:
    """See `TextModel`. Raises ConfigError at once for a configuration that cannot work."""

    options: RemoteOptions
    _servers: Endpoints = field(init=False)
    _client: "AsyncClient | None" = field(default=None, init=False)
    _names: dict[str, str] = field(factory=dict, init=False)
    _without_log_probabilities: set[str] = field(factory=set, init=False)

    def __attrs_post_init__(self) -> None:
        check_key(self.options.key)
        if not self.options.endpoints:
            raise ConfigError("No model server is configured: set models.remote.endpoints.")
        insecure = self.options.allow_insecure
        self._servers = Endpoints([check_endpoint(e, allow_insecure=insecure) for e in self.options.endpoints])

    @property
    def addresses(self) -> tuple[str, ...]:
        """The servers, as they are asked."""
        return tuple(self._servers.addresses)

    async def answers(self, prompts: Sequence[Prompt], decoding: Decoding) -> Sequence[Sequence[Answer]]:
        """See `TextModel.answers`."""
        deadline = asyncio.get_running_loop().time() + self.options.patience.answer_s
        return await _together([self._answers(prompt, decoding, deadline) for prompt in prompts])

    async def close(self) -> None:
        """See `TextModel.close`."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

    def asks(self, prompt: Prompt, decoding: Decoding, model: str) -> tuple[Ask, ...]:
        """The requests for one prompt: one for each temperature."""
        return tuple(
            Ask(
                prompt=prompt,
                model=model,
                api=self.options.api,
                decoding=decoding,
                temperature=temperature,
                count=count,
                seed=decoding.seed,
                with_log_probabilities=True,
            )
            for temperature, count in wanted(decoding, self.options.count).shares()
        )

    async def _answers(self, prompt: Prompt, decoding: Decoding, deadline: float) -> Sequence[Answer]:
        asks = self.asks(prompt, decoding, self.options.model)
        return [answer for part in await _together([self._ask(ask, deadline) for ask in asks]) for answer in part]

    async def _ask(self, ask: Ask, deadline: float) -> Sequence[Answer]:
        """The answers to one request, with more requests for those that a server leaves out: some ignore `n`."""
        found = list(await self._try(ask, deadline))
        missing = ask.count - len(found) if found else 0
        singles = [evolve(ask, count=1, seed=ask.seed + 1 + number) for number in range(missing)]
        for answers in await _together([self._try(one, deadline) for one in singles]):
            found += answers[:1]
        return found[: ask.count]

    async def _try(self, ask: Ask, deadline: float) -> Sequence[Answer]:
        """Asks one server after the other, with pauses, until one answers."""
        patience = self.options.patience
        tried: frozenset[str] = frozenset()
        said, pause = "", 0.0
        for attempt in range(patience.retries + 1):
            with self._servers.asking(monotonic(), tried) as address:
                try:
                    async with asyncio.timeout_at(deadline):
                        await asyncio.sleep(min(pause, patience.longest_pause_s))
                        answers = await self._ask_server(address, ask)
                except TimeoutError:
                    self._servers.failed(address, monotonic())
                    raise TimedOut(
                        f"The model server {address} did not answer within {patience.answer_s:g} s "
                        "(models.remote.timeoutS)."
                    ) from None
                except _Passing as error:
                    said, pause = f"{address}: {error}", max(error.pause_s, patience.pause_s * 2**attempt)
                    _logger.info("model server %s", said)
                    self._servers.failed(address, monotonic())
                    tried |= {address}
                else:
                    self._servers.answered(address)
                    return answers
        raise ModelUnavailable(f"The model server does not answer, so suggestions go on without it ({said}).")

    async def _ask_server(self, address: str, ask: Ask) -> Sequence[Answer]:
        if not ask.model:
            ask = evolve(ask, model=await self._model_name(address))
        if address in self._without_log_probabilities:
            ask = evolve(ask, with_log_probabilities=False)
        status, data = await self._send("POST", address + ask.path, ask.body())
        if status == 400 and ask.with_log_probabilities:
            # Some servers know no log-probabilities. Without them what they say is ranked by agreement.
            ask = evolve(ask, with_log_probabilities=False)
            status, data = await self._send("POST", address + ask.path, ask.body())
            if status == 200:
                self._without_log_probabilities.add(address)
        if status != 200:
            raise self._refusal(address, status, data)
        try:
            return read_answers(data, is_chat=ask.is_chat)
        except ProtocolError as error:
            raise _Passing(str(error)) from error

    async def _model_name(self, address: str) -> str:
        if address not in self._names:
            status, data = await self._send("GET", address + "/models", None)
            if status != 200:
                raise self._refusal(address, status, data)
            try:
                names = read_model_names(data)
            except ProtocolError as error:
                raise _Passing(str(error)) from error
            if not names:
                raise ModelUnavailable(f"The model server {address} has no model: name one in models.remote.model.")
            self._names[address] = names[0]
        return self._names[address]

    async def _send(self, method: str, url: str, body: bytes | None) -> tuple[int, bytes]:
        """Status and body of the reply. Raises _Passing for what happens on the way."""
        client = self._client or self._open()
        import httpx2  # after `_open`, which says what to do where it is missing

        headers = {"Content-Type": "application/json"} if body is not None else {}
        try:
            async with client.stream(method, url, content=body, headers=headers) as reply:
                data = bytearray()
                async for chunk in reply.aiter_bytes():
                    data += chunk
                    if len(data) > MAX_REPLY_BYTES:
                        raise ModelUnavailable(f"The model server at {url} sent more than {MAX_REPLY_BYTES} bytes.")
                if reply.status_code in _RETRIED:
                    said = self._clean(read_error(bytes(data)))
                    raise _Passing(
                        f"it said {reply.status_code}{f' ({said})' if said else ''}",
                        _retry_after(reply.headers.get("retry-after", "")),
                    )
                return reply.status_code, bytes(data)
        except httpx2.ConnectError as error:
            raise _Passing("no connection") from error
        except httpx2.TimeoutException as error:
            raise _Passing("no answer in time") from error
        except (httpx2.TransportError, httpx2.DecodingError, httpx2.StreamError) as error:
            raise _Passing(f"the connection broke ({type(error).__name__})") from error

    def _open(self) -> "AsyncClient":
        try:
            import httpx2
        except ImportError as error:
            raise ModelUnavailable(
                "Remote models need the package httpx2: install lean-sidekick with the extra `remote`."
            ) from error
        for name in _HTTP_LOGGERS:
            logging.getLogger(name).setLevel(logging.WARNING)
        is_local = all(is_this_machine(urlsplit(a).hostname or "") for a in self._servers.addresses)
        self._client = httpx2.AsyncClient(
            headers={"Authorization": f"Bearer {self.options.key}"} if self.options.key else {},
            # The time limit of an answer is counted over all of it, in `_try`.
            timeout=httpx2.Timeout(None, connect=self.options.patience.connect_s),
            limits=httpx2.Limits(max_connections=None, max_keepalive_connections=16),
            follow_redirects=False,
            trust_env=not is_local,
        )
        return self._client

    def _refusal(self, address: str, status: int, data: bytes) -> SidekickError:
        """What to raise for an answer that another try would not change."""
        said = self._clean(read_error(data))
        tail = f": {said}" if said else ""
        if status in (401, 403):
            return ModelUnavailable(
                f"The model server {address} refuses the key ({status}): set the environment variable that "
                "models.remote.keyVariable names."
            )
        if status == 404:
            return ModelUnavailable(
                f"The model server {address} knows no such model or address (404{tail}): check models.remote.model "
                "and models.remote.endpoints."
            )
        if status in (400, 413, 422):
            return InputError(f"The model server {address} does not take the request ({status}{tail}).")
        return ModelUnavailable(f"The model server {address} answered with status {status}{tail}.")

    def _clean(self, text: str) -> str:
        """A server's words without the key, which some repeat."""
        return text.replace(self.options.key, "***") if self.options.key else text


def wanted(decoding: Decoding, count: int) -> Decoding:
    """How to decode with another number of answers, 0 for the same."""
    return evolve(decoding, candidate_count=count) if count else decoding


def check_key(key: str) -> None:
    """Raises ConfigError, without the key, for one that no request can carry."""
    if not key.isascii() or not key.isprintable() or " " in key:
        raise ConfigError("The key for the model server holds a blank, or a character that is not ASCII.")


async def _together(work: Sequence[Coroutine[Any, Any, _T]]) -> list[_T]:
    """All results in order; the first failure, or a cancel, ends the rest before it is raised."""
    tasks = [asyncio.ensure_future(coroutine) for coroutine in work]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _retry_after(text: str) -> float:
    """The seconds that a server asks to wait, 0 where it says none (or a date, which is not waited for)."""
    return float(text) if text.strip().isdecimal() else 0.0
