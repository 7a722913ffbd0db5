"""Premises: declarations that a proof may use."""

from attrs import frozen


@frozen(kw_only=True)
class Premise:
    """A declaration with its statement, as far as text can tell.

    `statement` is the text from the binders up to the body, e.g. `(a b : Nat) : a + b = b + a`;
    `line` is the zero-based line of its name, None if it is not in the open file.
    """

    full_name: str
    kind: str
    statement: str
    module: str | None = None
    line: int | None = None
