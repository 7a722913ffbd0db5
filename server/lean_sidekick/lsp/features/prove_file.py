"""The command that tries every open declaration of a file, one after the other, while its user goes on.

Each proof is put in by an edit of its own as soon as it is there. A declaration whose file changed in the meantime is
tried again in the new text, a few times; what was tried already is not tried twice. It ends when all were tried,
when it is cancelled, and when the file is closed.
"""

import asyncio

from attrs import define, field, frozen
from lsprotocol import types

from lean_sidekick.core.errors import ImportsOutOfDate, LeanUnavailable, SidekickError
from lean_sidekick.core.holes import find_holes
from lean_sidekick.core.sites import ProofSite
from lean_sidekick.engine.api import ProofResult, ProofStatus, ProveProgress
from lean_sidekick.engine.progress import describe_progress
from lean_sidekick.lsp import convert
from lean_sidekick.lsp.client import Progress
from lean_sidekick.lsp.features.proof_search import search_proof
from lean_sidekick.lsp.messages import ProveFileResult, read_prove_file, to_wire
from lean_sidekick.lsp.requests import RequestContext
from lean_sidekick.lsp.snapshot import Snapshot

_TITLE = "Prove every sorry"
_TRIES = 3
_SHOWN = 5
_CHANGED = "its file changed while a proof was looked for"


async def prove_file(ctx: RequestContext, params: types.ExecuteCommandParams) -> object:
    """Tries every declaration of a document that has a hole."""
    asked = read_prove_file(params.arguments)
    snapshot = ctx.snapshot(asked.uri, asked.version)
    ctx.commit()
    ctx.rounds.stop(snapshot.uri)
    run = _Run(ctx=ctx, uri=snapshot.uri)
    with ctx.status.working():
        async with ctx.client.progress(_TITLE, params.work_done_token) as progress:
            await run.work(progress)
    result = run.result(is_cancelled=progress.cancelled.done())
    # Editors show a message as one line; the log has room for all of it.
    ctx.client.log("\n  ".join(result.message.splitlines()))
    ctx.client.show_info(_short(result.message))
    return to_wire(result)


def _short(message: str) -> str:
    """A result as one line, with the first declarations of many."""
    head, *lines = message.splitlines()
    left = len(lines) - _SHOWN
    shown = [*lines[:_SHOWN], f"{left} more in the log"] if left > 0 else lines
    return f"{head}: {'; '.join(shown)}" if shown else head


@frozen
class _Target:
    """A declaration as it is known again in another version: its header, and which one of those with this header."""

    header: str
    occurrence: int


@define(kw_only=True)
class _Run:
    ctx: RequestContext
    uri: str
    _tried: set[_Target] = field(factory=set, init=False)
    _lines: list[str] = field(factory=list, init=False)
    _proved: int = field(default=0, init=False)

    async def work(self, progress: Progress) -> None:
        """Tries one declaration after the other until none is left."""
        while not progress.cancelled.done():
            targets = await self._targets()
            left = [target for target in targets if target not in self._tried]
            if not left:
                return
            target = left[0]
            place = f"{len(self._tried) + 1} of {len(self._tried) + len(left)}"
            await self._try(target, place, progress)
            self._tried.add(target)

    def result(self, *, is_cancelled: bool) -> ProveFileResult:
        """What came of it, one line for each declaration."""
        left = len(self._lines) - self._proved
        if not self._lines:
            head = "Cancelled; nothing was changed." if is_cancelled else "There is no sorry in this file."
        else:
            head = f"{self._proved} of {len(self._lines)} proved" + (", then cancelled" if is_cancelled else "")
        return ProveFileResult(proved=self._proved, left=left, message="\n".join([head, *self._lines]))

    async def _try(self, target: _Target, place: str, progress: Progress) -> None:
        name, line = "", f"not proved: {_CHANGED}"
        for _ in range(_TRIES):
            snapshot = self.ctx.newest(self.uri)
            site = (await self._targets(snapshot)).get(target)
            if site is None:
                return  # it was finished or removed by the user
            name = site.declaration.label

            def describe(sign: ProveProgress, name: str = name) -> str:
                return f"{place}, {name}: {describe_progress(sign)}"

            try:
                position = snapshot.text_map.position(site.start)
                found = await search_proof(self.ctx, snapshot, position, progress, describe)
            except (LeanUnavailable, ImportsOutOfDate) as error:
                self.ctx.status.note(error)
                raise  # true of the whole file
            except SidekickError as error:
                self._lines.append(f"{name}: {error}")
                return
            if found is None:
                return  # cancelled
            if not found.edits:
                self._lines.append(f"{name}: {found.message}")
                return
            if self.ctx.newest(self.uri).version != snapshot.version:
                continue
            line = await self._put_in(snapshot, found)
            break
        self._lines.append(f"{name}: {line}")

    async def _put_in(self, snapshot: Snapshot, found: ProofResult) -> str:
        is_versioned = self.ctx.client.capabilities.has_versioned_edits
        edit = convert.to_workspace_edit(snapshot, found.edits, is_versioned=is_versioned)
        outcome = await self.ctx.client.apply_edit(f"{_TITLE}: {found.declaration}", edit)
        if not outcome.is_applied:
            return "a proof was found, but the editor did not put it in" + (
                f" ({outcome.reason})" if outcome.reason else ""
            )
        await self.ctx.edited(snapshot)
        self._proved += found.status is ProofStatus.PROVED
        return found.message or f"proved in {found.seconds:.1f} s"

    async def _targets(self, snapshot: Snapshot | None = None) -> dict[_Target, ProofSite]:
        """The open declarations of the newest text with the first hole of each, in the order of the text."""
        known = snapshot or self.ctx.newest(self.uri)
        sites = await asyncio.to_thread(find_holes, known.text, known.uri, known.version)
        found: dict[_Target, ProofSite] = {}
        headers: dict[str, int] = {}
        last_start = -1
        for site in sites:
            declaration = site.declaration
            if declaration.start == last_start:
                continue
            last_start = declaration.start
            header = known.text[declaration.start : declaration.body_start or declaration.end]
            headers[header] = headers.get(header, 0) + 1
            found[_Target(header, headers[header])] = site
        return found
