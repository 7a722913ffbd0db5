"""The steps of a theorem with the premises they name, as the files of LeanDojo Benchmark have them.

Whoever wrote the files: the published ones and those of `extract` are read alike. The tactic comes without the marks
that a model may have been trained on; a premise comes with the file that defines it, "" where none is named.
"""

from collections.abc import Iterator, Mapping

from attrs import frozen

from lean_sidekick.core.errors import InputError
from lean_sidekick.storage.json_lines import Record

_MARKS = ("<a>", "</a>")


@frozen(kw_only=True)
class NamedPremise:
    """A premise that a tactic names."""

    full_name: str
    path: str


@frozen(kw_only=True)
class RecordedStep:
    """A tactic, the goals before and after it as Lean prints them, and the premises it names, in order."""

    tactic: str
    state_before: str
    state_after: str
    premises: tuple[NamedPremise, ...]


def is_traced(record: Record) -> bool:
    """Whether an object is a theorem of LeanDojo Benchmark."""
    return "traced_tactics" in record.fields


def read_steps(record: Record) -> Iterator[RecordedStep]:
    """The steps of a theorem. Raises InputError that names the theorem's place and the step."""
    for number, fields in enumerate(record.items("traced_tactics"), start=1):
        place = f"{record.place}, step {number}"
        if not isinstance(fields, Mapping):
            raise InputError(f"{place}: an object was expected.")
        step = Record(fields=fields, place=place)
        yield RecordedStep(
            tactic=without_marks(step.text("tactic")),
            state_before=step.text("state_before"),
            state_after=step.text("state_after"),
            premises=tuple(_premises(step)),
        )


def without_marks(text: str) -> str:
    """A text without `<a>` and `</a>`."""
    for mark in _MARKS:
        text = text.replace(mark, "")
    return text


def _premises(step: Record) -> Iterator[NamedPremise]:
    annotated = step.items("annotated_tactic")
    if len(annotated) != 2 or not isinstance(annotated[1], list):
        raise InputError(f"{step.place}: `annotated_tactic` is not a text and a list of premises.")
    for fields in annotated[1]:
        if not isinstance(fields, Mapping):
            raise InputError(f"{step.place}: a premise is no object.")
        premise = Record(fields=fields, place=step.place)
        yield NamedPremise(full_name=premise.text("full_name"), path=premise.optional_text("def_path"))
