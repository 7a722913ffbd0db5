"""What the rest of the program may ask of Lean: documents on a server.

`LeanServer` and `ShadowDocument` are the implementations; tests of `verify` have others. Every call can raise
LeanUnavailable (no server can be started), LeanCrashed (it or the document's worker died; the next call works
again) and ProtocolError.
"""

from typing import Protocol

from lean_sidekick.core.goals import Goal
from lean_sidekick.core.positions import Position
from lean_sidekick.lean.diagnostics import Diagnostic
from lean_sidekick.lean.gates import Gates


class Document(Protocol):
    """A shadow document: a text of ours under the URI of a file, open in our own Lean server.

    Any number of tasks may ask; one at a time should edit. An edit ends all questions about older versions with
    StaleDocument.
    """

    @property
    def uri(self) -> str:
        """The URI it is open under."""

    @property
    def version(self) -> int:
        """The newest version; rises with every text, and whenever Lean has to be told the text again."""

    @property
    def text(self) -> str:
        """The newest text."""

    async def change(self, text: str) -> int:
        """Replaces the text and returns its version; what stands before the first difference is kept warm.

        An equal text keeps its version, and its diagnostics.
        """

    async def diagnostics(self, timeout_s: float) -> tuple[Diagnostic, ...]:
        """All messages about the newest version, elaborated to its end, ordered by place.

        Raises TimedOut; StaleDocument if the text changes meanwhile; ImportsOutOfDate if an import is not built;
        InputError if Lean cannot get past the header for another reason. Never returns part of the messages.
        """

    async def plain_goal(self, position: Position, timeout_s: float) -> tuple[Goal, ...] | None:
        """The goals at a position, the main goal first: () if none is left, None if no tactic stands there.

        Raises TimedOut, StaleDocument.
        """

    async def plain_term_goal(self, position: Position, timeout_s: float) -> Goal | None:
        """The expected type at a position inside a term, as a goal; None outside of terms.

        Raises TimedOut, StaleDocument.
        """

    async def reopen(self, text: str) -> int:
        """Ends the worker, however busy, and gives the text to a new one, which loads the imports again."""

    async def close(self) -> None:
        """Ends the worker; the document must not be used any more."""


class DocumentServer(Protocol):
    """Something that opens documents."""

    @property
    def gates(self) -> Gates:
        """What this Lean can and cannot do; final once a document is open."""

    async def open(self, uri: str, text: str) -> Document:
        """Opens a document; its URI must not be open here already (ValueError)."""

    async def close(self) -> None:
        """Ends all documents and the process."""
