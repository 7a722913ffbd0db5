"""What is counted in a goal, a statement or a question: words, symbols and shapes.

Words are for lexical search: names split at dots, underscores, case and digits, symbols by what they are read as
(`∣` is `dvd`), English words of questions by what Lean's names call them (`commutative` is `comm`). Symbols are the
constants that a text mentions, as far as text can tell, with the notations under their constants' names. Shapes say
how the conclusion and its sides are built, to one level, with variables left open. Pure; never fails; knows no types.
"""

import re
from collections.abc import Iterator
from functools import lru_cache

from attrs import frozen

from lean_sidekick.core.goals import Goal
from lean_sidekick.core.premises import Premise
from lean_sidekick.core.term_reader import read_binders, read_term
from lean_sidekick.core.terms import Shape, Term
from lean_sidekick.premises.fields import Types, field_names, without_fields
from lean_sidekick.premises.notations import ENGLISH, NOTATIONS

# A longer text is read as far as this: a goal of a megabyte must not hold up an answer.
MAX_TEXT = 20_000

_ENGLISH_STOP = frozenset(["a", "an", "the", "of", "is", "are", "on", "to", "with", "for", "by", "that", "if", "then"])
_STOP_WORDS = frozenset(["type", "sort", "prop", "inst", "fun", "forall", "u", "v", "w"])
_STOP_SYMBOLS = frozenset(["Type", "Sort", "Prop", "fun", "let", "match", "with", "by", "_"])

_NAME = re.compile(r"(?:«[^»]*»|[^\W\d][\w'!?✝]*)(?:\.(?:«[^»]*»|[\w'!?✝]+))*")
_TOKEN = re.compile(
    rf"@?{_NAME.pattern}|\d+|∃!|⁻¹|<\$>|<\*>|<\|>|>>=|\|\||&&|\+\+|::|==|!=|<=|>=|=>|:=|[^\s\w(){{}}\[\],:⟨⟩.]"
)
# A token, an operator that begins like another one, or what stands behind a bracket, `).reverse.length`.
_SCANNED = re.compile(rf"[)\]⟩}}]\.{_NAME.pattern}|<\*(?!>)|\*>|>>(?!=)|→\+\*|→[+*ₗ]|{_TOKEN.pattern}")
# Notations that are written right behind their argument, and are letters to Unicode: `sᶜ`, `Mˣ`, `Aᵀ`, `Cᵒᵖ`.
_POSTFIX = re.compile(r"(?<=[\w)\]⟩}'])(ᵒᵖ|[ᶜˣᵀᴴ])(?!\w)")
_UNIVERSE = re.compile(r"[uvw](?:_\d+|\d+)?")
_PARTS = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[^\W\dA-Z_]+|[A-Z]+|\d+")
_CLOSING = frozenset(")]⟩}")
_SUBSCRIPTS = str.maketrans("", "", "₀₁₂₃₄₅₆₇₈₉'!?✝«»")


@frozen
class Terms:
    """What was counted; `words` in order with repetitions, the others without."""

    words: tuple[str, ...]
    symbols: frozenset[str]
    shapes: frozenset[str]


@lru_cache(maxsize=65536)
def name_words(name: str) -> tuple[str, ...]:
    """The words of a name: `Nat.add_comm` and `Nat.addComm` are both `nat`, `add`, `comm`."""
    parts = [part.lower() for part in _PARTS.findall(name.translate(_SUBSCRIPTS))]
    return tuple(part for part in parts if part not in _STOP_WORDS)


def name_key(name: str) -> str:
    """A name as fragments are sought in it: lower case, without underscores and quotation marks."""
    return name.lower().replace("_", "").replace("«", "").replace("»", "").replace("\n", " ")


