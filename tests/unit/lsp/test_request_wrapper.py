"""The wrapper around handlers: whatever a handler does, there is one answer of the right kind."""

import asyncio
from typing import Any, cast

import pytest
from pygls.exceptions import JsonRpcException

from lean_sidekick.core.errors import LeanCrashed, StaleDocument
from lean_sidekick.lsp.client import Client
from lean_sidekick.lsp.features.status import Status
from lean_sidekick.lsp.model_watch import ModelWatch
from lean_sidekick.lsp.panel import Panel
from lean_sidekick.lsp.partials import Partials
from lean_sidekick.lsp.projects import Projects
from lean_sidekick.lsp.requests import Parts, RequestContext, Requests
from lean_sidekick.lsp.rounds import Rounds
from lean_sidekick.lsp.snapshot import Change, TextStore
from lean_sidekick.lsp.tasks import Tasks

URI = "file:///A.lean"
CONTENT_MODIFIED, FAILED, INTERNAL = -32801, -32803, -32603


@pytest.fixture
def texts() -> TextStore:
    store = TextStore()
    store.open(URI, 1, "theorem")
    return store


@pytest.fixture
def requests(texts: TextStore) -> Requests:
    nobody: Any = None
    parts = Parts(
        client=cast(Client, nobody),
        models=cast(ModelWatch, nobody),
        texts=texts,
        panel=cast(Panel, nobody),
        partials=Partials(),
        projects=cast(Projects, nobody),
        rounds=cast(Rounds, nobody),
        status=cast(Status, nobody),
        tasks=cast(Tasks, nobody),
    )
    return Requests(parts, lambda: 1, lambda: 0.0)


async def refused(requests: Requests, handler: Any) -> JsonRpcException:
    with pytest.raises(JsonRpcException) as error:
        await requests.answering("test", handler)(None)
    return error.value


async def test_errors_of_ours_are_answered_with_their_sentence(requests: Requests) -> None:
    async def handler(ctx: RequestContext, params: None) -> None:
        raise LeanCrashed("Lean died.")

    error = await refused(requests, handler)
    assert (error.code, error.message) == (FAILED, "Lean died.")


async def test_a_bug_is_an_internal_error_without_its_details(
    requests: Requests, caplog: pytest.LogCaptureFixture
) -> None:
    async def handler(ctx: RequestContext, params: None) -> None:
        raise KeyError("secret")

    error = await refused(requests, handler)
    assert error.code == INTERNAL and "secret" not in error.message
    assert "KeyError: 'secret'" in caplog.text


async def test_a_handler_that_takes_too_long_is_ended(requests: Requests) -> None:
    ended = asyncio.Event()

    async def handler(ctx: RequestContext, params: None) -> None:
        ctx.extend(0)
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            ended.set()

    error = await refused(requests, handler)
    assert error.code == FAILED and ended.is_set()


async def test_a_result_for_a_text_that_moved_on_is_not_given(requests: Requests, texts: TextStore) -> None:
    async def handler(ctx: RequestContext, params: None) -> str:
        ctx.snapshot(URI)
        texts.change(URI, 2, [Change(range=None, text="")])
        return "for version 1"

    assert (await refused(requests, handler)).code == CONTENT_MODIFIED


async def test_a_version_that_is_not_the_newest_is_stale(requests: Requests) -> None:
    async def handler(ctx: RequestContext, params: None) -> None:
        ctx.snapshot(URI, version=2)

    assert (await refused(requests, handler)).code == CONTENT_MODIFIED


async def test_a_change_ends_only_the_requests_of_its_document(requests: Requests, texts: TextStore) -> None:
    texts.open("file:///B.lean", 1, "")
    waiting: dict[str, asyncio.Future[str]] = {}

    async def handler(ctx: RequestContext, uri: str) -> str:
        ctx.snapshot(uri)
        waiting[uri] = asyncio.get_running_loop().create_future()
        return await waiting[uri]

    answer = requests.answering("test", handler)
    first, second = (asyncio.ensure_future(answer(uri)) for uri in (URI, "file:///B.lean"))
    await asyncio.sleep(0)
    requests.text_changed(URI)
    with pytest.raises(JsonRpcException) as error:
        await first
    assert error.value.code == CONTENT_MODIFIED
    waiting["file:///B.lean"].set_result("fine")
    assert await second == "fine"


async def test_a_request_that_changes_the_text_itself_is_not_ended_by_that(
    requests: Requests, texts: TextStore
) -> None:
    """The editor sends the change before it says that it applied our edit."""
    has_committed, may_end = asyncio.Event(), asyncio.Event()

    async def handler(ctx: RequestContext, params: None) -> str:
        ctx.snapshot(URI)
        ctx.commit()
        has_committed.set()
        await may_end.wait()
        return "applied"

    running = asyncio.ensure_future(requests.answering("test", handler)(None))
    await has_committed.wait()
    texts.change(URI, 2, [Change(range=None, text="")])
    requests.text_changed(URI)
    may_end.set()
    assert await running == "applied"


async def test_nothing_is_committed_to_a_text_that_moved_on(requests: Requests, texts: TextStore) -> None:
    async def handler(ctx: RequestContext, params: None) -> None:
        ctx.snapshot(URI)
        texts.change(URI, 2, [Change(range=None, text="")])
        with pytest.raises(StaleDocument):
            ctx.commit()
        raise StaleDocument("too late")

    assert (await refused(requests, handler)).message == "too late"


async def test_being_cancelled_is_not_turned_into_an_answer(requests: Requests) -> None:
    """pygls answers a cancelled request; a second answer would be one too many."""

    async def handler(ctx: RequestContext, params: None) -> None:
        await asyncio.get_running_loop().create_future()

    running = asyncio.ensure_future(requests.answering("test", handler)(None))
    await asyncio.sleep(0)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
