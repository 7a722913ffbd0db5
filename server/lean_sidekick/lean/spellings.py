"""Lean text of ours in several spellings, for Leans that name things differently.

A `Part` says one thing in several spellings, the likeliest first. Which one to use is not concluded from the version:
whoever opens a document with the text asks `take` about Lean's messages, and each part that failed gets its next
spelling. Pure: it opens nothing.
"""

from collections.abc import Iterable

from attrs import define, field, frozen

from lean_sidekick.core.errors import InputError
from lean_sidekick.core.positions import Position
from lean_sidekick.lean.diagnostics import Diagnostic


@frozen(kw_only=True)
class Part:
    """One definition of a text in several spellings; `is_needed` says that without it nothing can be asked."""

    spellings: tuple[str, ...]
    is_needed: bool = False


@define
class SpelledText:
    """A header and parts in the spellings chosen so far; `purpose` ends "This Lean cannot be asked for …"."""

    header: str
    _parts: tuple[Part, ...]
    _purpose: str
    _chosen: list[int] = field(init=False)

    @_chosen.default
    def _first_spellings(self) -> list[int]:
        return [0 for _ in self._parts]

    @property
    def text(self) -> str:
        """The text as chosen so far."""
        return self.header + "".join(self._spelling(index) for index in range(len(self._parts)))

    def take(self, diagnostics: Iterable[Diagnostic]) -> bool:
        """Whether Lean took the text; if not, the parts that failed get their next spelling.

        Raises:
            InputError: a part has no other spelling.
        """
        errors = [d for d in diagnostics if d.is_error]
        if not errors:
            return True
        failed = {self._part_at(error.range.start) for error in errors}
        again = [i for i in failed if i is not None and self._chosen[i] + 1 < len(self._parts[i].spellings)]
        if not again:
            raise InputError(f"This Lean cannot be asked for {self._purpose}: {first_error(errors)}.")
        for index in again:
            self._chosen[index] += 1
        return False

    def _spelling(self, index: int) -> str:
        return self._parts[index].spellings[self._chosen[index]]

    def _part_at(self, position: Position) -> int | None:
        line = self.header.count("\n")
        for index in range(len(self._parts)):
            after = line + self._spelling(index).count("\n")
            if line <= position.line < after:
                return index
            line = after
        return None


def first_error(diagnostics: Iterable[Diagnostic]) -> str:
    """The first line of the first error, without a full stop; or that there is no answer."""
    errors = [d.message for d in diagnostics if d.is_error]
    return errors[0].strip().partition("\n")[0].rstrip(".") if errors else "it gives no answer"
