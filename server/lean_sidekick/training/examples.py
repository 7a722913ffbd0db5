"""Training data for tactics: (state, premises, tactic) examples, read from JSON files, and their split by module.

Reads one object a line with `tactic` and `state_before` (or `state`), and where it says so `premises` (full names),
`module` or `file`, and `theorem`. Other fields are left alone. The files of LeanDojo Benchmark (`random/train.json` and
the like) are read as they are: each step of each theorem is an example. A split never cuts a module in two, and a state
that is scored is never trained on. Needs no model library.
"""

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from attrs import frozen

from lean_sidekick.core.errors import InputError
from lean_sidekick.premises.traced_steps import is_traced, read_steps
from lean_sidekick.storage.json_lines import Record, read_distinct_records


@frozen(kw_only=True)
class Example:
    """A step that somebody took. `group` is its module; its theorem where the data names no module."""

    state: str
    tactic: str
    premises: tuple[str, ...]
    group: str


class Grouped(Protocol):
    """What can be split: a state, and the group (module) that it belongs to."""

    @property
    def state(self) -> str: ...

    @property
    def group(self) -> str: ...


_Grouped = TypeVar("_Grouped", bound=Grouped)


@frozen(kw_only=True)
class Split(Generic[_Grouped]):
    """What is trained on, and what is scored; `dropped` examples were too much like scored ones to be trained on."""

    train: tuple[_Grouped, ...]
    held_out: tuple[_Grouped, ...]
    held_out_groups: tuple[str, ...]
    dropped: int


def read_examples(paths: Sequence[Path]) -> tuple[Example, ...]:
    """The examples of some files, in order, equal ones once: the same step can be taken in two proofs.

    Raises InputError that names the file and the line, or the item of an array; an object that stands twice in one file
    is an error too.
    """
    found: dict[Example, None] = {}
    for path in paths:
        for record in read_distinct_records(path):
            found.update(dict.fromkeys(_traced(record) if is_traced(record) else [_read(record)]))
    if not found:
        raise InputError(f"{', '.join(map(str, paths))}: no example is in there.")
    return tuple(found)


def split_examples(examples: Sequence[_Grouped], share: float, names: Sequence[str], seed: int) -> Split[_Grouped]:
    """Holds whole groups out: those named, or else groups in a random order until `share` of the examples is reached.

    Raises InputError for a name that no group has, and when nothing is left to train on.
    """
    groups = dict.fromkeys(example.group for example in examples)
    if unknown := [name for name in names if name not in groups]:
        raise InputError(f"No example is of {', '.join(unknown)}: the data has {', '.join(list(groups)[:10])}, ….")
    chosen = set(names) or _random_groups(examples, share, seed)
    held_out = tuple(example for example in examples if example.group in chosen)
    scored = {one_line(example.state) for example in held_out}
    rest = [example for example in examples if example.group not in chosen]
    train = tuple(example for example in rest if one_line(example.state) not in scored)
    if not train:
        raise InputError("Nothing is left to train on: hold fewer modules out.")
    return Split(train=train, held_out=held_out, held_out_groups=tuple(sorted(chosen)), dropped=len(rest) - len(train))


def _random_groups(examples: Sequence[Grouped], share: float, seed: int) -> set[str]:
    def key(group: str) -> bytes:
        return hashlib.sha256(f"{seed} {group}".encode()).digest()

    sizes: dict[str, int] = {}
    for example in examples:
        sizes[example.group] = sizes.get(example.group, 0) + 1
    chosen: set[str] = set()
    left = share * len(examples)
    for group in sorted(sizes, key=key):
        # A group that would hold out twice what was asked for is trained on.
        if left > 0 and sizes[group] <= 2 * left:
            chosen.add(group)
            left -= sizes[group]
    return chosen


def one_line(state: str) -> str:
    """A state by which equal ones are known, whatever their blanks."""
    return " ".join(state.split())


def _traced(record: Record) -> Iterator[Example]:
    """The steps of a theorem of LeanDojo Benchmark; its file is its module."""
    group = record.text("file_path")
    for step in read_steps(record):
        premises = tuple(dict.fromkeys(premise.full_name for premise in step.premises))
        yield Example(state=step.state_before, tactic=step.tactic.strip(), premises=premises, group=group)


def _read(record: Record) -> Example:
    fields, place = record.fields, record.place
    state, tactic = fields.get("state_before", fields.get("state")), fields.get("tactic")
    if not isinstance(state, str) or not isinstance(tactic, str) or not state.strip() or not tactic.strip():
        raise InputError(f"{place}: an example has `state_before` and `tactic`, both texts.")
    premises = fields.get("premises") or []
    if not isinstance(premises, list) or not all(isinstance(name, str) for name in premises):
        raise InputError(f"{place}: `premises` is no list of names.")
    group = fields.get("module") or fields.get("file") or fields.get("theorem") or place
    # A file and a run of a prover can share the name of a theorem; a file of steps names its module's file.
    if "module" not in fields and not str(group).endswith(".lean"):
        group = fields.get("theorem") or group
    return Example(state=state, tactic=tactic.strip(), premises=tuple(premises), group=str(group))
