"""Made-up traced files: a project of any size whose proofs use its own lemmas, for tests of what is written of them."""

from collections.abc import Iterable, Sequence

from attrs import evolve, frozen

from lean_sidekick.core.positions import Position
from lean_sidekick.core.premises import CorpusFile, Premise
from lean_sidekick.evaluation.extraction.layout import BenchmarkOrigin
from lean_sidekick.evaluation.extraction.traced import (
    SourcePoint,
    TracedFile,
    TracedStep,
    TracedTheorem,
    UsedPremise,
)

ORIGIN = BenchmarkOrigin(
    dataset_name="Made up",
    url="https://example.org/made-up",
    commit="0123456789abcdef0123456789abcdef01234567",
    lean="Lean (version 4.0.0)",
    traced_with="a test",
    leandojo_version=None,
    creation_time="2026-11-22 12:00:00",
    licenses=(),
)
THEOREMS_A_FILE = 20


@frozen
class InMemory:
    """See `layout.TracedFiles`; the files are handed over in the order given."""

    files: Sequence[TracedFile]

    @property
    def paths(self) -> Sequence[str]:
        return tuple(sorted(file.path for file in self.files))

    def read(self, path: str) -> TracedFile:
        return next(file for file in self.files if file.path == path)


@frozen
class MadeUpProject:
    """So many theorems, twenty a file; each file is made when it is read. See `layout.TracedFiles`.

    Every state has so many characters more.
    """

    theorem_count: int
    padding: int = 0

    @property
    def paths(self) -> Sequence[str]:
        return tuple(f"M/F{number:05}.lean" for number in range(-(-self.theorem_count // THEOREMS_A_FILE)))

    def read(self, path: str) -> TracedFile:
        number = int(path[3:8])
        first = number * THEOREMS_A_FILE
        last = min(first + THEOREMS_A_FILE, self.theorem_count)
        imports = (f"M.F{number - 1:05}",) if number else ()
        return made_up_file(number, [_theorem(path, index, self.padding) for index in range(first, last)], imports)


def made_up_file(number: int, theorems: Iterable[TracedTheorem], imports: Sequence[str] = ()) -> TracedFile:
    """A file with these theorems, each a premise too."""
    path = f"M/F{number:05}.lean"
    theorems = tuple(evolve(theorem, path=path) for theorem in theorems)
    premises = tuple(
        Premise(
            full_name=theorem.full_name,
            kind="theorem",
            statement=theorem.statement.partition(f"{theorem.full_name} ")[2],
            start=Position(theorem.start.line - 1, theorem.start.column - 1),
            end=Position(theorem.end.line - 1, theorem.end.column - 1),
        )
        for theorem in theorems
    )
    corpus = CorpusFile(path=path, module=f"M.F{number:05}", imports=tuple(imports), premises=premises)
    return TracedFile(premises=corpus, theorems=theorems, error=None)


def made_up_theorem(name: str, statement: str, *used: tuple[str, str, int], line: int = 1) -> TracedTheorem:
    """A theorem at a line, with one step `exact name` for each premise used: its name, its file and its line."""
    steps = tuple(
        TracedStep(
            tactic=f"exact {premise}",
            start=SourcePoint(line + 1 + number, 3),
            end=SourcePoint(line + 1 + number, 9 + len(premise)),
            state_before=f"⊢ {number} = {name}",
            state_after="no goals",
            premises=(
                UsedPremise(
                    full_name=premise,
                    start=SourcePoint(line + 1 + number, 9),
                    end=SourcePoint(line + 1 + number, 9 + len(premise)),
                    defined_in=path,
                    defined_at=SourcePoint(at, 9),
                    defined_end=SourcePoint(at, 9 + len(premise)),
                ),
            ),
        )
        for number, (premise, path, at) in enumerate(used)
    )
    return TracedTheorem(
        full_name=name,
        path="",
        start=SourcePoint(line, 1),
        end=SourcePoint(line + 1 + len(used), 9),
        statement=f"theorem {name} {statement}",
        steps=steps,
        uses=(),
        is_complete=True,
    )


def _theorem(path: str, index: int, padding: int) -> TracedTheorem:
    """Uses the theorem before it and one far above; every thirtieth says what another one says."""
    used = []
    for other in {index - 1, index // 3} - {-1, index}:
        used.append((f"t{other}", f"M/F{other // THEOREMS_A_FILE:05}.lean", 10 * (other % THEOREMS_A_FILE) + 1))
    said = index // 30 * 30 + 7 if index % 30 == 0 else index
    variable = "a" if said == index else "b"
    statement = f"({variable} : Nat) (h : {variable} = {said}) : {variable} + {said} = {said} + {variable}"
    theorem = made_up_theorem(f"t{index}", statement, *sorted(used), line=10 * (index % THEOREMS_A_FILE) + 1)
    hypothesis = f"h : {'x' * padding}\n" * bool(padding)
    steps = tuple(evolve(step, state_before=hypothesis + step.state_before) for step in theorem.steps)
    return evolve(theorem, path=path, steps=steps)
