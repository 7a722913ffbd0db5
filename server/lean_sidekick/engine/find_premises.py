"""Both questions about premises, and how one that was chosen can be used at a place.

Retrieval only guesses. What is offered as a use was run by Lean at the place: it closes the goal, and was then
confirmed alone, or it leaves goals that are shown.
"""

import asyncio
import re

from lean_sidekick.core.budget import Budget
from lean_sidekick.core.errors import InputError
from lean_sidekick.core.positions import Position, TextMap
from lean_sidekick.core.premises import Premise
from lean_sidekick.core.scanner import IDENTIFIER
from lean_sidekick.core.sites import ProofSite
from lean_sidekick.engine.api import DocumentText, PremiseAnswer, SuggestionRound
from lean_sidekick.engine.premises import ProjectPremises
from lean_sidekick.engine.suggest import CONFIRMED_LIMIT, SiteRun
from lean_sidekick.premises.source_scan import declarations_above
from lean_sidekick.tactics.goal_shape import read_goal
from lean_sidekick.tactics.premise_uses import premise_uses
from lean_sidekick.verify.api import Session

_NAME = re.compile(IDENTIFIER)
_LOOKED_THROUGH = 20


async def premises_for_goal(
    premises: ProjectPremises, site: ProofSite, session: Session, budget: Budget, k: int
) -> PremiseAnswer:
    """What may help the main goal of a site, declarations above it included. Raises InputError without a goal."""
    state = (await session.site_state(budget)).state
    if not state.goals:
        raise InputError("There is no goal left here.")
    above = await asyncio.to_thread(declarations_above, site.text, site.declaration.start)
    found = await premises.for_goal(_document(site), state.goals[0], above, k)
    return PremiseAnswer(goal=state.goals[0], findings=await premises.locate(found, site.uri), note=premises.note)


async def premises_for_words(
    premises: ProjectPremises, words: str, document: DocumentText | None, position: Position | None, k: int
) -> PremiseAnswer:
    """What says this, among all that may be used at a position (None: the end); without a document, of all there is.

    Raises InputError for an empty question.
    """
    above: tuple[Premise, ...] = ()
    if document is not None:
        offset = len(document.text) if position is None else TextMap(document.text).offset(position)
        above = await asyncio.to_thread(declarations_above, document.text, offset)
    found = await premises.for_words(document, words, above, k)
    uri = None if document is None else document.uri
    return PremiseAnswer(goal=None, findings=await premises.locate(found, uri), note=premises.note)


async def uses_of_premise(
    premises: ProjectPremises, site: ProofSite, session: Session, name: str, budget: Budget, limit: int
) -> SuggestionRound:
    """The uses of a premise at the main goal of a site that Lean takes, best first. Raises InputError."""
    if _NAME.fullmatch(name) is None:
        raise InputError(f"`{name[:80]}` is no name of a declaration.")
    found = await session.site_state(budget)
    if not found.state.goals:
        raise InputError("There is no goal left here.")
    premise = await _find(premises, site, name)
    run = SiteRun(site=site, found=found, budget=budget, limit=limit)
    candidates = premise_uses(premise, read_goal(run.main_goal))
    async for item in session.check((), candidates, budget):
        run.add(item)
    await run.confirm(session, CONFIRMED_LIMIT)
    return run.round(is_complete=True, trouble="")


async def _find(premises: ProjectPremises, site: ProofSite, name: str) -> Premise:
    """A premise by its full name; what nobody knows more of is a name alone, for Lean to judge."""
    above = await asyncio.to_thread(declarations_above, site.text, site.declaration.start)
    for premise in reversed(above):
        if premise.full_name == name:
            return premise
    for found in await premises.for_words(_document(site), name, (), _LOOKED_THROUGH):
        if found.premise.full_name == name:
            return found.premise
    return Premise(full_name=name, kind="", statement="")


def _document(site: ProofSite) -> DocumentText:
    return DocumentText(uri=site.uri, version=site.version, text=site.text)
