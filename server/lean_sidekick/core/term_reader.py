"""Reads what Lean prints into terms; never fails.

What is not understood (`match`, `do`, `if`, set-builder notation, unknown operators, text that Lean cut off)
becomes an opaque term with its text as it stands, blanks normalised. `read_binders` reads the binders and the
type of a declaration's statement. Precedences are those of `terms.INFIX`. Pure.
"""

import re
from collections.abc import Sequence
from functools import lru_cache

from attrs import frozen

from lean_sidekick.core.terms import (
    INFIX,
    PREFIX,
    QUANTIFIERS,
    BinderKind,
    Shape,
    Side,
    Term,
    application,
    atom,
    opaque,
    operator,
)

_TOKEN = re.compile(
    r"""
      \s*(?:
        "(?:\\.|[^"\\])*"                                     # string
      | '(?:\\.|[^'\\])'                                      # character
      | \?[\w.«»✝]+ | \?                                      # metavariable
      | (?:@|\#)?(?:«[^»]*»|[^\W\d][\w'!?✝]*)(?:\.(?:«[^»]*»|[\w'!?✝]+))*  # identifier
      | \d+(?:\.\d+)?                                         # numeral
      | \.[\w'!?✝]+                                           # projection after a bracket
      | <\|>|<\$>|>>=|\|\|\||&&&|\^\^\^|<<<|>>>|<\*>|<\||\|>|→\+\*|→\*|→\+|→ₗ|:=|=>|\+\+|::|\|\||&&|==|!=|<=|>=|<\*|\*>
      | ×'|∃!|⁻¹|\#\[|\.\.
      | \S
      )
    """,
    re.VERBOSE,
)
_OPENING = {"(": ")", "[": "]", "{": "}", "⟨": "⟩", "⦃": "⦄", "#[": "]", "⌊": "⌋", "⌈": "⌉"}
_COERCIONS = frozenset({"↑", "⇑", "↥"})
_BARS = frozenset({"|", "‖"})
_CLOSING = frozenset(_OPENING.values())
# They end a term that stands in no bracket of its own.
_SEPARATORS = frozenset({",", ":", ":=", "=>", "↦", "|", "‖", "then", "else", "with", "in", "from", "at"})
# Words that begin something whose inside is not read; it reaches as far to the right as it can.
_OPAQUE_WORDS = frozenset({"match", "do", "if", "let", "let_fun", "have", "show", "by", "∫"})
# Big operators: what they bind is not read, their body binds tighter than relations.
_BIG_OPERATORS = frozenset({"∑", "∏", "⋃", "⋂", "⨆", "⨅", "Σ", "Π"})
_BIG_OPERATOR_BODY = 66
_IDENTIFIER_START = re.compile(r"[^\W\d]|«|@|#[^\W\d]|\?")
_MAX_LENGTH = 6000
_MAX_KEPT_LENGTH = 1000
_MAX_DEPTH = 60
_BINDER_KINDS = {kind.value[0]: kind for kind in BinderKind}


class _NotUnderstood(Exception):
    """The text is not of the form that was tried; the reader then keeps it as it stands."""


def read_term(text: str) -> Term:
    """The term that a text shows."""
    return _read_term(text) if len(text) > _MAX_KEPT_LENGTH else _kept_term(text)


# A term takes about 150 bytes a character with what is computed from it: some 10 MB at the usual lengths, when full.
@lru_cache(maxsize=2048)
def _kept_term(text: str) -> Term:
    return _read_term(text)


def _read_term(text: str) -> Term:
    normal = " ".join(text.split())
    if len(normal) > _MAX_LENGTH:
        return opaque(normal)
    try:
        reader = _Reader(normal)
        term = reader.term(0)
        reader.expect_end()
    except _NotUnderstood:
        return opaque(normal)
    return term


def read_binders(statement: str) -> Term | None:
    """The type of a declaration from `(a b : T) … : type`, binders as `∀`; None if it cannot be read."""
    try:
        reader = _Reader(" ".join(statement.split()))
        groups = reader.binders(frozenset({":"}))
        reader.take(":")
        body = reader.term(0)
        reader.expect_end()
    except _NotUnderstood:
        return None
    return _bind("∀", groups, body)


