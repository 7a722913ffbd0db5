"""What travels for the commands about premises, typed; see `lsp/messages.py`, whose rules hold here too."""

from collections.abc import Sequence
from typing import Any, TypeVar

from attrs import field, frozen
from attrs.validators import and_, ge, instance_of, le

from lean_sidekick.lsp.messages import OwnMessage, WirePosition, is_whole, read_argument
from lean_sidekick.lsp.methods import CHOOSE_PREMISE, FIND_LEMMA, FIND_PREMISES, PREMISE_USES

MOST_ITEMS = 200

_Params = TypeVar("_Params")
_text = instance_of(str)
_count = and_(is_whole, ge(1), le(MOST_ITEMS))


@frozen(kw_only=True)
class FindPremisesParams:
    """The one argument of `leanSidekick.findPremises`: a place, and how many premises at most."""

    uri: str = field(validator=_text)
    version: int = field(validator=is_whole)
    position: WirePosition
    count: int = field(validator=_count)


@frozen(kw_only=True)
class FindLemmaParams:
    """The one argument of `leanSidekick.findLemma`: the question, and the document that an answer is to be used in.

    Only what that document may use counts, above `position` in it if there is one.
    """

    uri: str = field(validator=_text)
    text: str = field(validator=_text)
    count: int = field(validator=_count)
    position: WirePosition | None = None


@frozen(kw_only=True)
class PremiseUsesParams:
    """The one argument of `leanSidekick.premiseUses`: a place, and the full name of a premise."""

    uri: str = field(validator=_text)
    version: int = field(validator=is_whole)
    position: WirePosition
    name: str = field(validator=_text)


@frozen(kw_only=True)
class ChoosePremiseParams:
    """The one argument of `leanSidekick.choosePremise`: a place."""

    uri: str = field(validator=_text)
    version: int = field(validator=is_whole)
    position: WirePosition


@frozen(kw_only=True)
class PremiseItem:
    """A premise that was found.

    `why` names the rankers with their ranks and what it shares with the question; `uri` and `position` are where it
    stands, null where that is not known.
    """

    name: str
    kind: str
    statement: str
    module: str | None
    doc: str
    attributes: tuple[str, ...]
    deprecated: str | None
    why: str
    uri: str | None
    position: WirePosition | None


@frozen(kw_only=True)
class PremisesResult:
    """Premises, best first; `note` is one sentence if not everything could be searched, empty otherwise."""

    items: tuple[PremiseItem, ...]
    note: str


@frozen(kw_only=True)
class WireRange:
    """A range as the standard has it."""

    start: WirePosition
    end: WirePosition


@frozen(kw_only=True)
class PremiseUse:
    """A tactic that uses a premise and that Lean took; `text` in place of `range` puts it in."""

    tactic: str
    effect: str
    range: WireRange
    text: str


@frozen(kw_only=True)
class PremiseUsesResult:
    """The uses of a premise at a place, best first; `message` is one sentence for the user, empty when all is well."""

    uses: tuple[PremiseUse, ...]
    message: str


@frozen(kw_only=True)
class ChoosePremiseResult:
    """What came of a choice; `tactic` is what was put in, null if nothing was."""

    tactic: str | None
    message: str


PREMISE_MESSAGES = (
    OwnMessage(name=FIND_PREMISES, params=FindPremisesParams, result=PremisesResult),
    OwnMessage(name=FIND_LEMMA, params=FindLemmaParams, result=PremisesResult),
    OwnMessage(name=PREMISE_USES, params=PremiseUsesParams, result=PremiseUsesResult),
    OwnMessage(name=CHOOSE_PREMISE, params=ChoosePremiseParams, result=ChoosePremiseResult),
)

_EXPLAINED: dict[type, str] = {
    FindPremisesParams: f"{FIND_PREMISES} takes one argument {{uri, version, position, count}}, with a count from 1 to "
    f"{MOST_ITEMS}.",
    FindLemmaParams: f"{FIND_LEMMA} takes one argument {{uri, text, count, position}}, with a count from 1 to "
    f"{MOST_ITEMS}; position may be null.",
    PremiseUsesParams: f"{PREMISE_USES} takes one argument {{uri, version, position, name}}: a place and a full name.",
    ChoosePremiseParams: f"{CHOOSE_PREMISE} takes one argument {{uri, version, position}}.",
}


def read_premise_params(kind: type[_Params], arguments: Sequence[Any] | None) -> _Params:
    """Reads the arguments of one of the commands. Raises InputError."""
    return read_argument(kind, arguments, _EXPLAINED[kind])
