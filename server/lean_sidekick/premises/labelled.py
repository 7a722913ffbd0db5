"""Theorems with the premises of their proofs, and what each of them may see: to measure and to train retrieval with.

Two shapes are read. *Library theorems* (`name`, `module`, `type`, `premises`, `line`) are corpus and questions at once:
a theorem sees the modules that its own imports, directly or not, and what stands above its line; one without a line
(made by the system) sees all written theorems of its module but itself. `premises: null` means that the labels are kept
apart: such a theorem is in the corpus and is not asked. *Exercises* (`name`, `statement`, `premises`) are asked of the
library given beside them and see all of it.
"""

import json
from collections.abc import Iterator, Mapping
from importlib import resources
from pathlib import Path
from typing import Any

from attrs import evolve, field, frozen

from lean_sidekick.core.errors import InputError
from lean_sidekick.core.goals import Goal, Hypothesis
from lean_sidekick.core.positions import Position
from lean_sidekick.core.premises import CorpusFile, Premise
from lean_sidekick.core.terms import Term
from lean_sidekick.premises.api import Accessible
from lean_sidekick.premises.tokens import read_statement
from lean_sidekick.storage.json_lines import Record, read_records

_KNOWN_IMPORTS = "imports-2021-07.json"


@frozen(kw_only=True)
class Theorem:
    """One line of the data; `premises` is None where the labels are kept apart, `module` None for an exercise."""

    name: str
    statement: str
    module: str | None
    line: int | None
    premises: tuple[str, ...] | None
    is_written: bool

    def premise(self) -> Premise:
        """The theorem as others see it."""
        return Premise(
            full_name=self.name,
            kind="theorem",
            statement=self.statement,
            module=self.module,
            start=None if self.line is None else Position(self.line - 1, 0),
            uses=self.premises,
        )


@frozen(kw_only=True)
class Question:
    """A theorem to be proved: its first goal, what it may be answered with, and what its proof used."""

    name: str
    goal: Goal
    accessible: Accessible
    used: frozenset[str]
    is_written: bool


@frozen(kw_only=True)
class Library:
    """Theorems by module, and the modules that each module sees (None: imports are unknown, all are seen)."""

    theorems: tuple[Theorem, ...]
    seen_by: Mapping[str, frozenset[str]] | None
    _by_module: dict[str, list[Theorem]] = field(init=False)

    @_by_module.default
    def _group(self) -> dict[str, list[Theorem]]:
        found: dict[str, list[Theorem]] = {}
        for theorem in self.theorems:
            found.setdefault(theorem.module or "", []).append(theorem)
        return found

    def corpus(self) -> Iterator[CorpusFile]:
        """The library as the index takes it."""
        for module, theorems in self._by_module.items():
            yield CorpusFile(
                path=f"{module.replace('.', '/')}.lean",
                module=module,
                premises=tuple(theorem.premise() for theorem in theorems),
            )

    def questions(self) -> Iterator[Question]:
        """The theorems whose premises are known and not none."""
        for theorem in self.theorems:
            if theorem.premises:
                yield Question(
                    name=theorem.name,
                    goal=first_goal(theorem.statement),
                    accessible=self._accessible(theorem),
                    used=frozenset(theorem.premises),
                    is_written=theorem.is_written,
                )

    def _accessible(self, theorem: Theorem) -> Accessible:
        own = sorted(
            (one for one in self._by_module[theorem.module or ""] if one.line is not None and one.name != theorem.name),
            key=lambda one: one.line or 0,
        )
        above = own if theorem.line is None else [one for one in own if (one.line or 0) < theorem.line]
        return Accessible(
            modules=None if self.seen_by is None else self.seen_by[theorem.module or ""],
            above=tuple(one.premise() for one in above),
            module=theorem.module,
        )


def read_theorems(path: Path) -> tuple[Theorem, ...]:
    """The theorems of a file, in order. Raises InputError that names the file and the line.

    A name may stand there once a module: names of instances and private theorems come again in other ones.
    """
    found: dict[tuple[str | None, str], Theorem] = {}
    for record in read_records(path):
        theorem = _read(record)
        if (theorem.module, theorem.name) in found:
            raise InputError(f"{record.place}: the name {theorem.name} stands already above.")
        found[theorem.module, theorem.name] = theorem
    if not found:
        raise InputError(f"{path} holds no theorem.")
    return tuple(found.values())


