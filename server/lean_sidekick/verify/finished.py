"""The goals before the tactics of finished proofs, read from a shadow document as it stands.

Nothing is edited and nothing is elaborated for it: what stands above the site that was worked on last is in Lean's
memory already, so a question costs a message. The document is given back after each declaration, and who waits at the
cursor goes first. A proof with an error in it gives nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING

from lean_sidekick.core.declarations import blank_programs
from lean_sidekick.core.errors import SidekickError
from lean_sidekick.core.finished_proofs import FinishedProof
from lean_sidekick.core.goals import Goal
from lean_sidekick.core.positions import TextMap
from lean_sidekick.verify.api import Priority

if TYPE_CHECKING:
    from lean_sidekick.verify.shadow import ShadowVerifier

logger = logging.getLogger(__name__)

ANSWER_S = 1.0


async def goals_before_steps(
    verifier: ShadowVerifier, uri: str, text: str, proof: FinishedProof
) -> Sequence[Goal | None] | None:
    """The main goal before each step, None for a step where Lean sees none.

    None where nothing can be said now: the document is not open, holds another text up to the end of the proof, or Lean
    reports an error in it, or does not answer.
    """
    end = proof.declaration.end
    if not verifier.policy.keep_commands:
        text = blank_programs(text, end)
    async with verifier.turn(uri, Priority.BACKGROUND):
        document = verifier.open_document(uri)
        if document is None or not _holds(document.text, text, end):
            return None
        text_map = TextMap(document.text)
        first, last = text_map.line_of(proof.declaration.start), text_map.line_of(end)
        try:
            errors = [d for d in await document.diagnostics(ANSWER_S) if d.is_error]
            if any(first <= error.range.start.line <= last for error in errors):
                return None
            found: list[Goal | None] = []
            for step in proof.steps:
                goals = await document.plain_goal(text_map.position(step.offset), ANSWER_S)
                found.append(goals[0] if goals else None)
        except SidekickError as error:
            logger.debug("no goals of finished proofs in %s: %s", uri, error)
            return None
    return found


def _holds(shown: str, text: str, end: int) -> bool:
    """Whether the document has the proof and all above it, and more below, so that Lean is past it."""
    return len(shown) > end + 1 and shown[:end] == text[:end]
