"""Printed terms as trees: what the tactic sources compare, match and print.

A term is an atom, an application, an operator with its arguments or a binder with its body. Bound variables
keep their names; `alpha_key` is equal for terms that differ in them alone. `render` prints text that Lean
reads back as the same term, with a pair of parentheses too many rather than too few. Knows nothing of types and
resolves no names. Pure; `term_reader` makes terms from text.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from enum import Enum
from functools import cached_property

from attrs import frozen

IDENTIFIER = re.compile(r"(?:«[^»]*»|[^\W\d][\w'!?✝]*)(?:\.(?:«[^»]*»|[\w'!?✝]+))*")
# Lean's precedences of what is printed often; the last number says on which side an operator may repeat.
MAX_PRECEDENCE = 100
APPLICATION_PRECEDENCE = 99
BINDER_PRECEDENCE = 1


class Side(Enum):
    """On which side an operator associates."""

    LEFT = "left"
    RIGHT = "right"
    NONE = "none"


INFIX: Mapping[str, tuple[int, Side]] = {
    **dict.fromkeys(("<|", "$"), (2, Side.RIGHT)),
    **dict.fromkeys(("|>",), (3, Side.LEFT)),
    "↔": (20, Side.NONE),
    "<|>": (20, Side.RIGHT),
    **dict.fromkeys(("→", "↪", "≃", "→+*", "→*", "→+", "→ₗ", "⟶"), (25, Side.RIGHT)),
    "∨": (30, Side.RIGHT),
    "||": (30, Side.LEFT),
    **dict.fromkeys(("∧", "×", "×'"), (35, Side.RIGHT)),
    "&&": (35, Side.LEFT),
    **dict.fromkeys(
        ("=", "≠", "<", ">", "≤", "≥", "<=", ">=", "==", "!=", "∣", "∈", "∉", "⊆", "⊂", "≅", "≈", "~", "≡", "∤"),
        (50, Side.NONE),
    ),
    **dict.fromkeys(("|||", ">>="), (55, Side.LEFT)),
    **dict.fromkeys(("&&&", "<*>", "<*", "*>"), (60, Side.LEFT)),
    **dict.fromkeys(("+", "-", "++", "∪", "⊔"), (65, Side.LEFT)),
    "::": (67, Side.RIGHT),
    **dict.fromkeys(("*", "/", "%", "∩", "⊓", "\\"), (70, Side.LEFT)),
    "•": (73, Side.RIGHT),
    **dict.fromkeys(("<<<", ">>>", "▸"), (75, Side.LEFT)),
    "^": (80, Side.RIGHT),
    "∘": (90, Side.RIGHT),
}
PREFIX: Mapping[str, int] = {"¬": 40, "!": 40, "-": 75, **dict.fromkeys("↑⇑↥", MAX_PRECEDENCE)}
QUANTIFIERS = ("∀", "∃", "∃!", "fun")


class Shape(Enum):
    """How a term is made."""

    ATOM = "atom"
    OPAQUE = "opaque"
    APPLICATION = "application"
    OPERATOR = "operator"
    BINDER = "binder"


class BinderKind(Enum):
    """The brackets around a bound variable."""

    EXPLICIT = "()"
    IMPLICIT = "{}"
    STRICT = "⦃⦄"
    INSTANCE = "[]"


@frozen(kw_only=True, cache_hash=True)
class Term:
    """One term.

    `text` is the atom or the opaque text, the operator, or the binder word (`∀`, `∃`, `fun`), and empty for an
    application, whose function is its first argument. A binder has one `variable` and one argument, its body;
    `variable_type` is None where Lean printed none.
    """

    shape: Shape
    text: str = ""
    args: tuple["Term", ...] = ()
    variable: str = ""
    variable_type: "Term | None" = None
    binder_kind: BinderKind = BinderKind.EXPLICIT

    @cached_property
    def rendered(self) -> str:
        """The term as text."""
        return _render(self)

    @cached_property
    def alpha_key(self) -> str:
        """A text that is equal for terms that differ only in the names of bound variables."""
        return _numbered(self, {}, 0).rendered if self.has_binder else self.rendered

    @cached_property
    def has_binder(self) -> bool:
        """Whether a variable is bound somewhere in the term."""
        return self.shape is Shape.BINDER or any(arg.has_binder for arg in self.args)

    @cached_property
    def names(self) -> frozenset[str]:
        """The identifiers that occur free, dotted names whole and with their first part alone."""
        found: set[str] = set()
        if self.shape in (Shape.ATOM, Shape.OPAQUE):
            for name in IDENTIFIER.findall(self.text):
                found |= {name, name.split(".")[0]}
        for arg in self.args:
            found |= arg.names
        if self.shape is Shape.BINDER:
            found -= {self.variable} | {n for n in found if n.startswith(self.variable + ".")}
            if self.variable_type is not None:
                found |= self.variable_type.names
        return frozenset(found)

    @property
    def head(self) -> str:
        """The identifier at the front of an application or the atom itself, the operator or binder word otherwise."""
        if self.shape is Shape.APPLICATION:
            return self.args[0].head
        return self.text

    @property
    def arguments(self) -> tuple["Term", ...]:
        """The arguments of an application or operator without its function."""
        return self.args[1:] if self.shape is Shape.APPLICATION else self.args

    @property
    def body(self) -> "Term":
        """The body of a binder."""
        return self.args[0]

    def is_operator(self, *symbols: str) -> bool:
        """Whether it is one of these operators."""
        return self.shape is Shape.OPERATOR and self.text in symbols

    def is_infix(self, *symbols: str) -> bool:
        """Whether it is one of these operators between two terms; `-` also stands before one."""
        return len(self.args) == 2 and self.is_operator(*symbols)

    def is_binder(self, *words: str) -> bool:
        """Whether it is one of these binders."""
        return self.shape is Shape.BINDER and self.text in words


def atom(text: str) -> Term:
    """An identifier or numeral."""
    return Term(shape=Shape.ATOM, text=text)


def opaque(text: str) -> Term:
    """A text that is not looked into."""
    return Term(shape=Shape.OPAQUE, text=text)


def operator(symbol: str, *args: Term) -> Term:
    """An operator with its arguments."""
    return Term(shape=Shape.OPERATOR, text=symbol, args=args)


def application(function: Term, arguments: Iterable[Term]) -> Term:
    """A function with its arguments, nested applications flattened."""
    given = tuple(arguments)
    if not given:
        return function
    if function.shape is Shape.APPLICATION:
        return Term(shape=Shape.APPLICATION, args=function.args + given)
    return Term(shape=Shape.APPLICATION, args=(function, *given))


def subterms(term: Term) -> Iterator[Term]:
    """The term and all its parts outside binders, outermost first."""
    yield term
    if term.shape is not Shape.BINDER:
        for arg in term.args:
            yield from subterms(arg)


def with_args(term: Term, args: tuple[Term, ...]) -> Term:
    """The same function, operator or binder with other arguments."""
    if term.shape is Shape.APPLICATION:
        return application(args[0], args[1:])
    return Term(
        shape=term.shape,
        text=term.text,
        args=args,
        variable=term.variable,
        variable_type=term.variable_type,
        binder_kind=term.binder_kind,
    )


def replace(term: Term, old: Term, new: Term) -> Term:
    """The term with every part equal to `old` outside binders replaced."""
    if term == old:
        return new
    if term.shape in (Shape.ATOM, Shape.OPAQUE, Shape.BINDER):
        return term
    args = tuple(replace(arg, old, new) for arg in term.args)
    return term if args == term.args else with_args(term, args)


def substitute(term: Term, values: Mapping[str, Term]) -> Term:
    """The term with free names replaced; bound variables that would capture a name get a prime."""
    if not values or term.names.isdisjoint(values):
        return term
    if term.shape is Shape.ATOM:
        if term.text in values:
            return values[term.text]
        return opaque(_substitute_text(term.text, values))
    if term.shape is Shape.OPAQUE:
        return opaque(_substitute_text(term.text, values))
    if term.shape is not Shape.BINDER:
        return with_args(term, tuple(substitute(arg, values) for arg in term.args))
    inner = {name: value for name, value in values.items() if name != term.variable}
    variable, body = term.variable, term.body
    coming = frozenset().union(*(value.names for name, value in inner.items() if name in body.names))
    if variable in coming:
        variable = fresh_name(variable, coming | body.names)
        body = substitute(body, {term.variable: atom(variable)})
    kind = term.variable_type and substitute(term.variable_type, values)
    return Term(
        shape=Shape.BINDER,
        text=term.text,
        args=(substitute(body, inner),),
        variable=variable,
        variable_type=kind,
        binder_kind=term.binder_kind,
    )


def _substitute_text(text: str, values: Mapping[str, Term]) -> str:
    def put(match: re.Match[str]) -> str:
        first, dot, rest = match.group().partition(".")
        value = values.get(match.group()) or values.get(first)
        if value is None:
            return match.group()
        tail = "" if match.group() in values else dot + rest
        return (value.rendered if value.shape is Shape.ATOM else f"({value.rendered})") + tail

    return IDENTIFIER.sub(put, text)


def fresh_name(wanted: str, taken: Iterable[str]) -> str:
    """`wanted`, or the first of `wanted1`, `wanted2`, … that is not taken; a number at its end is replaced."""
    used = frozenset(taken)
    if wanted not in used:
        return wanted
    stem = wanted.rstrip("0123456789") or "x"
    number = 1
    while f"{stem}{number}" in used:
        number += 1
    return f"{stem}{number}"


def match(pattern: Term, term: Term, variables: frozenset[str], known: Mapping[str, Term]) -> dict[str, Term] | None:
    """Values for `variables` that make `pattern` equal to `term`, on top of the known ones; None if there are none.

    First order: a variable stands for a whole part of the term. Bound names must agree.
    """
    values = dict(known)
    return values if _match(pattern, term, variables, values) else None


def _match(pattern: Term, term: Term, variables: frozenset[str], values: dict[str, Term]) -> bool:
    if pattern.shape is Shape.ATOM and pattern.text in variables:
        bound = values.setdefault(pattern.text, term)
        return bound is term or bound == term or bound.alpha_key == term.alpha_key
    if pattern.names.isdisjoint(variables):
        return pattern == term or pattern.alpha_key == term.alpha_key
    if pattern.shape is not term.shape or pattern.text != term.text or len(pattern.args) != len(term.args):
        return False
    if pattern.shape is Shape.OPAQUE:
        return pattern.text == term.text
    if pattern.shape is Shape.BINDER:
        name = fresh_name(pattern.variable, pattern.names | term.names | variables)
        left = substitute(pattern.body, {pattern.variable: atom(name)})
        right = substitute(term.body, {term.variable: atom(name)})
        if not _match(left, right, variables, values):
            return False
        return all(name not in value.names for value in values.values())
    return all(_match(p, t, variables, values) for p, t in zip(pattern.args, term.args, strict=True))


def _numbered(term: Term, names: dict[str, Term], depth: int) -> Term:
    """The term with its bound variables numbered from the outside, types and brackets left out."""
    if not term.has_binder:
        return substitute(term, names)
    if term.shape is not Shape.BINDER:
        return with_args(term, tuple(_numbered(arg, names, depth) for arg in term.args))
    new = f"x✝{depth}"
    body = _numbered(term.body, {**names, term.variable: atom(new)}, depth + 1)
    return Term(shape=Shape.BINDER, text=term.text, args=(body,), variable=new)


def _precedence(term: Term) -> int:
    if term.shape is Shape.APPLICATION:
        return APPLICATION_PRECEDENCE
    if term.shape is Shape.BINDER:
        return BINDER_PRECEDENCE
    if term.shape is Shape.OPERATOR:
        return INFIX[term.text][0] if len(term.args) == 2 else PREFIX[term.text]
    if term.shape is Shape.OPAQUE and term.text and not _is_closed_text(term.text):
        return 0
    return MAX_PRECEDENCE


def _is_closed_text(text: str) -> bool:
    """Whether an opaque text may stand as an argument: one bracketed group, or a text without blanks."""
    if text[0] in "|‖" and text.count(text[0]) == 2 and text[-1] == text[0]:
        return True
    if text[0] in "([{⟨⌊⌈":
        depth = 0
        for index, character in enumerate(text):
            depth += (character in "([{⟨⦃⌊⌈") - (character in ")]}⟩⦄⌋⌉")
            if depth == 0:
                return index == len(text) - 1
        return False
    return " " not in text


def _is_open(term: Term) -> bool:
    """Whether the text ends in a binder's body, which would swallow what follows."""
    if term.shape is Shape.BINDER:
        return True
    if term.shape is Shape.APPLICATION:
        return term.args[-1].is_binder("fun")
    return term.shape is Shape.OPERATOR and _is_open(term.args[-1])


