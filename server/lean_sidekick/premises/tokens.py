"""What is counted in a goal, a statement or a question: words, symbols and shapes.

Words are for lexical search: names split at dots, underscores, case and digits, symbols by what they are read as
(`∣` is `dvd`), English words of questions by what Lean's names call them (`commutative` is `comm`). Symbols are the
constants that a text mentions, as far as text can tell, with the notations under their constants' names. Shapes say
how the conclusion and its sides are built, to one level, with variables left open. Pure; never fails; knows no types.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache

from attrs import frozen

from lean_sidekick.core.goals import Goal
from lean_sidekick.core.premises import Premise
from lean_sidekick.core.term_reader import read_binders, read_term
from lean_sidekick.core.terms import Shape, Term

# A longer text is read as far as this: a goal of a megabyte must not hold up an answer.
MAX_TEXT = 20_000

# Each notation: what its constant is called, and what names call it.
_NOTATIONS: Mapping[str, tuple[str, str]] = {
    "+": ("HAdd.hAdd", "add"),
    "-": ("HSub.hSub", "sub"),
    "*": ("HMul.hMul", "mul"),
    "/": ("HDiv.hDiv", "div"),
    "%": ("HMod.hMod", "mod"),
    "^": ("HPow.hPow", "pow"),
    "++": ("HAppend.hAppend", "append"),
    "::": ("List.cons", "cons"),
    "•": ("HSMul.hSMul", "smul"),
    "⁻¹": ("Inv.inv", "inv"),
    "=": ("Eq", "eq"),
    "≠": ("Ne", "ne"),
    "==": ("BEq.beq", "beq"),
    "!=": ("bne", "bne"),
    "<": ("LT.lt", "lt"),
    ">": ("LT.lt", "lt"),
    "≤": ("LE.le", "le"),
    "≥": ("LE.le", "le"),
    "<=": ("LE.le", "le"),
    ">=": ("LE.le", "le"),
    "∣": ("Dvd.dvd", "dvd"),
    "∈": ("Membership.mem", "mem"),
    "∉": ("Membership.mem", "mem"),
    "⊆": ("HasSubset.Subset", "subset"),
    "⊂": ("HasSSubset.SSubset", "ssubset"),
    "∪": ("Union.union", "union"),
    "∩": ("Inter.inter", "inter"),
    "\\": ("SDiff.sdiff", "diff"),
    "⊔": ("Sup.sup", "sup"),
    "⊓": ("Inf.inf", "inf"),
    "⊥": ("Bot.bot", "bot"),
    "⊤": ("Top.top", "top"),
    "∅": ("EmptyCollection.emptyCollection", "empty"),
    "∧": ("And", "and"),
    "∨": ("Or", "or"),
    "¬": ("Not", "not"),
    "↔": ("Iff", "iff"),
    "&&": ("and", "and"),
    "||": ("or", "or"),
    "!": ("not", "not"),
    "∃": ("Exists", "exists"),
    "∃!": ("ExistsUnique", "exists_unique"),
    "×": ("Prod", "prod"),
    "∘": ("Function.comp", "comp"),
    "≃": ("Equiv", "equiv"),
    "≅": ("Iso", "iso"),
    "≡": ("Equiv", "equiv"),
    "≈": ("HasEquiv.Equiv", "equiv"),
    "∑": ("Finset.sum", "sum"),
    "∏": ("Finset.prod", "prod"),
    "∫": ("MeasureTheory.integral", "integral"),
    "⋃": ("Set.iUnion", "union"),
    "⋂": ("Set.iInter", "inter"),
    "⨆": ("iSup", "sup"),
    "⨅": ("iInf", "inf"),
    ">>=": ("Bind.bind", "bind"),
    "<$>": ("Functor.map", "map"),
    "<*>": ("Seq.seq", "seq"),
    "<|>": ("HOrElse.hOrElse", "orelse"),
    "∀": ("", "forall"),
    "∆": ("symmDiff", "symm_diff"),
    "ℕ": ("Nat", "nat"),
    "ℤ": ("Int", "int"),
    "ℚ": ("Rat", "rat"),
    "ℝ": ("Real", "real"),
    "ℂ": ("Complex", "complex"),
    "0": ("0", "zero"),
    "1": ("1", "one"),
    "2": ("2", "two"),
}
# What people write, and what names write.
_ENGLISH: Mapping[str, str] = {
    "addition": "add",
    "plus": "add",
    "adding": "add",
    "subtraction": "sub",
    "subtract": "sub",
    "minus": "sub",
    "multiplication": "mul",
    "multiply": "mul",
    "times": "mul",
    "product": "prod",
    "division": "div",
    "divide": "div",
    "divides": "dvd",
    "divisible": "dvd",
    "divisor": "dvd",
    "power": "pow",
    "exponent": "pow",
    "commutative": "comm",
    "commutativity": "comm",
    "commutes": "comm",
    "commute": "comm",
    "associative": "assoc",
    "associativity": "assoc",
    "distributive": "distrib",
    "distributivity": "distrib",
    "distributes": "distrib",
    "reflexive": "refl",
    "reflexivity": "refl",
    "symmetric": "symm",
    "symmetry": "symm",
    "transitive": "trans",
    "transitivity": "trans",
    "injective": "inj",
    "injectivity": "inj",
    "equal": "eq",
    "equals": "eq",
    "equality": "eq",
    "less": "lt",
    "membership": "mem",
    "member": "mem",
    "element": "mem",
    "negation": "neg",
    "negative": "neg",
    "inverse": "inv",
    "positive": "pos",
    "successor": "succ",
    "predecessor": "pred",
    "concatenation": "append",
    "concatenate": "append",
    "implies": "imp",
    "equivalent": "iff",
    "remainder": "mod",
    "modulo": "mod",
    "absolute": "abs",
    "cancel": "cancel",
    "cancellation": "cancel",
    "continuous": "continuous",
    "minimum": "min",
    "maximum": "max",
    "infimum": "inf",
    "supremum": "sup",
    "monotonic": "mono",
    "monotone": "mono",
    "natural": "nat",
    "integer": "int",
    "integers": "int",
}
_ENGLISH_STOP = frozenset(["a", "an", "the", "of", "is", "are", "on", "to", "with", "for", "by", "that", "if", "then"])
_STOP_WORDS = frozenset(["type", "sort", "prop", "inst", "fun", "forall", "u", "v", "w"])
_STOP_SYMBOLS = frozenset(["Type", "Sort", "Prop", "u", "v", "w", "fun", "let", "match", "with", "by", "_", ""])

_NAME = r"(?:«[^»]*»|[^\W\d][\w'!?✝]*)(?:\.(?:«[^»]*»|[\w'!?✝]+))*"
_TOKEN = re.compile(
    rf"@?({_NAME})|(\d+)|(∃!|⁻¹|<\$>|<\*>|<\|>|>>=|\|\||&&|\+\+|::|==|!=|<=|>=|=>|:=|[^\s\w(){{}}\[\],:⟨⟩.])"
)
_PARTS = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[^\W\dA-Z_]+|[A-Z]+|\d+")
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


def statement_words(text: str, variables: Iterable[str] = ()) -> list[str]:
    """The words of Lean text without those of its variables; names of one letter count as variables."""
    left_out = frozenset(variables)
    found: list[str] = []
    for match in _TOKEN.finditer(text[:MAX_TEXT]):
        name, number, symbol = match.groups()
        if name is not None:
            if name in _NOTATIONS:
                found.append(_NOTATIONS[name][1])
            elif len(name) > 1 and name not in left_out:
                found += name_words(name)
        else:
            token = number or symbol
            found.append(_NOTATIONS[token][1] if token in _NOTATIONS else token)
    return found


def question_words(text: str) -> list[str]:
    """The words of a question that a person typed, English words under the name that Lean's libraries use."""
    found: list[str] = []
    for word in statement_words(text.replace("?", " ")):
        if word not in _ENGLISH_STOP:
            found.append(_ENGLISH.get(word, word))
    return found


