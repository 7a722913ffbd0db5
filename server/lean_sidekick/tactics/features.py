"""Features of a goal: short texts by which similar goals are found, whatever their variables are called.

A feature is a path down a statement of up to three symbols (`t =/+`), the top of the target (`top =`), or the whole
target with its variables left out (`all …`). Variables of the goal are replaced by their types. Pure.
"""

from collections.abc import Iterator, Mapping

from lean_sidekick.core.terms import IDENTIFIER, Shape, Term
from lean_sidekick.tactics.goal_shape import GoalShape, Local, Nature, plain_type

_PATH = 3
_MAX_PARTS = 200
"""Parts of one statement that are looked at; longer ones are cut."""
_BOUND = "·"


def features(shape: GoalShape) -> frozenset[str]:
    """The features of a goal."""
    labels = {local.name: _label(local) for local in shape.locals}
    found = {f"top {_symbol(shape.target, labels)}", f"all {abstract(shape.target, labels)}"}
    found.update(f"t {path}" for path in _paths(shape.target, labels))
    for local in shape.proofs:
        found.add(f"hyp {abstract(local.type, labels)}")
        found.update(f"h {path}" for path in _paths(local.type, labels))
    found.update(f"has {_label(local)}" for local in shape.data)
    return frozenset(found)


def abstract(term: Term, labels: Mapping[str, str]) -> str:
    """A statement with every variable replaced by its label; equal for statements that differ in names alone."""
    if term.shape is Shape.ATOM:
        return _symbol(term, labels)
    if term.shape is Shape.OPAQUE:
        return IDENTIFIER.sub(lambda match: labels.get(match.group(), match.group()), term.text)
    if term.shape is Shape.BINDER:
        return f"({term.text} {abstract(term.body, {**labels, term.variable: _BOUND})})"
    parts = " ".join(abstract(arg, labels) for arg in term.args)
    return f"({term.text} {parts})" if term.text else f"({parts})"


def local_labels(shape: GoalShape) -> dict[str, str]:
    """What stands for each hypothesis in `abstract`."""
    return {local.name: _label(local) for local in shape.locals}


def _label(local: Local) -> str:
    if local.nature is Nature.PROOF:
        return ":proof"
    if local.nature is Nature.SORT:
        return f":{local.type.head}"
    return f":{plain_type(local.type) or local.nature.value}"


def _symbol(term: Term, labels: Mapping[str, str]) -> str:
    if term.shape is Shape.OPAQUE:
        return term.text.split(None, 1)[0] if term.text.split() else ""
    head = term.head
    return labels.get(head, head)


def _paths(statement: Term, labels: Mapping[str, str]) -> Iterator[str]:
    """All paths of up to three symbols that lead down from a part of the statement."""
    waiting: list[tuple[Term, tuple[str, ...], Mapping[str, str]]] = [(statement, (), labels)]
    seen = 0
    while waiting and seen < _MAX_PARTS:
        term, above, inner = waiting.pop()
        seen += 1
        path = (*above, _symbol(term, inner))[-_PATH:]
        for start in range(len(path)):
            yield "/".join(path[start:])
        if term.shape is Shape.BINDER:
            inner = {**inner, term.variable: _BOUND}
        waiting += [(arg, path, inner) for arg in term.arguments]
