"""The only thing that speaks to the editor: messages, edits, refreshes, progress.

Every request to the editor has a time limit. Being cancelled here never cancels pygls' own bookkeeping of a request
(a late reply to a cancelled one would raise in its reader): the editor is told, and its answer is let go.
Does not decide what is worth saying.
"""

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress
from types import TracebackType
from typing import Any
from uuid import uuid4

from attrs import frozen
from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.protocol import LanguageServerProtocol

from lean_sidekick.core.errors import ProtocolError
from lean_sidekick.core.positions import Position
from lean_sidekick.lsp.capabilities import ClientCapabilities
from lean_sidekick.lsp.messages import GoalsAtParams, StatusChangedParams, WirePosition, read_goals, to_wire
from lean_sidekick.lsp.methods import GOALS_AT, PANEL_CHANGED, SEARCH_TREE_CHANGED, STATUS_CHANGED
from lean_sidekick.lsp.panel_messages import PanelChangedParams, SearchTreeChangedParams
from lean_sidekick.lsp.snapshot import Snapshot
from lean_sidekick.lsp.tasks import Tasks

REQUEST_LIMIT_S = 10.0
GOALS_LIMIT_S = 5.0
"""Seconds after which the editor's goals are of no use any more."""
# Bars are redrawn by the editor: more often than this is only traffic.
_REPORT_EVERY_S = 0.1

_logger = logging.getLogger(__name__)


@frozen(kw_only=True)
class EditOutcome:
    """Whether the editor put an edit in, and its reason if it did not ("" if it gave none)."""

    is_applied: bool
    reason: str = ""


class Client:
    """The editor at the other end."""

    def __init__(self, protocol: LanguageServerProtocol, tasks: Tasks) -> None:
        self._protocol = protocol
        self._tasks = tasks
        self._progress: dict[types.ProgressToken, Progress] = {}
        self.capabilities = ClientCapabilities()

    def show_info(self, text: str) -> None:
        """Shows one sentence."""
        self._show(types.MessageType.Info, text)

    def show_warning(self, text: str) -> None:
        """Shows one sentence about something that the user should mend."""
        self._show(types.MessageType.Warning, text)

    def show_error(self, text: str) -> None:
        """Shows one sentence about something that failed."""
        self._show(types.MessageType.Error, text)

    def log(self, text: str) -> None:
        """Writes to the log that the editor keeps for its user."""
        params = types.LogMessageParams(type=types.MessageType.Info, message=text)
        self._protocol.notify(types.WINDOW_LOG_MESSAGE, params)

    def send_status(self, status: StatusChangedParams) -> None:
        """Sends `leanSidekick/statusChanged`."""
        self._protocol.notify(STATUS_CHANGED, to_wire(status))

    def send_panel(self, panel: PanelChangedParams) -> None:
        """Sends `leanSidekick/panelChanged`."""
        self._protocol.notify(PANEL_CHANGED, to_wire(panel))

    def send_search_tree(self, tree: SearchTreeChangedParams) -> None:
        """Sends `leanSidekick/searchTreeChanged`."""
        self._protocol.notify(SEARCH_TREE_CHANGED, to_wire(tree))

    def refresh_inlay_hints(self) -> None:
        """Has the editor ask for inlay hints again, if it can."""
        if self.capabilities.can_refresh_inlay_hints:
            self._tasks.start(self._refresh_inlay_hints(), "inlay hint refresh")

    async def apply_edit(self, label: str, edit: types.WorkspaceEdit) -> EditOutcome:
        """Has the editor apply an edit, as one step of its undo history."""
        if not self.capabilities.can_apply_edits:
            return EditOutcome(is_applied=False, reason="this editor takes no edits from a server")
        params = types.ApplyWorkspaceEditParams(edit=edit, label=label)
        try:
            answer = await self._request(types.WORKSPACE_APPLY_EDIT, params)
        except TimeoutError:
            return EditOutcome(is_applied=False, reason=f"no answer within {REQUEST_LIMIT_S:g} s")
        except JsonRpcException as error:
            return EditOutcome(is_applied=False, reason=error.message)
        return EditOutcome(is_applied=answer.applied, reason=answer.failure_reason or "")

    async def editors_goals(self, snapshot: Snapshot, position: Position) -> Sequence[str]:
        """The goals that the editor's own Lean shows at a place of a version; none if the editor cannot say."""
        if not self.capabilities.can_say_goals:
            return ()
        where = WirePosition(line=position.line, character=position.character)
        params = GoalsAtParams(uri=snapshot.uri, version=snapshot.version, position=where)
        try:
            return read_goals(await self._request(GOALS_AT, to_wire(params), GOALS_LIMIT_S))
        except (TimeoutError, JsonRpcException, ProtocolError) as error:
            _logger.info("the editor does not say its goals: %s", error or "no answer")
            return ()

    async def choose(self, question: str, choices: Sequence[str], limit_s: float) -> str | None:
        """Has the user choose one of some texts; None if none is chosen in so many seconds."""
        params = types.ShowMessageRequestParams(
            type=types.MessageType.Info,
            message=question,
            actions=[types.MessageActionItem(title=choice) for choice in choices],
        )
        try:
            answer = await self._request(types.WINDOW_SHOW_MESSAGE_REQUEST, params, limit_s)
        except (TimeoutError, JsonRpcException):
            return None
        return answer.title if answer is not None and answer.title in choices else None

    def progress(self, title: str, token: types.ProgressToken | None) -> "Progress":
        """A cancellable progress bar, to be used in `async with`; `token` is the editor's own, if it sent one."""
        return Progress(self, title, token)

    def cancel_progress(self, token: types.ProgressToken) -> None:
        """Tells the work behind a progress bar that its user does not want it any more."""
        progress = self._progress.get(token)
        if progress is not None and not progress.cancelled.done():
            progress.cancelled.set_result(None)

    async def _refresh_inlay_hints(self) -> None:
        with suppress(TimeoutError, JsonRpcException):  # the editor asks again at its next chance
            await self._request(types.WORKSPACE_INLAY_HINT_REFRESH, None)

    async def _request(self, method: str, params: Any, limit_s: float = REQUEST_LIMIT_S) -> Any:
        message_id = str(uuid4())
        answer = self._protocol.send_request_async(method, params, message_id)
        answer.add_done_callback(_read_outcome)
        try:
            async with asyncio.timeout(limit_s):
                return await asyncio.shield(answer)
        except (TimeoutError, asyncio.CancelledError):
            self._protocol.notify(types.CANCEL_REQUEST, types.CancelParams(id=message_id))
            raise

    def _show(self, kind: types.MessageType, text: str) -> None:
        _logger.info("shown: %s", text)
        self._protocol.notify(types.WINDOW_SHOW_MESSAGE, types.ShowMessageParams(type=kind, message=text))