def scan(text: str, variables: Types) -> tuple[list[str], set[str]]:
    """The words and the symbols of Lean text, without those of local variables; one letter is a variable too.

    A dotted name is also a symbol under its last part, as `open` shortens it. Of `xs.reverse`, where `xs` is a
    variable, the function counts, under its whole name if the variable's type is known.
    """
    words: list[str] = []
    symbols: set[str] = set()
    for token in _SCANNED.findall(_POSTFIX.sub(r" \1", text[:MAX_TEXT])):
        read = _read_token(token)
        if read.first in variables:
            fields = _read_fields(token, variables[read.first])
            words += fields.words
            symbols.update(fields.symbols)
        elif token not in variables:
            words += read.words
            symbols.update(read.symbols)
    return words, symbols


def token_texts(text: str) -> list[str]:
    """The tokens of Lean text as they stand there; brackets, commas and colons are none."""
    return _TOKEN.findall(text[:MAX_TEXT])


@frozen
class _Token:
    """What one token counts as; `first` is the first part of a name, empty for other tokens."""

    first: str
    words: tuple[str, ...]
    symbols: tuple[str, ...]


@lru_cache(maxsize=65536)
def _read_token(token: str) -> _Token:
    if token in NOTATIONS:
        constant, word = NOTATIONS[token]
        return _Token("", (word,), (constant,) if constant else ())
    if token[0] in _CLOSING:
        return _read_fields(token, "")
    name = token.removeprefix("@")
    if _NAME.match(name) is None:
        return _Token("", (token,), ())
    first, _, rest = name.partition(".")
    if "✝" in name or len(name) == 1 or _UNIVERSE.fullmatch(name):
        return _Token(first, (), ())
    symbols = (name, name.rsplit(".", 1)[-1]) if rest else (name,)
    return _Token(first, name_words(name), tuple(symbol for symbol in symbols if symbol not in _STOP_SYMBOLS))


@lru_cache(maxsize=65536)
def _read_fields(token: str, type_head: str) -> _Token:
    """What the functions count as that are applied to the variable or bracket at the front."""
    symbols = field_names(token, type_head)
    return _Token("", tuple(word for symbol in symbols if "." not in symbol for word in name_words(symbol)), symbols)


def question_words(text: str) -> list[str]:
    """The words of a question that a person typed, English words under the name that Lean's libraries use."""
    found: list[str] = []
    for word in scan(text.replace("?", " "), {})[0]:
        if word not in _ENGLISH_STOP:
            found.append(ENGLISH.get(word, word))
    return found


def premise_terms(premise: Premise) -> Terms:
    """What is counted in a premise."""
    statement = premise.statement[:MAX_TEXT]
    term = read_statement(statement)
    variables = bound_types(term)
    words, symbols = scan(statement, variables)
    words += name_words(premise.full_name)
    if premise.doc:
        words += question_words(premise.doc)
    return Terms(tuple(words), frozenset(symbols), conclusion_shapes(without_fields(term, variables)))


def goal_terms(goal: Goal) -> Terms:
    """What is counted in a goal: target and hypotheses, without the names of local variables."""
    target = goal.target[:MAX_TEXT]
    term = read_term(target)
    variables = bound_types(term)
    for hypothesis in goal.hypotheses:
        variables |= dict.fromkeys(hypothesis.names, type_head(hypothesis.type[:MAX_TEXT]))
    text = "\n".join([target or goal.text[:MAX_TEXT], *(hypothesis.type for hypothesis in goal.hypotheses)])
    words, symbols = scan(text, variables)
    return Terms(tuple(words), frozenset(symbols), goal_shapes(without_fields(term, variables), frozenset(variables)))


def read_statement(statement: str) -> Term:
    """The type of a statement: `(a b : T) : type`, or `type` alone as Lean prints it."""
    text = statement.strip()
    if text.startswith(("(", "{", "[", "⦃", ":")) and (term := read_binders(text)) is not None:
        return term
    return read_term(text)


def question_terms(text: str) -> Terms:
    """What is counted in a question that a person typed: words, a part of a name, Lean text or a pattern."""
    term = read_statement(text[:MAX_TEXT])
    _, symbols = scan(text, {})
    return Terms(tuple(question_words(text)), frozenset(symbols), goal_shapes(term, frozenset()))


