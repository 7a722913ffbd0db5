"""Theorems to prove: what a prover may see of a benchmark item, and how one is read in each format.

Only the name and the statement with what stands above it are kept, so that nothing else of an item, a reference proof
above all, can reach a prover. Statements end in `:= by`; a `sorry` that stands for the proof is taken off. An item may
be called otherwise than its theorem: what Lean calls that is read from the statement.
"""

import re
from enum import Enum

from attrs import frozen

from lean_sidekick.core.declarations import Outline
from lean_sidekick.core.errors import InputError
from lean_sidekick.storage.json_lines import Record

_END = re.compile(r":=\s*(?:by)?\s*(?:sorry)?\s*\Z")


@frozen(kw_only=True)
class Item:
    """A theorem to prove.

    `name` is unique in its file. `text` is a Lean file that ends in `:= by`. `defect` says what is known to be wrong
    with the statement, "" if nothing is; it is for the report alone. `declared` is the name in Lean, "" where `name` is
    it.
    """

    name: str
    text: str
    defect: str = ""
    declared: str = ""

    @property
    def lean_name(self) -> str:
        """The name under which Lean knows the theorem."""
        return self.declared or self.name


class Format(Enum):
    """The formats of benchmark files; the values are their names for people."""

    STATEMENT = "name and statement"
    FORMAL_STATEMENT = "header and formal_statement (miniF2F, ProofNet)"
    MINICODEPROPS = "full_name, prop_defn and deps (miniCodeProps)"
    LEANDOJO = "LeanDojo Benchmark"


# deepseek-ai/DeepSeek-Prover-V1.5, issue 26. Other copies differ in text, so the names alone are not a verdict on a
# copy: such items are counted apart, whatever they say there.
MINIF2F_DEFECTS = {
    "induction_pord1p1on2powklt5on2": "unparenthesised big operator in the copy of DeepSeek",
    "induction_prod1p1onk3le3m1onn": "unparenthesised big operator in the copy of DeepSeek",
    "amc12a_2021_p9": "unparenthesised big operator in the copy of DeepSeek",
    "mathd_algebra_158": "unparenthesised big operator in the copy of DeepSeek",
    "mathd_algebra_342": "unparenthesised big operator in the copy of DeepSeek",
    "mathd_algebra_314": "division of natural numbers: 1 / 4 is 0",
}


def format_of(record: Record) -> Format:
    """The format of a file, seen from its first object. Raises InputError where it holds no theorems to prove."""
    fields = record.fields
    if "formal_statement" in fields:
        return Format.FORMAL_STATEMENT
    if "prop_defn" in fields:
        return Format.MINICODEPROPS
    if "traced_tactics" in fields or {"file_path", "full_name", "start"} <= fields.keys():
        return Format.LEANDOJO
    if "library" in fields and "type" in fields:
        raise InputError(
            f"{record.place}: theorems of a library, which are already there when its modules are imported and rely on "
            "the context of their files: this set is for premises and training, not for proving."
        )
    if "state_before" in fields:
        raise InputError(f"{record.place}: steps of proofs, not theorems to prove.")
    if "name" in fields and "statement" in fields:
        return Format.STATEMENT
    raise InputError(
        f"{record.place}: no theorem to prove: an item has `name` and `statement`, or `header` and `formal_statement`, "
        "or another format that docs/benchmarks.md names."
    )


def name_field(kind: Format) -> str:
    """The field that names an item."""
    return "full_name" if kind in (Format.MINICODEPROPS, Format.LEANDOJO) else "name"


def item_name(record: Record, kind: Format) -> str:
    """The unique name of an item: private theorems of a LeanDojo Benchmark can share theirs, not in one file."""
    name = record.text(name_field(kind))
    return f"{name} ({record.text('file_path')})" if kind is Format.LEANDOJO else name


def read_item(record: Record, kind: Format) -> Item:
    """The item of an object in a format that carries its statement. Raises InputError."""
    if kind is Format.STATEMENT:
        return _item(record, kind, "statement", "header", defects={})
    if kind is Format.FORMAL_STATEMENT:
        return _item(record, kind, "formal_statement", "header", defects=MINIF2F_DEFECTS)
    return _item(record, kind, "prop_defn", "deps", defects={})


def _item(record: Record, kind: Format, statement: str, header: str, defects: dict[str, str]) -> Item:
    text = record.text(statement).rstrip()
    body, found = _END.subn(":= by", text)
    if not found:
        raise InputError(f"{record.place}: the statement does not end in `:= by`.")
    above = record.optional_text(header).rstrip()
    label = record.text(name_field(kind))
    whole = f"{above}\n\n{body}\n" if above else f"{body}\n"
    declared = _declared(whole, record.place)
    return Item(name=label, text=whole, defect=defects.get(label, ""), declared="" if declared == label else declared)


def _declared(text: str, place: str) -> str:
    """The full name of the theorem that a text ends with. Raises InputError where there is none."""
    declaration = Outline(text).declaration_at(len(text.rstrip()) - 1)
    if declaration is None:
        raise InputError(f"{place}: no theorem stands at the end of the statement.")
    if declaration.full_name is None:
        raise InputError(f"{place}: the theorem has no name, so Lean cannot be asked for its axioms; give it one.")
    return declaration.full_name
