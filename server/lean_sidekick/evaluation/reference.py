"""Reference proofs as steps, for the scripted user of `bench effort` alone; no prover sees them.

A step is one tactic of a block as a person types it; a tactic with blocks inside (`induction … with`, `case`, a `have`
with its own `by`) is a step, and so is every tactic in those. A document at a step is what an editor shows just before
the step is typed: the proof up to there, `admit` at the step, and `admit` for all that the person has not come to yet.
"""

from collections.abc import Iterator

from attrs import field, frozen

from lean_sidekick.core.blocks import BlockTree, Opener
from lean_sidekick.core.declarations import Outline
from lean_sidekick.core.errors import InputError
from lean_sidekick.core.holes import OpenDeclaration
from lean_sidekick.core.positions import Position, TextEdit, TextMap, apply_edits
from lean_sidekick.evaluation.data_sets import DataSet
from lean_sidekick.evaluation.items import Item, name_field

PLACEHOLDER = "admit"
_OPENERS = frozenset({Opener.BY, Opener.ARROW, Opener.BULLET})


@frozen(kw_only=True)
class ReferencedItem:
    """An item with its reference proof: the tactic block that stands under the statement, dedented."""

    item: Item
    proof: str


def read_referenced(data: DataSet) -> Iterator[ReferencedItem]:
    """The selected items with their `reference_proof`. Raises InputError where one has none."""
    for record in data.records():
        proof = record.optional_text("reference_proof")
        if not proof.strip():
            raise InputError(f"{record.place}: {record.text(name_field(data.kind))} has no `reference_proof`.")
        yield ReferencedItem(item=data.read(record), proof=proof)


@frozen(kw_only=True)
class Step:
    """One tactic by its offsets in the finished text, with the blocks inside it."""

    start: int
    end: int
    blocks: "tuple[Block, ...]"


@frozen(kw_only=True)
class Block:
    """The tactics of one block in order; there is at least one."""

    steps: tuple[Step, ...]

    @property
    def start(self) -> int:
        """The offset of the first tactic."""
        return self.steps[0].start

    @property
    def end(self) -> int:
        """The offset just after the last tactic."""
        return self.steps[-1].end

    @property
    def step_count(self) -> int:
        """All steps in it, those of inner blocks included."""
        return sum(1 + sum(block.step_count for block in step.blocks) for step in self.steps)


@frozen(kw_only=True)
class Place:
    """The place of a step: the blocks around it from the outside with the number of the step in each, its own last."""

    path: tuple[tuple[Block, int], ...]

    @property
    def step(self) -> Step:
        """The step itself."""
        block, number = self.path[-1]
        return block.steps[number]


@frozen(kw_only=True)
class ReferenceProof:
    """A finished theorem as a text and its steps."""

    text: str
    root: Block = field()

    def text_of(self, step: Step) -> str:
        """A step as it stands in the reference proof."""
        return self.text[step.start : step.end]

    def document_at(self, place: Place) -> tuple[str, Position]:
        """The document just before a step is typed, and the position of its placeholder."""
        edits: list[TextEdit] = []
        for depth, (block, number) in enumerate(reversed(place.path)):
            if depth == 0:
                edits.append(TextEdit(start=block.steps[number].start, end=block.end, new_text=PLACEHOLDER))
                continue
            inner = place.path[-depth][0]
            later = [other for other in block.steps[number].blocks if other.start > inner.start]
            edits += [TextEdit(start=other.start, end=other.end, new_text=PLACEHOLDER) for other in later]
            if number + 1 < len(block.steps):
                edits.append(TextEdit(start=block.steps[number + 1].start, end=block.end, new_text=PLACEHOLDER))
        text = apply_edits(self.text, edits)
        return text, TextMap(text).position(place.step.start)


def read_reference(referenced: ReferencedItem) -> ReferenceProof:
    """The steps of a reference proof. Raises InputError where none can be told."""
    block = "\n".join(f"  {line}" if line.strip() else line for line in referenced.proof.strip("\n").split("\n"))
    text = f"{referenced.item.text.rstrip()}\n{block}\n"
    outline = Outline(text)
    declaration = outline.declaration_at(len(referenced.item.text.rstrip()) - 1)
    if declaration is not None:
        tree = OpenDeclaration(uri="", version=0, scan=outline.scan, declaration=declaration).tree
        blocks = _nested(tree, len(referenced.item.text.rstrip()) - 2, len(text))
        if blocks:
            return ReferenceProof(text=text, root=blocks[0])
    raise InputError(f"The reference proof of {referenced.item.name} cannot be read as tactics.")


def _nested(tree: BlockTree, start: int, end: int) -> tuple[Block, ...]:
    """The outermost blocks between two offsets, with what is inside them."""
    found: list[Block] = []
    covered = start
    for block in tree.blocks:
        inside = block.opener in _OPENERS and block.tactics and start <= block.opener_start and block.end <= end
        if not inside or block.opener_start < covered:
            continue
        steps = tuple(
            Step(start=tactic.start, end=tactic.end, blocks=_nested(tree, tactic.start, tactic.end))
            for tactic in block.tactics
        )
        found.append(Block(steps=steps))
        covered = block.end
    return tuple(found)
