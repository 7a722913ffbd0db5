"""Names that a source declares without a statement of their own: by `alias`, by `@[to_additive]`. Pure.

An alias says what its target says, where that stands in the same file. The additive twin of a theorem has the name that
is given, else one made word by word as Mathlib does; its statement is made from the signs that can only be read one
way, and is left empty where another one occurs.
"""

import re
from collections.abc import Iterator

from lean_sidekick.core.arguments import leading_groups
from lean_sidekick.core.scanner import IDENTIFIER
from lean_sidekick.core.term_reader import read_term

_ALIAS = re.compile(rf"\s*(?:⟨(?P<pair>[^⟩]*)⟩|(?P<name>{IDENTIFIER}))\s*:=\s*(?P<target>{IDENTIFIER})")
_EARLY_ALIAS = re.compile(rf"\s*(?P<target>{IDENTIFIER})\s*(?P<arrow>[←↔])(?P<names>[^\n]*)")
_ATTRIBUTES = re.compile(r"@\[((?:[^\[\]]|\[[^\[\]]*\])*)\]")
_GIVEN = re.compile(r"\s*to_additive\b[?!]?\s*\(attr\s*:=\s*((?:[^()]|\([^()]*\))*)\)")
_OPTIONS = re.compile(r"\((?:[^()]|\([^()]*\))*\)|\"(?:[^\"\\]|\\.)*\"")
_WORDS = re.compile(r"[A-Z]?[a-z0-9']+|[A-Z]+(?![a-z])|_|[^\w]+|\w")
_NAMES = re.compile(IDENTIFIER)

_ADDITIVE = {
    "mul": "add",
    "smul": "vadd",
    "one": "zero",
    "prod": "sum",
    "finprod": "finsum",
    "inv": "neg",
    "div": "sub",
    "pow": "nsmul",
    "npow": "nsmul",
    "zpow": "zsmul",
    "square": "even",
}
_STRUCTURES = frozenset(
    {
        *("monoid", "group", "semigroup", "magma", "submonoid", "subgroup", "subsemigroup", "units"),
        *("con", "localization", "commute"),
    }
)
# How names speak of order: what is less than one is negative.
_ORDER = re.compile(r"(?<![a-z])(?:one_l[te]|l[te]_one)(?![a-z])")
_SIGNED = {"one_lt": "pos", "one_le": "nonneg", "lt_one": "neg", "le_one": "nonpos"}
# Words that say it without `add`: `mulSupport` is `support`.
_SHORTER = re.compile(r"(?:add(?=Support|Single|Indicator)|Add(?=LocalizationMap))(?P<next>.)")
_SIGNS = {" * ": " + ", " / ": " - ", "∏": "∑"}
_ONE = re.compile(r"(?<![\w.])1(?![\w.])")
# Signs whose additive form stands elsewhere or depends on a type.
_UNREADABLE = re.compile(r"⁻¹|\^|•|(?<![\w.])\d*[2-9]")


def alias_names(text: str) -> tuple[str, tuple[tuple[str, str], ...]] | None:
    """What an `alias` command names: its target, and each new name with how it follows: "", "→" or "←"."""
    if found := _ALIAS.match(text):
        if found["name"]:
            return found["target"], ((found["name"], ""),)
        names = [name.strip() for name in found["pair"].split(",")]
        pairs = zip(names, "→←", strict=False)
        return found["target"], tuple((name, side) for name, side in pairs if name not in ("", "_"))
    if found := _EARLY_ALIAS.match(text):
        names = found["names"].split()
        if found["arrow"] == "←":
            return found["target"], tuple((name, "") for name in names if _NAMES.fullmatch(name))
        return found["target"], tuple(
            (name, side) for name, side in zip(names, "→←", strict=False) if _NAMES.fullmatch(name)
        )
    return None


def alias_statement(statement: str, side: str) -> str:
    """What an alias says of a target with this statement; "" where one side of it is asked for and it has none."""
    if not side:
        return statement
    groups = leading_groups(statement)
    term = read_term(statement[len(groups) :].strip().removeprefix(":").strip())
    if not term.is_operator("↔"):
        return ""
    left, right = (part.rendered for part in (term.args if side == "→" else term.args[::-1]))
    return f"{groups} : {left} → {right}".strip()


def attribute_entries(prelude: str) -> Iterator[str]:
    """The entries of the attribute lists in the text before a declaration's keyword."""
    for block in _ATTRIBUTES.findall(prelude):
        yield from _split_entries(block)


def _split_entries(block: str) -> list[str]:
    """The entries of an attribute list: split at the commas outside of brackets and strings."""
    entries, depth, is_string, begun = [], 0, False, 0
    for index, character in enumerate(block):
        if character == '"':
            is_string = not is_string
        elif is_string:
            continue
        elif character in "([{":
            depth += 1
        elif character in ")]}":
            depth -= 1
        elif character == "," and depth == 0:
            entries.append(block[begun:index])
            begun = index + 1
    return [*entries, block[begun:]]


def additive_name(full_name: str, entry: str) -> str | None:
    """The full name of the additive twin that an entry of attributes makes; None for any other entry."""
    attribute, *words = _OPTIONS.sub(" ", entry).split() or [""]
    if attribute.rstrip("?!") != "to_additive" or "existing" in words:
        return None
    namespace, _, last = full_name.rpartition(".")
    given = next((word for word in words if _NAMES.fullmatch(word)), None)
    if given is not None and "." in given:
        return given
    return ".".join(filter(None, (_additive(namespace), given or _additive(last))))


def given_attributes(entry: str) -> tuple[str, ...]:
    """The attributes that `to_additive (attr := simp, ext)` gives to both twins; none for any other entry."""
    found = _GIVEN.match(entry)
    names = (_NAMES.search(one) for one in _split_entries(found[1])) if found is not None else ()
    return tuple(name[0] for name in names if name is not None)


def additive_statement(statement: str) -> str:
    """The statement of the additive twin; "" where text cannot tell."""
    if _UNREADABLE.search(statement):
        return ""
    for sign, additive in _SIGNS.items():
        statement = statement.replace(sign, additive)
    statement = _ONE.sub("0", statement)
    return _NAMES.sub(lambda found: _additive(found.group()), statement)


def _additive(name: str) -> str:
    """A name word by word: `CommMonoid.mul_one` is `AddCommMonoid.add_zero`."""
    return ".".join(map(_additive_part, name.split(".")))


def _additive_part(name: str) -> str:
    words = _WORDS.findall(_ORDER.sub(lambda found: _SIGNED[found[0]], name))
    made = [_like(_ADDITIVE.get(word.lower(), word), word) for word in words]
    for index, word in enumerate(words):
        if word.lower() in _STRUCTURES:
            first = index - (index > 0 and words[index - 1].lower() in ("comm", "cancel", "ordered"))
            made[first] = _like("add", made[first]) + made[first][:1].upper() + made[first][1:]
    return _SHORTER.sub(lambda found: _like(found["next"].lower(), found[0]), "".join(made))


def _like(word: str, model: str) -> str:
    return word[:1].upper() + word[1:] if model[:1].isupper() else word
