"""The commands about premises: for the goal at a place, by words, and how to use one; for a list, or one question.

A client with lists of its own uses the first three. `choose_premise` does the whole with questions that every editor
can show: which premise, and which use of it.
"""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from lsprotocol import types

from lean_sidekick.core.budget import Budget
from lean_sidekick.core.errors import SidekickError
from lean_sidekick.core.premises import Premise
from lean_sidekick.engine.api import OPENING_S, Engine, PremiseAnswer, PremiseFinding, Suggestion, SuggestionRound
from lean_sidekick.engine.premise_reasons import describe_reasons
from lean_sidekick.lsp import convert
from lean_sidekick.lsp.messages import WirePosition, to_wire
from lean_sidekick.lsp.premise_messages import (
    ChoosePremiseParams,
    ChoosePremiseResult,
    FindLemmaParams,
    FindPremisesParams,
    PremiseItem,
    PremisesResult,
    PremiseUse,
    PremiseUsesParams,
    PremiseUsesResult,
    WireRange,
    read_premise_params,
)
from lean_sidekick.lsp.requests import RequestContext
from lean_sidekick.lsp.snapshot import Snapshot

_Answer = TypeVar("_Answer")

_TITLE = "Premises for this goal"
_USES_S = 10.0
_MAX_CHECKS = 1000
_SLACK_S = 5.0
# What a person needs to read a question, and how many answers a question can bear.
_READING_S = 120.0
_CHOICES = 8
_CHOICE_CHARACTERS = 100


async def find_premises(ctx: RequestContext, params: types.ExecuteCommandParams) -> object:
    """What may help the goal at a place."""
    asked = read_premise_params(FindPremisesParams, params.arguments)
    snapshot = ctx.snapshot(asked.uri, asked.version)
    return to_wire(_result(await _for_goal(ctx, snapshot, asked.position, asked.count)))


async def find_lemma(ctx: RequestContext, params: types.ExecuteCommandParams) -> object:
    """What words, a part of a name, a pattern or Lean text are about."""
    asked = read_premise_params(FindLemmaParams, params.arguments)
    # No binding to a version: what is found is looked at, not put in, and typing must not end the search for it.
    snapshot = ctx.newest(asked.uri)
    position = None if asked.position is None else convert.to_position(asked.position)
    engine = await ctx.projects.engine(snapshot.uri)
    return to_wire(_result(await engine.find_lemmas(asked.text, snapshot.document, position, asked.count)))


async def premise_uses(ctx: RequestContext, params: types.ExecuteCommandParams) -> object:
    """How a premise can be used at a place, as Lean says."""
    asked = read_premise_params(PremiseUsesParams, params.arguments)
    snapshot = ctx.snapshot(asked.uri, asked.version)
    found = await _uses(ctx, snapshot, asked.position, asked.name)
    uses = tuple(_use(snapshot, suggestion) for suggestion in _shown(found))
    message = "" if uses else f"Lean takes no use of {asked.name} here."
    return to_wire(PremiseUsesResult(uses=uses, message=found.warning or message))


async def choose_premise(ctx: RequestContext, params: types.ExecuteCommandParams) -> object:
    """Asks the user which premise to use, and how; puts the tactic in with one edit."""
    asked = read_premise_params(ChoosePremiseParams, params.arguments)
    snapshot = ctx.snapshot(asked.uri, asked.version)
    answer = await _for_goal(ctx, snapshot, asked.position, _CHOICES)
    labels = {convert.one_line(_label(finding), _CHOICE_CHARACTERS): finding for finding in answer.findings}
    if not labels:
        return _end(ctx, answer.note or "No premise was found for this goal.")
    ctx.extend(_READING_S + _SLACK_S)
    chosen = await ctx.client.choose(_TITLE, list(labels), _READING_S)
    if chosen is None:
        return to_wire(ChoosePremiseResult(tactic=None, message="Nothing was chosen."))
    premise = labels[chosen].premise
    name = premise.full_name
    uses = {
        convert.one_line(f"{use.candidate.text} — {use.effect}", _CHOICE_CHARACTERS): use
        for use in _shown(await _uses(ctx, snapshot, asked.position, name))
    }
    if not uses:
        return _end(ctx, f"Lean takes no use of {name} here.")
    ctx.extend(_READING_S + _SLACK_S)
    chosen = await ctx.client.choose(_said_whole(premise), list(uses), _READING_S)
    if chosen is None:
        return to_wire(ChoosePremiseResult(tactic=None, message="Nothing was chosen."))
    return await _put_in(ctx, snapshot, uses[chosen])


