"""Our own methods and commands, typed. `docs/protocol.md` is this module for people; a test compares the two.

Reading is strict: a value of a wrong type is refused with one sentence, never turned into another. Knows nothing of
what the messages do.
"""

from collections.abc import Sequence
from enum import Enum
from typing import Any, TypeVar

import cattrs
from attrs import Attribute, field, frozen
from attrs.validators import ge, instance_of

from lean_sidekick.core.errors import InputError, ProtocolError
from lean_sidekick.lsp.methods import COMPLETE_PROOF, FORGET_LEARNED, GOALS_AT, PROVE_FILE, RESTART_LEAN, STATUS_CHANGED

_Params = TypeVar("_Params")


def is_whole(_instance: object, attribute: "Attribute[int]", value: object) -> None:
    """A validator: to Python, true is a whole number."""
    if type(value) is not int:
        raise TypeError(f"{attribute.name} must be a whole number")


class ServerState(Enum):
    """What the server is at."""

    READY = "ready"
    THINKING = "thinking"
    NO_LEAN = "noLean"
    IMPORTS_STALE = "importsStale"
    ERROR = "error"
    MODEL_LOADING = "modelLoading"
    MODEL_OFF = "modelOff"


@frozen(kw_only=True)
class StatusChangedParams:
    """Params of the notification `leanSidekick/statusChanged`; `message` is one sentence, empty when all is well.

    `percent` says how far a model is loaded, None in every other state.
    """

    state: ServerState
    message: str
    percent: int | None = None


@frozen(kw_only=True)
class WirePosition:
    """A position as the standard has it: a zero-based line and a column in UTF-16 code units."""

    line: int = field(validator=[is_whole, ge(0)])
    character: int = field(validator=[is_whole, ge(0)])


@frozen(kw_only=True)
class CompleteProofParams:
    """The one argument of the command `leanSidekick.completeProof`: where, and in which version of the text."""

    uri: str = field(validator=instance_of(str))
    version: int = field(validator=is_whole)
    position: WirePosition


@frozen(kw_only=True)
class GoalsAtParams:
    """Params of the request `leanSidekick/goalsAt`: a place in a version of a document."""

    uri: str = field(validator=instance_of(str))
    version: int = field(validator=is_whole)
    position: WirePosition


@frozen(kw_only=True)
class GoalsAtResult:
    """The result of `leanSidekick/goalsAt`: the goals as Lean prints them, the main goal first; none if not known."""

    goals: tuple[str, ...]


class CompleteProofStatus(Enum):
    """How "Complete the proof" ended: the statuses of `prove --json`, and being cancelled from the progress bar."""

    PROVED = "proved"
    PROVED_WITH_SORRY = "proved_with_sorry"
    PROVED_AXIOMS_UNKNOWN = "proved_axioms_unknown"
    NOT_PROVED = "not_proved"
    TIMED_OUT = "timed_out"
    ERROR = "error"
    CANCELLED = "cancelled"


@frozen(kw_only=True)
class CompleteProofResult:
    """The result of `leanSidekick.completeProof`.

    `proof` is the tactic block, dedented, or null; `applied` says whether the editor put it in. `partial` is the best
    partial proof where there is none, with `sorry` at its open goals, or null; it is not put in.
    """

    status: CompleteProofStatus
    proof: str | None
    partial: str | None
    message: str
    applied: bool


@frozen(kw_only=True)
class ProveFileParams:
    """The one argument of the command `leanSidekick.proveFile`: a document, and the version that is meant."""

    uri: str = field(validator=instance_of(str))
    version: int = field(validator=is_whole)


@frozen(kw_only=True)
class ProveFileResult:
    """The result of `leanSidekick.proveFile`: declarations proved and left, and a line for each in `message`."""

    proved: int
    left: int
    message: str


@frozen(kw_only=True)
class RestartLeanResult:
    """The result of `leanSidekick.restartLean`: how many projects' Lean processes were ended."""

    restarted: int


@frozen(kw_only=True)
class ForgetLearnedResult:
    """The result of `leanSidekick.forgetLearned`: whether nothing that was learned is left."""

    forgotten: bool


@frozen(kw_only=True)
class OwnMessage:
    """One row of the protocol: a method or command with the types that travel."""

    name: str
    params: type | None
    result: type | None


OWN_MESSAGES = (
    OwnMessage(name=STATUS_CHANGED, params=StatusChangedParams, result=None),
    OwnMessage(name=GOALS_AT, params=GoalsAtParams, result=GoalsAtResult),
    OwnMessage(name=COMPLETE_PROOF, params=CompleteProofParams, result=CompleteProofResult),
    OwnMessage(name=PROVE_FILE, params=ProveFileParams, result=ProveFileResult),
    OwnMessage(name=RESTART_LEAN, params=None, result=RestartLeanResult),
    OwnMessage(name=FORGET_LEARNED, params=None, result=ForgetLearnedResult),
)

_converter = cattrs.Converter()
for _primitive in (int, str):
    # cattrs would turn "3" into 3; the validators of the classes look at what really came.
    _converter.register_structure_hook(_primitive, lambda value, _: value)


def read_complete_proof(arguments: Sequence[Any] | None) -> CompleteProofParams:
    """Reads the arguments of `leanSidekick.completeProof`. Raises InputError."""
    return read_argument(
        CompleteProofParams,
        arguments,
        f"{COMPLETE_PROOF} takes one argument {{uri, version, position}}: "
        "the document's URI, its version number, and a position in it.",
    )


def read_prove_file(arguments: Sequence[Any] | None) -> ProveFileParams:
    """Reads the arguments of `leanSidekick.proveFile`. Raises InputError."""
    return read_argument(
        ProveFileParams,
        arguments,
        f"{PROVE_FILE} takes one argument {{uri, version}}: the document's URI and its version number.",
    )


def read_argument(kind: type[_Params], arguments: Sequence[Any] | None, explanation: str) -> _Params:
    """Reads the one argument of a command. Raises InputError with the explanation."""
    try:
        (argument,) = arguments or ()
        return _converter.structure(argument, kind)
    except (cattrs.BaseValidationError, ValueError, TypeError):
        raise InputError(explanation) from None


def read_value(kind: type[_Params], value: Any) -> _Params:
    """Reads one of the values above, as strictly as `read_argument`, but raises what cattrs raises."""
    return _converter.structure(value, kind)


def read_goals(answer: object) -> tuple[str, ...]:
    """Reads what the client answers to `leanSidekick/goalsAt`. Raises ProtocolError."""
    goals = answer.get("goals") if isinstance(answer, dict) else None
    if not isinstance(goals, list) or not all(isinstance(goal, str) for goal in goals):
        raise ProtocolError(f"the answer to {GOALS_AT} is not as the protocol has it")
    return tuple(goals)


def to_wire(value: object) -> Any:
    """What travels for one of the values above."""
    return _converter.unstructure(value)
