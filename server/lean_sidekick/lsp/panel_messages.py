"""What travels for the panel, typed; see `lsp/messages.py`, whose rules hold here too."""

from collections.abc import Sequence
from enum import Enum
from typing import Any

import cattrs
from attrs import field, frozen
from attrs.validators import ge, instance_of

from lean_sidekick.core.errors import InputError
from lean_sidekick.core.goal_changes import Change
from lean_sidekick.engine.search_outline import ItemKind, ItemState
from lean_sidekick.lsp.messages import OwnMessage, WirePosition, is_whole, read_argument, read_value
from lean_sidekick.lsp.methods import PANEL_CHANGED, PANEL_MOVED, SEARCH_TREE_CHANGED, TAKE_SUGGESTION

_text = instance_of(str)


@frozen(kw_only=True)
class PanelPlace:
    """What the panel is to show: a place in one version of a document."""

    uri: str = field(validator=_text)
    version: int = field(validator=is_whole)
    position: WirePosition


@frozen(kw_only=True)
class PanelMovedParams:
    """Params of the notification `leanSidekick/panelMoved`; without a place the panel is not seen."""

    place: PanelPlace | None


class PanelState(Enum):
    """How far the panel's round is, or that there is no goal to show."""

    NOTHING = "nothing"
    RUNNING = "running"
    DONE = "done"


@frozen(kw_only=True)
class PanelHypothesis:
    """Hypotheses of one type; `before` is the type (and value) that a changed one had."""

    names: tuple[str, ...]
    type: str
    value: str | None
    change: Change
    before: str | None


@frozen(kw_only=True)
class PanelGoal:
    """A goal, alone or beside the one that a tactic was run at.

    `same` counts names of unchanged hypotheses that are left out. `changed` says that the target is another one,
    `other` that it is another goal of the state before, untouched.
    """

    case: str | None
    hypotheses: tuple[PanelHypothesis, ...]
    same: int
    sign: str
    target: str
    changed: bool
    other: bool


@frozen(kw_only=True)
class PanelSuggestion:
    """A suggestion; `goals` are those left after it, `more` counts further ones that are left out."""

    tactic: str
    effect: str
    source: str
    closes: bool
    goals: tuple[PanelGoal, ...]
    more: int


@frozen(kw_only=True)
class PanelTally:
    """How many candidates of a source Lean has run, and how many of them closed the goal or led on."""

    source: str
    run: int
    good: int


@frozen(kw_only=True)
class PanelChangedParams:
    """Params of the notification `leanSidekick/panelChanged`; each has all there is to show.

    `round` names the round for `leanSidekick.takeSuggestion`. `milliseconds` are those of the round, `first` those
    until its first suggestion.
    """

    uri: str
    version: int
    round: int
    state: PanelState
    message: str
    goals: tuple[PanelGoal, ...]
    more: int
    suggestions: tuple[PanelSuggestion, ...]
    checks: int
    milliseconds: int
    first: int | None
    tallies: tuple[PanelTally, ...]


@frozen(kw_only=True)
class SearchTreeItem:
    """One row of the tree: a goal, or a tactic that leads from the goal above it to those below it."""

    id: int
    parent: int | None
    kind: ItemKind
    state: ItemState
    text: str
    detail: str


@frozen(kw_only=True)
class SearchTreeChangedParams:
    """Params of the notification `leanSidekick/searchTreeChanged`; `more` counts rows that are left out."""

    uri: str
    declaration: str
    running: bool
    message: str
    items: tuple[SearchTreeItem, ...]
    more: int


@frozen(kw_only=True)
class TakeSuggestionParams:
    """The one argument of `leanSidekick.takeSuggestion`: a suggestion of the panel."""

    uri: str = field(validator=_text)
    version: int = field(validator=is_whole)
    round: int = field(validator=[is_whole, ge(0)])
    tactic: str = field(validator=_text)


@frozen(kw_only=True)
class TakeSuggestionResult:
    """The result of `leanSidekick.takeSuggestion`: whether the editor put it in, and a sentence if it did not."""

    applied: bool
    message: str


PANEL_MESSAGES = (
    OwnMessage(name=PANEL_MOVED, params=PanelMovedParams, result=None),
    OwnMessage(name=PANEL_CHANGED, params=PanelChangedParams, result=None),
    OwnMessage(name=SEARCH_TREE_CHANGED, params=SearchTreeChangedParams, result=None),
    OwnMessage(name=TAKE_SUGGESTION, params=TakeSuggestionParams, result=TakeSuggestionResult),
)


def read_panel_moved(params: Any) -> PanelMovedParams:
    """Reads the params of `leanSidekick/panelMoved`. Raises InputError."""
    try:
        return read_value(PanelMovedParams, params)
    except (cattrs.BaseValidationError, ValueError, TypeError):
        raise InputError(
            f"{PANEL_MOVED} has params {{place}}: null, or the document's URI, its version and a position in it."
        ) from None


def read_take_suggestion(arguments: Sequence[Any] | None) -> TakeSuggestionParams:
    """Reads the arguments of `leanSidekick.takeSuggestion`. Raises InputError."""
    return read_argument(
        TakeSuggestionParams,
        arguments,
        f"{TAKE_SUGGESTION} takes one argument {{uri, version, round, tactic}}, as the panel's messages have them.",
    )
