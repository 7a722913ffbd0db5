"""Proof terms written as tactics, where a person would. Pure.

The prover gives a whole proof as one term, which is hard to read once it matches on something or is long:
`fun h => (match h with | Or.inl hp => … | Or.inr hq => …)` becomes `intro h` and `cases h with …`. Only what the text
shows is taken apart, so the result is for Lean to check like any other proof.
"""

import re
from collections.abc import Iterator

from attrs import evolve

from lean_sidekick.search.proof_text import Step

_LONG = 88
_NAME = r"[^\W\d][\w'!?]*"
_FUNCTION = re.compile(rf"fun (?P<names>(?:{_NAME} )+)=> (?P<body>.+)", re.DOTALL)
_ALTERNATIVE = re.compile(rf"(?:Or\.(?P<side>inl|inr) (?P<name>{_NAME})|⟨(?P<value>{_NAME}), (?P<proof>{_NAME})⟩) => ")
_WRAPPED = re.compile(r"(?P<head>Or\.inl|Or\.inr|False\.elim) (?P<inner>\(.+\))", re.DOTALL)
_REFUTED = re.compile(rf"Classical\.byContradiction \(fun (?P<name>{_NAME}) => (?P<body>.+)\)", re.DOTALL)
_INTRODUCTION = re.compile(rf"intro(?: {_NAME})+")
_BRACKETS = {"(": ")", "⟨": "⟩", "[": "]", "{": "}"}


def spelled_out(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    """The steps with every `exact` of a term that matches on something, or is long, as tactics."""
    return tuple(_step(step) for step in steps)


def _step(step: Step) -> Step:
    if not step.parts and step.is_single and step.text.startswith("exact "):
        term = step.text.removeprefix("exact ")
        return _spelled(term) if _is_involved(term) else step
    parts = tuple(_step(part) for part in step.parts)
    return _joined(evolve(step, parts=parts)) if parts != step.parts else step


def _is_involved(term: str) -> bool:
    return "match " in term or len(term) > _LONG


def _spelled(term: str) -> Step:
    term = _bare(term)
    plain = Step(text=f"exact {term}")
    if not _is_involved(term):
        return plain
    if function := _FUNCTION.fullmatch(term):
        return _joined(Step(text=f"intro {function['names'].strip()}", parts=(_spelled(function["body"]),)))
    if term.startswith("match "):
        return _cases(term) or plain
    if term.startswith("⟨") and _closes_at_end(term):
        return _parts(term) or plain
    if wrapped := _WRAPPED.fullmatch(term):
        if _closes_at_end(wrapped["inner"]):
            return Step(text=f"apply {wrapped['head']}", parts=(_spelled(wrapped["inner"]),))
    elif (refuted := _REFUTED.fullmatch(term)) and _closes_at_end(term.removeprefix("Classical.byContradiction ")):
        text = f"refine Classical.byContradiction (fun {refuted['name']} => ?_)"
        return Step(text=text, parts=(_spelled(refuted["body"]),))
    return plain


def _cases(term: str) -> Step | None:
    """`cases` for a `match` on a disjunction or on what exists."""
    at = next((i for i in _outside(term) if term.startswith(" with | ", i)), None)
    if at is None:
        return None
    matched = term.removeprefix("match ")[: at - len("match ")]
    arms, parts = [], []
    for text in _split(term[at + len(" with |") :], "| "):
        alternative = _ALTERNATIVE.match(text)
        if alternative is None:
            return None
        body = text[alternative.end() :]
        if re.fullmatch(_NAME, matched) and re.search(rf"(?<![\w'.]){re.escape(matched)}(?![\w'])", body):
            return None  # `cases` takes it out of the context
        if alternative["side"]:
            arms.append(f"| {alternative['side']} {alternative['name']} => ?_")
        else:
            arms.append(f"| intro {alternative['value']} {alternative['proof']} => ?_")
        parts.append(_spelled(body))
    return Step(text=f"cases {matched} with {' '.join(arms)}", parts=tuple(parts))


def _parts(term: str) -> Step | None:
    """The components of `⟨…, …⟩` that are involved as goals of their own."""
    components = _split(term[1:-1], ", ")
    is_split = len(components) > 1 and all(_is_proof(component) for component in components)
    chosen = [is_split or _is_involved(component) for component in components]
    if not any(chosen):
        return None
    holes = ["?_" if is_chosen else component for component, is_chosen in zip(components, chosen, strict=True)]
    text = "constructor" if holes == ["?_", "?_"] else f"refine ⟨{', '.join(holes)}⟩"
    parts = [_spelled(component) for component, is_chosen in zip(components, chosen, strict=True) if is_chosen]
    return Step(text=text, parts=tuple(parts))


def _is_proof(component: str) -> bool:
    """Whether a component is surely no value that something else speaks of."""
    return component.startswith(("fun ", "(match ", "(fun ", "Classical.byContradiction"))


def _joined(step: Step) -> Step:
    """One `intro` for two."""
    if len(step.parts) != 1:
        return step
    (part,) = step.parts
    if _INTRODUCTION.fullmatch(step.text) and _INTRODUCTION.fullmatch(part.text):
        return evolve(part, text=step.text + part.text.removeprefix("intro"))
    return step


def _bare(term: str) -> str:
    while term.startswith("(") and _closes_at_end(term):
        term = term[1:-1]
    return term


def _closes_at_end(text: str) -> bool:
    """Whether the bracket that a text begins with is closed by its last character."""
    return text[:1] in _BRACKETS and text.endswith(_BRACKETS[text[0]]) and 0 not in list(_depths(text))[:-1]


def _depths(text: str) -> Iterator[int]:
    """How many brackets are open after each character."""
    depth = 0
    for character in text:
        depth += (character in _BRACKETS) - (character in _BRACKETS.values())
        yield depth


def _outside(text: str) -> Iterator[int]:
    """The places outside of all brackets."""
    return (index for index, depth in enumerate(_depths(text)) if depth == 0)


def _split(text: str, separator: str) -> list[str]:
    """The parts between separators that stand outside of all brackets, without blanks around them."""
    places = [i for i in _outside(text) if text.startswith(separator, i)]
    starts = [0, *(place + len(separator) for place in places)]
    return [text[start:end].strip() for start, end in zip(starts, [*places, len(text)], strict=True)]