def premise_terms(premise: Premise) -> Terms:
    """What is counted in a premise."""
    statement = premise.statement[:MAX_TEXT]
    term = read_statement(statement)
    variables = _bound_names(term)
    words = [*name_words(premise.full_name), *statement_words(statement, variables)]
    if premise.doc:
        words += question_words(premise.doc)
    return Terms(tuple(words), symbols_of(statement, variables), conclusion_shapes(term))


def goal_terms(goal: Goal) -> Terms:
    """What is counted in a goal: target and hypotheses, without the names of local variables."""
    text = goal.text[:MAX_TEXT]
    target = goal.target[:MAX_TEXT]
    term = read_term(target)
    variables = frozenset(name for hypothesis in goal.hypotheses for name in hypothesis.names) | _bound_names(term)
    kinds = [h.type for h in goal.hypotheses]
    words = statement_words(target or text, variables)
    symbols = symbols_of(target or text, variables)
    room = MAX_TEXT - len(target)
    for kind in kinds:
        room -= len(kind)
        if room < 0:
            break
        words += statement_words(kind, variables)
        symbols |= symbols_of(kind, variables)
    return Terms(tuple(words), symbols, goal_shapes(term, variables))


def read_statement(statement: str) -> Term:
    """The type of a statement: `(a b : T) : type`, or `type` alone as Lean prints it."""
    text = statement.strip()
    if text.startswith(("(", "{", "[", "⦃", ":")) and (term := read_binders(text)) is not None:
        return term
    return read_term(text)