@frozen
class _Bound:
    """One bound variable; `condition` is set for `∀ x ∈ s` and the like."""

    name: str
    type: Term | None
    kind: BinderKind = BinderKind.EXPLICIT
    condition: Term | None = None


def _bind(word: str, bound: Sequence[_Bound], body: Term) -> Term:
    for one in reversed(bound):
        if one.condition is not None:
            body = operator("→" if word == "∀" else "∧", one.condition, body)
        body = Term(
            shape=Shape.BINDER,
            text=word,
            args=(body,),
            variable=one.name,
            variable_type=one.type,
            binder_kind=one.kind,
        )
    return body


class _Reader:
    """A position in the tokens of one text."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens: list[str] = []
        self._starts: list[int] = []
        self._ends: list[int] = []
        for found in _TOKEN.finditer(text):
            token = found.group().strip()
            self._tokens.append(token)
            self._starts.append(found.end() - len(token))
            self._ends.append(found.end())
        self._next = 0
        self._depth = 0

    @property
    def peek(self) -> str:
        return self._tokens[self._next] if self._next < len(self._tokens) else ""

    def take(self, wanted: str) -> None:
        if self.peek != wanted:
            raise _NotUnderstood
        self._next += 1

    def expect_end(self) -> None:
        if self.peek:
            raise _NotUnderstood

    def _source(self, first: int) -> str:
        """The text from token `first` up to the last token taken."""
        return self._text[self._starts[first] : self._ends[self._next - 1]]

    def _is_glued(self) -> bool:
        """Whether the next token follows the last one without a blank."""
        return 0 < self._next < len(self._tokens) and self._starts[self._next] == self._ends[self._next - 1]

    def term(self, least: int) -> Term:
        """A term whose operators all bind at least as tightly as `least`."""
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise _NotUnderstood
        left = self._operand(least)
        while self.peek in INFIX:
            precedence, side = INFIX[self.peek]
            if precedence < least:
                break
            symbol = self.peek
            self._next += 1
            # Lean of 2021 prints `a ↔ b ↔ c` for `(a ↔ b) ↔ c`, so what does not associate is read from the left.
            right = self.term(precedence + (side is not Side.RIGHT))
            left = _arrow(left, right) if symbol == "→" else operator(symbol, left, right)
        self._depth -= 1
        return left

    def _operand(self, least: int) -> Term:
        token = self.peek
        if token in PREFIX and token not in _COERCIONS:
            self._next += 1
            return operator(token, self.term(PREFIX[token]))
        if token in QUANTIFIERS or token == "λ":
            return self._binder()
        if token in _BIG_OPERATORS:
            return self._big_operator()
        if token in _OPAQUE_WORDS:
            return self._rest()
        return self._application()

    def _application(self) -> Term:
        function = self._argument()
        arguments: list[Term] = []
        while self._starts_argument():
            if self.peek in ("fun", "λ"):
                arguments.append(self._binder())
                break
            if self.peek in _OPAQUE_WORDS:
                arguments.append(self._rest())
                break
            arguments.append(self._argument())
        return application(function, arguments)

    def _starts_argument(self) -> bool:
        token = self.peek
        return bool(token) and not (
            token in INFIX or token in _CLOSING or token in _SEPARATORS or token in ("¬", "∀", "∃", "∃!", "∑", "∏", "Σ")
        )

    def _argument(self) -> Term:
        token, first = self.peek, self._next
        if token in _BARS:
            return self._between_bars()
        if token in _COERCIONS:
            self._next += 1
            return operator(token, self._argument())
        if not token or token in _CLOSING or token in _SEPARATORS or token in INFIX:
            raise _NotUnderstood
        result = self._bracket() if token in _OPENING else self._single()
        while self._is_glued() and (self.peek == "⁻¹" or (self.peek[0] == "." and len(self.peek) > 1)):
            self._next += 1
            result = opaque(self._source(first))
        return result

    def _between_bars(self) -> Term:
        first, bar = self._next, self.peek
        self._next += 1
        self.term(0)
        self.take(bar)
        return opaque(self._source(first))

    def _single(self) -> Term:
        token = self.peek
        self._next += 1
        return atom(token) if _IDENTIFIER_START.match(token) or token[0].isdigit() else opaque(token)

    def _bracket(self) -> Term:
        first, opening = self._next, self.peek
        self._next += 1
        if opening == "(":
            depth = self._depth
            try:
                inner = self.term(0)
                self.take(")")
                return inner
            except _NotUnderstood:
                self._next, self._depth = first + 1, depth
        closers = [_OPENING[opening]]
        while closers:
            token = self.peek
            if not token:
                raise _NotUnderstood
            self._next += 1
            if token in _OPENING:
                closers.append(_OPENING[token])
            elif token in _CLOSING and token != closers.pop():
                raise _NotUnderstood
        return opaque(self._source(first))

    def _big_operator(self) -> Term:
        first = self._next
        while self.peek != ",":
            if not self.peek or self.peek in _CLOSING:
                raise _NotUnderstood
            if self.peek in _OPENING:
                self._bracket()
            else:
                self._next += 1
        self._next += 1
        self.term(_BIG_OPERATOR_BODY)
        return opaque(self._source(first))

    def _rest(self) -> Term:
        """Everything up to the end of the bracket that is open here."""
        first = self._next
        while self.peek and self.peek not in _CLOSING:
            if self.peek in _OPENING:
                self._bracket()
            else:
                self._next += 1
        return opaque(self._source(first))

    def _binder(self) -> Term:
        first = self._next
        word = "fun" if self.peek == "λ" else self.peek
        ends = frozenset({"=>", "↦", ","}) if word == "fun" else frozenset({","})
        self._next += 1
        depth = self._depth
        try:
            bound = self.binders(ends)
            if not bound or (word not in ("∀", "∃") and any(one.condition for one in bound)):
                raise _NotUnderstood
            self._next += 1
            return _bind(word, bound, self.term(0))
        except _NotUnderstood:
            self._next, self._depth = first, depth
            return self._rest()

    def binders(self, ends: frozenset[str]) -> list[_Bound]:
        """The bound names up to one of `ends`, which is not taken: `x y`, `x : T`, `(x y : T)`, `[C α]`, `x ∈ s`."""
        bound: list[_Bound] = []
        while self.peek not in ends:
            if self.peek in _BINDER_KINDS:
                bound += self._bracketed_binders()
                continue
            names = self._names()
            if not names:
                raise _NotUnderstood
            if self.peek == ":":
                self._next += 1
                of_type = self.term(0)
                bound += [_Bound(name, of_type) for name in names]
            elif self.peek in INFIX and len(names) == 1 and self.peek not in ("→", "×"):
                symbol, precedence = self.peek, INFIX[self.peek][0]
                self._next += 1
                condition = operator(symbol, atom(names[0]), self.term(precedence + 1))
                bound.append(_Bound(names[0], None, condition=condition))
            else:
                bound += [_Bound(name, None) for name in names]
        return bound

    def _bracketed_binders(self) -> list[_Bound]:
        kind = _BINDER_KINDS[self.peek]
        self._next += 1
        start = self._next
        names = self._names()
        if self.peek == kind.value[1] and kind is not BinderKind.INSTANCE:
            self._next += 1
            return [_Bound(name, None, kind) for name in names]
        if names and self.peek == ":":
            self._next += 1
        elif kind is BinderKind.INSTANCE:
            self._next, names = start, ["inst✝"]
        else:
            raise _NotUnderstood
        of_type = self.term(0)
        if self.peek == ":=":
            self._next += 1
            self.term(0)
        self.take(kind.value[1])
        return [_Bound(name, of_type, kind) for name in names]

    def _names(self) -> list[str]:
        names: list[str] = []
        while _is_name(self.peek):
            names.append(self.peek)
            self._next += 1
        return names


def _is_name(token: str) -> bool:
    return token == "_" or (bool(token) and token not in QUANTIFIERS and bool(re.match(r"[^\W\d]|«", token)))


def _arrow(left: Term, right: Term) -> Term:
    """`→`; what Lean prints as `(x : α) → β x` is a `∀`."""
    if left.shape is Shape.OPAQUE and left.text[0] in _BINDER_KINDS and " : " in left.text:
        reader = _Reader(left.text)
        try:
            return _bind("∀", reader.binders(frozenset({""})), right)
        except _NotUnderstood:
            pass
    return operator("→", left, right)
