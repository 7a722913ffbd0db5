"""What was seen of a Lean file when its proofs ran: theorems with their steps, and the file's part of the corpus.

The border of extraction: whoever runs proofs (our own Lean server, lean-dojo) hands these values on, and `layout.py`
writes them down as LeanDojo Benchmark. Texts are as they stand in the source; what the format wants to be changed about
them (comments off, indentation, marks around premises) is done there, once. `traced_json.py` keeps them on disk.
"""

from attrs import frozen

from lean_sidekick.core.premises import CorpusFile


@frozen(order=True)
class SourcePoint:
    """A place in a source file as LeanDojo gives it: line and column from 1, the column in code points."""

    line: int
    column: int


@frozen(kw_only=True)
class UsedPremise:
    """A declaration that is named in a tactic.

    `start` and `end` are where the name stands in the file of the tactic. `defined_in` is the path, as the corpus has
    it, of the file that declares it; `defined_at` and `defined_end` are the range of the declaration's name there. The
    three are None where Lean knows no source of it.
    """

    full_name: str
    start: SourcePoint
    end: SourcePoint
    defined_in: str | None
    defined_at: SourcePoint | None
    defined_end: SourcePoint | None


@frozen(kw_only=True)
class TracedStep:
    """One tactic and what it did.

    `tactic` is the source text from `start` to `end`, comments and indentation included. The states are as Lean prints
    them, all goals, set apart by a blank line; "no goals" when none is left. `premises` are in the order of their
    places.
    """

    tactic: str
    start: SourcePoint
    end: SourcePoint
    state_before: str
    state_after: str
    premises: tuple[UsedPremise, ...]


@frozen(kw_only=True)
class TracedTheorem:
    """A theorem of a file, from its first modifier or keyword (`start`) to the end of its proof (`end`).

    `statement` is the source text up to the proof, without `:=`. `steps` are in the order in which they ran, () for a
    proof that is a term. `uses` are the full names of the theorems and axioms that the whole proof uses, also where no
    tactic names them; () where that is not known. `is_complete`: every tactic of the proof is a step or inside of
    one, and Lean accepted the proof without error or `sorry`.
    """

    full_name: str
    path: str
    start: SourcePoint
    end: SourcePoint
    statement: str
    steps: tuple[TracedStep, ...]
    uses: tuple[str, ...]
    is_complete: bool


@frozen(kw_only=True)
class TracedFile:
    """One file of the project or of a package. `error` says in one sentence why a file could not be read, else None."""

    premises: CorpusFile
    theorems: tuple[TracedTheorem, ...]
    error: str | None

    @property
    def path(self) -> str:
        """The path as LeanDojo gives it: from the project's folder, `.lake/packages/…` for a package."""
        return self.premises.path
