"""What the user's typing teaches: which suggestion was taken, and when finished proofs can be read.

A suggestion counts as taken if the text is afterwards what its edit makes of it, however it got there. Finished proofs
are read some seconds after a round has ended, while nobody types. Both happen in the background; whatever goes wrong
there is logged, and nothing else.
"""

import asyncio

from lean_sidekick.engine.api import Suggestion, SuggestionRound
from lean_sidekick.lsp.projects import Projects
from lean_sidekick.lsp.snapshot import Snapshot, TextStore
from lean_sidekick.lsp.tasks import Tasks

IDLE_S = 3.0


def taken_suggestion(shown: SuggestionRound, before: str, after: str) -> Suggestion | None:
    """The suggestion of a round whose edit alone turns one text into the other."""
    for suggestion in shown.suggestions:
        edit = suggestion.edit
        end = edit.start + len(edit.new_text)
        if (
            len(after) == len(before) - (edit.end - edit.start) + len(edit.new_text)
            and after[edit.start : end] == edit.new_text
            and after[: edit.start] == before[: edit.start]
            and after[end:] == before[edit.end :]
        ):
            return suggestion
    return None


class Lessons:
    """The lessons of all open documents; `idle_s` are seconds of quiet before proofs are read."""

    def __init__(self, *, texts: TextStore, projects: Projects, tasks: Tasks, idle_s: float = IDLE_S) -> None:
        self._texts = texts
        self._projects = projects
        self._tasks = tasks
        self._idle_s = idle_s
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._reading: dict[str, asyncio.Task[None]] = {}

    def text_changed(self, uri: str, shown: SuggestionRound | None, before: Snapshot | None) -> None:
        """Learns from a suggestion of the last round if it was taken; ends what reads the text before."""
        self.closed(uri)
        if shown is None or before is None:
            return
        taken = taken_suggestion(shown, before.text, self._texts.snapshot(uri).text)
        if taken is not None:
            self._tasks.start(self._accept(uri, shown, taken), f"an accepted suggestion in {uri}")

    def round_ended(self, snapshot: Snapshot) -> None:
        """Reads finished proofs of the text in a while, if it is still the same then."""
        self.closed(snapshot.uri)
        loop = asyncio.get_running_loop()
        self._timers[snapshot.uri] = loop.call_later(self._idle_s, self._begin, snapshot)

    def closed(self, uri: str) -> None:
        """Ends everything for a document."""
        if (timer := self._timers.pop(uri, None)) is not None:
            timer.cancel()
        if (task := self._reading.pop(uri, None)) is not None:
            task.cancel()

    def _begin(self, snapshot: Snapshot) -> None:
        self._timers.pop(snapshot.uri, None)
        if self._texts.version(snapshot.uri) == snapshot.version:
            self._reading[snapshot.uri] = self._tasks.start(self._read(snapshot), f"finished proofs of {snapshot.uri}")

    async def _read(self, snapshot: Snapshot) -> None:
        engine = await self._projects.engine(snapshot.uri)
        await engine.learn(snapshot.document)

    async def _accept(self, uri: str, shown: SuggestionRound, taken: Suggestion) -> None:
        engine = await self._projects.engine(uri)
        engine.accepted(shown, taken)