def symbols_of(text: str, variables: Iterable[str] = ()) -> frozenset[str]:
    """The constants that a text mentions; a dotted name also counts under its last part, as `open` shortens it."""
    left_out = frozenset(variables)
    found: set[str] = set()
    for match in _TOKEN.finditer(text[:MAX_TEXT]):
        name, number, symbol = match.groups()
        if name is None:
            token = number or symbol
            if token in _NOTATIONS:
                found.add(_NOTATIONS[token][0])
        elif name in _NOTATIONS:
            found.add(_NOTATIONS[name][0])
        elif name not in left_out and name.split(".")[0] not in left_out and "✝" not in name:
            if len(name) > 1:
                found.add(name.rsplit(".", 1)[-1] if "." in name else name)
            if "." in name:
                found.add(name)
    return frozenset(found - _STOP_SYMBOLS)


def question_terms(text: str) -> Terms:
    """What is counted in a question that a person typed: words, a part of a name, Lean text or a pattern."""
    term = read_statement(text[:MAX_TEXT])
    return Terms(tuple(question_words(text)), symbols_of(text), goal_shapes(term, frozenset()))


def _bound_names(term: Term) -> frozenset[str]:
    found: set[str] = set()
    waiting = [term]
    while waiting:
        one = waiting.pop()
        if one.shape is Shape.BINDER:
            found.add(one.variable)
            if one.variable_type is not None:
                waiting.append(one.variable_type)
        waiting += one.args
    return frozenset(found)


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
    for index, argument in enumerate(term.arguments[:4]):
        inner = _head(argument, variables)
        if inner != "_":
            yield f"c:{head}.{index}:{inner}"


def _head(term: Term, variables: frozenset[str]) -> str:
    """The constant at the front of a term; `_` for variables and what is not read."""
    if term.shape is Shape.OPAQUE:
        return _NOTATIONS[term.text][0] if term.text in _NOTATIONS else "_"
    head = term.head
    if head in variables or head.split(".")[0] in variables or "✝" in head or head.startswith(("?", "_")):
        return "_"
    if head in _NOTATIONS:
        return _NOTATIONS[head][0]
    return head.rsplit(".", 1)[-1] if len(head) > 1 or head.isdigit() else "_"


def _signature(term: Term, variables: frozenset[str]) -> str:
    inner = ",".join(_head(argument, variables) for argument in term.arguments[:4])
    return f"{_head(term, variables)}({inner})"


def _generalised(head: str, term: Term, variables: frozenset[str]) -> Iterator[str]:
    heads = [_head(argument, variables) for argument in term.arguments[:4]]
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