def _inside(term: Term, needed: int, *, is_last: bool = False) -> str:
    text = term.rendered
    if term.shape is Shape.BINDER and is_last:
        return text
    return f"({text})" if _precedence(term) < needed or (_is_open(term) and not is_last) else text


def _render(term: Term) -> str:
    if term.shape in (Shape.ATOM, Shape.OPAQUE):
        return term.text
    if term.shape is Shape.BINDER:
        return _render_binder(term)
    if term.shape is Shape.APPLICATION:
        # The last argument may be an unbracketed `fun`, as Lean prints it.
        *front, last = (_inside(arg, MAX_PRECEDENCE) for arg in term.args)
        return " ".join([*front, term.args[-1].rendered if term.args[-1].is_binder("fun") else last])
    if len(term.args) == 1:
        inner = _inside(term.args[0], PREFIX[term.text], is_last=True)
        # `--` would begin a comment.
        return f"-({inner})" if term.text == "-" and inner.startswith("-") else term.text + inner
    precedence, side = INFIX[term.text]
    left = _inside(term.args[0], precedence + (side is not Side.LEFT))
    right = _inside(term.args[1], precedence + (side is not Side.RIGHT), is_last=True)
    return f"{left} {term.text} {right}"


def _render_binder(term: Term) -> str:
    opening, closing = term.binder_kind.value
    kind = f" : {term.variable_type.rendered}" if term.variable_type is not None else ""
    explicit = term.binder_kind is BinderKind.EXPLICIT
    variable = f"{opening}{term.variable}{kind}{closing}" if kind or not explicit else term.variable
    arrow = " =>" if term.text == "fun" else ","
    return f"{term.text} {variable}{arrow} {term.body.rendered}"