async def _for_goal(ctx: RequestContext, snapshot: Snapshot, position: WirePosition, count: int) -> PremiseAnswer:
    budget = Budget(seconds=OPENING_S, checks=_MAX_CHECKS)
    place = convert.to_position(position)
    return await _ask(ctx, snapshot, lambda engine: engine.find_premises(snapshot.document, place, budget, count))


async def _uses(ctx: RequestContext, snapshot: Snapshot, position: WirePosition, name: str) -> SuggestionRound:
    budget = Budget(seconds=_USES_S, checks=_MAX_CHECKS)
    place = convert.to_position(position)
    return await _ask(ctx, snapshot, lambda engine: engine.premise_uses(snapshot.document, place, name, budget))


async def _ask(ctx: RequestContext, snapshot: Snapshot, question: Callable[[Engine], Awaitable[_Answer]]) -> _Answer:
    """The engine's answer to a question that may have to open the file first."""
    engine = await ctx.projects.engine(snapshot.uri)
    ctx.extend(OPENING_S + _SLACK_S)
    try:
        with ctx.status.working():
            return await question(engine)
    except SidekickError as error:
        ctx.status.note(error)
        raise


def _shown(found: SuggestionRound) -> list[Suggestion]:
    """What closes the goal and was confirmed alone, and what leaves goals."""
    return [use for use in found.suggestions if use.is_confirmed or use.goals_left]


async def _put_in(ctx: RequestContext, snapshot: Snapshot, use: Suggestion) -> object:
    ctx.commit()
    is_versioned = ctx.client.capabilities.has_versioned_edits
    edit = convert.to_workspace_edit(snapshot, [use.edit], is_versioned=is_versioned)
    outcome = await ctx.client.apply_edit(_TITLE, edit)
    if outcome.is_applied:
        return to_wire(ChoosePremiseResult(tactic=use.candidate.text, message=use.effect))
    reason = f" ({outcome.reason})" if outcome.reason else ""
    return _end(ctx, f"The editor did not put it in{reason}: {use.candidate.text}")


def _end(ctx: RequestContext, message: str) -> object:
    ctx.client.show_info(message)
    return to_wire(ChoosePremiseResult(tactic=None, message=message))


def _result(answer: PremiseAnswer) -> PremisesResult:
    return PremisesResult(items=tuple(_item(finding) for finding in answer.findings), note=answer.note)


def _item(finding: PremiseFinding) -> PremiseItem:
    premise = finding.premise
    start = premise.start if finding.uri is not None else None
    return PremiseItem(
        name=premise.full_name,
        kind=premise.kind,
        statement=premise.statement,
        module=premise.module,
        doc=premise.doc,
        attributes=premise.attributes,
        deprecated=premise.deprecated,
        why=describe_reasons(finding),
        uri=finding.uri,
        position=None if start is None else WirePosition(line=start.line, character=start.character),
    )


def _use(snapshot: Snapshot, suggestion: Suggestion) -> PremiseUse:
    place = snapshot.text_map.range(suggestion.edit.start, suggestion.edit.end)
    return PremiseUse(
        tactic=suggestion.candidate.text,
        effect=suggestion.effect,
        range=WireRange(
            start=WirePosition(line=place.start.line, character=place.start.character),
            end=WirePosition(line=place.end.line, character=place.end.character),
        ),
        text=suggestion.edit.new_text,
    )


def _said_whole(premise: Premise) -> str:
    """The second question, which has room for what the list of the first one cut."""
    facts = [f"{premise.full_name} {premise.statement}".rstrip(), " ".join(premise.doc.split())]
    return "\n".join(filter(None, [*facts, f"Uses of {premise.full_name}, checked by Lean:"]))


def _label(finding: PremiseFinding) -> str:
    return f"{finding.premise.full_name} {finding.premise.statement}"