class Progress:
    """One progress bar; none is shown where the editor has none.

    `cancelled` is done as soon as the user ends the work from the bar. A bar of ours begins when the editor has
    agreed to it, and the work does not wait for that.
    """

    def __init__(self, client: Client, title: str, token: types.ProgressToken | None) -> None:
        self.cancelled: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._client = client
        self._title = title
        self._is_ours = token is None
        self._token: types.ProgressToken = str(uuid4()) if token is None else token
        self._has_begun = False
        self._has_ended = False
        self._next_report = 0.0

    async def __aenter__(self) -> "Progress":
        if not self._is_ours:
            self._begin()
        elif self._client.capabilities.can_show_progress:
            self._client._tasks.start(self._create(), "progress bar")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._has_ended = True
        self._client._progress.pop(self._token, None)
        if self._has_begun:
            self._send(types.WorkDoneProgressEnd())

    def report(self, message: str) -> None:
        """Shows a line under the title; lines that come too fast are left out."""
        now = asyncio.get_running_loop().time()
        if self._has_begun and not self._has_ended and now >= self._next_report:
            self._next_report = now + _REPORT_EVERY_S
            self._send(types.WorkDoneProgressReport(message=message, cancellable=True))

    async def _create(self) -> None:
        try:
            await self._client._request(
                types.WINDOW_WORK_DONE_PROGRESS_CREATE, types.WorkDoneProgressCreateParams(token=self._token)
            )
        except (TimeoutError, JsonRpcException):
            return  # the standard: then the token must not be used
        if not self._has_ended:
            self._begin()

    def _begin(self) -> None:
        self._has_begun = True
        self._client._progress[self._token] = self
        self._send(types.WorkDoneProgressBegin(title=self._title, cancellable=True))

    def _send(self, value: object) -> None:
        self._client._protocol.notify(types.PROGRESS, types.ProgressParams(token=self._token, value=value))


def _read_outcome(answer: "asyncio.Future[Any]") -> None:
    # Read here too, for answers that come when nobody waits any more.
    if not answer.cancelled():
        answer.exception()
