"""Training data for encoders: proof states with the premises that were used there, and the corpus they come from.

Three shapes are read: steps (one JSON object a line with `state_before`, `premises` and `file` or `module`), theorems
with the premises of their proofs (`premises/labelled.py`), and LeanDojo Benchmark's splits (a JSON list of theorems
with `traced_tactics`) beside its `corpus.jsonl`. A state sees what its file imports and what stands above its theorem;
where imports are not known, all other modules. Needs no model library.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from attrs import evolve, field, frozen
from numpy.typing import NDArray

from lean_sidekick.core.errors import InputError
from lean_sidekick.core.goals import Goal, split_goals
from lean_sidekick.core.positions import Position
from lean_sidekick.core.premises import CorpusFile, Premise
from lean_sidekick.premises.corpus import OnSkipped, module_of, read_corpus
from lean_sidekick.premises.labelled import first_goal, read_library
from lean_sidekick.premises.sources import closure
from lean_sidekick.training.examples import one_line

Array = NDArray[Any]

_COLUMNS = 1_000_000
_END = Position(2**31, 0)


@frozen(kw_only=True)
class LabelledState:
    """A proof state and the full names of the premises `used` there.

    `related` are those used anywhere in its proof: none of them is ever a negative example. `group` is its module;
    of that module it sees what begins before `before`, nothing where that is None.
    """

    goal: Goal
    used: frozenset[str]
    related: frozenset[str]
    group: str
    before: Position | None

    @property
    def state(self) -> str:
        """The goal as text."""
        return self.goal.text


@frozen(kw_only=True, eq=False)
class TrainingCorpus:
    """All premises with their modules; `seen_by` gives each module those that it imports, None if that is not known."""

    files: tuple[CorpusFile, ...]
    seen_by: Mapping[str, frozenset[str]] | None
    premises: tuple[Premise, ...] = field(init=False)
    _numbers: dict[str, int] = field(init=False)
    _modules: dict[str, int] = field(init=False)
    _module_of: Array = field(init=False)
    _begins: Array = field(init=False)

    @premises.default
    def _flatten(self) -> tuple[Premise, ...]:
        return tuple(evolve(premise, module=file.module) for file in self.files for premise in file.premises)

    @_numbers.default
    def _number(self) -> dict[str, int]:
        return {premise.full_name: number for number, premise in enumerate(self.premises)}

    @_modules.default
    def _number_modules(self) -> dict[str, int]:
        return {module: number for number, module in enumerate(dict.fromkeys(file.module for file in self.files))}

    @_module_of.default
    def _find_modules(self) -> Array:
        return np.array([self._modules[premise.module or ""] for premise in self.premises], dtype=np.int64)

    @_begins.default
    def _find_begins(self) -> Array:
        # What has no place (made by the system) is seen from other modules only.
        begins = [_rank(_END if premise.start is None else premise.start) for premise in self.premises]
        return np.array(begins, dtype=np.int64)

    def accessible(self, state: LabelledState) -> Array:
        """Which premises a state sees. bool (premises,)."""
        own = self._modules.get(state.group, -1)
        if self.seen_by is None:
            seen = self._module_of != own
        else:
            modules = [self._modules[name] for name in self.seen_by.get(state.group, ()) if name in self._modules]
            seen = np.isin(self._module_of, modules) & (self._module_of != own)
        if state.before is not None:
            seen |= (self._module_of == own) & (self._begins < _rank(state.before))
        return seen

    def numbers(self, names: Iterable[str]) -> list[int]:
        """The numbers of those premises that are in the corpus, in order."""
        return sorted({self._numbers[name] for name in names if name in self._numbers})

    def begin_of(self, module: str, name: str) -> Position | None:
        """Where a theorem of a module begins, None if the corpus does not say."""
        number = self._numbers.get(name)
        if number is None or self.premises[number].module != module:
            return None
        return self.premises[number].start or _END


def read_training_corpus(corpus: Path | None, data: Sequence[Path], on_skipped: OnSkipped) -> TrainingCorpus:
    """The corpus: LeanDojo's, or theorems of a library; without a file, the theorems of the data. Raises InputError."""
    path = corpus or next((path for path in data if _is_library(path)), None)
    if path is None:
        raise InputError("The data holds no statements of premises: name a corpus of them with --corpus.")
    if _is_library(path):
        library = read_library(path, None)
        return TrainingCorpus(files=tuple(library.corpus()), seen_by=library.seen_by)
    files = tuple(read_corpus(path, on_skipped))
    imports = {file.module: file.imports for file in files}
    seen = {module: frozenset(closure(named, imports)) for module, named in imports.items()}
    return TrainingCorpus(files=files, seen_by=seen)


