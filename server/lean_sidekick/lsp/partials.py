"""Partial proofs that "Complete the proof" came to, kept so that the code actions can offer them.

One a document, for the version it was made for and no other.
"""

from attrs import define, field, frozen

from lean_sidekick.core.positions import TextEdit
from lean_sidekick.core.sites import ProofSite
from lean_sidekick.engine.api import ProofResult
from lean_sidekick.lsp.snapshot import Snapshot


@frozen(kw_only=True)
class OfferedPartial:
    """A partial proof of one version of a document: what a menu says of it, and the edits."""

    version: int
    title: str
    edits: tuple[TextEdit, ...]


@define
class Partials:
    """The newest partial proof of each document."""

    _offered: dict[str, OfferedPartial] = field(factory=dict, init=False)

    def keep(self, snapshot: Snapshot, result: ProofResult) -> None:
        """Keeps what a search came to; a result without a partial proof takes away what was kept before."""
        if result.partial is None or not result.partial_edits:
            self._offered.pop(snapshot.uri, None)
            return
        open_goals = result.partial.goals_open
        goals = "1 goal" if open_goals == 1 else f"{open_goals} goals"
        self._offered[snapshot.uri] = OfferedPartial(
            version=snapshot.version,
            title=f"Partial proof, not finished: {goals} left as sorry",
            edits=result.partial_edits,
        )

    def at(self, snapshot: Snapshot, site: ProofSite) -> OfferedPartial | None:
        """The partial proof for the declaration of a site, if there is one for this version."""
        offered = self._offered.get(snapshot.uri)
        if offered is None or offered.version != snapshot.version:
            return None
        declaration = site.declaration
        end = max(declaration.end, site.end)
        return offered if all(declaration.start <= edit.start <= end for edit in offered.edits) else None

    def forget(self, uri: str) -> None:
        """Forgets a document that was closed."""
        self._offered.pop(uri, None)
