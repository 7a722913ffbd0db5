"""The panel: what the editor's side view is told of the place that its user looks at, while it is seen.

It follows one place: it begins the round there as the code actions do, after the pause that belongs to an edit, and
sends all there is to show whenever more is known. A panel that is not seen costs nothing. What was sent can be taken
as long as its version is the text's. No proving logic, and nothing about how it is drawn.
"""

import asyncio

from lean_sidekick.core.errors import InputError, SidekickError
from lean_sidekick.engine.api import Suggestion
from lean_sidekick.engine.search_outline import SearchOutline
from lean_sidekick.lsp import convert, panel_view
from lean_sidekick.lsp.client import Client
from lean_sidekick.lsp.panel_messages import PanelPlace
from lean_sidekick.lsp.projects import UNTRUSTED, Projects
from lean_sidekick.lsp.round import Round
from lean_sidekick.lsp.rounds import Rounds
from lean_sidekick.lsp.snapshot import TextStore
from lean_sidekick.lsp.tasks import Tasks

_NO_SITE = "No tactic can stand here: put the cursor into a proof."
_TREE_EVERY_S = 0.5


class SearchWatch:
    """One search that the panel shows: a trace to be written to, and signs of life."""

    def __init__(self, client: Client, uri: str) -> None:
        self.trace = SearchOutline()
        self._client = client
        self._uri = uri
        self._next = 0.0

    def progress(self, message: str) -> None:
        """Shows how far it is; signs that come too fast are left out."""
        now = asyncio.get_running_loop().time()
        if now >= self._next:
            self._next = now + _TREE_EVERY_S
            self._send(message, is_running=True)

    def ended(self, message: str) -> None:
        """Shows how it ended."""
        self._send(message, is_running=False)

    def _send(self, message: str, *, is_running: bool) -> None:
        outline = self.trace.outline(panel_view.MOST_ROWS)
        self._client.send_search_tree(panel_view.search_tree(self._uri, outline, message, is_running=is_running))


class Panel:
    """What the panel shows, and which of its suggestions can be taken."""

    def __init__(self, *, client: Client, texts: TextStore, projects: Projects, rounds: Rounds, tasks: Tasks) -> None:
        self._client = client
        self._texts = texts
        self._projects = projects
        self._rounds = rounds
        self._tasks = tasks
        self._place: PanelPlace | None = None
        self._finding: asyncio.Task[None] | None = None
        self._followed: Round | None = None
        self._offered: dict[str, Suggestion] = {}
        self._was_seen = False

    def moved(self, place: PanelPlace | None) -> None:
        """Shows another place, or nothing while the panel is not seen.

        A place of a version that is not the text's is passed over: the editor names another one soon.
        """
        if self._finding is not None:
            self._finding.cancel()
            self._finding = None
        self._place = place
        if place is None:
            self._followed = None
            return
        self._was_seen = True
        if self._texts.version(place.uri) == place.version:
            self._finding = self._tasks.start(self._find(place), "the panel's round")

    def look_again(self) -> None:
        """Asks anew for the place that is shown, as when Lean was restarted."""
        self.moved(self._place)

    def round_changed(self, known: Round) -> None:
        """Takes note that more is known of a round."""
        if known is self._followed and self._texts.version(known.snapshot.uri) == known.snapshot.version:
            self._send(known)

    def offered(self, number: int, tactic: str) -> Suggestion:
        """A suggestion that was sent to the panel. Raises InputError if it is not there any more."""
        suggestion = self._offered.get(tactic)
        if suggestion is None or self._followed is None or self._followed.number != number:
            raise InputError("The panel shows another place by now; choose again.")
        return suggestion

    def watch(self, uri: str) -> SearchWatch | None:
        """For a search that begins: what the panel is told of it, if anyone has ever looked at the panel."""
        return SearchWatch(self._client, uri) if self._was_seen else None

    async def _find(self, place: PanelPlace) -> None:
        """Finds the round of a place and shows it, or why there is none."""
        trouble = _NO_SITE if self._projects.options.is_trusted else UNTRUSTED
        known = None
        snapshot = self._texts.snapshot(place.uri)
        try:
            await self._rounds.after_pause(snapshot)
            known = await self._rounds.at(snapshot, convert.to_position(place.position))
        except SidekickError as error:
            trouble = str(error)
        if self._texts.version(snapshot.uri) != snapshot.version:
            return
        if known is not self._followed:
            self._offered.clear()
        self._followed = known
        if known is None:
            self._client.send_panel(panel_view.nothing(snapshot, trouble))
        else:
            self._send(known)

    def _send(self, known: Round) -> None:
        suggestions = known.suggestions(self._projects.settings(known.snapshot.uri).suggest_max_items)
        self._offered.update((suggestion.candidate.text, suggestion) for suggestion in suggestions)
        self._client.send_panel(panel_view.round_view(known, suggestions))