def read_states(paths: Sequence[Path], corpus: TrainingCorpus) -> tuple[LabelledState, ...]:
    """The states of some files that used a premise of the corpus, equal ones of a module once, in order.

    Raises InputError that names the file and the line, and where no state is left.
    """
    merged: dict[tuple[str, str], LabelledState] = {}
    for path in paths:
        for state in _read(path, corpus):
            key = (state.group, one_line(state.state))
            if (known := merged.get(key)) is not None:
                used, related = known.used | state.used, known.related | state.related
                state = evolve(known, used=used, related=related)
            merged[key] = state
    found = tuple(state for state in merged.values() if corpus.numbers(state.used))
    if not found:
        raise InputError(f"{', '.join(map(str, paths))}: no state there uses a premise of the corpus.")
    return found


def _rank(position: Position) -> int:
    return position.line * _COLUMNS + min(position.character, _COLUMNS - 1)


def _is_library(path: Path) -> bool:
    """Whether the first line of a file is a theorem of a library."""
    try:
        with path.open(encoding="utf-8") as lines:
            fields = json.loads(next((line for line in lines if line.strip()), "null"))
    except (OSError, UnicodeDecodeError, ValueError):
        return False  # whoever reads it says what is wrong
    return isinstance(fields, Mapping) and {"name", "module", "type"} <= fields.keys()


def _read(path: Path, corpus: TrainingCorpus) -> Iterator[LabelledState]:
    if _is_library(path):
        yield from _read_theorems(path)
        return
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} cannot be read: {error}.") from None
    if text.lstrip().startswith("["):
        yield from _read_benchmark(_parse(text, str(path)), str(path), corpus)
        return
    rows = [
        _parse_step(_parse(line, f"{path}, line {number}"), f"{path}, line {number}")
        for number, line in enumerate(text.split("\n"), 1)
        if line.strip()
    ]
    related = _by_theorem(rows)
    for module, theorem, state, used in rows:
        yield from _state(state, used, related[module, theorem], module, corpus.begin_of(module, theorem))


_Step = tuple[str, str, str, frozenset[str]]
"""Module, theorem, state, premises."""


def _by_theorem(rows: Iterable[_Step]) -> dict[tuple[str, str], frozenset[str]]:
    found: dict[tuple[str, str], frozenset[str]] = {}
    for module, theorem, _, used in rows:
        found[module, theorem] = found.get((module, theorem), frozenset()) | used
    return found


def _state(
    text: str, used: frozenset[str], related: frozenset[str], module: str, before: Position | None
) -> Iterator[LabelledState]:
    goals = split_goals(text)
    if used and goals:
        yield LabelledState(goal=goals[0], used=used, related=related, group=module, before=before)


def _read_theorems(path: Path) -> Iterator[LabelledState]:
    for theorem in read_library(path, None).theorems:
        if theorem.premises:
            used = frozenset(theorem.premises)
            yield LabelledState(
                goal=first_goal(theorem.statement),
                used=used,
                related=used,
                group=theorem.module or "",
                before=_END if theorem.line is None else Position(theorem.line - 1, 0),
            )


def _read_benchmark(theorems: Any, place: str, corpus: TrainingCorpus) -> Iterator[LabelledState]:
    """LeanDojo Benchmark: each tactic with the state before it and the premises that are annotated in it."""
    if not isinstance(theorems, list):
        raise InputError(f"{place}: a split of LeanDojo Benchmark is a list of theorems.")
    for number, theorem in enumerate(theorems, 1):
        try:
            module, name = module_of(theorem["file_path"]), theorem["full_name"]
            line, column = theorem["start"]
            steps: list[_Step] = [
                (module, name, step["state_before"], frozenset(one["full_name"] for one in step["annotated_tactic"][1]))
                for step in theorem["traced_tactics"]
            ]
            related = _by_theorem(steps).get((module, name), frozenset())
            for _, _, state, used in steps:
                yield from _state(state, used, related, module, Position(line - 1, column - 1))
        except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
            raise InputError(f"{place}: theorem {number} is none of LeanDojo Benchmark ({error!r}).") from None


def _parse(text: str, place: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise InputError(f"{place}: not JSON ({error}).") from None


def _parse_step(fields: Any, place: str) -> _Step:
    if not isinstance(fields, Mapping):
        raise InputError(f"{place}: a step is an object.")
    state, premises = fields.get("state_before", fields.get("state")), fields.get("premises")
    module = fields.get("module") or fields.get("file")
    if not isinstance(state, str) or not isinstance(module, str):
        raise InputError(f"{place}: a step has `state_before` and `module` (or `file`), both texts.")
    if not isinstance(premises, list) or not all(isinstance(name, str) for name in premises):
        raise InputError(f"{place}: `premises` is no list of names.")
    module = module_of(module) if module.endswith(".lean") else module
    return module, str(fields.get("theorem", "")), state, frozenset(premises)
