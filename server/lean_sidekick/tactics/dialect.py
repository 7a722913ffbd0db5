"""Which forms of tactics and which lemma names a toolchain has, from the texts it is known to accept.

A text here is asked of Lean as a whole tactic; nothing is concluded from version numbers. While nothing is known
both the forms of today and those of early Lean 4 are offered.
"""

from functools import cached_property

from attrs import frozen

BY_CASES = "by_cases h : True"
BY_CONTRA = "by_contra h"
CONGR = "congr"
EXFALSO = "exfalso"
EXISTS = "exists 0, 0"
EXT = "ext"
FUNEXT = "funext x"
LEFT = "left"
NLINARITH = "nlinarith"
OBTAIN = "obtain h := True.intro"
RCASES = "rcases True.intro with h"
RINTRO = "rintro h"
MOD_CAST = "exact mod_cast True.intro"
SIMP_STAR = "simp [*]"
SIMPA = "simpa using True.intro"
UNFOLD = "unfold Nat.add"
USE = "use 0"

# Texts whose answer decides between forms of the same step.
FORM_PROBES = (
    BY_CASES,
    BY_CONTRA,
    CONGR,
    EXFALSO,
    EXISTS,
    EXT,
    FUNEXT,
    LEFT,
    MOD_CAST,
    NLINARITH,
    OBTAIN,
    RCASES,
    RINTRO,
    SIMP_STAR,
    SIMPA,
    UNFOLD,
    USE,
)


_NAME_PROBE = "have := "


def name_probe(name: str) -> str:
    """The tactic text that Lean accepts only where a constant of this name exists.

    Without `@`: the Lean of July 2021 answers `@` before an unknown dotted name with an error about field notation.
    """
    return _NAME_PROBE + name


@frozen
class Dialect:
    """What is known of a toolchain; `known` is None while nothing is."""

    known: frozenset[str] | None

    @cached_property
    def _were_names_asked(self) -> bool:
        return self.known is not None and any(text.startswith(_NAME_PROBE) for text in self.known)

    def has(self, text: str) -> bool:
        """Whether the text may be offered."""
        return self.known is None or text in self.known

    def may_lack(self, text: str) -> bool:
        """Whether a form is needed that does without this text."""
        return self.known is None or text not in self.known

    def has_name(self, name: str) -> bool:
        """Whether a lemma name may be used: true unless names were asked for and this one was not found."""
        return not self._were_names_asked or name_probe(name) in (self.known or ())
