"""The inlay hint: the best checked suggestion for the newest version, at the end of its line.

Whoever looks at the hint is told the statements of the premises that its tactic uses, which are looked up then, not
before, and whether more is known by then than it shows: a hint that stands there is not exchanged under the pointer.
"""

import re
from collections.abc import Iterator

from attrs import field, frozen
from attrs.validators import instance_of
from lsprotocol import types

from lean_sidekick.core.outcomes import OutcomeKind
from lean_sidekick.core.premises import Premise
from lean_sidekick.core.scanner import IDENTIFIER, KEYWORDS
from lean_sidekick.engine.api import Engine, Suggestion
from lean_sidekick.lsp import convert
from lean_sidekick.lsp.features.inline_completion import is_shown_as_ghost_text
from lean_sidekick.lsp.messages import is_whole, read_argument, to_wire
from lean_sidekick.lsp.requests import RequestContext
from lean_sidekick.lsp.round import Round
from lean_sidekick.lsp.snapshot import Snapshot

_NAME = re.compile(IDENTIFIER)
_EXPLAINED = 6
"""So many premises of a tactic are explained."""
_LOOKED_THROUGH = 8
_BETTER = "Since then a proof of this goal was found: it stands first in the code actions."


@frozen(kw_only=True)
class _HintData:
    """What a hint carries until it is looked at: the text that it belongs to, and its whole tactic."""

    uri: str = field(validator=instance_of(str))
    version: int = field(validator=is_whole)
    tactic: str = field(validator=instance_of(str))


async def inlay_hints(ctx: RequestContext, params: types.InlayHintParams) -> list[types.InlayHint]:
    """Gives one hint or none; never waits, since the editor is told when there is something to show."""
    snapshot = ctx.snapshot(params.text_document.uri)
    known = ctx.rounds.shown(snapshot)
    if known is None or not ctx.projects.settings(snapshot.uri).inlay_hints_enabled:
        return []
    line = hint_line(known)
    if not convert.has_line(params.range, line):
        return []
    if is_shown_as_ghost_text(ctx, known):
        return []
    hints = []
    for best in known.suggestions(1):
        known.given = best.candidate.text
        hints.append(convert.to_inlay_hint(best, snapshot, line, known.warning, _data(best, snapshot)))
    return hints


async def resolve_inlay_hint(ctx: RequestContext, hint: types.InlayHint) -> types.InlayHint:
    """The hint with what there is to say of it by now in its tooltip."""
    asked = read_argument(_HintData, [hint.data], "This inlay hint is none of ours.")
    snapshot = ctx.snapshot(asked.uri, asked.version)
    engine = await ctx.projects.engine(snapshot.uri)
    statements = [
        f"{premise.full_name} {premise.statement}"
        for premise in [await _find(engine, name, snapshot, hint.position) for name in _names(asked.tactic)]
        if premise is not None
    ][:_EXPLAINED]
    better = _BETTER if _has_proof_instead(ctx.rounds.current(snapshot), asked.tactic) else ""
    hint.tooltip = "\n\n".join(filter(None, [str(hint.tooltip or ""), "\n".join(statements), better]))
    return hint


def hint_line(known: Round) -> int:
    """The line of the hole, or the cursor's if only blanks lie between the two."""
    text_map = known.snapshot.text_map
    asked = text_map.offset(known.asked)
    between = known.snapshot.text[known.site.end : asked]
    return text_map.line_of(asked if between.isspace() else known.site.end)


def _data(suggestion: Suggestion, snapshot: Snapshot) -> object:
    return to_wire(_HintData(uri=snapshot.uri, version=snapshot.version, tactic=suggestion.candidate.text))


def _has_proof_instead(known: Round | None, shown: str) -> bool:
    """Whether a round that has a tactic which closes the goal is shown with one that does not."""
    all_known = known.suggestions(_LOOKED_THROUGH) if known is not None else ()
    closing = {one.candidate.text for one in all_known if one.outcome.kind is OutcomeKind.CLOSED}
    return bool(closing) and shown not in closing


def _names(tactic: str) -> Iterator[str]:
    """The names in a tactic that may be those of premises, each once."""
    for name in dict.fromkeys(_NAME.findall(tactic)):
        if len(name) > 2 and name not in KEYWORDS:
            yield name


async def _find(engine: Engine, name: str, snapshot: Snapshot, position: types.Position) -> Premise | None:
    """The premise of a name, also without the namespaces that `open` leaves out."""
    place = convert.to_position(position)
    answer = await engine.find_lemmas(name, snapshot.document, place, _LOOKED_THROUGH)
    found = [finding.premise for finding in answer.findings]
    return next(
        (one for one in found if one.full_name == name),
        next((one for one in found if one.full_name.endswith(f".{name}")), None),
    )