def type_head(text: str) -> str:
    """The constant at the front of a type, `List` of `List α`; "" for variables, functions and what is not read."""
    found = _NAME.match(text)
    if found is None or "→" in text:
        return ""
    head = found.group()
    if head in NOTATIONS:
        return NOTATIONS[head][0]
    return head if len(head) > 1 and head not in _STOP_SYMBOLS else ""


def bound_types(term: Term) -> dict[str, str]:
    """The variables that a term binds, with the constants at the heads of their types."""
    found: dict[str, str] = {}
    waiting = [term]
    while waiting:
        one = waiting.pop()
        if one.shape is Shape.BINDER:
            kind = one.variable_type
            found[one.variable] = "" if kind is None or kind.shape is Shape.BINDER else type_head(kind.rendered)
            if kind is not None:
                waiting.append(kind)
        waiting += one.args
    return found


def conclusion(term: Term) -> tuple[Term, frozenset[str]]:
    """What a statement says in the end, and the variables bound on the way."""
    variables: set[str] = set()
    while True:
        if term.is_binder("∀"):
            variables.add(term.variable)
            term = term.body
        elif term.is_operator("→"):
            term = term.args[1]
        else:
            return term, frozenset(variables)


def conclusion_shapes(term: Term) -> frozenset[str]:
    """The shapes under which a premise is filed: its conclusion, and each side of an equation or equivalence."""
    end, variables = conclusion(term)
    shapes = set(_paths(end, variables))
    if end.is_operator("=", "↔"):
        shapes |= {"s:" + _signature(side, variables) for side in end.args if _head(side, variables) != "_"}
    return frozenset(shapes)


def goal_shapes(term: Term, variables: frozenset[str]) -> frozenset[str]:
    """The shapes under which premises are sought: those of the target, and of each of its parts, also left open."""
    end, bound = conclusion(term)
    local = variables | bound
    shapes = set(_paths(end, local))
    for part in _parts(end):
        if (head := _head(part, local)) != "_":
            shapes.update("s:" + form for form in _generalised(head, part, local))
    return frozenset(shapes)


def _paths(term: Term, variables: frozenset[str]) -> Iterator[str]:
    head = _head(term, variables)
    if head == "_":
        return
    yield f"c:{head}"
    for index, argument in enumerate(_arguments(term)):
        inner = _head(argument, variables)
        if inner != "_":
            yield f"c:{head}.{index}:{inner}"


def _arguments(term: Term) -> tuple[Term, ...]:
    """The first arguments of a term; `a > b` is `b < a`."""
    return term.args[::-1] if term.is_operator(">", "≥", ">=") else term.arguments[:4]


def _head(term: Term, variables: frozenset[str]) -> str:
    """The constant at the front of a term; `_` for variables and what is not read."""
    if term.shape is Shape.OPAQUE:
        # `∑ i, f i`, `‖x‖`; a `|` that begins a term is an absolute value.
        first = term.text[:1]
        return "abs" if first == "|" else NOTATIONS.get(term.text, NOTATIONS.get(first, ("_", "")))[0] or "_"
    head = term.head
    if head in variables or head.split(".")[0] in variables or "✝" in head or head.startswith(("?", "_")):
        return "_"
    if head in NOTATIONS:
        return NOTATIONS[head][0]
    return head.rsplit(".", 1)[-1] if len(head) > 1 or head.isdigit() else "_"


def _signature(term: Term, variables: frozenset[str]) -> str:
    inner = ",".join(_head(argument, variables) for argument in _arguments(term))
    return f"{_head(term, variables)}({inner})"


def _generalised(head: str, term: Term, variables: frozenset[str]) -> Iterator[str]:
    heads = [_head(argument, variables) for argument in _arguments(term)]
    for mask in range(1 << len(heads)):
        yield f"{head}({','.join('_' if mask >> i & 1 else one for i, one in enumerate(heads))})"


def _parts(term: Term) -> Iterator[Term]:
    """The term and its parts, those under binders too."""
    waiting, seen = [term], 0
    while waiting and seen < 200:
        one = waiting.pop()
        seen += 1
        yield one
        waiting += one.args
