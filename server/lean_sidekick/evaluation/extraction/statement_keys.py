"""Keys by which equal statements are known, whatever their variables are called. Pure.

Two theorems of which one is in the training data and the other in the test data must not say the same thing. The key is
that of the statement as text, not of the proposition: names of bound variables, brackets of binders and comments do not
count, and `(h : p) : q` is `p → q`; definitions are not unfolded. Where a statement cannot be read as a term, its
bound names are told from its tokens, and scopes are not looked at. Equal keys can be wrong only in that direction:
theorems are kept together that need not be.
"""

import re

from lean_sidekick.core.declarations import Outline, statement_text
from lean_sidekick.core.scanner import Scan, TokenKind
from lean_sidekick.core.term_reader import read_binders, read_term
from lean_sidekick.core.terms import Shape, Term

_BINDER_WORDS = frozenset({"∀", "∃", "∃!", "fun", "λ", "∑", "∏", "⋃", "⋂", "⨆", "⨅", "Σ", "Π", "∫"})
_OPENING = frozenset("([{⦃")
_UNNAMED = frozenset({"", "_", "this", "inst"})
_FIRST_NAME = re.compile(r"(@?)((?:«[^»]*»|[^.«])+)(.*)", re.DOTALL)


class _Opaque(Exception):
    """A part of the statement was not read as a term."""


def header_key(header: str) -> str:
    """The key of a declaration's header: modifiers, keyword, name, binders and type. "" if it is none."""
    text = header if header.rstrip().endswith(":=") else f"{header} :="
    outline = Outline(text)
    declaration = next(iter(outline.declarations()), None)
    return "" if declaration is None else statement_key(statement_text(outline.scan, declaration))


def statement_key(statement: str) -> str:
    """The key of a statement: `(a b : T) : type`, or `type` alone as Lean prints it. "" for an empty one."""
    text = " ".join(Scan(statement).without_comments(0, len(statement)).split()).removesuffix(":=").rstrip()
    if not text:
        return ""
    term = read_binders(text) if text.startswith(("(", "{", "[", "⦃", ":")) else None
    try:
        return _canonical(read_term(text) if term is None else term, {}, 0)
    except _Opaque:
        return _renamed_tokens(text)


def _canonical(term: Term, names: dict[str, str], depth: int) -> str:
    if term.shape is Shape.OPAQUE:
        raise _Opaque
    if term.shape is Shape.ATOM:
        return _renamed(term.text, names)
    if term.shape is not Shape.BINDER:
        return f"({' '.join([term.text, *(_canonical(arg, names, depth) for arg in term.args)])})"
    kind = "_" if term.variable_type is None else _canonical(term.variable_type, names, depth)
    if term.text == "∀" and term.variable_type is not None and term.variable not in term.body.names:
        return f"(→ {kind} {_canonical(term.body, names, depth)})"
    bound = names if term.variable in _UNNAMED else {**names, term.variable: f"x✝{depth}"}
    return f"({term.text} {kind} {_canonical(term.body, bound, depth + 1)})"


def _renamed_tokens(text: str) -> str:
    tokens = Scan(text).code_tokens(0, len(text))
    bound: dict[str, str] = {}
    for index, token in enumerate(tokens):
        is_word = token.text in _BINDER_WORDS
        if not is_word and token.text not in _OPENING:
            continue
        end = index + 1
        while end < len(tokens) and tokens[end].kind is TokenKind.IDENTIFIER:
            end += 1
        if is_word or (end < len(tokens) and tokens[end].text == ":"):
            for name in tokens[index + 1 : end]:
                if name.text not in _UNNAMED:
                    bound.setdefault(name.text, f"x✝{len(bound)}")
    return " ".join(_renamed(token.text, bound) for token in tokens)


def _renamed(text: str, names: dict[str, str]) -> str:
    """An identifier with its first part under its new name, if it is a bound one: `h.symm` is about `h`."""
    match = _FIRST_NAME.fullmatch(text)
    if match is None or match[2] not in names:
        return text
    return match[1] + names[match[2]] + match[3]