def read_library(path: Path, imports: Path | None) -> Library:
    """A library; `imports` is JSON, each module with the list of those it imports. Known libraries need none.

    Raises InputError for data that cannot be used.
    """
    theorems = read_theorems(path)
    if any(theorem.module is None for theorem in theorems):
        raise InputError(f"{path}: theorems of a library have a `module` and a `type`.")
    modules = {theorem.module for theorem in theorems if theorem.module is not None}
    table = _known_imports() if imports is None else _read_imports(imports)
    if missing := sorted(modules - table.keys()):
        if imports is not None:
            raise InputError(f"{imports} does not say what {missing[0]} imports.")
        return Library(theorems=theorems, seen_by=None)
    return Library(theorems=theorems, seen_by={module: _closure(module, table) for module in modules})


def exercise_questions(theorems: tuple[Theorem, ...]) -> Iterator[Question]:
    """Exercises with premises, each of which sees the whole library."""
    for theorem in theorems:
        if theorem.premises:
            yield Question(
                name=theorem.name,
                goal=first_goal(theorem.statement),
                accessible=Accessible(),
                used=frozenset(theorem.premises),
                is_written=True,
            )


def first_goal(statement: str) -> Goal:
    """The goal with which a proof begins, binders introduced."""
    term = read_statement(statement)
    hypotheses: list[Hypothesis] = []
    while term.is_binder("∀"):
        kind = term.variable_type.rendered if isinstance(term.variable_type, Term) else ""
        hypotheses.append(Hypothesis(names=(term.variable,), type=kind))
        term = term.body
    lines = [f"{' '.join(hypothesis.names)} : {hypothesis.type}" for hypothesis in hypotheses]
    return Goal(text="\n".join([*lines, f"⊢ {term.rendered}"]), target=term.rendered, hypotheses=tuple(hypotheses))


def _read(record: Record) -> Theorem:
    fields: Mapping[str, Any] = record.fields
    place, name = record.place, record.text("name")
    premises, line_number = fields.get("premises"), fields.get("line")
    if premises is not None and not (isinstance(premises, list) and all(isinstance(p, str) for p in premises)):
        raise InputError(f"{place}: `premises` is a list of names, or null.")
    theorem = Theorem(
        name=name,
        statement="",
        module=None,
        line=line_number if isinstance(line_number, int) else None,
        premises=None if premises is None else tuple(premises),
        is_written=fields.get("written", True) is not False,
    )
    if isinstance(fields.get("type"), str) and isinstance(fields.get("module"), str):
        return evolve(theorem, statement=fields["type"], module=fields["module"])
    statement = fields.get("statement")
    if not isinstance(statement, str) or theorem.name.rsplit(".", 1)[-1] not in statement:
        raise InputError(f"{place}: a theorem has a `type` and a `module`, an exercise a `statement` with its name.")
    after_name = statement.split(theorem.name.rsplit(".", 1)[-1], 1)[1]
    return evolve(theorem, statement=after_name.strip().removesuffix("by").rstrip().removesuffix(":=").strip())


def _known_imports() -> Mapping[str, list[str]]:
    table: Mapping[str, list[str]] = json.loads(
        resources.files("lean_sidekick.premises").joinpath("data", _KNOWN_IMPORTS).read_text("utf-8")
    )
    return table


def _read_imports(path: Path) -> Mapping[str, list[str]]:
    try:
        table: Any = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{path} cannot be read: {error}.") from None
    if not isinstance(table, Mapping) or not all(isinstance(value, list) for value in table.values()):
        raise InputError(f"{path}: imports are an object that gives each module a list of modules.")
    return table


def _closure(module: str, table: Mapping[str, list[str]]) -> frozenset[str]:
    seen: set[str] = set()
    waiting = list(table.get(module, ()))
    while waiting:
        one = waiting.pop()
        if one not in seen:
            seen.add(one)
            waiting += table.get(one, ())
    return frozenset(seen)
